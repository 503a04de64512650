package ble

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// The golden bytes below are written from the formats' descriptions with
// identifiers of our own.
var golden = []struct {
	name, payload, want string
}{
	{"a beacon on a pump", "0201061aff4c00021530a1b2c3d4e5460718293a4b5c6d7e8f00070102bf",
		`{"Tags":["ibeacon:30a1b2c3-d4e5-4607-1829-3a4b5c6d7e8f:7:258"],"Sensor":{"format":"ibeacon","tx_power_dbm":-65}}`},
	{"AltBeacon, whatever the company", "1bffedfebeac30a1b2c3d4e5460718293a4b5c6d7e8f00070102c500",
		`{"Tags":["altbeacon:30a1b2c3-d4e5-4607-1829-3a4b5c6d7e8f:7:258"],"Sensor":{"format":"altbeacon","tx_power_dbm":-59}}`},
	{"Eddystone UID without its reserved bytes", "0303aafe1516aafe00f600112233445566778899a1b2c3d4e5f6",
		`{"Tags":["eddystone:00112233445566778899:a1b2c3d4e5f6"],"Sensor":{"format":"eddystone-uid","tx_power_dbm":-10}}`},
	{"Eddystone TLM below zero", "1116aafe20000ba6ff80000000640000ffff",
		`{"Sensor":{"format":"eddystone-tlm","celsius":-0.5,"battery_mv":2982,"counter":100}}`},
	{"Eddystone TLM with nothing to tell", "1116aafe2000000080000000000700000064",
		`{"Sensor":{"format":"eddystone-tlm","counter":7}}`},
	{"Eddystone TLM, encrypted", "1216aafe2001112233445566778899aabbccdd",
		`{"Sensor":{"format":"eddystone-tlm","encrypted":true}}`},
	{"RuuviTag 3 below zero: sign and magnitude", "11ff99040350803209c40000000000000b54",
		`{"Sensor":{"format":"ruuvi-3","celsius":-0.5,"humidity_pct":40,"pressure_hpa":525,"battery_mv":2900}}`},
	{"RuuviTag 5 below zero", "0201061bff990405ff9c4e20c35000000000000ab0361f0102c0ffee000001",
		`{"MAC":"c0ffee000001","Sensor":{"format":"ruuvi-5","celsius":-0.5,"humidity_pct":50,"pressure_hpa":1000,"battery_mv":3009,"motion":31,"counter":258,"tx_power_dbm":4}}`},
	{"RuuviTag 5 with a dead sensor", "1bff9904058000ffffffff800080008000ffffffffffffffffffffff",
		`{"Sensor":{"format":"ruuvi-5","fault":true}}`},
	{"Ruuvi Air, both formats of one device", "17ff990406ff9c4e20c35000000000000000002a00000102",
		`{"Sensor":{"format":"ruuvi-6","celsius":-0.5,"humidity_pct":50,"pressure_hpa":1000,"counter":42}}`},
	{"Ruuvi Air, the longer of the two", "2bff9904e1ff9c4e20c350000000000000000001900501000000ffffff01002a00ffffffffffc0ffee000001",
		`{"MAC":"c0ffee000001","Sensor":{"format":"ruuvi-e1","celsius":-0.5,"humidity_pct":50,"pressure_hpa":1000,"counter":65578}}`},
	{"BTHome below zero at a fridge's door", "1016d2fc400007015a02ceff0c6c091a01",
		`{"Sensor":{"format":"bthome-2","celsius":-0.5,"battery_mv":2412,"battery_pct":90,"door_open":true,"counter":7}}`},
	{"BTHome with two probes", "0a16d2fc4002ceff450500",
		`{"Sensor":{"format":"bthome-2","celsius":-0.5,"more_celsius":[0.5]}}`},
	{"BTHome, a stored measurement with its own time", "0c16d2fc40509a6af86902ceff",
		`{"Sensor":{"format":"bthome-2","celsius":-0.5,"at":"2026-05-04T09:44:58Z"}}`},
	{"BTHome with a text between", "1016d2fc405303616263022a003a042101",
		`{"Sensor":{"format":"bthome-2","celsius":0.42,"motion":1,"button":true}}`},
	{"BTHome with an object of unknown length: what came before is true", "0a16d2fc40015dfe5d0902",
		`{"Sensor":{"format":"bthome-2","battery_pct":93},"Unknown":["16:fcd2:40015dfe5d0902"]}`},
	{"BTHome, encrypted", "0e16d2fc4107c0a0bb4c2a00000028",
		`{"Sensor":{"format":"bthome-2","encrypted":true}}`},
	{"pvvx below zero", "12161a180100000000c0ceff88139a0b5b2a04",
		`{"MAC":"c00000000001","Sensor":{"format":"pvvx","celsius":-0.5,"humidity_pct":50,"battery_mv":2970,"battery_pct":91,"counter":42}}`},
	{"atc1441 below zero", "10161a18c00000000001fffb325b0b9a2a",
		`{"MAC":"c00000000001","Sensor":{"format":"atc1441","celsius":-0.5,"humidity_pct":50,"battery_mv":2970,"battery_pct":91,"counter":42}}`},
	{"Minew thermometer below zero", "0303e1ff1016e1ffa10164ff803280010000c0ffee",
		`{"MAC":"eeffc0000001","Sensor":{"format":"minew-ht","celsius":-0.5,"humidity_pct":50.5,"battery_pct":100}}`},
	{"Minew, a tag that moves", "0816e1ffa111640001",
		`{"Sensor":{"format":"minew","battery_pct":100,"motion":1}}`},
	{"Minew, a tag's info frame", "0c16e1ffa10832010000c0ffee",
		`{"Sensor":{"format":"minew","battery_pct":50}}`},
	{"Govee H5074 below zero", "0aff88ec00ceff88135b02",
		`{"Sensor":{"format":"govee-h5074","celsius":-0.5,"humidity_pct":50,"battery_pct":91}}`},
	{"Govee H5075 below zero", "09ff88ec0080157c5b00",
		`{"Sensor":{"format":"govee-h5075","celsius":-0.5,"humidity_pct":50,"battery_pct":91}}`},
	{"Govee H5100 below zero, told by its name", "0a09475648353130305f5809ff0100010180157c5b",
		`{"Name":"GVH5100_X","Sensor":{"format":"govee-h5100","celsius":-0.5,"humidity_pct":50,"battery_pct":91}}`},
	{"Govee H5100 with a probe at fault", "0a09475648353130305f5809ff0100010180157cdb",
		`{"Name":"GVH5100_X","Sensor":{"format":"govee-h5100","battery_pct":91,"fault":true}}`},
	{"another user of that company id", "09ff0100010180157c5b",
		`{"Sensor":{"format":""},"Unknown":["ff:0001:010180157c5b"]}`},
	{"Govee H5179 below zero", "0cff0188ec000101ceff88135b",
		`{"Sensor":{"format":"govee-h5179","celsius":-0.5,"humidity_pct":50,"battery_pct":91}}`},
	{"Govee with a value that can't be", "0aff88ec00ff7f88135b02",
		`{"Sensor":{"format":"govee-h5074","humidity_pct":50,"battery_pct":91,"fault":true}}`},
	{"Inkbird below zero", "04097370730affceff881300f0de5b06",
		`{"Name":"sps","Sensor":{"format":"inkbird-ibs-th","celsius":-0.5,"humidity_pct":50,"battery_pct":91}}`},
	{"Inkbird with a wrong checksum", "04097370730affceff88130000005b06",
		`{"Name":"sps","Sensor":{"format":""},"Unknown":["ff:ffce:88130000005b06"]}`},
	{"SensorPush HT.w below zero", "06ff04d825ae4e0b0953656e736f7250757368",
		`{"Name":"SensorPush","Sensor":{"format":"sensorpush-htw","celsius":-0.5,"humidity_pct":50}}`},
	{"Blue Maestro below zero", "11ff3301175b0e10002afffb01f4ff9c0100",
		`{"Sensor":{"format":"blue-maestro","celsius":-0.5,"humidity_pct":50,"battery_pct":91,"counter":42}}`},
	{"a name", "020106050950756d70", `{"Name":"Pump","Sensor":{"format":""}}`},
	{"somebody's phone", "02011a0bff4c001006071b3e5a90c4",
		`{"Sensor":{"format":""},"Unknown":["ff:004c:1006071b3e5a90c4"]}`},
	{"padding after the last structure", "0201060000000000", `{"Sensor":{"format":""}}`},
	{"a beacon that also measures", "1aff4c00021530a1b2c3d4e5460718293a4b5c6d7e8f00070102bf0716d2fc4002ceff",
		`{"Tags":["ibeacon:30a1b2c3-d4e5-4607-1829-3a4b5c6d7e8f:7:258"],"Sensor":{"format":"bthome-2","celsius":-0.5}}`},
}

func TestAdvertsSayWhatTheirFormatsPromise(t *testing.T) {
	for _, g := range golden {
		t.Run(g.name, func(t *testing.T) {
			a, err := Decode(unhex(t, g.payload))
			if err != nil {
				t.Fatal(err)
			}
			if got := shown(t, a); got != g.want {
				t.Errorf("payload %s\n got %s\nwant %s", g.payload, got, g.want)
			}
		})
	}
}

func TestABrokenAdvertIsRefusedButItsHeadIsStillTrue(t *testing.T) {
	a, err := Decode(unhex(t, "0716d2fc4002ceff1aff4c000215"))
	if !errors.Is(err, ErrTruncated) {
		t.Fatalf("error %v, want ErrTruncated", err)
	}
	if a.Sensor.Celsius != Some(-0.5) {
		t.Errorf("the whole structure before the break was lost: %+v", a.Sensor)
	}
	if _, err := Decode(nil); !errors.Is(err, ErrEmpty) {
		t.Errorf("empty payload: %v", err)
	}
}

func TestPayloadsAreReadUpToTheLimitOfBluetooth(t *testing.T) {
	if _, err := Decode(make([]byte, MaxPayload)); err != nil {
		t.Errorf("%d bytes: %v", MaxPayload, err)
	}
	if _, err := Decode(make([]byte, MaxPayload+1)); !errors.Is(err, ErrTooLong) {
		t.Errorf("%d bytes: %v", MaxPayload+1, err)
	}
}

func TestOnlyAProbeCanStandForAFridge(t *testing.T) {
	for format, channel := range map[string]string{FormatRuuvi5: "probe", FormatBTHome2: "probe",
		FormatEddystoneTLM: "chip", FormatRuuviE1: "air"} {
		if got := (Sensor{Format: format}).Channel(); got != channel {
			t.Errorf("%s measures %q, want %q", format, got, channel)
		}
	}
}

func TestAMovementCounterDoesNotSayThatTheTagMovesNow(t *testing.T) {
	if m := (Sensor{Format: FormatRuuvi5, Motion: Some(31)}).Moving(); m != nil {
		t.Errorf("RuuviTag's counter read as moving %v", *m)
	}
	if m := (Sensor{Format: FormatBTHome2, Motion: Some(0)}).Moving(); m == nil || *m {
		t.Error("a tag that says it is still was not believed")
	}
}

func FuzzDecode(f *testing.F) {
	for _, g := range golden {
		b, _ := hex.DecodeString(g.payload)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		a, err := Decode(payload)
		if err != nil {
			return
		}
		if _, err := json.Marshal(a.Sensor); err != nil {
			t.Fatalf("a decoded sensor can't be written down: %v", err)
		}
		for _, tag := range a.Tags {
			if strings.ContainsAny(tag, " \n") {
				t.Fatalf("tag %q", tag)
			}
		}
	})
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return b
}

// shown is the advert as JSON with the empty parts left out.
func shown(t testing.TB, a Advert) string {
	t.Helper()
	b, err := json.Marshal(struct {
		Tags    []string `json:",omitempty"`
		MAC     string   `json:",omitempty"`
		Name    string   `json:",omitempty"`
		Sensor  Sensor
		Unknown []string `json:",omitempty"`
	}{a.Tags, a.MAC, a.Name, a.Sensor, a.Unknown})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
