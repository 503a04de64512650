package bench

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/simulate"
)

// measured is a hospital that was made to be measured: its database lies at path.
type measured struct {
	path     string
	gateways []hospital.GatewayID
	// token lets every gateway in.
	token account.Secret
	// sessions are browsers that have signed in, as many people as it takes.
	sessions []account.Secret
	fridges  []string
	assets   []string
	sensors  []string
	rooms    []document.Room
	goods    []goods
	hangsIn  map[hospital.GatewayID]hospital.RoomID
	dialled  int // how many connections have names already
}

// goods is an item on a shelf.
type goods struct{ item, place string }

// socketsEach is how many live connections one person may hold.
const socketsEach = 8

func gatewayID(i int) hospital.GatewayID { return hospital.GatewayID(fmt.Sprintf("ac233f%06x", i)) }
func tagID(i int) string                 { return fmt.Sprintf("c0ffee%06x", i) }

// assetID names an asset. Those that pass doors come first where a room has more than a
// map shows.
func assetID(i, of int) string {
	if i >= of-mapMovers {
		return fmt.Sprintf("A-%05d", i)
	}
	return fmt.Sprintf("a-%05d", i)
}

func fridgeID(i int) string { return fmt.Sprintf("f-%04d", i) }
func sensorID(i int) string { return fmt.Sprintf("probe-%04d", i) }

// drawn is the simulator's campus with as many gateways, tags and fridges as are asked for.
// Gateways hang in the order of the rooms: the one before and the one after are next door.
func drawn(s Size, at time.Time) document.Document {
	doc := simulate.Draw(simulate.Campus).Document(at)
	kinds := []string{"infusion pump", "syringe pump", "patient monitor", "wheelchair", "bed", "ultrasound scanner"}
	doc.Gateways, doc.Assets, doc.Fridges = nil, nil, nil
	for i := range s.Gateways {
		room := doc.Rooms[i*len(doc.Rooms)/s.Gateways]
		doc.Gateways = append(doc.Gateways, document.Gateway{ID: gatewayID(i), Name: fmt.Sprintf("Gateway %d", i), Make: "minew",
			Room: room.ID, Position: middle(room)})
	}
	for i := range s.Tags {
		kind := kinds[i%len(kinds)]
		doc.Assets = append(doc.Assets, document.Asset{ID: assetID(i, s.Tags), Kind: kind, Name: fmt.Sprintf("%s %d", kind, i),
			Unit: doc.Units[i%len(doc.Units)].ID, Tags: []document.Tag{{ID: tagID(i)}}})
		if i >= s.Tags-mapMovers { // the last ones bear a label for doors, too
			doc.Assets[i].Tags = append(doc.Assets[i].Tags, document.Tag{ID: epcOf(i)})
		}
	}
	for i := range s.Fridges {
		doc.Fridges = append(doc.Fridges, document.Fridge{ID: fridgeID(i), Name: fmt.Sprintf("Fridge %d", i), Profile: "refrigerator",
			Room: doc.Rooms[i*5%len(doc.Rooms)].ID, Unit: doc.Units[i%len(doc.Units)].ID, Sensors: []document.Sensor{{ID: sensorID(i)}}})
	}
	inDrawing := func(i int) string { return doc.Fridges[i%len(doc.Fridges)].ID }
	for i := range doc.Places {
		if doc.Places[i].Fridge != "" {
			doc.Places[i].Fridge = inDrawing(i)
		}
	}
	return doc
}

// middle is where a gateway hangs: in the middle of its room.
func middle(room document.Room) *hospital.Point {
	if len(room.Outline) == 0 {
		return nil
	}
	var p hospital.Point
	for _, corner := range room.Outline {
		p.X += corner.X / float64(len(room.Outline))
		p.Y += corner.Y / float64(len(room.Outline))
	}
	return &p
}

// hospital makes the scenario's database, with people who have signed in.
func (r *run) hospital(ctx context.Context, size Size) (*measured, error) {
	return r.hospitalAt(ctx, r.database(), size)
}

func (r *run) hospitalAt(ctx context.Context, path string, size Size) (m *measured, err error) {
	m = &measured{path: path, hangsIn: map[hospital.GatewayID]hospital.RoomID{}}
	kept, err := db.Open(ctx, m.path, db.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	doc := drawn(size, time.Now())
	if _, err := (db.Hospital{DB: kept}).Import(ctx, hospital.Job("bench"), doc, true); err != nil {
		return nil, fmt.Errorf("make the hospital: %w", err)
	}
	for _, g := range doc.Gateways {
		m.gateways = append(m.gateways, g.ID)
		m.hangsIn[g.ID] = g.Room
	}
	for _, a := range doc.Assets {
		m.assets = append(m.assets, a.ID)
	}
	for i, f := range doc.Fridges {
		m.fridges, m.sensors = append(m.fridges, f.ID), append(m.sensors, sensorID(i))
	}
	m.rooms = doc.Rooms
	for _, lot := range doc.Stock {
		if !slices.ContainsFunc(doc.Places, func(p document.Place) bool { return p.ID == lot.Place && p.Fridge != "" }) {
			m.goods = append(m.goods, goods{lot.Item, lot.Place})
		}
	}
	if _, m.token, err = account.NewKeys(db.Accounts{DB: kept}, time.Now).Add(ctx, hospital.Job("bench"), "bench", ""); err != nil {
		return nil, err
	}
	m.sessions, err = signIn(ctx, db.Accounts{DB: kept}, (size.Browsers+socketsEach-1)/socketsEach+1)
	return m, err
}

// signIn gives each of some people a session, as a sign-in would.
func signIn(ctx context.Context, kept db.Accounts, people int) ([]account.Secret, error) {
	sessions := make([]account.Secret, people)
	err := kept.InTx(ctx, func(tx account.Tx) error {
		for i := range sessions {
			person := hospital.Person{ID: hospital.PersonID(fmt.Sprintf("bench-%d", i)), Name: fmt.Sprintf("Bench %d", i),
				Email: fmt.Sprintf("bench-%d@wardwatch.invalid", i), Roles: hospital.Roles()}
			if err := tx.PutPerson(ctx, person); err != nil {
				return err
			}
			var bits [32]byte
			_, _ = rand.Read(bits[:])
			sessions[i] = account.Secret(base64.RawURLEncoding.EncodeToString(bits[:]))
			session := account.Session{Hash: sessions[i].Hash(), Person: person.ID, StartedAt: tx.Now(), SeenAt: tx.Now()}
			if err := tx.StartSession(ctx, session); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("sign people in: %w", err)
	}
	return sessions, nil
}

// signInAgain gives the same people new sessions.
func (m *measured) signInAgain(ctx context.Context) (err error) {
	kept, err := db.Open(ctx, m.path, db.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	m.sessions, err = signIn(ctx, db.Accounts{DB: kept}, len(m.sessions))
	return err
}

// cookie is what a browser shows.
func (m *measured) cookie(i int) string { return "ward=" + m.sessions[i%len(m.sessions)].Reveal() }

// header is what a browser sends with each request.
func (m *measured) header(i int) http.Header { return http.Header{"Cookie": {m.cookie(i)}} }
