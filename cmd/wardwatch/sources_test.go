package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"wardwatch/db"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
)

// arrivalTime is when everything below arrives, by the house's clock.
var arrivalTime = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

// landing is a running house whose clock stands still, with a token for each sender.
type landing struct {
	*testing.T
	house  *house
	stop   func()
	tokens map[hospital.GatewayID]string
}

// land starts the house over a database, with a Modbus probe on the network.
func land(t *testing.T, dsn, modbusProbe string) *landing {
	t.Helper()
	c := config{HTTP: "127.0.0.1:0", MQTT: "127.0.0.1:0", DB: dsn}
	if modbusProbe != "" {
		c.Modbus = map[string]string{"rack-3": modbusProbe}
	}
	h, err := build(t.Context(), c, newLog(io.Discard, 0), func() time.Time { return arrivalTime })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := h.run(ctx, io.Discard); err != nil {
			t.Error(err)
		}
	})
	l := &landing{T: t, house: h, tokens: map[hospital.GatewayID]string{}}
	l.stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(l.stop)
	return l
}

func (l *landing) token(from hospital.GatewayID) string {
	l.Helper()
	if l.tokens[from] == "" {
		_, secret, err := account.NewKeys(db.Accounts{DB: l.house.db}, l.house.now).Add(l.Context(), hospital.Job("test"), "test", from)
		if err != nil {
			l.Fatal(err)
		}
		l.tokens[from] = secret.Reveal()
	}
	return l.tokens[from]
}

// publish sends a message by MQTT as a gateway, and comes back once it is acknowledged.
func (l *landing) publish(from hospital.GatewayID, topic string, body []byte) {
	l.Helper()
	c := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + l.house.broker.Address()).SetClientID(string(from)).SetUsername(string(from)).SetPassword(l.token(from)))
	if connecting := c.Connect(); !connecting.WaitTimeout(patience) || connecting.Error() != nil {
		l.Fatal(from, connecting.Error())
	}
	defer c.Disconnect(0)
	if sending := c.Publish(topic, 1, false, body); !sending.WaitTimeout(patience) || sending.Error() != nil {
		l.Fatal(topic, sending.Error())
	}
}

// request sends a body over HTTP with a gateway's token.
func (l *landing) request(from hospital.GatewayID, method, path string, body []byte) {
	l.Helper()
	jar, _ := cookiejar.New(nil)
	program := caller{l.T, l.house, &http.Client{Jar: jar}, http.Header{"Authorization": {"Bearer " + l.token(from)}}}
	if status, answer := program.send(method, path, string(body)); status != http.StatusOK || !strings.Contains(answer, `"rejected":[]`) {
		l.Errorf("%s %s: %d %s", method, path, status, answer)
	}
}

// record is every reading of one stream, as the record holds it: temperature, when it was
// measured, when it was received, by which way and through whom.
func (l *landing) record(sensor, channel string) string {
	l.Helper()
	const q = `
		SELECT r.temp_mc, r.measured_at, r.measured_at + r.received_after, o.source, o.gateway
		FROM readings r
		JOIN sensors s ON s.id = r.sensor
		JOIN reading_origins o ON o.id = r.origin
		WHERE s.sensor = $1 AND s.channel = $2
		ORDER BY r.measured_at`
	rows, err := l.house.db.Query(l.Context(), q, sensor, channel)
	if err != nil {
		l.Fatal(err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var temp, measured, received int64
		var source, gateway string
		if err := rows.Scan(&temp, &measured, &received, &source, &gateway); err != nil {
			l.Fatal(err)
		}
		clock := func(ms int64) string { return time.UnixMilli(ms).UTC().Format("15:04:05") }
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%v at %s, %s by %s %s", coldchain.MilliCelsius(temp).Celsius(), clock(measured), clock(received), source, gateway)))
	}
	if err := rows.Err(); err != nil {
		l.Fatal(err)
	}
	return strings.Join(lines, "; ")
}

// ruuviAdvert is RuuviTag data format 5 at a temperature; bthomeAdvert is BTHome version 2,
// with the time of a stored measurement unless that is zero.
func ruuviAdvert(celsius float64) string {
	return fmt.Sprintf("0201061bff990405%04x4e20c35000000000000ab0361f0102c0ffee000001", uint16(int16(math.Round(celsius/0.005))))
}

func bthomeAdvert(celsius float64, at time.Time) string {
	objects := []byte{0x40}
	if !at.IsZero() {
		objects = binary.LittleEndian.AppendUint32(append(objects, 0x50), uint32(at.Unix()))
	}
	objects = binary.LittleEndian.AppendUint16(append(objects, 0x02), uint16(int16(math.Round(celsius*100))))
	return fmt.Sprintf("020106%02x16d2fc%x", len(objects)+3, objects)
}

// chirpStack and theThings are an uplink as each network server tells of it.
func chirpStack(eui, profile string, port int, payload string) []byte {
	return fmt.Appendf(nil, `{"deduplicationId":"d","time":"2026-05-04T09:59:58Z","deviceInfo":{"devEui":%q,"deviceProfileName":%q},"fCnt":7,"fPort":%d,"data":%q}`, eui, profile, port, base64Of(payload))
}

func theThings(eui, device string, port int, payload string) []byte {
	return fmt.Appendf(nil, `{"end_device_ids":{"device_id":%q,"dev_eui":%q},"uplink_message":{"f_port":%d,"f_cnt":4,"frm_payload":%q,"received_at":"2026-05-04T09:59:58Z"}}`, device, eui, port, base64Of(payload))
}

func base64Of(digits string) string {
	raw, err := hex.DecodeString(digits)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// metric is a Sparkplug B metric named Fridge/Temperature; historical ones were stored.
func metric(celsius float32, at time.Time, historical bool) []byte {
	m := append([]byte{0x0A, 18}, "Fridge/Temperature"...)
	m = binary.AppendUvarint(append(m, 0x18), uint64(at.UnixMilli()))
	m = append(m, 0x20, 9) // its type: a float
	if historical {
		m = append(m, 0x28, 1)
	}
	return binary.LittleEndian.AppendUint32(append(m, 0x65), math.Float32bits(celsius))
}

func sparkplugData(at time.Time, metrics ...[]byte) []byte {
	b := binary.AppendUvarint([]byte{0x08}, uint64(at.UnixMilli()))
	for _, m := range metrics {
		b = append(append(b, 0x12, byte(len(m))), m...)
	}
	return b
}

// measuredAt is 09:59:58, when most devices below have measured.
var measuredAt = arrivalTime.Add(-2 * time.Second)

// arrival is one source's documented shape, through the door that its maker has it use, and
// what the record holds of it afterwards.
type arrival struct {
	name            string
	from            hospital.GatewayID
	way             string // an MQTT topic, or "POST /path"
	body            []byte
	sensor, channel string
	want            string
}

// Below zero wherever the source itself is first met: signs are what decoders get wrong.
var arrivals = []arrival{
	{"our own, MQTT", "gw-a", "wardwatch/v1/gw-a/readings", []byte(`{"sensor":"own-1","celsius":-0.5,"at":1777888798000}`), "own-1", "probe", "-0.5 at 09:59:58, 10:00:00 by mqtt gw-a"},
	{"our own, HTTP", "gw-a", "POST /ingest", []byte(`{"readings":[{"sensor":"own-2","channel":"door side","celsius":-0.5,"at":"2026-05-04T09:59:58Z"}]}`), "own-2", "door side", "-0.5 at 09:59:58, 10:00:00 by http gw-a"},
	{"ESPresense", "ward-3", "espresense/devices/c0ffee000011/ward-3", []byte(`{"mac":"c0ffee000011","id":"c0ffee000011","rssi":-70,"temp":-0.5,"rh":51}`), "c0ffee000011", "probe", "-0.5 at 10:00:00, 10:00:00 by mqtt ward-3"},
	{"Minew", "ac233f000001", "POST /ingest", []byte(`[{"type":"Gateway","mac":"AC233F000001"},{"timestamp":"2026-05-04T09:59:58Z","type":"S1","mac":"AC233FA00001","rssi":-57,"temperature":-0.5,"humidity":58.1}]`), "ac233fa00001", "probe", "-0.5 at 09:59:58, 10:00:00 by http ac233f000001"},

	{"ChirpStack, Dragino LHT65", "ns-1", "application/31d7/device/a840410000000001/event/up", chirpStack("a840410000000001", "LHT65", 2, "cb8601f4019001ffce7fff"), "a840410000000001", "probe", "-0.5 at 09:59:58, 10:00:00 by mqtt ns-1"},
	{"ChirpStack, the LHT65's case", "", "", nil, "a840410000000001", "internal", "5 at 09:59:58, 10:00:00 by mqtt ns-1"},
	{"ChirpStack, Dragino's store", "ns-1", "application/31d7/device/a840410000000002/event/up", chirpStack("a840410000000002", "LHT65", 2, "ffce01f401900969f86e1e"), "a840410000000002", "probe", "-0.5 at 09:59:58, 10:00:00 by mqtt ns-1"},
	{"ChirpStack, Milesight EM300", "ns-1", "application/31d7/device/24e1240000000001/event/up", chirpStack("24e1240000000001", "EM300-TH", 85, "01755a0367fbff046864"), "24e1240000000001", "probe", "-0.5 at 09:59:58, 10:00:00 by mqtt ns-1"},
	{"ChirpStack, Elsys", "ns-1", "application/31d7/device/a81758fffe000001/event/up", chirpStack("a81758fffe000001", "ELSYS ERS", 5, "0100e20cfffb070e10"), "a81758fffe000001", "probe", "-0.5 at 09:59:58, 10:00:00 by mqtt ns-1"},
	{"The Things Stack, Dragino LHT65", "ns-2", "POST /ingest", theThings("A840410000000003", "lht65-3", 2, "cb8601f4019001ffce7fff"), "a840410000000003", "probe", "-0.5 at 09:59:58, 10:00:00 by http ns-2"},
	{"The Things Stack, Milesight EM300 with its store", "ns-2", "POST /ingest", theThings("24E1240000000002", "em300-th-2", 85, "20ce9a6af869fbff6400"+"03672d00"), "24e1240000000002", "probe", "-0.5 at 09:44:58, 10:00:00 by http ns-2; 4.5 at 09:59:58, 10:00:00 by http ns-2"},
	{"The Things Stack, Elsys", "ns-2", "v3/ward@ttn/devices/elsys-2/up", theThings("A81758FFFE000002", "elsys-2", 5, "0100e20cfffb070e10"), "a81758fffe000002", "probe", "-0.5 at 09:59:58, 10:00:00 by mqtt ns-2"},

	{"Ruuvi Gateway", "c0ffeeaa0001", "ruuvi/C0:FF:EE:AA:00:01/C0:FF:EE:00:00:01", fmt.Appendf(nil, `{"gw_mac":"C0:FF:EE:AA:00:01","rssi":-41,"gwts":1777888799,"ts":1777888798,"data":%q}`, ruuviAdvert(-0.5)), "c0ffee000001", "probe", "-0.5 at 09:59:58, 10:00:00 by mqtt c0ffeeaa0001"},
	{"Ruuvi Gateway's history, of a RuuviTag and of a BTHome thermometer", "c0ffeeaa0001", "POST /ingest", fmt.Appendf(nil, `{"data":{"timestamp":1777888799,"gw_mac":"C0:FF:EE:AA:00:01","tags":{"C0:FF:EE:00:00:02":{"rssi":-66,"timestamp":1777881598,"data":%q},"C0:FF:EE:00:00:03":{"rssi":-60,"timestamp":1777881600,"data":%q}}}}`,
		strings.Replace(ruuviAdvert(-0.5), "c0ffee000001", "c0ffee000002", 1), bthomeAdvert(-0.5, time.Time{})), "c0ffee000002", "probe", "-0.5 at 07:59:58, 10:00:00 by http c0ffeeaa0001"},
	{"the BTHome thermometer in it", "", "", nil, "c0ffee000003", "probe", "-0.5 at 08:00:00, 10:00:00 by http c0ffeeaa0001"},
	{"BTHome", "c0ffeeaa0001", "ruuvi/C0:FF:EE:AA:00:01/C0:FF:EE:00:00:04", fmt.Appendf(nil, `{"rssi":-50,"ts":1777888798,"data":%q}`, bthomeAdvert(-0.5, time.Time{})), "c0ffee000004", "probe", "-0.5 at 09:59:58, 10:00:00 by mqtt c0ffeeaa0001"},
	{"BTHome's store, by its own timestamps, the newest first", "omg-7", "home/omg-7/BTtoMQTT/undecoded", fmt.Appendf(nil, `{"id":"c0:ff:ee:00:00:05","rssi":-77,"servicedatauuid":"0xfcd2","servicedata":%q}`, bthomeAdvert(4.5, arrivalTime.Add(-time.Hour))[14:]), "c0ffee000005", "probe", ""},
	{"… and what was measured before that", "omg-7", "home/omg-7/BTtoMQTT/undecoded", fmt.Appendf(nil, `{"id":"c0:ff:ee:00:00:05","rssi":-77,"servicedatauuid":"0xfcd2","servicedata":%q}`, bthomeAdvert(-0.5, arrivalTime.Add(-2*time.Hour))[14:]), "c0ffee000005", "probe", "-0.5 at 08:00:00, 10:00:00 by mqtt omg-7; 4.5 at 09:00:00, 10:00:00 by mqtt omg-7"},

	{"Tasmota", "fridge-9", "tele/fridge-9/SENSOR", []byte(`{"Time":"2026-05-04T11:59:58","DS18B20-1":{"Id":"3C01D6000001","Temperature":-0.5},"TempUnit":"C"}`), "3c01d6000001", "probe", "-0.5 at 10:00:00, 10:00:00 by mqtt fridge-9"},
	{"Shelly Plus H&T", "sh-1", "shellyplusht-c0ffee000006/events/rpc", []byte(`{"src":"shellyplusht-c0ffee000006","method":"NotifyFullStatus","params":{"ts":1777888798.25,"humidity:0":{"rh":52.3},"sys":{"mac":"C0FFEE000006"},"temperature:0":{"tC":-0.5}}}`), "c0ffee000006", "probe", "-0.5 at 09:59:58, 10:00:00 by mqtt sh-1"},
	{"Shelly BLU", "sh-1", "POST /ingest", []byte(`{"component":"script:1","name":"script","id":1,"info":{"event":"shelly-blu","data":{"BTHome_version":2,"pid":141,"temperature":-0.5,"rssi":-71,"address":"c0:ff:ee:00:00:07"},"ts":1777888798.25}}`), "c0ffee000007", "probe", "-0.5 at 09:59:58, 10:00:00 by http sh-1"},
	{"Zigbee2MQTT", "z2m", "zigbee2mqtt/fridge-7", []byte(`{"battery":91,"humidity":58.4,"temperature":-0.5,"contact":true}`), "fridge-7", "probe", "-0.5 at 10:00:00, 10:00:00 by mqtt z2m"},
	{"Sparkplug B", "Pharmacy", "spBv1.0/Hospital/DDATA/Pharmacy/Fridge-2", sparkplugData(measuredAt, metric(-0.5, measuredAt, false), metric(4.25, measuredAt.Add(-time.Hour), true)), "Pharmacy/Fridge-2", "probe", "4.25 at 08:59:58, 10:00:00 by mqtt Pharmacy; -0.5 at 09:59:58, 10:00:00 by mqtt Pharmacy"},

	{"WHO EMS", "emd-1", "POST /ems", []byte(`{"meta":{"schemaVersion":"0.8.1","transferType":"ems","transferId":"t-1","transferSrc":"org.example"},"data":[{"ASER":"ILR-0007","records":[{"ABST":"20260504T094458Z","TVC":-0.5,"TAMB":23.1}]}]}`), "ILR-0007", "probe", "-0.5 at 09:44:58, 10:00:00 by http emd-1"},
	{"WHO EMS, the room", "", "", nil, "ILR-0007", "ambient", "23.1 at 09:44:58, 10:00:00 by http emd-1"},
	{"open-mSupply, its sensor", "phone-1", "PUT /coldchain/v1/sensor", []byte(`[{"id":"s-1","macAddress":"C0:FF:EE:00:00:08 | BLUE_MAESTRO","logInterval":300,"batteryLevel":95}]`), "c0ffee000008", "probe", ""},
	{"open-mSupply, its log", "phone-1", "PUT /coldchain/v1/temperature-log", []byte(`[{"id":"l-1","temperature":-0.5,"timestamp":1777885198,"sensorId":"s-1"}]`), "c0ffee000008", "probe", "-0.5 at 08:59:58, 10:00:00 by http phone-1"},
	{"Modbus TCP", "", "", nil, "rack-3", "probe", "-0.5 at 10:00:00, 10:00:00 by modbus"},
}

// Every source that the README names delivers what its maker documents, each through its own
// door, and the record says when it was measured, when it was received, how and through whom.
func TestEverySourceArrives(t *testing.T) {
	t.Parallel()
	dsn := "sqlite:" + t.TempDir() + "/ward.db"
	importSmallHospital(t, dsn)
	l := land(t, dsn, modbusAnswers(t))
	var keys []coldchain.SensorKey
	for _, a := range arrivals {
		if key := (coldchain.SensorKey{Sensor: a.sensor, Channel: a.channel}); !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	knows(t, l.house, append(keys, coldchain.SensorKey{Sensor: "a840410000000003", Channel: "internal"}, coldchain.SensorKey{Sensor: "a81758fffe000002", Channel: "internal"})...)
	for _, a := range arrivals {
		switch method, path, overHTTP := strings.Cut(a.way, " "); {
		case a.way == "":
		case overHTTP:
			l.request(a.from, method, path, a.body)
		default:
			l.publish(a.from, a.way, a.body)
		}
	}
	deadline := time.After(patience)
	for l.record("rack-3", "probe") == "" { // the Modbus probe is asked; the others came when they were acknowledged
		select {
		case <-time.After(20 * time.Millisecond):
		case <-deadline:
			t.Fatal("the Modbus probe was not asked")
		}
	}
	for _, a := range arrivals {
		if got := l.record(a.sensor, a.channel); a.want != "" && got != a.want {
			t.Errorf("%s: %q, want %q", a.name, got, a.want)
		}
	}
	// An EM310 tells of a lid and of its battery, and is taken without a refusal.
	l.request("ns-1", http.MethodPost, "/ingest", chirpStack("24e1240000000310", "EM310-TILT", 85, "01755a03d40000000000000a"))
	l.files()
}

// modbusAnswers is an XY-MD02 on the network at half a degree of frost.
func modbusAnswers(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			question := make([]byte, 12)
			for {
				if _, err := io.ReadFull(conn, question); err != nil {
					break
				}
				_, _ = conn.Write(append(append(question[:4:4], 0, 7), 1, 4, 4, 0xFF, 0xFB, 0x01, 0xF4))
			}
			_ = conn.Close()
		}
	})
	t.Cleanup(func() { _ = listener.Close(); serving.Wait() })
	return listener.Addr().String() + "/1"
}

const (
	berlinger = "Device: %s\r\nVers: 0.5\r\nConf:\r\n Serial: %s\r\n Alarm:\r\n  0:\r\n   T AL: -0.5, t AL: 60\r\n  1:\r\n   T AL: +8.0, t AL: 600\r\nHist:\r\n 1:\r\n  Date: 2026-05-03\r\n  Min T: -0.5, TS Min T: 00:10\r\n  Max T: +5.0, TS Max T: 04:57\r\n  Avrg T: +4.0\r\n" +
		"  Alarm:\r\n   0:\r\n    t Acc: 90, TS A: 01:00, C A: 1\r\n"
	berlingerLog = "Data:\r\n\tyyyy-MM-dd hh:mm\tT\tOut of limits\r\n\t2026-05-03 08:00\t-0.5\tx\r\n\t2026-05-03 08:05\t--.-\tx\r\n"
)

// files drops logger files on the fridge's page: with a log, with daily alarms alone, and a
// CSV whose columns and zone are asked once.
func (l *landing) files() {
	l.Helper()
	pharmacist := newVisitor(l.T, l.house, "files", hospital.Pharmacist, nil)
	for _, f := range []struct{ device, serial, content, want string }{
		{"Q-tag Fridge-tag 2 L", "990000000001", berlingerLog, "-0.5 at 06:00:00, 10:00:00 by file"},
		{"Q-tag CLm doc LR", "990000000003", berlingerLog, "-0.5 at 06:00:00, 10:00:00 by file"},
		{"Q-tag Fridge-tag 2", "990000000002", "", ""},
		{"", "US-9", "Date;Time;Reading\n05/03/2026;08:00;31,1\n", "-0.5 at 12:00:00, 10:00:00 by file"},
	} {
		content, choice := fmt.Sprintf(berlinger, f.device, f.serial)+f.content, url.Values{"serial": {f.serial}, "zone": {"Europe/Berlin"}, "clock": {"any"}}
		if f.device == "" {
			content, choice = f.content, url.Values{"serial": {f.serial}, "zone": {"America/New_York"}, "time": {"0"}, "time_of_day": {"1"}, "temp": {"2"}, "clock": {"mdy"}, "unit": {"F"}, "comma": {"yes"}}
		}
		dialogue := pharmacist.drop("/fridges/f-01/readings", content)
		if answer := pharmacist.send(http.MethodPost, dialogue, choice.Encode()); answer.Code != http.StatusSeeOther {
			l.Errorf("%s%s: %d %.300s", f.device, f.serial, answer.Code, answer.Body)
		}
		if got := l.record(f.serial, "probe"); got != f.want {
			l.Errorf("%s%s: %q, want %q", f.device, f.serial, got, f.want)
		}
	}
	page := pharmacist.ask(http.MethodGet, "/fridges/f-01").Body.String()
	for _, says := range []string{"Device rings itself (under", "Probe unplugged"} {
		if !strings.Contains(page, says) {
			l.Errorf("the fridge's page does not say %q", says)
		}
	}
}

// drop hands a file in by the page's form, and answers with where that leads.
func (v visitor) drop(path, content string) string {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, _ := form.CreateFormFile("file", "export.txt")
	_, _ = io.WriteString(part, content)
	_ = form.Close()
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Host = "127.0.0.1"
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.AddCookie(&http.Cookie{Name: "ward", Value: v.secret.Reveal()})
	answer := httptest.NewRecorder()
	v.house.door.ServeHTTP(answer, r)
	return answer.Header().Get("Location")
}

// The server is away for hours. What an MQTT gateway kept, and what a Sparkplug node marks as
// historical, closes the gap when it is back: in any order, some of it twice. The record says
// when each was measured and when it came, one long warmth is found, and nobody is rung out of
// bed for what is over.
func TestWhatGatewaysKeptWhileTheServerWasAway(t *testing.T) {
	t.Parallel()
	dsn := "sqlite:" + t.TempDir() + "/ward.db"
	importSmallHospital(t, dsn)
	l := land(t, dsn, "")
	knows(t, l.house, coldchain.SensorKey{Sensor: "Pharmacy/Fridge-2", Channel: coldchain.Probe})
	reading := func(minutesAgo int, celsius float64) string {
		return fmt.Sprintf(`{"sensor":"c4000000000a","channel":"probe","celsius":%v,"at":%d}`, celsius, arrivalTime.Add(-time.Duration(minutesAgo)*time.Minute).UnixMilli())
	}
	l.publish("gw-a", "wardwatch/v1/gw-a/readings", []byte(reading(240, 4)))
	tokens := l.tokens
	l.stop()
	l = land(t, dsn, "")
	l.tokens = tokens
	var kept []string
	for ago := 235; ago >= 120; ago -= 5 {
		celsius := 4.0
		if ago <= 200 && ago > 150 {
			celsius = 9.5
		}
		kept = append(kept, reading(ago, celsius))
	}
	slices.Reverse(kept)
	half := len(kept) / 2
	for _, part := range [][]string{kept[:half], kept[half-2:]} { // the newest first, two of them twice
		l.publish("gw-a", "wardwatch/v1/gw-a/readings", []byte("["+strings.Join(part, ",")+"]"))
	}
	var metrics [][]byte
	for ago := 3; ago > 0; ago-- {
		metrics = append(metrics, metric(float32(-ago), measuredAt.Add(-time.Duration(ago)*time.Hour), true))
	}
	l.publish("Pharmacy", "spBv1.0/Hospital/DDATA/Pharmacy/Fridge-2", sparkplugData(measuredAt, metrics...))
	if got, want := l.record("Pharmacy/Fridge-2", "probe"), "-3 at 06:59:58, 10:00:00 by mqtt Pharmacy; -2 at 07:59:58, 10:00:00 by mqtt Pharmacy; -1 at 08:59:58, 10:00:00 by mqtt Pharmacy"; got != want {
		t.Errorf("Sparkplug's history: %q", got)
	}
	if got := l.record("c4000000000a", "probe"); strings.Count(got, ";") != 24 || !strings.HasPrefix(got, "4 at 06:00:00, 10:00:00 by mqtt gw-a; 4 at 06:05:00") {
		t.Errorf("MQTT's history: %q", got)
	}
	excursions, err := db.Fridges{DB: l.house.db}.Excursions(t.Context(), "f-01", 10)
	if err != nil || len(excursions) != 1 || !excursions[0].FoundLate || excursions[0].Known != 50*time.Minute {
		t.Errorf("found in it: %+v, %v", excursions, err)
	}
	open, err := l.house.desk.Store.OpenAlarms(t.Context())
	if err != nil || len(open) != 1 || open[0].Severity != coldchain.Notice {
		t.Errorf("what rings for it: %+v, %v", open, err)
	}
}
