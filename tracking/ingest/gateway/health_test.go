package gateway

import (
	"strings"
	"testing"

	"wardwatch/tracking/ingest/internal/beside"
)

// memory is what a sender's devices have said of their names.
type memory map[string]string

func (m memory) Means(name string) (string, bool) { means, known := m[name]; return means, known }
func (m memory) Learn(name, means string)         { m[name] = means }

// conversations are messages that build upon one another: what one explains, the next uses.
var conversations = []struct {
	name     string
	messages []struct{ topic, body string }
	want     []string
}{
	{"Sparkplug, by name", []struct{ topic, body string }{
		{"spBv1.0/Hospital/DDATA/Pharmacy/Fridge-2", "hex:0898d2b893df3312220a124672696467652f54656d706572617475726518b0cab893df33200965000000bf121c0a0f4672696467652f446f6f724f70656e18b0cab893df33200b70011224" +
			"0a124672696467652f54656d706572617475726518f0fa9393df33200928016500008840121d0a0d50756d702f507265737375726518b0cab893df33200965000040401807"},
		{"spBv1.0/STATE/host", `{"online":true,"timestamp":1777888798000}`},
		{"spBv1.0/Hospital/DDEATH/Pharmacy/Fridge-2", "hex:08b0cab893df33"},
		{"spBv1.0/Hospital/NDEATH/Pharmacy", "hex:08b0cab893df33"},
	}, []string{"reading 0 Pharmacy/Fridge-2 probe -0.5 09:59:58", "reading 2 Pharmacy/Fridge-2 probe 4.25 09:49:58", "sign Pharmacy/Fridge-2 door on 09:59:58", "sent 09:59:59",
		"sign Pharmacy/Fridge-2 probe out on -", "status offline of Pharmacy"}},
	{"Sparkplug, by alias after a birth: a whole number with its sign, Fahrenheit, the mains, a double", []struct{ topic, body string }{
		{"spBv1.0/Hospital/NBIRTH/Pharmacy", "hex:08b0cab893df33"},
		{"spBv1.0/Hospital/DBIRTH/Pharmacy/Fridge-2", "hex:08b0cab893df3312210a124672696467652f54656d7065726174757265100418b0cab893df3320025005122b0a0c416d6269656e742054656d70100520094a120a07656e67556e69741207080c4203c2b046" +
			"6533338f4212150a0d4d61696e732f506f7765724f6b1006200b700112100a08546f702f54656d701009200a38011800"},
		{"spBv1.0/Hospital/DDATA/Pharmacy/Fridge-2", "hex:08909fbc93df33120f100418909fbc93df3350ffffffff0f1207100565cdccf841120410067000120b100969000000000000e0bf1207100765000000401801"},
	}, []string{"sent 09:59:58", "status online of Pharmacy",
		"reading 0 Pharmacy/Fridge-2 probe 5 09:59:58", "reading 1 Pharmacy/Fridge-2 ambient 22 09:59:58", "sent 09:59:58",
		"reading 0 Pharmacy/Fridge-2 probe -1 10:00:58", "reading 1 Pharmacy/Fridge-2 ambient -0.5 10:00:58", "reading 3 Pharmacy/Fridge-2 top -0.5 10:00:58", "sign Pharmacy/Fridge-2 power on 10:00:58",
		"refused 4 the metric goes by alias 7, and Pharmacy/Fridge-2 has not said in a birth certificate what that is: let it send one again", "sent 10:00:58"}},
	{"WHO data standard, an appliance with its room, a record without a time, padding", []struct{ topic, body string }{
		{"", `{"meta":{"schemaVersion":"0.8.1","transferType":"ems","transferId":"t-1","transferSrc":"org.example","transferredAt":"2026-05-04T09:59:59Z"},"data":[{"ASER":"ILR-0007","AMFR":"Example","ESER":"EMD-1","records":[
			{"ABST":"20260504T094458Z","TVC":4.7,"TAMB":23.1,"HAMB":51,"DORV":0,"SVA":900,"BEMD":13.5,"ALRM":null},
			{"ABST":"20260504T095958Z","TVC":-0.5,"TFRZ":-18.25,"TAMB":null,"DORV":900,"SVA":0,"BLOG":0.5,"ALRM":"FRZE POWR"},
			{"ABST":"yesterday","TVC":5},{"ABST":"20260504T095959Z","TVC":null,"TAMB":null},{"ABST":"20260504T095959Z","TVC":6553}]}]}`},
		{"", `{"meta":{"schemaVersion":"0.8.1","transferType":"rtm","transferId":"t-2"},"data":[{"AMID":"fridge-9","ESER":"RTM-1","records":[{"ABST":"20260504T095958Z","TVC":9.2,"ALRM":"none"},{"ABST":"20260504T095958Z","TAMB":28.5}]},{"records":[{"ABST":"20260504T095958Z","TVC":1}]}]}`},
	}, []string{"reading 0 ILR-0007 probe 4.7 09:44:58", "reading 0 ILR-0007 ambient 23.1 09:44:58 51%", "reading 1 ILR-0007 probe -0.5 09:59:58", "reading 1 ILR-0007 freezer -18.25 09:59:58",
		"sign ILR-0007 door off 09:44:58", "sign ILR-0007 door on 09:59:58", "sign ILR-0007 power on 09:59:58", "sign ILR-0007 battery on 09:59:58", "sign ILR-0007 device alarm on 09:59:58 FRZE POWR",
		"refused 2 ABST is no time such as 20260131T080000Z", "refused 4 probe of ILR-0007: impossible temperature, the sensor is at fault", "sent 09:59:59",
		"reading 0 fridge-9 probe 9.2 09:59:58", "reading 1 fridge-9 ambient 28.5 09:59:58", "refused 2 the appliance names itself by none of AMID, ASER, AID, LSER and ESER"}},
	{"open-mSupply: a log before its sensor was explained, and after", []struct{ topic, body string }{
		{"", `[{"id":"l-0","temperature":4.5,"timestamp":1777888738,"sensorId":"s-1","temperatureBreachId":null}]`},
		{"", `[{"id":"s-1","macAddress":"C0:FF:EE:00:00:01 | BLUE_MAESTRO","logInterval":300,"name":"Pharmacy 3","batteryLevel":9}]`},
		{"", `[{"id":"l-1","temperature":-0.5,"timestamp":1777888798,"sensorId":"s-1"},{"id":"l-2","temperature":"warm","timestamp":1777888798,"sensorId":"s-1"},{"id":"l-3","temperature":4,"timestamp":1777888798},{"sensorId":"s-1","hello":1},7]`},
		{"", `[{"id":"b-1","sensorId":"s-1","startTimestamp":1777885198,"endTimestamp":1777888798,"type":"COLD_CONSECUTIVE"}]`},
	}, []string{"reading 0 s-1 probe 4.5 09:58:58", "sign c0ffee000001 battery on -", "reading 0 c0ffee000001 probe -0.5 09:59:58", "refused 1 celsius is no number", "refused 2 sensorId is missing, or longer than 128 bytes",
		"refused 3 the row is no sensor, log or breach", "refused 4 the record is no JSON object", "sign c0ffee000001 device alarm on 08:59:58 COLD_CONSECUTIVE"}},
	{"Zigbee2MQTT, a contact alone and a low battery", []struct{ topic, body string }{
		{"zigbee2mqtt/fridge-7-door", `{"contact":false,"linkquality":128,"battery_low":true}`},
	}, []string{"sign fridge-7-door battery on -", "sign fridge-7-door door on -"}},
	{"ChirpStack, a probe that was pulled out", []struct{ topic, body string }{
		{"", `{"deduplicationId":"d-1","time":"2026-05-04T09:59:58Z","deviceInfo":{"deviceProfileName":"LHT65","devEui":"a840410000000001"},"fPort":2,"fCnt":7,"data":"y4YB9AGQgX//f/8="}`},
	}, []string{"reading 0 a840410000000001 internal 5 09:59:58 40%", "sign a840410000000001 probe out on 09:59:58", "refused 0 sensor a840410000000001 reports no valid temperature: it is at fault"}},
}

func TestDevicesThatExplainThemselvesAreUnderstoodFromThenOn(t *testing.T) {
	for _, c := range conversations {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			names := memory{}
			for _, m := range c.messages {
				b, err := Decode(Message{Topic: m.topic, Body: bodyOf(t, m.body), Gateway: "", ReceivedAt: received, Names: names})
				if err != nil {
					t.Fatal(m.topic, err)
				}
				got = append(got, told(b)...)
			}
			if got, want := strings.Join(got, "\n"), strings.Join(c.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestSparkplugThatEndsTooEarlyIsRefusedOrKeepsWhatWasWhole(t *testing.T) {
	body := bodyOf(t, conversations[0].messages[0].body)
	for n := 1; n < len(body); n++ {
		b, err := Decode(Message{Topic: conversations[0].messages[0].topic, Body: body[:n], ReceivedAt: received})
		if err == nil && len(b.Readings) > 2 {
			t.Errorf("cut at %d: %v", n, told(b))
		}
	}
}

func FuzzConversation(f *testing.F) {
	for _, c := range conversations {
		for i := range c.messages {
			f.Add(c.messages[max(i-1, 0)].topic, bodyOf(f, c.messages[max(i-1, 0)].body), c.messages[i].topic, bodyOf(f, c.messages[i].body))
		}
	}
	f.Fuzz(func(t *testing.T, topic string, body []byte, nextTopic string, next []byte) {
		names := memory{}
		_, _ = Decode(Message{Topic: topic, Body: body, ReceivedAt: received, Names: names})
		b, err := Decode(Message{Topic: nextTopic, Body: next, ReceivedAt: received, Names: names})
		if err != nil {
			return
		}
		if len(b.Readings) != len(b.ReadingOf) {
			t.Fatal("a record lost its index")
		}
		for _, r := range b.Readings {
			if r.Sensor == "" || len(r.Sensor) > 2*MaxName+1 || r.Channel == "" && b.Format != Canonical {
				t.Fatalf("reading %+v", r)
			}
		}
		for _, s := range b.Signs {
			if s.Sensor == "" || s.Kind == "" {
				t.Fatalf("sign %+v", s)
			}
		}
	})
}

func TestSamplesOfHealthAndIndustry(t *testing.T) {
	for _, c := range []struct {
		file string
		want []string
	}{
		{"who-ems.json", []string{"ILR60-00417 probe 4.7 08:56:53", "ILR60-00417 probe 1.6 09:11:53", "ILR60-00417 probe -0.5 09:26:53", "ILR60-00417 ambient 23.1 09:26:53 51%", "device alarm on 09:26:53 FRZE"}},
		{"who-rtm.json", []string{"fridge-17 probe 9.2 09:26:53", "fridge-17 ambient 28.5 09:26:53"}},
	} {
		b, err := Decode(Message{Body: beside.File(t, "samples/sensors/"+c.file), Gateway: "emd", ReceivedAt: received})
		got := strings.Join(told(b), "\n")
		for _, want := range c.want {
			if err != nil || !strings.Contains(got, want) {
				t.Errorf("%s: %v, %q is not in\n%s", c.file, err, want, got)
			}
		}
	}
}
