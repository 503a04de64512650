package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"wardwatch/db"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/tracking/ingest/gateway"
)

// dialect is how one make of gateway or sensor speaks: a good message, whose every field
// is then sent wrong. In topic and body GW is the gateway; in the body "@ms", "@s", "@rfc",
// "@who" and "@moko" are the moment as each writes it, "@n" the number of the message.
type dialect struct {
	format gateway.Format
	topic  string
	body   string
	holds  int      // sightings and readings
	each   int      // most that one element of a list holds; 0 where the message is one record
	speaks string   // the element of a list that names who speaks: another's name costs the whole message
	not    []string // fields of which another value makes it a message that holds no record
}

const (
	wrongTag  = `"C0:FF:EE:00:00:01"`
	otherTag  = `"C0:FF:EE:00:00:02"`
	goodBytes = `"` + shownAdvert + `"`
	goodEPC   = `"` + shownEPC + `"`
)

var dialects = []dialect{
	{format: gateway.Canonical, topic: "wardwatch/v1/GW/readings", holds: 2, each: 1,
		body: `{"sent_at":"@rfc","readings":[{"sensor":"probe-1","channel":"probe","gateway":"GW","celsius":4.5,"humidity_pct":50,"battery_pct":80,"door_open":false,"at":"@ms"},{"sensor":"probe-2","celsius":5,"at":"@rfc"}]}`},
	{format: gateway.Canonical, topic: "wardwatch/v1/GW/sightings", holds: 2, each: 1,
		body: `{"sightings":[{"tag":` + wrongTag + `,"gateway":"GW","rssi_dbm":-60,"antenna":1,"at":"@ms","battery_pct":90,"movements":3,"moving":true},{"tag":` + otherTag + `,"rssi_dbm":-71}]}`},
	{format: gateway.ESPresense, topic: "espresense/devices/c0ffee000001/GW", holds: 2, body: `{"mac":"c0ffee000001","id":"c0ffee000001","rssi":-74.5,"batt":80,"temp":-0.5,"rh":50}`},
	{format: gateway.OpenMQTT, topic: "home/GW/BTtoMQTT/C0FFEE000001", holds: 2, body: `{"id":` + wrongTag + `,"rssi":-71,"tempc":-0.5,"hum":40,"batt":70}`},
	{format: gateway.Minew, topic: "gw/GW/status", holds: 4, each: 2, speaks: "2/mac",
		body: `[{"type":"Unknown","mac":"C0FFEE000001","rssi":-57,"timestamp":"@rfc","rawData":` + goodBytes + `},{"mac":"C0FFEE000002","rssi":-60,"timestamp":"@rfc","battery":90,"temperature":4.5,"humidity":50},{"type":"Gateway","mac":"GW","timestamp":"@rfc"}]`},
	{format: gateway.Ruuvi, topic: "ruuvi/GW/C0:FF:EE:00:00:01", holds: 2, body: `{"gw_mac":"GW","rssi":-41,"ts":"@s","gwts":"@s","data":` + goodBytes + `}`},
	{format: gateway.Ruuvi, holds: 4, body: `{"data":{"gw_mac":"GW","timestamp":"@s","tags":{` + wrongTag + `:{"rssi":-41,"timestamp":"@s","data":` + goodBytes + `},` + otherTag + `:{"rssi":-42,"timestamp":"@s","data":` + goodBytes + `}}}}`},
	{format: gateway.Kontakt, holds: 2, body: `{"sourceId":"GW","trackingId":` + wrongTag + `,"rssi":-72,"timestamp":"@ms","batteryLevel":93,"temperature":-0.5,"humidity":40,"timeSinceMovement":3}`},
	{format: gateway.Cassia, holds: 2, body: `{"bdaddrs":[{"bdaddr":` + wrongTag + `,"bdaddrType":"public"}],"rssi":184,"adData":` + goodBytes + `}`},
	{format: gateway.Aruba, holds: 4, each: 2, body: `{"bleData":[{"mac":"c0ffee000001","data":` + goodBytes + `,"rssi":-69},{"mac":"c0ffee000002","data":` + goodBytes + `,"rssi":-69}],"meta":{"version":1},"reporter":{"mac":"GW","time":"@s"}}`},
	{format: gateway.Shelly, holds: 2, body: `{"src":"GW","component":"script:1","info":{"event":"shelly-blu","data":{"pid":"@n","temperature":-0.5,"humidity":50,"battery":80,"rssi":-71,"address":` + wrongTag + `},"ts":"@s"}}`},
	{format: gateway.AprilBrother, holds: 4, each: 2, body: `{"v":1,"mac":"GW","time":"@s","devices":[[2,"C0FFEE000001",-60,` + goodBytes + `],[2,"C0FFEE000002",-60,` + goodBytes + `]]}`},
	{format: gateway.BlueCharm, holds: 3, each: 2, body: `{"obj":[{"type":1,"mac":"c0ffee000001","rssi":-58,"data1":` + goodBytes + `},{"type":4,"rssi":-58,"uuid":"30A1B2C3D4E5460718293A4B5C6D7E8F","majorID":7,"minorID":258}]}`},
	{format: gateway.Moko, holds: 4, each: 2, body: `{"msg_id":3004,"device_info":{"mac":"GW"},"data":[{"type":8,"value":{"mac":"C0FFEE000001","rssi":-75,"raw":` + goodBytes + `,"timestamp":"@moko"}},{"type":8,"value":{"mac":"C0FFEE000002","rssi":-75,"raw":` + goodBytes + `}}]}`},
	{format: gateway.Raddec, holds: 1, body: `{"transmitterId":"c0ffee000001","transmitterIdType":2,"timestamp":"@ms","rssiSignature":[{"receiverId":"GW","rssi":-66}]}`},
	{format: gateway.Impinj, holds: 1, body: `{"hostname":"GW","timestamp":"@rfc","eventType":"tagInventory","tagInventoryEvent":{"epcHex":` + goodEPC + `,"antennaPort":2,"peakRssiCdbm":-5750,"lastSeenTime":"@rfc"}}`},
	{format: gateway.Zebra, holds: 1, body: `{"type":"SIMPLE","timestamp":"@rfc","data":{"MAC":"GW","antenna":1,"idHex":` + goodEPC + `,"peakRssi":-68}}`},
	{format: gateway.Zebra, topic: "zebra/GW/data", holds: 2, each: 1, body: `{"type":"SIMPLE","timestamp":"@rfc","data":{"tagData":[{"EPCid":` + goodEPC + `,"peakRssi":-45},{"EPCid":` + goodEPC + `,"peakRssi":-45}]}}`},
	{format: gateway.EdgeX, holds: 1, body: `{"epc":` + goodEPC + `,"timestamp":"@ms","location":"GW"}`},
	{format: gateway.Omlox, holds: 1, body: `{"source":"GW","provider_type":"rfid","provider_id":` + goodEPC + `,"timestamp_generated":"@rfc","properties":{"rssi":-61}}`},
	{format: gateway.ChirpStack, holds: 2, body: `{"deduplicationId":"x","time":"@rfc","deviceInfo":{"devEui":"a840410000000001","deviceProfileName":"LHT65"},"fCnt":"@n","fPort":2,"data":"y4YB9AGQAf/Of/8="}`},
	{format: gateway.TheThings, holds: 1, body: `{"end_device_ids":{"device_id":"em300-mcs-7","dev_eui":"24E1240000000001"},"uplink_message":{"f_port":85,"f_cnt":"@n","frm_payload":"A2f7/w==","received_at":"@rfc"}}`},
	{format: gateway.Tasmota, topic: "tele/GW/SENSOR", holds: 2, not: []string{"DS18B20-1", "SHT3X"}, body: `{"Time":"2026-05-04T11:59:58","DS18B20-1":{"Id":"3C01D6000001","Temperature":-0.5},"SHT3X":{"Id":"3C01D6000002","Temperature":4.5,"Humidity":40},"TempUnit":"C"}`},
	{format: gateway.Zigbee2MQTT, topic: "zigbee2mqtt/fridge-7", holds: 1, body: `{"battery":91,"humidity":58.4,"linkquality":102,"temperature":-0.5,"contact":true}`},
	{format: gateway.ShellyHT, holds: 1, body: `{"src":"shellyplusht-c0ffee000001","method":"NotifyFullStatus","params":{"ts":"@s","devicepower:0":{"battery":{"percent":60},"external":{"present":true}},"humidity:0":{"rh":52.3},"sys":{"mac":"C0FFEE000001"},"temperature:0":{"tC":-0.5}}}`},
	{format: gateway.WHOEMS, holds: 2, each: 2, body: `{"meta":{"transferType":"ems","transferredAt":"@rfc","schemaVersion":"1"},"data":[{"AMID":"who-1","records":[{"ABST":"@who","TVC":4.5,"TAMB":21,"HAMB":40,"DORV":0,"SVA":900,"BEMD":3}]}]}`},
	{format: gateway.OpenMSupply, holds: 2, each: 1, body: `[{"id":"a","sensorId":"probe-1","temperature":4.5,"timestamp":"@s"},{"id":"b","sensorId":"probe-2","temperature":4.5,"timestamp":"@s"}]`},
}

// sensorsOfDialects are those that the good messages measure with.
var sensorsOfDialects = []coldchain.SensorKey{{Sensor: "probe-1", Channel: "probe"}, {Sensor: "probe-2", Channel: "probe"},
	{Sensor: "c0ffee000001", Channel: "probe"}, {Sensor: "c0ffee000002", Channel: "probe"},
	{Sensor: "a840410000000001", Channel: "probe"}, {Sensor: "a840410000000001", Channel: "internal"}, {Sensor: "24e1240000000001", Channel: "probe"},
	{Sensor: "3c01d6000001", Channel: "probe"}, {Sensor: "3c01d6000002", Channel: "probe"}, {Sensor: "fridge-7", Channel: "probe"},
	{Sensor: "who-1", Channel: "probe"}, {Sensor: "who-1", Channel: "ambient"}}

// gone stands for a field that is not there.
type gone struct{}

// absent and wrongs are what stands where a field should be. A device may as well say
// nothing of much: what lacks then is missed by nobody.
var (
	absent = []any{gone{}, nil, ""}
	wrongs = []any{true, "wrong", "\u0000\u202e", strings.Repeat("x", 5000), 1e300, -1e300, -1.0, 1.0, []any{}, []any{[]any{7}}, map[string]any{}, map[string]any{"x": 1},
		"1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z", 4102444800000.0}
)

// place is where a field stands: the names and indexes that lead to it.
type place []any

func (p place) String() string {
	words := make([]string, len(p))
	for i, step := range p {
		words[i] = fmt.Sprint(step)
	}
	return strings.Join(words, "/")
}

// places lists all fields of a message, with the lists and objects that hold others.
func places(tree any, at place) (all []place) {
	if len(at) > 0 {
		all = append(all, slices.Clone(at))
	}
	switch tree := tree.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(tree)) {
			all = append(all, places(tree[name], append(slices.Clone(at), name))...)
		}
	case []any:
		for i, value := range tree {
			all = append(all, places(value, append(slices.Clone(at), i))...)
		}
	}
	return all
}

// with is the message with another value at a place.
func with(tree any, at place, value any) any {
	if len(at) == 0 {
		return value
	}
	switch tree := tree.(type) {
	case map[string]any:
		tree = maps.Clone(tree)
		tree[at[0].(string)] = with(tree[at[0].(string)], at[1:], value)
		if tree[at[0].(string)] == (gone{}) {
			delete(tree, at[0].(string))
		}
		return tree
	case []any:
		tree = slices.Clone(tree)
		tree[at[0].(int)] = with(tree[at[0].(int)], at[1:], value)
		if tree[at[0].(int)] == (gone{}) {
			tree = slices.Delete(tree, at[0].(int), at[0].(int)+1)
		}
		return tree
	}
	return tree
}

// tickingClock is a server's clock that shows each moment once, so that no two messages
// arrive in the same: what differs of one moment would be refused.
type tickingClock struct{ steppedClock }

func (c *tickingClock) now() time.Time { return time.UnixMilli(c.at.Add(1)).UTC() }

// speaker says the messages of one dialect, as one gateway.
type speaker struct {
	t     *testing.T
	house *house
	clock *tickingClock
	dialect
	good   any // the message, with its marks
	id     hospital.GatewayID
	token  string
	client paho.Client
	said   int
}

// newSpeaker is a gateway with a token of its own, connected to the broker.
func newSpeaker(t *testing.T, h *house, clock *tickingClock, i int, d dialect) *speaker {
	t.Helper()
	s := &speaker{t: t, house: h, clock: clock, dialect: d, id: hospital.GatewayID(fmt.Sprintf("ac233f0000%02x", i))}
	s.topic = strings.ReplaceAll(s.topic, "GW", string(s.id))
	if d.body != "" { // it speaks JSON
		if err := json.Unmarshal([]byte(strings.ReplaceAll(d.body, "GW", string(s.id))), &s.good); err != nil {
			t.Fatal(err)
		}
	}
	_, secret, err := account.NewKeys(db.Accounts{DB: h.db}, h.now).Add(t.Context(), hospital.Job("test"), string(s.id), s.id)
	if err != nil {
		t.Fatal(err)
	}
	s.token = secret.Reveal()
	s.client = paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + h.broker.Address()).SetClientID(string(s.id)).
		SetUsername(string(s.id)).SetPassword(s.token).SetAutoReconnect(false).SetConnectTimeout(patience))
	if connecting := s.client.Connect(); !connecting.WaitTimeout(patience) || connecting.Error() != nil {
		t.Fatal(connecting.Error())
	}
	t.Cleanup(func() { s.client.Disconnect(0) })
	return s
}

// filled is a message with the moment and its number where their marks stand.
func (s *speaker) filled(tree any) any {
	now := s.clock.now().Truncate(time.Second)
	switch tree := tree.(type) {
	case map[string]any:
		tree = maps.Clone(tree)
		for name, value := range tree {
			tree[name] = s.filled(value)
		}
		return tree
	case []any:
		tree = slices.Clone(tree)
		for i, value := range tree {
			tree[i] = s.filled(value)
		}
		return tree
	}
	switch tree {
	case "@ms":
		return now.UnixMilli()
	case "@s":
		return now.Unix()
	case "@n":
		return s.said
	case "@rfc":
		return now.Format(time.RFC3339Nano)
	case "@who":
		return now.Format("20060102T150405Z")
	case "@moko":
		return now.Format("2006-01-02&15:04:05-07")
	}
	return tree
}

func (s *speaker) text(tree any) []byte {
	s.t.Helper()
	s.said++
	s.clock.step(2 * time.Second)
	body, err := json.Marshal(s.filled(tree))
	if err != nil {
		s.t.Fatal(err)
	}
	return body
}

// fate is what became of a message: how many sightings and readings were taken, how
// many refused, and why.
type fate struct {
	taken, refused int
	why            []string
}

// post sends a message to POST /ingest.
func (s *speaker) post(body []byte) (f fate) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.house.address()+"/ingest?"+url.Values{"topic": {s.topic}}.Encode(), strings.NewReader(string(body)))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	var said struct {
		Accepted, Duplicates int
		Rejected             []struct{ Reason string }
		Detail               string
	}
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil {
		s.t.Fatalf("%s %.200s: %s, %v", s.format, body, answer.Status, err)
	}
	if answer.StatusCode != http.StatusOK {
		if answer.StatusCode >= http.StatusInternalServerError || answer.StatusCode == http.StatusTooManyRequests {
			s.t.Errorf("%s %.200s is answered %s: %s", s.format, body, answer.Status, said.Detail)
		}
		return fate{refused: 1, why: []string{said.Detail}}
	}
	f = fate{taken: said.Accepted + said.Duplicates, refused: len(said.Rejected)}
	for _, r := range said.Rejected {
		f.why = append(f.why, r.Reason)
	}
	return f
}

// publish sends messages to the broker and waits until each is acknowledged.
func (s *speaker) publish(bodies ...[]byte) fate {
	s.t.Helper()
	before := s.counted()
	var sent []paho.Token
	for _, body := range bodies {
		topic := s.topic
		if topic == "" {
			topic = "sensors/any"
		}
		sent = append(sent, s.client.Publish(topic, 1, false, body))
	}
	for _, one := range sent {
		if !one.WaitTimeout(patience) || one.Error() != nil {
			s.t.Fatalf("%s: a message is not acknowledged: %v", s.format, one.Error())
		}
	}
	after := s.counted()
	return fate{taken: after.taken - before.taken, refused: after.refused - before.refused}
}

// counted is what the house has taken and refused so far, whoever sent it.
func (s *speaker) counted() (f fate) {
	s.t.Helper()
	families, err := s.house.metrics.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			n := int(m.GetCounter().GetValue())
			switch family.GetName() {
			case "wardwatch_ingest_sightings_total":
				f.taken += n
			case "wardwatch_ingest_refused_total":
				f.refused += n
			case "wardwatch_ingest_readings_total":
				if what := m.GetLabel()[0].GetValue(); what == string(coldchain.Accepted) || what == string(coldchain.Duplicate) {
					f.taken += n
				}
			}
		}
	}
	return f
}

// wrongly sends one field wrong in every way, over HTTP one after the other and over MQTT
// all at once, and then a good message over each.
func (s *speaker) wrongly(at place) {
	s.t.Helper()
	var all fate
	var bodies [][]byte
	for i, value := range slices.Concat(absent, wrongs) {
		tree := with(s.good, at, value)
		f := s.post(s.text(tree))
		all.taken, all.refused = all.taken+f.taken, all.refused+f.refused
		bodies = append(bodies, s.text(tree))
		shown := fmt.Sprintf("%s on %q with %s = %.40v: %d of %d taken, %d refused %.100q", s.format, s.topic, at, value, f.taken, s.holds, f.refused, f.why)
		missed := f.taken < s.holds && i >= len(absent) && !empties(s.good, at, value) && !slices.Contains(s.not, at.String())
		if missed && f.refused == 0 {
			s.t.Errorf("nobody hears of what is missing: %s", shown)
		}
		if f.taken > s.holds || s.inElement(at) && f.taken < s.holds-s.each {
			s.t.Errorf("it costs, or brings, others something: %s", shown)
		}
		for _, why := range f.why {
			if len(why) < 10 || !strings.Contains(why, " ") {
				s.t.Errorf("that is no sentence: %s", shown)
			}
		}
	}
	if f := s.publish(bodies...); f.taken != all.taken || f.refused != all.refused {
		s.t.Errorf("%s with %s wrong: over HTTP %d are taken and %d refused, over MQTT %d and %d", s.format, at, all.taken, all.refused, f.taken, f.refused)
	}
	for way, f := range map[string]fate{"HTTP": s.post(s.text(s.good)), "MQTT": s.publish(s.text(s.good))} {
		if f.taken != s.holds || f.refused != 0 {
			s.t.Errorf("%s on %q after %s was wrong: of a good message over %s %d of %d are taken, %d refused: %q", s.format, s.topic, at, way, f.taken, s.holds, f.refused, f.why)
		}
	}
}

// empties says whether a list or an object is but emptied, or holds what nobody knows: then
// nothing is in it, and nothing missing.
func empties(tree any, at place, value any) bool {
	for _, step := range at {
		switch step := step.(type) {
		case string:
			tree = tree.(map[string]any)[step]
		case int:
			tree = tree.([]any)[step]
		}
	}
	_, isObject := value.(map[string]any) // of nothing, or of what no dialect has
	list, isList := value.([]any)
	switch tree.(type) {
	case []any, map[string]any:
		return isObject || isList && len(list) == 0
	}
	return false
}

// inElement says whether a field belongs to one record of several.
func (s *speaker) inElement(at place) bool {
	return s.each > 0 && at.String() != s.speaks && slices.ContainsFunc(at, func(step any) bool { _, is := step.(int); return is })
}

// Each field of each dialect is sent wrong, over HTTP and over MQTT: the message is answered,
// what of it is not taken is refused with a sentence that the administrators read, its
// neighbours in the same message are taken, and the gateway's next one is heard. Beside them a
// good gateway is heard, the store is kept and the pager called, as with the other faults.
func TestEachFieldOfEachDialectSentWrong(t *testing.T) {
	t.Parallel()
	d := newDialectsHouse(t, sensorsOfDialects...)
	for i, spoken := range dialects {
		s := newSpeaker(t, d.house, d.clock, i, spoken)
		for way, f := range map[string]fate{"HTTP": s.post(s.text(s.good)), "MQTT": s.publish(s.text(s.good))} {
			if f.taken != s.holds || f.refused != 0 {
				t.Fatalf("%s on %q: of a good message over %s %d of %d are taken, %d refused: %q", s.format, s.topic, way, f.taken, s.holds, f.refused, f.why)
			}
		}
		for _, at := range places(s.good, nil) {
			s.wrongly(at)
		}
		s.isStillHeard()
		d.goesOn(t)
	}
	d.afterwards(t, d.good)
}

// dialectsHouse is a running house that knows sensors, whose fridge is too warm, whose pager
// has been called and whose store is kept, and its clock.
type dialectsHouse struct {
	clockHouse
	clock *tickingClock
	good  int // readings of its own probe, all taken
}

func newDialectsHouse(t *testing.T, sensors ...coldchain.SensorKey) *dialectsHouse {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ward.db")
	clock := &tickingClock{}
	// The same in every run: where a wrong field shifts what follows it, the bytes of a time
	// are read as something else, and every second as another thing.
	clock.set(time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC))
	c := clockHouse{steppedClock: &clock.steppedClock, path: path, token: furnishFile(t, "sqlite:"+path), keeper: newKeeper(t, "sqlite:"+path), pager: newPager(t)}
	h, err := build(t.Context(), config{HTTP: "127.0.0.1:0", MQTT: "127.0.0.1:0", DB: "sqlite:" + path, WebhookURL: c.pager.url, WebhookSecret: "s"},
		newLog(io.Discard, 0), clock.now)
	if err != nil {
		t.Fatal(err)
	}
	c.house = h
	runHouse(t, h)
	knows(t, h, sensors...)
	d := &dialectsHouse{clockHouse: c, clock: clock, good: c.warm(t)}
	c.pager.ring()
	return d
}

// goesOn has a good gateway tell of its probe and the keeper do a deed, after a dialect's wrong messages.
func (d *dialectsHouse) goesOn(t *testing.T) {
	t.Helper()
	d.clock.step(time.Minute)
	take(t, d.house, d.token, d.reading())
	d.good++
	d.keeper.keep(d.address(), 1)
}

// isStillHeard holds that administrators can read why messages were refused, and that the
// gateway's connection has outlived them.
func (s *speaker) isStillHeard() {
	s.t.Helper()
	if err := s.house.parts.Devices.Book.Write(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	var told int
	const q = `SELECT count(*) FROM refusals WHERE gateway = $1 AND source = 'mqtt' AND reason LIKE '% %'`
	if err := s.house.db.QueryRow(s.t.Context(), q, string(s.id)).Scan(&told); err != nil || told == 0 {
		s.t.Errorf("%s: administrators read of %d refusals over MQTT, %v", s.format, told, err)
	}
	if !s.client.IsConnectionOpen() {
		s.t.Errorf("%s: the gateway's connection ended", s.format)
	}
	s.t.Logf("%s on %q: %d messages, %d refusals to read", s.format, s.topic, s.said, told)
}
