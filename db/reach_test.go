package db_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// wholeHospital are tables that name a unit, room, place or fridge and are still
// seen by everybody with the permission, with the reason. Any other must be
// narrowed in reach.go.
var wholeHospital = map[string]string{
	"displays": "for who manages the hospital", "people": "for who manages people", "person_role_units": "for who manages people",
	"rooms": "the building is no secret", "room_neighbours": "the building is no secret",
	"stock_items": "its unit is that of issue, and the catalogue is everybody's", "stock_excursions": "read by the stock follower alone", "gateways": "for who sees devices", "gateway_antennas": "for who sees devices",
	"assets": "equipment walks", "asset_moments": "equipment walks", "room_lessons": "equipment walks",
	"fleet_use": "equipment walks", "fleet_ends": "equipment walks", "cleanings": "equipment walks",
	"par_levels":    "a giver is named to every receiver",
	"sensor_states": "read by the judging job alone", "sensor_stays": "read by the judging job alone", "stock_due": "read by the reorder desk alone", "reorder_quiet": "read by the reorder desk alone",
}

func TestEveryTableOfAUnitIsNarrowed(t *testing.T) {
	d := dbtest.Open(t, db.Options{})
	of := func(q string, ctx context.Context) (names []string) {
		rows, err := d.Query(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				t.Fatal(err)
			}
			names = append(names, name)
		}
		return names
	}
	tables := of(`SELECT DISTINCT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND c.name IN ('unit', 'unit_id', 'place', 'fridge', 'alarm', 'room', 'room_id')`, t.Context())
	for _, table := range tables {
		if narrowed := slices.Contains(db.NarrowedTables(), table); !narrowed && wholeHospital[table] == "" {
			t.Errorf("table %s belongs to units: narrow it in reach.go, or say why everybody sees it", table)
		}
	}
	// Each can be asked by somebody who reaches one unit.
	ctx := hospital.LookingWithin(t.Context(), hospital.Reach{Units: []hospital.UnitID{"o'ward"}})
	for _, table := range db.NarrowedTables() {
		of(`SELECT 1 FROM `+table, ctx)
		of(`WITH one AS (SELECT 1 AS n) SELECT n FROM one JOIN `+table+` ON 1 = 1`, ctx)
		of(`WITH RECURSIVE one(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM one WHERE n < 2) SELECT n FROM one JOIN `+table+` ON 1 = 1`, ctx)
	}
}

// What a narrowed table is read through is narrowed too, and stands before it.
func TestANarrowedTableIsReadThroughNarrowedOnes(t *testing.T) {
	for _, table := range db.NarrowedTables() {
		query := "SELECT 1 FROM " + table
		text := db.Narrowed(query)
		if !strings.Contains(text, table+" AS NOT MATERIALIZED (") {
			t.Errorf("%s is asked whole: %s", table, text)
		}
		for _, through := range db.NarrowedTables() {
			named := regexp.MustCompile(`(?i)\b(FROM|JOIN) ` + through + `\b`).FindStringIndex(text)
			if made := strings.Index(text, through+" AS NOT MATERIALIZED ("); named != nil && (made < 0 || made > named[0]) {
				t.Errorf("%s is read through the whole of %s", table, through)
			}
		}
	}
	for _, query := range []string{"SELECT name FROM people", "SELECT 1 FROM main.fridges"} {
		if db.Narrowed(query) != query {
			t.Errorf("%q reads nothing that belongs to units and becomes %q", query, db.Narrowed(query))
		}
	}
	for _, query := range []string{`SELECT 1 FROM "fridges"`, "SELECT 1 FROM rooms,FRIDGES", "SELECT (SELECT 1 FROM\nfridges)"} {
		if !strings.Contains(db.Narrowed(query), "fridges AS NOT MATERIALIZED (") {
			t.Errorf("%q is asked whole", query)
		}
	}
}

// However many units people are limited to, a query is prepared once for all of them.
func TestQueriesArePreparedOnceForAllUnits(t *testing.T) {
	d := dbtest.Open(t, db.Options{})
	importing(t, d, linden(t), true)
	kept := 0
	for i := range 50 {
		ctx := hospital.LookingWithin(t.Context(), hospital.Reach{Units: []hospital.UnitID{"ward-a", hospital.UnitID(fmt.Sprint("unit-", i))}})
		if _, err := (db.Fridges{DB: d}).Fridges(ctx); err != nil {
			t.Fatal(err)
		}
		if places, err := (db.Stock{DB: d}).Places(ctx); err != nil || len(places) != 1 {
			t.Fatal(places, err)
		}
		if i == 0 {
			kept = d.Prepared()
		}
	}
	if d.Prepared() != kept {
		t.Errorf("%d queries are kept for one reach, %d for fifty", kept, d.Prepared())
	}
}

func TestWhoLooksSeesHerUnitsAlone(t *testing.T) {
	d := dbtest.Open(t, db.Options{})
	importing(t, d, linden(t), true)
	looking := func(limits hospital.Limits) context.Context {
		return hospital.Looking(t.Context(), hospital.Actor{ID: "x", Roles: []hospital.Role{hospital.Nurse}, Limits: limits})
	}
	for name, c := range map[string]struct {
		ctx            context.Context
		fridges, shelf int
	}{
		"nobody in particular": {t.Context(), 1, 2},
		"the whole hospital":   {looking(nil), 1, 2},
		"the pharmacy":         {looking(hospital.Limits{hospital.Nurse: {"pharmacy"}}), 1, 1},
		"Ward A":               {looking(hospital.Limits{hospital.Nurse: {"ward-a"}}), 0, 1},
		"both":                 {looking(hospital.Limits{hospital.Nurse: {"ward-a", "pharmacy"}}), 1, 2},
		"a unit that is none":  {looking(hospital.Limits{hospital.Nurse: {"') OR 1=1 --"}}), 0, 0},
		"no unit":              {looking(hospital.Limits{hospital.Nurse: {}}), 0, 0},
	} {
		fridges, err := db.Fridges{DB: d}.Fridges(c.ctx)
		if err != nil {
			t.Fatal(name, err)
		}
		places, err := db.Stock{DB: d}.Places(c.ctx)
		if err != nil {
			t.Fatal(name, err)
		}
		if len(fridges) != c.fridges || len(places) != c.shelf {
			t.Errorf("%s: %d fridges and %d places", name, len(fridges), len(places))
		}
	}
	_, err := db.Fridges{DB: d}.Fridge(looking(hospital.Limits{hospital.Nurse: {"ward-a"}}), "f-01")
	if err == nil || !strings.Contains(err.Error(), coldchain.ErrUnknownFridge.Error()) {
		t.Errorf("another ward's fridge: %v", err)
	}
}
