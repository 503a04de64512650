package main

import (
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// What was foretold, and what became of it, is told to programs and kept as a file.
func TestForewarningsAreToldToProgramsAndAsAFile(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	o.warm()
	said := coldchain.Forewarning{Fridge: "f-01", Rule: "warm", At: o.at.Add(-time.Hour), Temp: 7_400, Soonest: o.at.Add(-40 * time.Minute), Latest: o.at}
	err := db.Fridges{DB: o.house.db}.InTx(t.Context(), func(tx coldchain.Tx) error {
		probe, _, err := tx.SensorByKey(t.Context(), coldchain.SensorKey{Sensor: "c4000000000a", Channel: "probe"})
		if err != nil {
			return err
		}
		for _, outcome := range []coldchain.Forewarned{coldchain.CameTrue, coldchain.CameNot, coldchain.StillOpen} {
			one := said
			one.Sensor, one.Outcome = probe.ID, outcome
			if outcome == coldchain.CameTrue {
				one.CrossedAt = o.at.Add(-30 * time.Minute)
			}
			if _, err := tx.AddForewarning(t.Context(), one); err != nil {
				return err
			}
			said.At = said.At.Add(time.Minute)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	all := items(o.tells(hospital.Nurse, "GET", "/api/v1/forewarnings?fridge=f-01", "", 200))
	if len(all) != 3 || all[0]["outcome"] != "open" || all[2]["outcome"] != "came true" || all[2]["crossed_at"] == nil || all[2]["celsius"] != 7.4 {
		t.Errorf("told: %v", all)
	}
	first := o.tells(hospital.Nurse, "GET", "/api/v1/forewarnings?limit=2", "", 200)
	if rest := items(o.tells(hospital.Nurse, "GET", "/api/v1/forewarnings?limit=2&cursor="+first["next"].(string), "", 200)); len(rest) != 1 || rest[0]["id"] != all[2]["id"] {
		t.Errorf("the second part: %v", rest)
	}
	track := o.tells(hospital.Nurse, "GET", "/api/v1/forewarnings/track?fridge=f-01", "", 200)
	if track["came_true"] != 1.0 || track["did_not"] != 1.0 || track["open"] != 1.0 || track["lead_minutes"] != 30.0 {
		t.Errorf("how often it was right: %v", track)
	}
	o.tells(hospital.Nurse, "GET", "/api/v1/forewarnings/track?fridge=f-99", "", 404)
	o.tells(hospital.Nurse, "GET", "/api/v1/excursions/1/lots", "", 200)
	o.tells(hospital.Nurse, "GET", "/api/v1/excursions/99/lots", "", 404)
	rows := o.table(hospital.Pharmacist, "/files/forewarnings.csv?fridge=f-01")
	if len(rows) != 4 || rows[3][8] != "came true" || rows[1][8] != "open" {
		t.Errorf("the file: %v", rows)
	}
}
