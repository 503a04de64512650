package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

func TestAFridgeSaysThatItsDoorIsOpenAndItsProbeLooksWrong(t *testing.T) {
	p := openPharmacy(t)
	p.warm(4, 4.1)
	err := p.monitor.Sign(t.Context(), []coldchain.Sign{{Sensor: "s-1", Kind: coldchain.SignDoor, On: true, ReceivedAt: p.at}, {Sensor: "s-1", Kind: coldchain.SignBattery, ReceivedAt: p.at},
		{Sensor: "s-1", Kind: coldchain.SignDevice, On: true, Text: "<b>HEAT</b>", ReceivedAt: p.at}})
	if err != nil {
		t.Fatal(err)
	}
	p.shows("/coldchain", "Door open since", "Device rings itself (&lt;b&gt;HEAT&lt;/b&gt;) since")
	p.shows("/fridges/f-1", "Doors, power, probes", "Door open since", "Battery is good", "What they told lately")
	p.shows("/fridges/f-2", "Its devices tell of temperatures alone")
	if _, err := p.monitor.Observe(t.Context(), []coldchain.Reading{{Sensor: "s-1", Temp: 30_000, MeasuredAt: p.at.Add(60e9), ReceivedAt: p.at}, {Sensor: "s-1", Temp: -500, MeasuredAt: p.at}}); err != nil {
		t.Fatal(err)
	}
	p.shows("/coldchain", `data-flag="jump"`, "Jumped from 4.1 °C to 30.0 °C")
	p.shows("/fridges/f-1", "Looked like a fault", "A flag rings nobody", "the record holds another value of this moment", "received")
}

func TestAnEngineerTakesAProbeOff(t *testing.T) {
	p := openPharmacy(t)
	p.warm(4)
	probe := url.Values{"probe": {"s-1\nprobe"}, "why": {""}}
	if code := p.post("/fridges/f-1/probes/off", probe).Code; code != http.StatusForbidden {
		t.Errorf("a pharmacist was answered %d", code)
	}
	p.who = person("Eva", hospital.BiomedicalEngineer)
	if code := p.post("/fridges/f-1/probes/off", probe).Code; code != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %d", code)
	}
	probe.Set("why", "to calibration")
	if code := p.post("/fridges/f-1/probes/off", probe).Code; code != http.StatusSeeOther {
		t.Errorf("answered %d", code)
	}
	p.shows("/fridges/f-1", "No probe")
	if code := p.post("/fridges/f-1/probes/off", probe).Code; code != http.StatusUnprocessableEntity && code != http.StatusConflict {
		t.Errorf("twice: %d", code)
	}
}
