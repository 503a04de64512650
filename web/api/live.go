package api

import (
	"reflect"

	"wardwatch/tracking/hospital"
)

// LiveIn says what to listen to.
type LiveIn struct {
	Topics string `query:"topics" required:"yes" doc:"Up to 64 topics with commas between them: alarms, fridge/f-03, or fridge/* for all of a kind. Each needs the permission to see it."`
	Since  string `query:"since" doc:"The cursor of the last message before a connection was lost: what changed meanwhile is told first."`
}

// Changed is a message of the live stream. It says what changed, never how: ask for
// it anew. Other messages are {"now": …} every ten seconds, to say that the stream lives.
type Changed struct {
	Cursor string   `json:"cursor" doc:"Where the stream stands; give it as since when coming back."`
	Topics []string `json:"changed" doc:"The topics that changed since the message before."`
	All    bool     `json:"all,omitempty" doc:"True when it is not known any more what changed: ask for everything anew."`
}

func (a *API) liveRoutes() []Operation {
	if a.Live == nil {
		return nil
	}
	return []Operation{{Method: get, Path: Root + "/live", Permission: SignedIn,
		Summary: "A websocket that tells which things changed, as they change.", Handle: a.Live, in: reflect.TypeFor[LiveIn]()}}
}

// SignedIn is the permission of what every member of staff and every program with a role may ask.
const SignedIn hospital.Permission = "signed in"
