package web

import (
	"crypto/rand"
	"sync"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

// Limits of files that wait for a person to say how they are to be read, or that they are to be taken in.
const (
	// maxUploads is how many wait, and maxUploadBytes how much of them together; the oldest go.
	maxUploads     = 8
	maxUploadBytes = 128 << 20
	// uploadKept is how long one waits.
	uploadKept = 30 * time.Minute
)

// upload is a file that waits.
type upload struct {
	by     hospital.PersonID
	fridge coldchain.FridgeID
	name   string
	serial string    // as typed; empty where the file says it
	zone   string    // as typed
	ask    importAsk // of an import; its kind is empty of a logger's file
	look   views.ImportLook
	data   []byte
	at     time.Time
}

// uploads are the files that wait, in memory: a restart forgets them, and the person
// chooses the file again.
type uploads struct {
	mu    sync.Mutex
	files map[string]upload
	order []string
	size  int
}

func (u *uploads) put(file upload) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.files == nil {
		u.files = map[string]upload{}
	}
	for len(u.order) > 0 && (len(u.order) >= maxUploads || u.size+len(file.data) > maxUploadBytes) {
		u.drop(u.order[0])
	}
	id := rand.Text()
	u.files[id], u.order, u.size = file, append(u.order, id), u.size+len(file.data)
	return id
}

// get is a file of that person's; false when it waits no longer.
func (u *uploads) get(id string, by hospital.PersonID, now time.Time) (upload, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	file, is := u.files[id]
	if is && now.Sub(file.at) > uploadKept {
		u.drop(id)
		return upload{}, false
	}
	return file, is && file.by == by
}

func (u *uploads) forget(id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.drop(id)
}

func (u *uploads) drop(id string) {
	u.size -= len(u.files[id].data)
	delete(u.files, id)
	for i, other := range u.order {
		if other == id {
			u.order = append(u.order[:i:i], u.order[i+1:]...)
			return
		}
	}
}
