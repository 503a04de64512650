package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

var received = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

// The messages below are written from the makers' descriptions with identifiers of
// our own. Each line of want is one thing that came of the message.
var messages = []struct {
	name, topic, body string
	token             hospital.GatewayID
	want              []string
}{
	{"canonical, both kinds", "", `{"sent_at":"2026-05-04T09:59:59Z","sightings":[{"tag":"C0:FF:EE:00:00:01","gateway":"gw-a","rssi_dbm":-67,"at":"2026-05-04T09:59:58Z","moving":true}],
		"readings":[{"sensor":"probe-7","celsius":-0.5,"at":1777888798000,"humidity_pct":40,"door_open":false}]}`, "gw-a",
		[]string{"sighting 0 c0ffee000001 at gw-a -67 09:59:58 moving", "reading 0 probe-7 probe -0.5 09:59:58 40% shut", "sent 09:59:59"}},
	{"canonical on its topic, an array", "wardwatch/v1/gw-a/readings", `[{"sensor":"p","channel":"probe-2","celsius":4}]`, "",
		[]string{"reading 0 p probe-2 4 -"}},
	{"canonical on its topic, one record", "wardwatch/v1/gw-a/sightings", `{"tag":"epc:30340000000000abcd","antenna":2}`, "",
		[]string{"sighting 0 epc:30340000000000ABCD at gw-a/2 - -"}},
	{"one bad record costs only itself", "wardwatch/v1/gw-a/readings",
		`[{"sensor":"a","celsius":4},"x",{"sensor":"b","celsius":"warm"},{"celsius":4},{"sensor":"c","celsius":-400},{"sensor":"d","celsius":4,"at":"soon"},{"sensor":"e","celsius":5}]`, "",
		[]string{"reading 0 a probe 4 -", "reading 6 e probe 5 -", "refused 1 the record is no JSON object", "refused 2 celsius is no number",
			"refused 3 sensor is missing", "refused 4 impossible temperature, the sensor is at fault", "refused 5 at is no time: RFC 3339 or epoch milliseconds"}},
	{"an antenna that is no port", "wardwatch/v1/gw-a/sightings", `[{"tag":"c0ffee000001","antenna":1e300},{"tag":"c0ffee000001","rssi_dbm":400},{"tag":"c0ffee000001","rssi_dbm":0},{"tag":"epc:30","rssi_dbm":0}]`, "",
		[]string{"sighting 3 epc:30 at gw-a 0 -", "refused 0 antenna is no port number", "refused 1 rssi_dbm is no signal strength between -127 and 20 dBm",
			"refused 2 rssi_dbm 0 is what radios send that measured nothing"}},

	{"ESPresense, a beacon", "espresense/devices/iBeacon:30a1b2c3-d4e5-4607-1829-3a4b5c6d7e8f-7-258/ward-3",
		`{"mac":"c0ffee000001","id":"iBeacon:30a1b2c3-d4e5-4607-1829-3a4b5c6d7e8f-7-258","rssi@1m":-59,"rssi":-74.35,"distance":3.7,"var":2.2,"int":1984}`, "",
		[]string{"sighting 0 ibeacon:30a1b2c3-d4e5-4607-1829-3a4b5c6d7e8f:7:258 at ward-3 -74.35 - also c0ffee000001"}},
	{"ESPresense, a thermometer", "espresense/devices/c0ffee000002/ward-3", `{"mac":"c0ffee000002","id":"c0ffee000002","rssi":-70,"temp":-0.5,"rh":51,"batt":80}`, "",
		[]string{"sighting 0 c0ffee000002 at ward-3 -70 - 80%", "reading 0 c0ffee000002 probe -0.5 - 51%"}},
	{"ESPresense, the node's last will", "espresense/rooms/ward-3/status", "offline", "", []string{"status offline of ward-3"}},
	{"ESPresense, the node's health is no sighting", "espresense/rooms/ward-3/telemetry", `{"ip":"10.0.0.9","rssi":-61}`, "", nil},

	{"Minew, decoded and raw, rows out of order", "/gw/ac233f000001/status",
		`[{"timestamp":"2026-05-04T09:59:58Z","type":"S1","mac":"AC233FA00001","rssi":"-57","battery":97,"temperature":-0.5,"humidity":58.1},
		  {"timestamp":1777888799000,"type":"Gateway","mac":"AC233F000001"},
		  {"timestamp":"2026-05-04T16:59:58.5+07:00","mac":"AC:23:3F:A0:00:02","rssi":-60.5,"rawData":"1016e1ffa10164ff8032800200a03f23ac"},
		  {"mac":"AC233FA00003","rssi":200,"rawData":""}]`, "",
		[]string{"sighting 0 ac233fa00001 at ac233f000001 -57 09:59:58 97%", "sighting 2 ac233fa00002 at ac233f000001 -60.5 09:59:58.5 100%",
			"sighting 3 ac233fa00003 at ac233f000001 -56 -", "reading 0 ac233fa00001 probe -0.5 09:59:58 58.1%",
			"reading 2 ac233fa00002 probe -0.5 09:59:58.5 50.5%", "sent 09:59:59"}},
	{"Minew, a lone iBeacon row; the token names the gateway", "", `{"timestamp":"2026-05-04T09:59:58Z","type":"iBeacon","mac":"C0FFEE000001","ibeaconUuid":"30A1B2C3D4E5460718293A4B5C6D7E8F","ibeaconMajor":7,"ibeaconMinor":258,"rssi":-68,"battery":0}`, "gw-a",
		[]string{"sighting 0 c0ffee000001 at gw-a -68 09:59:58 also ibeacon:30a1b2c3-d4e5-4607-1829-3a4b5c6d7e8f:7:258"}},
	{"Minew, odd rows", "", `[{"type":"Gateway","mac":"AC233F000001"},{"mac":305419896421,"rssi":-52},7,{"mac":"AC233FA00001","rssi":"strong"},{"mac":"AC233FA00001","rssi":0},{"mac":"AC233FA00002","rawData":67890,"rssi":-43},{"mac":"AC233FA00003","rssi":-40,"timestamp":"then"}]`, "",
		[]string{"sighting 5 ac233fa00002 at ac233f000001 -43 -", "refused 1 mac is no address of 12 hex digits", "refused 2 the record is no JSON object",
			"refused 3 rssi of ac233fa00001 is no signal strength between -127 and 20 dBm", "refused 4 rssi of ac233fa00001 is no signal strength between -127 and 20 dBm",
			"refused 5 rawData is no advert in hex", "refused 6 timestamp of ac233fa00003 is no time"}},
	{"Minew, a gateway whose clock was never set", "", `[{"type":"Gateway","mac":"AC233F000001","timestamp":"1970-01-01T00:05:00Z"},{"mac":"AC233FA00002","rssi":-43,"timestamp":"1970-01-01T00:05:00Z"}]`, "",
		[]string{"sighting 1 ac233fa00002 at ac233f000001 -43 -"}},

	{"Ruuvi over MQTT", "ruuvi/C0:FF:EE:AA:00:01/C0:FF:EE:00:00:01",
		`{"gw_mac":"C0:FF:EE:AA:00:01","rssi":-41,"aoa":[],"gwts":"1777888799","ts":1777888798,"data":"0201061bff990405ff9c4e20c35000000000000ab0361f0102c0ffee000001","coords":""}`, "",
		[]string{"sighting 0 c0ffee000001 at c0ffeeaa0001 -41 09:59:58 moved 31 times", "reading 0 c0ffee000001 probe -0.5 09:59:58 50%", "sent 09:59:59"}},
	{"Ruuvi over MQTT, a BTHome thermometer and nothing but what is required", "ruuvi/C0:FF:EE:AA:00:01/C0:FF:EE:00:00:04", `{"rssi":-50,"data":"0201060716d2fc4002ceff"}`, "",
		[]string{"sighting 0 c0ffee000004 at c0ffeeaa0001 -50 -", "reading 0 c0ffee000004 probe -0.5 -"}},
	{"Ruuvi over MQTT, the gateway's last will", "ruuvi/C0:FF:EE:AA:00:01/gw_status", `{"state":"offline"}`, "", []string{"status offline of c0ffeeaa0001"}},
	{"Ruuvi over HTTP, a dead probe beside a live one", "",
		`{"data":{"coordinates":"","timestamp":1777888799,"gw_mac":"C0:FF:EE:AA:00:01","tags":{
		  "C0:FF:EE:00:00:01":{"rssi":-66,"timestamp":1777888798,"data":"0201061bff990405ff9c4e20c35000000000000ab0361f0102c0ffee000001"},
		  "C0:FF:EE:00:00:02":{"rssi":-70,"timestamp":1777888797,"data":"1bff9904058000ffffffff800080008000ffffffffffffffffffffff"},
		  "C0:FF:EE:00:00:03":{"rssi":-70,"data":"zz"}}}}`, "",
		[]string{"sighting 0 c0ffee000001 at c0ffeeaa0001 -66 09:59:58 moved 31 times", "sighting 1 c0ffee000002 at c0ffeeaa0001 -70 09:59:57",
			"reading 0 c0ffee000001 probe -0.5 09:59:58 50%", "refused 1 sensor c0ffee000002 reports no valid temperature: it is at fault",
			"refused 2 data is no advert in hex", "sent 09:59:59"}},

	{"Impinj, one event", "", `{"timestamp":"2026-05-04T09:59:59.277766184Z","hostname":"dock-2","eventType":"tagInventory","tagInventoryEvent":{"epc":"MDQAAAAAAAAAAKvN","epcHex":"30340000000000000000ABCD","antennaPort":2,"peakRssiCdbm":-5750,"lastSeenTime":"2026-05-04T09:59:58.25Z"}}`, "",
		[]string{"sighting 0 epc:30340000000000000000ABCD at dock-2/2 -57.5 09:59:58.25", "sent 09:59:59.277766184"}},
	{"Impinj, a stream without rssi, one event broken", "",
		`{"timestamp":"2026-05-04T09:59:58Z","hostname":"dock-2","eventType":"tagInventory","tagInventoryEvent":{"epc":"MDQAAAAAAAAAAKvN","antennaPort":1}}` + "\n" +
			`{"timestamp":"2026-05-04T09:59:59Z","hostname":"dock-2","eventType":"tagInventory","tagInventoryEvent":{"epcHex":"3"}}`, "",
		[]string{"sighting 0 epc:30340000000000000000ABCD at dock-2/1 - 09:59:58", "refused 1 epcHex is no EPC in hex", "sent 09:59:59"}},
	{"Impinj, a webhook in a wrapper; the token names the reader", "", `{"events":[{"timestamp":"2026-05-04T09:59:58Z","tagInventoryEvent":{"epcHex":"30340000000000000000abcd","antennaPort":1,"peakRssiCdbm":-6100}}]}`, "dock-9",
		[]string{"sighting 0 epc:30340000000000000000ABCD at dock-9/1 -61 09:59:58", "sent 09:59:58"}},
}

func TestMakersMessagesAreRead(t *testing.T) {
	for _, m := range messages {
		t.Run(m.name, func(t *testing.T) {
			b, err := Decode(Message{Topic: m.topic, Body: []byte(m.body), Gateway: m.token, ReceivedAt: received})
			if err != nil {
				t.Fatal(err)
			}
			got, want := strings.Join(told(b), "\n"), strings.Join(m.want, "\n")
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// told says in a line each what a batch holds.
func told(b Batch) []string {
	var lines []string
	for i, s := range b.Sightings {
		line := fmt.Sprintf("sighting %d %s at %s", b.SightingOf[i], s.Tag, s.Gateway)
		if s.Antenna > 0 {
			line += fmt.Sprintf("/%d", s.Antenna)
		}
		line += " " + dbm(s.RSSIdBm, s.HasRSSI) + " " + clock(s.At)
		if s.BatteryPct >= 0 {
			line += fmt.Sprintf(" %d%%", s.BatteryPct)
		}
		if s.Moving != nil && *s.Moving {
			line += " moving"
		}
		if s.HasMovements {
			line += fmt.Sprintf(" moved %d times", s.Movements)
		}
		if s.Pressed {
			line += " pressed"
		}
		if len(s.Also) > 0 {
			line += " also " + strings.Join(s.Also, " ")
		}
		lines = append(lines, line)
	}
	for i, r := range b.Readings {
		line := fmt.Sprintf("reading %d %s %s %v %s", b.ReadingOf[i].Record, r.Sensor, r.Channel, r.Temp.Celsius(), clock(r.MeasuredAt))
		if r.HumidityPct != nil {
			line += fmt.Sprintf(" %v%%", *r.HumidityPct)
		}
		if r.DoorOpen != nil {
			line += map[bool]string{true: " open", false: " shut"}[*r.DoorOpen]
		}
		lines = append(lines, line)
	}
	for _, s := range b.Signs {
		byReading := s.Kind == coldchain.SignDoor && slices.ContainsFunc(b.Readings, func(r coldchain.Reading) bool { return r.Sensor == s.Sensor && r.DoorOpen != nil })
		if !byReading && (s.Kind == coldchain.SignDoor || s.On) {
			line := fmt.Sprintf("sign %s %s %s %s", s.Sensor, s.Kind, map[bool]string{true: "on", false: "off"}[s.On], clock(s.At))
			lines = append(lines, strings.TrimSpace(line+" "+s.Text))
		}
	}
	for _, r := range b.Refused {
		lines = append(lines, fmt.Sprintf("refused %d %s", r.Record, r.Reason))
	}
	if !b.SentAt.IsZero() {
		lines = append(lines, "sent "+clock(b.SentAt))
	}
	if b.Status != NoStatus {
		lines = append(lines, fmt.Sprintf("status %s of %s", b.Status, b.Gateway))
	}
	return lines
}

func dbm(v float64, has bool) string {
	if !has {
		return "-"
	}
	return fmt.Sprint(v)
}

func clock(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.Format("15:04:05.999999999")
}

func TestAMessageThatCanNotBeReadIsRefusedWithItsReason(t *testing.T) {
	deep := strings.Repeat("[", MaxDepth+2) + strings.Repeat("]", MaxDepth+2)
	for _, c := range []struct {
		name, topic, body string
		want              error
	}{
		{"empty", "", " \n", ErrEmpty},
		{"cut off", "", `{"sightings":[{"tag":"c0ff`, ErrNotJSON},
		{"no JSON", "", `hello`, ErrNotJSON},
		{"not UTF-8", "", "{\"tag\":\"\xff\xfe\"}", ErrNotUTF8},
		{"JSON of nobody", "", `{"hello":"world"}`, ErrUnknown},
		{"nested without end", "", deep, ErrNotJSON},
		{"too long", "", `{"tag":"` + strings.Repeat("a", MaxBody) + `"}`, ErrTooLong},
		{"a text where records belong", "", `{"sightings":"c0ffee000001"}`, ErrWrongShape},
		{"a number on our own topic", "wardwatch/v1/gw-a/readings", `7`, ErrWrongShape},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := Decode(Message{Topic: c.topic, Body: []byte(c.body), ReceivedAt: received})
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if len(b.Sightings)+len(b.Readings) > 0 {
				t.Errorf("something was taken all the same: %v", told(b))
			}
		})
	}
}

func TestTheLimitsHoldAtTheirEdges(t *testing.T) {
	row := `{"sensor":"a","celsius":4}`
	many := func(n int) []byte {
		return []byte(`{"readings":[` + strings.TrimSuffix(strings.Repeat(row+",", n), ",") + `]}`)
	}
	if b, err := Decode(Message{Body: many(MaxRecords)}); err != nil || len(b.Readings) != MaxRecords {
		t.Errorf("%d records: %d taken, %v", MaxRecords, len(b.Readings), err)
	}
	if _, err := Decode(Message{Body: many(MaxRecords + 1)}); !errors.Is(err, ErrTooMany) {
		t.Errorf("%d records: %v", MaxRecords+1, err)
	}
	exact := []byte(`{"readings":[` + row + `]}`)
	exact = append(exact, bytes.Repeat([]byte(" "), MaxBody-len(exact))...)
	if _, err := Decode(Message{Body: exact}); err != nil {
		t.Errorf("a body of exactly %d bytes: %v", MaxBody, err)
	}
	name := strings.Repeat("n", MaxName)
	for _, c := range []struct {
		sensor string
		taken  int
	}{{name, 1}, {name + "n", 0}} {
		b, err := Decode(Message{Body: []byte(`{"readings":[{"sensor":"` + c.sensor + `","celsius":4}]}`)})
		if err != nil || len(b.Readings) != c.taken {
			t.Errorf("a name of %d bytes: %d taken, %v", len(c.sensor), len(b.Readings), err)
		}
	}
}

func TestTheTopicNamesTheGateway(t *testing.T) {
	for topic, want := range map[string]hospital.GatewayID{
		"wardwatch/v1/gw-a/sightings":       "gw-a",
		"espresense/devices/apple:1/ward-3": "ward-3",
		"espresense/rooms/ward-3/status":    "ward-3",
		"ruuvi/C0:FF:EE:AA:00:01/x":         "c0ffeeaa0001",
		"/gw/AC233F000001/status":           "ac233f000001",
		"impinj/dock-2/events":              "dock-2",
		"sensors/attic":                     "",
		"wardwatch/v1//readings":            "",
		"":                                  "",
	} {
		if got, _ := FromTopic(topic); got != want {
			t.Errorf("%s names %q, want %q", topic, got, want)
		}
	}
}

func TestUnitsOfADevicesClockAreToldBySize(t *testing.T) {
	want := time.Date(2026, 5, 4, 9, 59, 58, 0, time.UTC)
	for _, raw := range []string{"1777888798", "1777888798000", "1777888798000000", "1777888798000000000",
		`"1777888798"`, `"2026-05-04T09:59:58Z"`, `"2026-05-04T11:59:58+02:00"`, `"2026-05-04T11:59:58.000+0200"`} {
		if got, ok := instant([]byte(raw)); !ok || got.Sub(want).Abs() > time.Microsecond {
			t.Errorf("%s is %v %v, want %v", raw, got, ok, want)
		}
	}
	for _, raw := range []string{"null", "0", `""`, `"1970-01-01T00:00:10Z"`} {
		if got, ok := instant([]byte(raw)); !ok || !got.IsZero() {
			t.Errorf("%s is %v %v, want no time", raw, got, ok)
		}
	}
	for _, raw := range []string{`"yesterday"`, "-5", "1e30", "{}", "true"} {
		if got, ok := instant([]byte(raw)); ok {
			t.Errorf("%s was read as %v", raw, got)
		}
	}
}

// A reader that fails on a message takes nothing else with it. No message is known that one
// fails on, so this one is read by a reader that has lost its memory.
func TestAMessageThatAReaderFailsOnCostsItselfAlone(t *testing.T) {
	b, err := Decode(Message{Body: []byte(`{"sensorId":"s"}`), Format: OpenMSupply, Gateway: "gw-1", Names: forgetful{}, ReceivedAt: received})
	if !errors.Is(err, ErrFault) || b.Gateway != "gw-1" || len(b.Readings) != 0 {
		t.Errorf("it was read as %+v, %v", b, err)
	}
}

// forgetful panics whenever it is asked.
type forgetful struct{}

func (forgetful) Means(string) (string, bool) { panic("nothing is remembered") }
func (forgetful) Learn(string, string)        { panic("nothing can be learnt") }

func FuzzDecode(f *testing.F) {
	f.Add("ruuvi/C0:FF:EE:AA:00:01/gw_status", []byte(`{"stffline"i`))
	for _, m := range messages {
		f.Add(m.topic, []byte(m.body))
	}
	for _, m := range furtherMessages {
		f.Add(m.topic, bodyOf(f, m.body))
	}
	for _, m := range brokenMessages {
		f.Add(m.topic, bodyOf(f, m.body))
	}
	f.Fuzz(func(t *testing.T, topic string, body []byte) {
		for _, format := range append(Formats(), "") {
			b, err := decode(Message{Topic: topic, Body: body, Format: format, ReceivedAt: received})
			if err != nil {
				continue
			}
			if len(b.Sightings) != len(b.SightingOf) || len(b.Readings) != len(b.ReadingOf) {
				t.Fatal("a record lost its index")
			}
			for _, s := range b.Sightings {
				if s.Tag == "" || s.HasRSSI && (s.RSSIdBm < -127 || s.RSSIdBm > 20) {
					t.Fatalf("sighting %+v", s)
				}
			}
			for _, r := range b.Readings {
				if r.Sensor == "" || r.Temp < coldchain.FromCelsius(-274) {
					t.Fatalf("reading %+v", r)
				}
			}
		}
	})
}

// FuzzScanner holds the scanner against the standard library: it takes the same texts.
func FuzzScanner(f *testing.F) {
	for _, m := range messages {
		f.Add([]byte(m.body))
	}
	for _, s := range []string{`-0.5e+3`, `01`, `1.`, `"\u00e4\n"`, `"\x"`, `{"a":1,}`, `[1,]`, `{"a" : [ ] }`, `nul`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		end, err := valueEnd(body, skipSpace(body, 0), 0)
		valid := err == nil && skipSpace(body, end) == len(body)
		if valid != json.Valid(body) && !(err != nil && strings.Contains(err.Error(), "nested")) {
			t.Fatalf("we say %v (%v), the standard library %v: %q", valid, err, json.Valid(body), body)
		}
		if !valid || !utf8.Valid(body) || kindOf(bytes.TrimSpace(body)) != '{' {
			return
		}
		var want map[string]json.RawMessage
		if json.Unmarshal(body, &want) != nil {
			return
		}
		members(bytes.TrimSpace(body), func(key, value []byte) {
			if bytes.IndexByte(key, '\\') < 0 && want[string(key)] == nil {
				t.Fatalf("member %q is not there: %q", key, body)
			}
			if !json.Valid(value) {
				t.Fatalf("member %q is %q", key, value)
			}
		})
	})
}

func FuzzFromTopic(f *testing.F) {
	for _, seed := range []string{"wardwatch/v1/gw-1/sightings", "espresense/devices/c0ffee000001/ward-3", "espresense/rooms/ward-3/telemetry",
		"ruuvi/C0:FF:EE:AA:00:01/C0:FF:EE:00:00:01", "home/OMG_7/BTtoMQTT/C0FFEE000001", "home/OMG_7/LWT", "tele/fridge-9/LWT", "gw/", "/", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, topic string) {
		id, named := FromTopic(topic)
		if named != (id != "") {
			t.Fatalf("%q names %q: %v", topic, id, named)
		}
		if again, ok := FromTopic("/" + topic + "/"); again != id || ok != named {
			t.Fatalf("%q names %q, and with slashes around it %q", topic, id, again)
		}
	})
}

func FuzzRecognise(f *testing.F) {
	for _, m := range furtherMessages {
		f.Add(m.topic, []byte(m.body))
	}
	f.Fuzz(func(t *testing.T, topic string, body []byte) {
		first, err := Decode(Message{Topic: topic, Body: body, Gateway: "gw-a", ReceivedAt: received})
		if err != nil || first.Format == "" {
			return
		}
		// What was recognised reads the same when it is forced.
		forced, err := Decode(Message{Topic: topic, Body: body, Format: first.Format, Gateway: "gw-a", ReceivedAt: received})
		if err != nil || len(forced.Sightings) != len(first.Sightings) || len(forced.Readings) != len(first.Readings) {
			t.Fatalf("as %s: %v, %d and %d sightings", first.Format, err, len(first.Sightings), len(forced.Sightings))
		}
	})
}

// withoutThermometer are the envelopes that pass no temperature on: readers of labels,
// and those that say who was heard but not what it said.
var withoutThermometer = []Format{BlueCharm, Raddec, Impinj, Zebra, EdgeX, Omlox}

// TestNothingOfABodyIsKept holds what lets a transport write over a body once it was read.
func TestNothingOfABodyIsKept(t *testing.T) {
	for _, m := range slices.Concat(messages, furtherMessages) {
		body := bodyOf(t, m.body)
		b, err := Decode(Message{Topic: m.topic, Body: body, Gateway: m.token, ReceivedAt: received})
		said := fmt.Sprint(told(b), b.Gateway, err)
		for i := range body {
			body[i] = 'x'
		}
		if got := fmt.Sprint(told(b), b.Gateway, err); got != said {
			t.Errorf("%s: it said\n%s\nand when its body was written over\n%s", m.name, said, got)
		}
	}
}

// TestEveryFormatHasGoldenBytes holds the promise that no envelope is read without
// an example of it standing here, with a temperature of half a degree below zero
// where it carries one. The examples are what FuzzDecode begins with.
func TestEveryFormatHasGoldenBytes(t *testing.T) {
	seen, frosty := map[Format]bool{}, map[Format]bool{}
	note := func(m Message) {
		b, err := Decode(m)
		if err == nil && len(b.Sightings)+len(b.Readings) > 0 {
			seen[b.Format] = true
		}
		for _, r := range b.Readings {
			frosty[b.Format] = frosty[b.Format] || r.Temp == coldchain.FromCelsius(-0.5)
			if slices.Contains(withoutThermometer, b.Format) {
				t.Errorf("%s carries a temperature after all", b.Format)
			}
		}
	}
	for _, m := range furtherMessages {
		note(Message{Topic: m.topic, Body: bodyOf(t, m.body), Gateway: m.token, ReceivedAt: received})
	}
	for _, m := range messages {
		note(Message{Topic: m.topic, Body: []byte(m.body), Gateway: m.token, ReceivedAt: received})
	}
	for _, c := range conversations {
		for _, m := range c.messages {
			note(Message{Topic: m.topic, Body: bodyOf(t, m.body), ReceivedAt: received})
		}
	}
	for _, format := range Formats() {
		if !seen[format] {
			t.Errorf("no message of %s stands among the examples", format)
		}
		if !frosty[format] && !slices.Contains(withoutThermometer, format) {
			t.Errorf("no message of %s below zero stands among the examples", format)
		}
	}
}
