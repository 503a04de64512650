package db

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/hospital/upkeep"
)

// HospitalTopic is announced when sites, rooms or gateways have changed.
const HospitalTopic = "hospital"

// Hospital keeps sites, buildings, floors, units, rooms and gateways.
type Hospital struct{ *DB }

// Load is the hospital as it stands; with nothing stored it is nil.
func (h Hospital) Load(ctx context.Context) (d *hospital.Directory, err error) {
	err = h.InTx(ctx, func(tx *Tx) error { // one snapshot of all tables
		d, err = loadDirectory(ctx, tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load the hospital: %w", err)
	}
	return d, nil
}

// Version counts the changes to the hospital, by this process or another.
func (h Hospital) Version(ctx context.Context) (version int64, err error) {
	const q = `
		SELECT version
		FROM hospital_version`
	if err := h.QueryRow(ctx, q).Scan(&version); err != nil {
		return 0, fmt.Errorf("read the hospital's version: %w", err)
	}
	return version, nil
}

// errDryRun takes a finished import back.
var errDryRun = errors.New("dry run")

// Import applies a document in one transaction and answers with what it does to
// each thing, in the document's order. Without apply it is a dry run: the answer
// is the same and nothing is kept.
func (h Hospital) Import(ctx context.Context, by hospital.Actor, doc document.Document, apply bool) ([]document.Change, error) {
	return h.ImportSaying(ctx, by, doc, apply, nil)
}

// ImportSaying is Import that tells its steps. Once ctx ends it stops before the next few
// entries, and nothing is kept.
func (h Hospital) ImportSaying(ctx context.Context, by hospital.Actor, doc document.Document, apply bool, says upkeep.Says) ([]document.Change, error) {
	if err := by.Need(hospital.ManageHospital); err != nil {
		return nil, err
	}
	var changes []document.Change
	err := h.InTx(ctx, func(tx *Tx) (err error) {
		tx.pace = upkeep.NewPace(ctx, says)
		if changes, err = applyDocument(ctx, tx, doc); err != nil {
			return err
		}
		if !apply {
			return errDryRun
		}
		return finishImport(ctx, tx, by, doc, changes)
	})
	if err != nil && !errors.Is(err, errDryRun) {
		return nil, fmt.Errorf("import hospital %s: %w", doc.Site.ID, err)
	}
	return changes, nil
}

// importStep is one subject's part of an import.
type importStep struct {
	what    string
	entries int
	apply   func(context.Context, *Tx, document.Document) ([]document.Change, error)
}

// importSteps are the subjects, those that are referred to first.
func importSteps(doc document.Document) [document.ImportSteps]importStep {
	return [document.ImportSteps]importStep{
		{"places and gateways", len(doc.Buildings) + len(doc.Floors) + len(doc.Units) + len(doc.Rooms) + len(doc.Gateways), applyHouse},
		{"equipment", len(doc.Assets), applyEquipment},
		{"what units should have", len(doc.ParLevels), applyParLevels},
		{"service plans", len(doc.Plans), applyPlans},
		{"temperature profiles", len(doc.TemperatureProfiles), applyProfiles},
		{"fridges", len(doc.Fridges), applyFridges},
		{"policy of the cold chain", 0, applyColdChain},
		{"whom alarms reach", 0, applyRota},
		{"people", len(doc.People), applyPeople},
		{"items and stock", len(doc.Suppliers) + len(doc.Places) + len(doc.Items) + len(doc.Stock), applyStock},
		{"fences", len(doc.Fences), applyFences},
	}
}

// applyDocument lets each subject take in its sections.
func applyDocument(ctx context.Context, tx *Tx, doc document.Document) ([]document.Change, error) {
	var all []document.Change
	for i, step := range importSteps(doc) {
		if err := tx.pace.Begin(step.what, i+1, document.ImportSteps, step.entries); err != nil {
			return nil, err
		}
		changes, err := step.apply(ctx, tx, doc)
		if err != nil {
			return nil, err
		}
		all = append(all, changes...)
	}
	return all, nil
}

func finishImport(ctx context.Context, tx *Tx, by hospital.Actor, doc document.Document, changes []document.Change) error {
	counts := map[string]int{document.Add: 0, document.Alter: 0, document.Same: 0}
	for _, change := range changes {
		counts[change.What]++
	}
	if counts[document.Add]+counts[document.Alter] == 0 {
		return nil
	}
	after, err := json.Marshal(counts)
	if err != nil {
		return err
	}
	if err := bumpHospital(ctx, tx); err != nil {
		return err
	}
	return tx.Record(ctx, hospital.Deed{By: by, What: "hospital.import", On: "site/" + string(doc.Site.ID), After: string(after)})
}

// bumpHospital tells everybody who keeps a copy that it is stale.
func bumpHospital(ctx context.Context, tx *Tx) error {
	const q = `
		UPDATE hospital_version
		SET version = version + 1`
	_, err := tx.Exec(ctx, q)
	tx.Announce(HospitalTopic)
	return err
}

// loadDirectory reads everything within one transaction; nil when there is no site yet.
func loadDirectory(ctx context.Context, tx *Tx) (*hospital.Directory, error) {
	var site hospital.Site
	const q = `
		SELECT id, name, zone, language, temperature_unit = 'F'
		FROM sites
		ORDER BY id
		LIMIT 1`
	err := tx.QueryRow(ctx, q).Scan(&site.ID, &site.Name, &site.Zone, &site.Language, &site.Fahrenheit)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	buildings, err := loadBuildings(ctx, tx)
	if err != nil {
		return nil, err
	}
	floors, err := loadFloors(ctx, tx)
	if err != nil {
		return nil, err
	}
	units, err := loadUnits(ctx, tx)
	if err != nil {
		return nil, err
	}
	rooms, err := loadRooms(ctx, tx)
	if err != nil {
		return nil, err
	}
	gateways, err := loadGateways(ctx, tx)
	if err != nil {
		return nil, err
	}
	return hospital.NewDirectory(site, buildings, floors, units, rooms, gateways), nil
}

// gather reads every row of a query.
func gather[T any](rows *sql.Rows, err error, read func(*sql.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := read(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

func loadBuildings(ctx context.Context, tx *Tx) ([]hospital.Building, error) {
	const q = `
		SELECT id, site, name
		FROM buildings
		ORDER BY ordinal, id`
	rows, err := tx.Query(ctx, q)
	return gather(rows, err, func(rows *sql.Rows) (b hospital.Building, err error) {
		return b, rows.Scan(&b.ID, &b.Site, &b.Name)
	})
}

func loadFloors(ctx context.Context, tx *Tx) ([]hospital.Floor, error) {
	const q = `
		SELECT id, building, name, level, width_metres, height_metres
		FROM floors
		ORDER BY ordinal, id`
	rows, err := tx.Query(ctx, q)
	return gather(rows, err, func(rows *sql.Rows) (f hospital.Floor, err error) {
		return f, rows.Scan(&f.ID, &f.Building, &f.Name, &f.Level, &f.WidthMetres, &f.HeightMetres)
	})
}

func loadUnits(ctx context.Context, tx *Tx) ([]hospital.Unit, error) {
	const q = `
		SELECT id, site, name
		FROM units
		ORDER BY ordinal, id`
	rows, err := tx.Query(ctx, q)
	return gather(rows, err, func(rows *sql.Rows) (u hospital.Unit, err error) {
		return u, rows.Scan(&u.ID, &u.Site, &u.Name)
	})
}

func loadRooms(ctx context.Context, tx *Tx) ([]hospital.Room, error) {
	neighbours := map[hospital.RoomID][]hospital.RoomID{}
	const qNeighbours = `
		SELECT room, neighbour
		FROM room_neighbours
		ORDER BY room, neighbour`
	rows, err := tx.Query(ctx, qNeighbours)
	pairs, err := gather(rows, err, func(rows *sql.Rows) (p [2]hospital.RoomID, err error) {
		return p, rows.Scan(&p[0], &p[1])
	})
	if err != nil {
		return nil, err
	}
	for _, pair := range pairs {
		neighbours[pair[0]] = append(neighbours[pair[0]], pair[1])
	}
	const q = `
		SELECT id, floor, COALESCE(unit, ''), name, kind, outline, isolation
		FROM rooms
		ORDER BY ordinal, id`
	rows, err = tx.Query(ctx, q)
	return gather(rows, err, func(rows *sql.Rows) (r hospital.Room, err error) {
		var outline []byte
		if err := rows.Scan(&r.ID, &r.Floor, &r.Unit, &r.Name, &r.Kind, &outline, &r.Isolation); err != nil {
			return r, err
		}
		r.Neighbours = neighbours[r.ID]
		if err := json.Unmarshal(outline, &r.Outline); err != nil {
			return r, fmt.Errorf("outline of room %s: %w", r.ID, err)
		}
		return r, nil
	})
}

func loadGateways(ctx context.Context, tx *Tx) ([]hospital.Gateway, error) {
	type antenna struct {
		gateway hospital.GatewayID
		port    int
		room    hospital.RoomID
	}
	const qAntennas = `
		SELECT gateway, port, room
		FROM gateway_antennas
		ORDER BY gateway, port`
	rows, err := tx.Query(ctx, qAntennas)
	antennas, err := gather(rows, err, func(rows *sql.Rows) (a antenna, err error) {
		return a, rows.Scan(&a.gateway, &a.port, &a.room)
	})
	if err != nil {
		return nil, err
	}
	ports := map[hospital.GatewayID]map[int]hospital.RoomID{}
	for _, a := range antennas {
		if ports[a.gateway] == nil {
			ports[a.gateway] = map[int]hospital.RoomID{}
		}
		ports[a.gateway][a.port] = a.room
	}
	const q = `
		SELECT id, name, make, COALESCE(room, ''), x, y, reads
		FROM gateways
		ORDER BY ordinal, id`
	rows, err = tx.Query(ctx, q)
	return gather(rows, err, func(rows *sql.Rows) (g hospital.Gateway, err error) {
		var x, y sql.NullFloat64
		if err := rows.Scan(&g.ID, &g.Name, &g.Make, &g.Room, &x, &y, &g.Reads); err != nil {
			return g, err
		}
		if x.Valid && y.Valid {
			g.Position = &hospital.Point{X: x.Float64, Y: y.Float64}
		}
		g.Antennas = ports[g.ID]
		return g, nil
	})
}

// applyHouse takes in the site, buildings, floors, units, rooms and gateways.
func applyHouse(ctx context.Context, tx *Tx, doc document.Document) ([]document.Change, error) {
	old, err := loadDirectory(ctx, tx)
	if err != nil {
		return nil, err
	}
	if old == nil {
		old = hospital.NewDirectory(hospital.Site{}, nil, nil, nil, nil, nil)
	} else if old.Site.ID != doc.Site.ID {
		return nil, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("This database holds site %q and the document describes site %q; a database holds one site.", old.Site.ID, doc.Site.ID))
	}
	h := houseImport{tx: tx, old: old, site: doc.Site.ID}
	steps := []func(context.Context, document.Document) error{h.takeSite, h.takeBuildings, h.takeFloors, h.takeUnits, h.takeRooms, h.takeGateways}
	for _, step := range steps {
		if err := step(ctx, doc); err != nil {
			return nil, err
		}
	}
	return h.changes, nil
}

// houseImport compares a document with what is stored and writes what differs.
type houseImport struct {
	tx      *Tx
	old     *hospital.Directory
	site    hospital.SiteID
	changes []document.Change
}

// note adds a change and says whether the thing must be written.
func (h *houseImport) note(path, thing string, before, after any, known bool) bool {
	what := document.Add
	switch {
	case known && reflect.DeepEqual(before, after):
		what = document.Same
	case known:
		what = document.Alter
	}
	h.changes = append(h.changes, document.Change{Path: path, What: what, Thing: thing})
	return what != document.Same
}

func (h *houseImport) takeSite(ctx context.Context, doc document.Document) error {
	site := doc.Site.Hospital()
	if !h.note("/site", "site "+site.Name, h.old.Site, site, h.old.Site.ID == site.ID) {
		return nil
	}
	const q = `
		INSERT INTO sites (id, name, zone, language, temperature_unit)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, zone = excluded.zone, language = excluded.language,
			temperature_unit = excluded.temperature_unit`
	_, err := h.tx.Exec(ctx, q, site.ID, site.Name, site.Zone, site.Language, cmp.Or(doc.Site.TemperatureUnit, "C"))
	return err
}

func (h *houseImport) takeBuildings(ctx context.Context, doc document.Document) error {
	known := byID(h.old.Buildings, func(b hospital.Building) hospital.BuildingID { return b.ID })
	const q = `
		INSERT INTO buildings (id, site, name, ordinal)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, ordinal = excluded.ordinal`
	for i, b := range doc.Buildings {
		building := hospital.Building{ID: b.ID, Site: h.site, Name: b.Name}
		before, ok := known[b.ID]
		if !h.note(pathOfEntry("buildings", i), "building "+b.Name, before, building, ok) {
			continue
		}
		if _, err := h.tx.Exec(ctx, q, building.ID, building.Site, building.Name, i); err != nil {
			return fmt.Errorf("building %s: %w", b.ID, err)
		}
	}
	return nil
}

func (h *houseImport) takeFloors(ctx context.Context, doc document.Document) error {
	const q = `
		INSERT INTO floors (id, building, name, level, width_metres, height_metres, ordinal)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET building = excluded.building, name = excluded.name, level = excluded.level,
			width_metres = excluded.width_metres, height_metres = excluded.height_metres, ordinal = excluded.ordinal`
	for i, f := range doc.Floors {
		floor := hospital.Floor(f)
		before, ok := h.old.Floor(f.ID)
		if !h.note(pathOfEntry("floors", i), "floor "+f.Name, before, floor, ok) {
			continue
		}
		if _, err := h.tx.Exec(ctx, q, floor.ID, floor.Building, floor.Name, floor.Level, floor.WidthMetres, floor.HeightMetres, i); err != nil {
			return fmt.Errorf("floor %s: %w", f.ID, err)
		}
	}
	return nil
}

func (h *houseImport) takeUnits(ctx context.Context, doc document.Document) error {
	const q = `
		INSERT INTO units (id, site, name, ordinal)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, ordinal = excluded.ordinal`
	for i, u := range doc.Units {
		unit := hospital.Unit{ID: u.ID, Site: h.site, Name: u.Name}
		before, ok := h.old.Unit(u.ID)
		if !h.note(pathOfEntry("units", i), "unit "+u.Name, before, unit, ok) {
			continue
		}
		if _, err := h.tx.Exec(ctx, q, unit.ID, unit.Site, unit.Name, i); err != nil {
			return fmt.Errorf("unit %s: %w", u.ID, err)
		}
	}
	return nil
}

// takeRooms writes all rooms before their doors: neighbours may stand further down.
func (h *houseImport) takeRooms(ctx context.Context, doc document.Document) error {
	var changed []hospital.Room
	for i, r := range doc.Rooms {
		room := hospital.Room(r)
		room.Neighbours = slices.Sorted(slices.Values(r.Neighbours))
		before, ok := h.old.Room(r.ID)
		if len(before.Outline)+len(room.Outline) == 0 {
			room.Outline = before.Outline // nil or empty: both are not drawn
		}
		if err := h.tx.pace.On(1); err != nil {
			return err
		}
		if !h.note(pathOfEntry("rooms", i), "room "+r.Name, before, room, ok) {
			continue
		}
		if err := h.putRoom(ctx, room, i); err != nil {
			return fmt.Errorf("room %s: %w", r.ID, err)
		}
		changed = append(changed, room)
	}
	for _, room := range changed {
		if err := h.putNeighbours(ctx, room); err != nil {
			return fmt.Errorf("neighbours of room %s: %w", room.ID, err)
		}
	}
	return nil
}

func (h *houseImport) putRoom(ctx context.Context, room hospital.Room, ordinal int) error {
	outline, err := json.Marshal(append([]hospital.Point{}, room.Outline...))
	if err != nil {
		return err
	}
	const q = `
		INSERT INTO rooms (id, floor, unit, name, kind, outline, ordinal, isolation)
		VALUES ($1, $2, NULLIF($3, ''), $4, $5, $6, $7, $8)
		ON CONFLICT (id) DO UPDATE SET floor = excluded.floor, unit = excluded.unit, name = excluded.name,
			kind = excluded.kind, outline = excluded.outline, ordinal = excluded.ordinal, isolation = excluded.isolation`
	_, err = h.tx.Exec(ctx, q, room.ID, room.Floor, room.Unit, room.Name, room.Kind, string(outline), ordinal, number(room.Isolation))
	return err
}

func (h *houseImport) putNeighbours(ctx context.Context, room hospital.Room) error {
	const qClear = `
		DELETE FROM room_neighbours
		WHERE room = $1`
	if _, err := h.tx.Exec(ctx, qClear, room.ID); err != nil {
		return err
	}
	const q = `
		INSERT INTO room_neighbours (room, neighbour)
		VALUES ($1, $2)`
	for _, neighbour := range room.Neighbours {
		if _, err := h.tx.Exec(ctx, q, room.ID, neighbour); err != nil {
			return err
		}
	}
	return nil
}

func (h *houseImport) takeGateways(ctx context.Context, doc document.Document) error {
	for i, g := range doc.Gateways {
		gateway := hospital.Gateway(g)
		if len(gateway.Antennas) == 0 {
			gateway.Antennas = nil
		}
		before, ok := h.old.Gateway(g.ID)
		if !h.note(pathOfEntry("gateways", i), "gateway "+g.Name, before, gateway, ok) {
			continue
		}
		if err := putGateway(ctx, h.tx, gateway, i); err != nil {
			return fmt.Errorf("gateway %s: %w", g.ID, err)
		}
		h.tx.Announce("gateways")
	}
	return nil
}

func putGateway(ctx context.Context, tx *Tx, g hospital.Gateway, ordinal int) error {
	var x, y sql.NullFloat64
	if g.Position != nil {
		x, y = sql.NullFloat64{Float64: g.Position.X, Valid: true}, sql.NullFloat64{Float64: g.Position.Y, Valid: true}
	}
	const q = `
		INSERT INTO gateways (id, name, make, room, x, y, ordinal, reads)
		VALUES ($1, $2, $3, NULLIF($4, ''), $5, $6, $7, $8)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, make = excluded.make, room = excluded.room,
			x = excluded.x, y = excluded.y, ordinal = excluded.ordinal, reads = excluded.reads`
	if _, err := tx.Exec(ctx, q, g.ID, g.Name, g.Make, g.Room, x, y, ordinal, g.Reads); err != nil {
		return err
	}
	const qClear = `
		DELETE FROM gateway_antennas
		WHERE gateway = $1`
	if _, err := tx.Exec(ctx, qClear, g.ID); err != nil {
		return err
	}
	const qAntenna = `
		INSERT INTO gateway_antennas (gateway, port, room)
		VALUES ($1, $2, $3)`
	for _, port := range slices.Sorted(maps.Keys(g.Antennas)) {
		if _, err := tx.Exec(ctx, qAntenna, g.ID, port, g.Antennas[port]); err != nil {
			return err
		}
	}
	return nil
}

func byID[T any, K comparable](things []T, id func(T) K) map[K]T {
	all := make(map[K]T, len(things))
	for _, thing := range things {
		all[id(thing)] = thing
	}
	return all
}

// pathOfEntry is the JSON pointer of an entry of a document's list.
func pathOfEntry(section string, i int) string { return fmt.Sprintf("/%s/%d", section, i) }
