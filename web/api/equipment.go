package api

import (
	"context"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

// Asset is one piece of equipment.
type Asset struct {
	ID     tracking.AssetID `json:"id" doc:"The number on its label."`
	Kind   string           `json:"kind"`
	Name   string           `json:"name"`
	Model  string           `json:"model,omitempty"`
	Serial string           `json:"serial,omitempty"`
	Unit   hospital.UnitID  `json:"unit,omitempty" doc:"The unit that owns it."`
	Tags   []string         `json:"tags,omitempty" doc:"Every identity that it is heard under; searches leave it out."`

	Status     tracking.Status `json:"status"`
	StatusBy   string          `json:"status_by,omitempty" doc:"Who set the status; absent when the room did."`
	StatusAt   time.Time       `json:"status_at,omitzero"`
	StatusNote string          `json:"status_note,omitempty"`

	Freshness tracking.Silence `json:"freshness" doc:"Whether its place is current, and if not, why."`
	Place     *Place           `json:"place,omitempty" doc:"Where it was last held to be; absent when nobody has ever heard it."`
}

// Place is where an asset was last held to be.
type Place struct {
	Room       hospital.RoomID    `json:"room"`
	RoomName   string             `json:"room_name"`
	Floor      hospital.FloorID   `json:"floor"`
	Unit       hospital.UnitID    `json:"unit,omitempty" doc:"The unit whose room it is."`
	Since      time.Time          `json:"since,omitzero"`
	SeenAt     time.Time          `json:"seen_at,omitzero" doc:"When a gateway last heard it."`
	Confidence float64            `json:"confidence" doc:"How probable the room is, from 0 to 1."`
	Second     hospital.RoomID    `json:"second_room,omitempty" doc:"The next probable room."`
	SecondConf float64            `json:"second_confidence,omitempty"`
	Why        string             `json:"why" doc:"What decided: radio, room read or confirmed."`
	Gateway    hospital.GatewayID `json:"gateway,omitempty" doc:"The gateway that heard it loudest."`
	BatteryPct *int               `json:"battery_pct,omitempty"`
	GoneAt     time.Time          `json:"gone_at,omitzero" doc:"When its tag was given up as silent; absent while it is heard."`
	DoubtedBy  string             `json:"doubted_by,omitempty" doc:"Who looked there and did not find it."`
	DoubtedAt  time.Time          `json:"doubted_at,omitzero"`
}

func (a *API) wireAsset(asset tracking.Asset) Asset {
	return Asset{ID: asset.ID, Kind: asset.Kind, Name: asset.Name, Model: asset.Model, Serial: asset.Serial, Unit: asset.Unit, Tags: asset.Tags,
		Status: asset.Status, StatusBy: asset.StatusBy, StatusAt: asset.StatusAt, StatusNote: asset.StatusNote,
		Freshness: tracking.SilenceOf(asset.Place, a.Now(), a.Equipment.Tracker.GatewayHeard), Place: a.wirePlace(asset.Place)}
}

func (a *API) wirePlace(p tracking.Place) *Place {
	if !p.Known() {
		return nil
	}
	room, _ := a.Register.Current().Room(p.Room)
	place := &Place{Room: p.Room, RoomName: room.Name, Floor: p.Floor, Unit: room.Unit, Since: p.Since, SeenAt: p.SeenAt,
		Confidence: p.Confidence, Second: p.Second, SecondConf: p.SecondConfidence, Why: p.Why, Gateway: p.Gateway,
		GoneAt: p.GoneAt, DoubtedBy: p.DoubtedBy, DoubtedAt: p.DoubtedAt}
	if p.BatteryPct != tracking.NoBattery {
		place.BatteryPct = &p.BatteryPct
	}
	return place
}

// AssetsIn chooses assets.
type AssetsIn struct {
	Kind   string           `query:"kind" doc:"Exactly this kind."`
	Status tracking.Status  `query:"status"`
	Floor  hospital.FloorID `query:"floor" doc:"Last seen on this floor."`
	Room   hospital.RoomID  `query:"room" doc:"Last seen in this room."`
	Unit   hospital.UnitID  `query:"unit" doc:"Owned by this unit."`
	Part
}

func (a *API) assets(ctx context.Context, _ hospital.Actor, in AssetsIn) (List[Asset], error) {
	s := tracking.Selection{Kind: in.Kind, Status: in.Status, Floor: in.Floor, Room: in.Room, Unit: in.Unit}
	if err := keysOf(in.Cursor, "assets", (*string)(&s.After)); err != nil {
		return List[Asset]{}, err
	}
	assets, err := a.Lists.Assets(ctx, s, in.limit()+1)
	return listOf(in.Part, "assets", assets, func(asset tracking.Asset) []string { return []string{string(asset.ID)} }, a.wireAsset), err
}

// SearchIn is what somebody looks for, and where she stands.
type SearchIn struct {
	Text   string           `query:"q" required:"yes" doc:"Words of a kind, a name, a number or a tag: \"infusion pump\"."`
	Status tracking.Status  `query:"status"`
	Floor  hospital.FloorID `query:"floor"`
	Room   hospital.RoomID  `query:"near_room" doc:"Where she stands; the nearest comes first."`
	Unit   hospital.UnitID  `query:"near_unit" doc:"The unit in which she stands, when not the room."`
}

// Found is the answer to a search.
type Found struct {
	Items []Hit    `json:"items" doc:"At most 50, the nearest first."`
	Kinds []string `json:"kinds" doc:"The kinds of equipment that the text named."`
	More  bool     `json:"more" doc:"True when there are more: say more words."`
}

// Hit is one asset that was found.
type Hit struct {
	Asset  Asset  `json:"asset"`
	Reason string `json:"reason,omitempty" doc:"How near it is: \"same floor, 40 m\"."`
}

func (a *API) search(ctx context.Context, by hospital.Actor, in SearchIn) (Found, error) {
	found, err := a.Equipment.Search(ctx, by, tracking.Query{Text: in.Text, Status: in.Status, Floor: in.Floor, Room: in.Room, Unit: in.Unit})
	out := Found{Items: []Hit{}, Kinds: append([]string{}, found.Kinds...), More: found.More}
	for _, hit := range found.Hits {
		out.Items = append(out.Items, Hit{a.wireAsset(hit.Asset), hit.Reason})
	}
	return out, err
}

// NearestIn says what is needed and where.
type NearestIn struct {
	Kind string          `query:"kind" required:"yes" doc:"Words of the kind: \"infusion pump\"."`
	Room hospital.RoomID `query:"room" doc:"Where it is needed."`
	Unit hospital.UnitID `query:"unit" doc:"The unit where it is needed, when not the room."`
}

// nearest is search for what somebody can take now: free, and heard lately.
func (a *API) nearest(ctx context.Context, by hospital.Actor, in NearestIn) (Found, error) {
	directory := a.Register.Current()
	_, room := directory.Room(in.Room)
	_, unit := directory.Unit(in.Unit)
	if !room && !unit {
		return Found{}, wrong("Say where it is needed: a room or a unit of this hospital.")
	}
	found, err := a.search(ctx, by, SearchIn{Text: in.Kind, Status: tracking.Free, Room: in.Room, Unit: in.Unit})
	heard := []Hit{}
	for _, hit := range found.Items {
		if !hit.Asset.Freshness.Lost() {
			heard = append(heard, hit)
		}
	}
	found.Items = heard
	return found, err
}

// AssetIn names an asset.
type AssetIn struct {
	ID tracking.AssetID `path:"id" json:"-" doc:"The number on its label."`
}

func (a *API) asset(ctx context.Context, by hospital.Actor, in AssetIn) (Asset, error) {
	hit, err := a.Equipment.Asset(ctx, by, in.ID)
	if err != nil {
		return Asset{}, err
	}
	return a.wireAsset(hit.Asset), nil
}

// HistoryIn names an asset and a part of its history.
type HistoryIn struct {
	AssetIn
	Part
}

// Moment is one line of an asset's history.
type Moment struct {
	At     time.Time       `json:"at"`
	What   string          `json:"what" enum:"arrival,move,departure,mark,doubt"`
	From   hospital.RoomID `json:"from_room,omitempty"`
	To     hospital.RoomID `json:"to_room,omitempty"`
	Why    string          `json:"why,omitempty"`
	Status tracking.Status `json:"status,omitempty"`
	By     string          `json:"by,omitempty" doc:"Who; absent when a room or the radio decided."`
	Note   string          `json:"note,omitempty"`
}

func (a *API) history(ctx context.Context, by hospital.Actor, in HistoryIn) (none List[Moment], err error) {
	if _, err := a.Equipment.Asset(ctx, by, in.ID); err != nil {
		return none, err
	}
	var at, id int64
	list := "history of " + string(in.ID)
	if err := keysOf(in.Cursor, list, &at, &id); err != nil {
		return none, err
	}
	before := tracking.Moment{ID: id}
	if at > 0 {
		before.At = time.UnixMilli(at)
	}
	moments, err := a.Lists.Moments(ctx, in.ID, before, in.limit()+1)
	return listOf(in.Part, list, moments, func(m tracking.Moment) []string { return []string{number(m.At.UnixMilli()), number(m.ID)} },
		func(m tracking.Moment) Moment {
			return Moment{At: m.At, What: m.Kind, From: m.From, To: m.To, Why: m.Why, Status: m.Status, By: m.By, Note: m.Note}
		}), err
}

// MarkIn is a status and why.
type MarkIn struct {
	AssetIn
	Status tracking.Status `json:"status"`
	Note   string          `json:"note,omitempty" doc:"At most 500 characters."`
}

func (a *API) mark(ctx context.Context, by hospital.Actor, in MarkIn) (Asset, error) {
	if err := a.Equipment.Mark(ctx, by, in.ID, in.Status, in.Note); err != nil {
		return Asset{}, err
	}
	return a.asset(ctx, by, in.AssetIn)
}

// Places is the hospital: its floors, and the rooms on them.
type Places struct {
	Site   string  `json:"site"`
	Zone   string  `json:"zone" doc:"The IANA time zone whose calendar decides \"today\"."`
	Floors []Floor `json:"floors" doc:"The lowest first."`
	// Unlocated are assets that nobody has heard.
	Unlocated int `json:"unlocated" doc:"How many assets nobody has ever heard."`
}

// Floor is one storey with its rooms.
type Floor struct {
	ID       hospital.FloorID    `json:"id"`
	Building hospital.BuildingID `json:"building"`
	Name     string              `json:"name"`
	Level    int                 `json:"level" doc:"0 is the ground floor."`
	Assets   int                 `json:"assets" doc:"How many were last seen on the floor."`
	Rooms    []Room              `json:"rooms"`
}

// Room is a place that equipment can be in.
type Room struct {
	ID     hospital.RoomID   `json:"id"`
	Name   string            `json:"name"`
	Kind   hospital.RoomKind `json:"kind"`
	Unit   hospital.UnitID   `json:"unit,omitempty"`
	Assets int               `json:"assets" doc:"How many were last seen here."`
	Free   int               `json:"free" doc:"How many of them are free."`
}

func (a *API) places(ctx context.Context, _ hospital.Actor, _ None) (Places, error) {
	counts, err := a.Lists.RoomCounts(ctx)
	if err != nil {
		return Places{}, err
	}
	directory := a.Register.Current()
	in := make(map[hospital.RoomID]tracking.RoomCount, len(counts))
	for _, count := range counts {
		in[count.Room] = count
	}
	out := Places{Site: directory.Site.Name, Zone: directory.Site.Zone, Floors: []Floor{}, Unlocated: in[""].Total}
	at := make(map[hospital.FloorID]int, len(directory.Floors))
	for i, f := range directory.Floors {
		at[f.ID] = i
		out.Floors = append(out.Floors, Floor{ID: f.ID, Building: f.Building, Name: f.Name, Level: f.Level, Rooms: []Room{}})
	}
	for _, r := range directory.Rooms {
		i, known := at[r.Floor]
		if !known {
			continue
		}
		count := in[r.ID]
		out.Floors[i].Assets += count.Total
		out.Floors[i].Rooms = append(out.Floors[i].Rooms, Room{ID: r.ID, Name: r.Name, Kind: r.Kind, Unit: r.Unit, Assets: count.Total, Free: count.Free})
	}
	return out, nil
}
