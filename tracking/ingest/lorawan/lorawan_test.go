package lorawan

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"wardwatch/tracking/ingest/internal/beside"
)

var golden = []struct {
	name    string
	port    int
	hint    string
	payload string
	want    string
}{
	{"Dragino below zero at the probe", 2, "", "cb8601f4019001ffce7fff", "probe -0.5; internal 5 40%; 2950 mV"},
	{"Dragino with its probe unplugged", 2, "LHT65", "cb8601f40190817fff7fff", "probe fault; internal 5 40%; 2950 mV"},
	{"Dragino, a stored record", 2, "LHT65", "ffce01f4019009" + "69f86e1e", "probe -0.5 09:59:58; internal 5 40% 09:59:58"},
	{"Dragino, a stored record that was polled", 2, "LHT65", "ffce01f4019049" + "69f86e1e", "probe -0.5 09:59:58; internal 5 40% 09:59:58"},
	{"Milesight below zero", 85, "", "01755a0367fbff046864", "probe -0.5 50%; 90 %"},
	{"Milesight at a door, live and stored", 85, "EM300-MCS", "0367fbff060001" + "20ce1e6ef869fbff6401", "probe -0.5 50% 09:59:58 open; probe -0.5; open"},
	{"Milesight at a door that is shut by now", 85, "EM300-MCS", "20ce1e6ef869fbff6401" + "0367fbff060000", "probe -0.5 50% 09:59:58 open; probe -0.5; shut"},
	{"Milesight EM310, a tilt beside the battery", 85, "EM310-TILT", "01755a" + "03d40000000000000a", "90 %"},
	{"Milesight beyond its own limit", 85, "EM300-TH", "8367fbff01" + "046864", "probe -0.5 50%"},
	{"Milesight as it joins", 85, "EM300-TH", "ff0bff" + "ff0101" + "ff166136b00000000017" + "0367fbff", "probe -0.5"},
	{"Milesight EM320, a shorter record", 85, "EM320-TH", "20ce1e6ef869fbff64" + "01755a", "probe -0.5 50% 09:59:58; 90 %"},
	{"Elsys below zero, two probes", 5, "", "0100e20cfffb190007070e10", "probe -0.5; probe-2 0.7; internal 22.6; 3600 mV"},
	{"Elsys without a probe", 5, "", "01fffb0232070b86", "internal -0.5 50%; 2950 mV"},
}

func shown(u Uplink) string {
	var parts []string
	for _, v := range u.Values {
		s := fmt.Sprintf("%s %v", v.Channel, v.Celsius)
		if v.Fault {
			s = v.Channel + " fault"
		}
		if v.HumidityPct != nil {
			s += fmt.Sprintf(" %v%%", *v.HumidityPct)
		}
		if !v.At.IsZero() {
			s += v.At.Format(" 15:04:05")
		}
		if v.DoorOpen != nil {
			s += map[bool]string{true: " open", false: " shut"}[*v.DoorOpen]
		}
		parts = append(parts, s)
	}
	if u.BatteryMV > 0 {
		parts = append(parts, fmt.Sprintf("%d mV", u.BatteryMV))
	}
	if u.BatteryPct != nil {
		parts = append(parts, fmt.Sprintf("%d %%", *u.BatteryPct))
	}
	if u.DoorOpen != nil {
		parts = append(parts, map[bool]string{true: "open", false: "shut"}[*u.DoorOpen])
	}
	return strings.Join(parts, "; ")
}

func TestPayloadsSayWhatTheirMakersPromise(t *testing.T) {
	for _, g := range golden {
		b, err := hex.DecodeString(g.payload)
		if err != nil {
			t.Fatal(g.name, err)
		}
		u, err := Decode(g.port, g.hint, b)
		if got := shown(u); err != nil || got != g.want {
			t.Errorf("%s: %q, %v; want %q", g.name, got, err, g.want)
		}
	}
}

func TestWhatIsNoPayloadIsRefused(t *testing.T) {
	for _, c := range []struct {
		port    int
		payload string
	}{{2, "cb86"}, {85, "0367fb"}, {85, "0999"}, {85, "20ce00"}, {5, "ff00"}, {5, "01ff"}, {7, "00"}, {2, ""}} {
		b, _ := hex.DecodeString(c.payload)
		if u, err := Decode(c.port, "", b); !errors.Is(err, ErrPayload) {
			t.Errorf("port %d %s: %s, %v", c.port, c.payload, shown(u), err)
		}
	}
	if _, err := Decode(85, "", bytes.Repeat([]byte{0x01, 0x75, 0x5A}, MaxPayload/3+1)); !errors.Is(err, ErrPayload) {
		t.Error("a payload longer than LoRaWAN carries was read")
	}
}

func TestReferencePayloads(t *testing.T) {
	lines := bufio.NewScanner(bytes.NewReader(beside.File(t, "samples/sensors/lorawan.jsonl")))
	for lines.Scan() {
		var sample struct {
			Device   string
			Port     int `json:"f_port"`
			Hex      string
			Expected struct {
				Probe    *float64 `json:"probe_celsius"`
				Internal *float64 `json:"internal_celsius"`
				Celsius  *float64
				Fault    bool  `json:"probe_fault"`
				Door     *bool `json:"door_open"`
				History  []struct {
					At      time.Time
					Celsius float64
					Hum     float64 `json:"humidity_pct"`
				}
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &sample); err != nil {
			t.Fatal(err)
		}
		b, _ := hex.DecodeString(sample.Hex)
		u, err := Decode(sample.Port, sample.Device, b)
		if err != nil {
			t.Errorf("%s %s: %v", sample.Device, sample.Hex, err)
			continue
		}
		for channel, want := range map[string]*float64{Probe: sample.Expected.Probe, Internal: sample.Expected.Internal} {
			if want == nil && channel == Probe {
				want = sample.Expected.Celsius
			}
			for _, v := range u.Values {
				if v.Channel == channel && want != nil && !v.Fault && v.At.IsZero() && math.Abs(v.Celsius-*want) > 1e-9 {
					t.Errorf("%s: %s, want %v", sample.Hex, shown(u), *want)
				}
			}
		}
		for _, want := range sample.Expected.History {
			if v := u.Values[0]; !v.At.Equal(want.At) || v.Celsius != want.Celsius || *v.HumidityPct != want.Hum {
				t.Errorf("%s: %s, want %+v", sample.Hex, shown(u), want)
			}
		}
		if sample.Expected.Fault != (len(u.Values) > 0 && u.Values[0].Fault) {
			t.Errorf("%s: %s", sample.Hex, shown(u))
		}
		for _, v := range u.Values {
			if v.DoorOpen != nil {
				u.DoorOpen = v.DoorOpen
			}
		}
		if want := sample.Expected.Door; want != nil && (u.DoorOpen == nil || *u.DoorOpen != *want) {
			t.Errorf("%s: %s", sample.Hex, shown(u))
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, g := range golden {
		b, _ := hex.DecodeString(g.payload)
		f.Add(g.port, g.hint, b)
	}
	f.Fuzz(func(t *testing.T, port int, hint string, b []byte) {
		u, _ := Decode(port, hint, b)
		for _, v := range u.Values {
			if v.Channel == "" || math.IsNaN(v.Celsius) {
				t.Fatal(shown(u))
			}
		}
	})
}
