package gateway

import (
	"encoding/json"
	"strings"
	"testing"

	"wardwatch/tracking/ingest/internal/beside"
)

// TestSamplesOfTheMakersDecodeToWhatTheirListSays reads the reference samples; what
// each must give is written in the list beside them.
func TestSamplesOfTheMakersDecodeToWhatTheirListSays(t *testing.T) {
	for _, c := range []struct {
		file, topic string
		want        []string // what told must contain
	}{
		{"impinj-r700-tagInventory.json", "", []string{"epc:3414257BF400000000004FC1 at impinj-14-5a-c2/2 -57.5 09:26:53.225324"}},
		{"impinj-r700-stream.ndjson", "", []string{"epc:3414257BF400000000004FC1 at r700-dock2/1 - 09:26:53", "epc:3034257BF718F840000003E9 at r700-dock2/1 - 09:26:55"}},
		{"impinj-r700-webhook.json", "", []string{"3034257BF718F840000003E9 at r700-dock2/2 -52.3", "3034257BF718F840000003E9 at token/1 -61"}},
		{"minew-json-long-2019.json", "", []string{"ac233fa91c40 at ac233fc0b71e -76", "ac233fa91c57 at ac233fc0b71e -57", "ac233fa91c57 at ac233fc0b71e -56",
			"ac233f8d2206 at ac233fc0b71e -63", "ac233f8d2206 at ac233fc0b71e -62", "ac233fa91c57 probe -0.5 09:26:53 58.12%", "ac233f8d2206 probe 22.53 09:26:54 47.31%"}},
		{"minew-json-long-ibeacon-2017.json", "", []string{"191a33c70e52 at token -68 09:26:53 also ibeacon:7c1f0a52-93d4-4e86-b0a7-5e2d91c3f648:1204:5211"}},
		{"minew-json-long-ibeacon-2022.json", "", []string{"ac233f5e0a11 at ac233fc0b71e -41", "ac233f5e0a2c at ac233fc0b71e -37"}},
		{"ruuvi-gateway-mqtt_data_with_timestamps.json", "ruuvi/c43f901b7e22/d2486b0e915f", []string{"d2486b0e915f at c43f901b7e22 -41 09:26:53", "d2486b0e915f probe 4.25 09:26:53 46.6%"}},
		{"ruuvi-gateway-mqtt_string_ts.json", "ruuvi/c43f901b7e22/e817c352ad04", []string{"e817c352ad04 at c43f901b7e22 -44 09:26:53", "e817c352ad04 probe -0.5 09:26:53 61.2%"}},
		{"ruuvi-gateway-mqtt_data_without_timestamps.json", "", []string{"d2486b0e915f at c43f901b7e22 -39 -"}},
		{"ruuvi-gateway-http_data_with_timestamps.json", "", []string{"-66 09:26:53", "-72 09:26:52", "-58 09:26:51", "-77 09:26:50", "probe 4.25", "probe -0.5", "e72209643b90 air 21.4", "c15da7643b90 air 21.4"}},
		{"ruuvi-gateway-http_data_without_timestamps.json", "", []string{"-66 -", "-72 -", "-58 -", "-77 -"}},
		{"kontakt-telemetry.json", "telemetry/4f7d2c", []string{"dc0a715e92b4 at gw-3-west-02 -72 09:26:53 93%", "dc0a715e92b4 probe 21.75"}},
		{"aruba-iot-nb-decoded.json", "", []string{"ac233fa91c57 at 24f27fc8105a -69", "probe 24.4", "sent 09:26:53"}},
		{"shelly-blu-event.json", "", []string{"b435220f7d19 at token -71"}},
		{"aprilbrother-v4.json", "", []string{"d85a11c7306e at 123b6a1c40e9 -54 - also ibeacon:7c1f0a52-93d4-4e86-b0a7-5e2d91c3f648:1204:79"}},
		{"ingics-igs.txt", "", []string{"sighting 0 0c61cf2b7e90 at e7da31c40b52 -47 - also ibeacon:7c1f0a52-93d4-4e86-b0a7-5e2d91c3f648:1204:81", "sighting 1 0c61cf2b7e90 at e7da31c40b52 -47 09:26:53"}},
		{"moko-mkgw.json", "", []string{"c4b07e19a3d2 at 6055f92a10c7 -75 09:26:53", "chip -0.5"}},
		{"raddec.json", "", []string{"c0de5a1107b3 at 001bc50940815c20 -66 09:26:53.25", "c0de5a1107b3 at 001bc50940815c21 -74"}},
		{"raddec-flattened.json", "", []string{"c0de5a1107b3 at 001bc50940815c20 -66"}},
		{"zebra-iotc-simple.json", "", []string{"epc:3414257BF400000000004FC1 at 84248d1f703b/1 -68 09:26:53", "at 84248d1f703b/1 -71 09:26:54"}},
		{"zebra-fxr90-custom.json", "", []string{"at token/4 -36 09:26:53.651"}},
		{"zebra-rfd40-dataevt.json", "", []string{"at token -45 09:26:53"}},
		{"zebra-fx9600-httppost.json", "", []string{"at 84248d1f703b/3 -70 -"}},
		{"cassia-scan.sse.txt", "", []string{"e914b7602cd3 at token -43", "-72 - also ibeacon:7c1f0a52-93d4-4e86-b0a7-5e2d91c3f648:1204:78"}},
		{"edgex-rfid-events.ndjson", "", []string{"at Dock - 09:26:53", "at Stores - 09:27:53"}},
		{"omlox-proximity.json", "", []string{"epc:3414257BF400000000004FC1 at gw-icu-bay-3 -61 09:26:53.206"}},
		{"omlox-location-required.json", "", []string{"ac233fa91c57 at 2d9c7a14-50be-4f3a-9d21-8c6e0f41b7a3 - -"}},
		{"omlox-location-fully-populated.json", "", []string{"ac233fa91c57 at 2d9c7a14-50be-4f3a-9d21-8c6e0f41b7a3 - 09:26:53.206"}},
		{"omlox-ws-location-update.json", "", []string{"5ce0c53a710d at 2d9c7a14-50be-4f3a-9d21-8c6e0f41b7a3 - 09:26:53.355"}},
		{"ruuvi-gateway-history.json", "", []string{"-66 09:26:53", "probe -0.5", "air 21.4"}},
	} {
		t.Run(c.file, func(t *testing.T) {
			b, err := Decode(Message{Topic: c.topic, Body: beside.File(t, "samples/gateways/"+c.file), Gateway: "token", ReceivedAt: received})
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(told(b), "\n")
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("%q is not in\n%s", want, got)
				}
			}
			if len(b.Refused) > 0 {
				t.Errorf("refused: %v", b.Refused)
			}
		})
	}
}

func TestSamplesOfMessagesWithTopics(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"espresense-device.mqtt.txt", "sighting 0 ibeacon:7c1f0a52-93d4-4e86-b0a7-5e2d91c3f648:1204:77 at pharmacy -74.35 - also dd8800004a1c"},
		{"espresense-telemetry.mqtt.txt", "status online of pharmacy\nstatus offline of pharmacy"},
		{"openmqttgateway-ble.mqtt.txt", "sighting 0 c7a4120e5b31 at OMG_WardB -83 -\nreading 0 4c65a8d10b9e probe 5.4 - 47.9%\n" +
			"sighting 0 5e71c03a48d2 at OMG_WardB -71 - also ibeacon:7c1f0a52-93d4-4e86-b0a7-5e2d91c3f648:1204:77\nsighting 0 6b029df4317a at OMG_WardB -77 -\nstatus online of OMG_WardB"},
		{"theengs-gateway.mqtt.txt", "sighting 0 d41c07a9e283 at TheengsGateway -79 -\nreading 0 d41c07a9e283 probe -0.5 -\nrefused 0 d41c07a9e283: impossible humidity, it is left out\nsighting 0 7a3391b05ce4 at TheengsGateway -48 -"},
	} {
		var lines []string
		for line := range strings.Lines(string(beside.File(t, "samples/gateways/"+c.file))) {
			topic, body, _ := strings.Cut(strings.TrimSpace(line), " ")
			b, err := Decode(Message{Topic: topic, Body: []byte(body), ReceivedAt: received})
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, told(b)...)
		}
		if got := strings.Join(lines, "\n"); got != c.want {
			t.Errorf("%s:\n%s", c.file, got)
		}
	}
}

func TestSamplesOfMinewsNewerGateways(t *testing.T) {
	var cases []struct {
		Case string
		Body json.RawMessage
	}
	if err := json.Unmarshal(beside.File(t, "samples/gateways/minew-json-long-mg3-mg4.json"), &cases); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"sighting 1 b0c1d2e3f405 at ac233fc0d301 -64 09:26:53 100%\nreading 1 b0c1d2e3f405 probe -0.5 09:26:53 47.375%\nsent 09:26:53",
		"sighting 1 b0c1d2e3f405 at ac233fc0d302 -59 09:26:53 100%\nsighting 2 b0c1d2e3f406 at ac233fc0d302 -73 09:26:53.123 100%\n" +
			"reading 1 b0c1d2e3f405 probe -0.5 09:26:53 47.375%\nreading 2 b0c1d2e3f406 probe -0.5 09:26:53.123 47.375%\nsent 09:26:53",
		"sighting 4 b0c1d2e3f408 at ac233fc0d303 -43 -\nsighting 5 b0c1d2e3f409 at ac233fc0d303 -60.5 - 100%\nreading 5 b0c1d2e3f409 probe -0.5 - 47.375%\n" +
			"refused 1 mac is no address of 12 hex digits\nrefused 2 the record is no JSON object\nrefused 3 rssi of b0c1d2e3f407 is no signal strength between -127 and 20 dBm\nrefused 4 rawData is no advert in hex",
		"sighting 1 f00000000d17 at ac233fc0d302 -61 -\nsighting 2 b0c1d2e3f40a at ac233fc0d302 -82 -",
	}
	for i, c := range cases {
		b, err := Decode(Message{Body: c.Body, ReceivedAt: received})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(told(b), "\n"); got != want[i] {
			t.Errorf("%s:\n%s\nwant\n%s", c.Case, got, want[i])
		}
	}
}

func TestSamplesInBytes(t *testing.T) {
	for file, want := range map[string]string{
		"minew-binary-long.hex": "sighting 0 ac233fa91c57 at ac233fc0b71e -57 - 100%\nsighting 1 5a0e17c3b294 at ac233fc0b71e -49 -\nsighting 2 5a0e17c3b294 at ac233fc0b71e -52 -\n" +
			"sighting 3 201811164c07 at ac233fc0b71e -64 - also ibeacon:7c1f0a52-93d4-4e86-b0a7-5e2d91c3f648:1204:77\nreading 0 ac233fa91c57 probe -0.5 - 58.125%",
		"raddec.hex": "sighting 0 c0de5a1107b3 at 001bc50940815c20 -66 -\nsighting 0 c0de5a1107b3 at 001bc50940815c21 -74 -",
	} {
		body := bodyOf(t, "hex:"+strings.TrimSpace(string(beside.File(t, "samples/gateways/"+file))))
		b, err := Decode(Message{Body: body, ReceivedAt: received})
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if got := strings.Join(told(b), "\n"); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", file, got, want)
		}
	}
}

func TestSampleOfBlueCharm(t *testing.T) {
	b, err := Decode(Message{Body: beside.File(t, "samples/gateways/bluecharm-bcg04.json"), Gateway: "token", ReceivedAt: received})
	want := "sighting 0 ibeacon:7c1f0a52-93d4-4e86-b0a7-5e2d91c3f648:1204:80 at token -58 -\nrefused 1 the record names no tag"
	if got := strings.Join(told(b), "\n"); err != nil || got != want {
		t.Errorf("%s, %v", got, err)
	}
}

func TestSamplesOfSensorsThatSpeakForThemselves(t *testing.T) {
	for _, c := range []struct{ file, topic, want string }{
		{"chirpstack-up-dragino-lht65.json", "", "reading 0 a84041f3c1825d7e probe -0.5 09:26:53.775023242\nreading 0 a84041f3c1825d7e internal 4.82 09:26:53.775023242 46.3%"},
		{"chirpstack-up-elsys-ext.json", "", "reading 0 a81758fffe0b41c9 probe -0.5 09:26:53.775023242\nreading 0 a81758fffe0b41c9 internal 22.6 09:26:53.775023242"},
		{"chirpstack-status.json", "", ""},
		{"tts-up-milesight-em300-th.json", "", "reading 0 24e124136b502217 probe -0.5 09:26:53.802 50.5%"},
		{"tts-up-milesight-em300-mcs-history.json", "", "reading 0 24e124141c9083a5 probe -0.5 08:26:53 46.5% open"},
		{"shelly-plus-ht.json", "", "reading 0 c4d8d50f7a21 probe -0.5 09:26:53.62 52.3%"},
	} {
		b, err := Decode(Message{Topic: c.topic, Body: beside.File(t, "samples/sensors/"+c.file), Gateway: "ns", ReceivedAt: received})
		if got := strings.Join(told(b), "\n"); err != nil || got != c.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", c.file, err, got, c.want)
		}
	}
	for _, c := range []struct{ file, want string }{
		{"tasmota.mqtt.txt", "reading 0 3c01d607a2f4 probe 4.6 -\nreading 0 3c01d607b118 probe -0.5 -\nsign 3c01d607b4c7 probe out on -\nsign 3c01d607c05a probe out on -\nrefused 1 sensor 3c01d607b4c7 reports no valid temperature: it is at fault\n" +
			"refused 2 sensor 3c01d607c05a reports no valid temperature: it is at fault\nreading 0 store-1/SHT3X probe -0.5 - 48.2%\nreading 0 7b209e probe 4.4 - 51%\nstatus offline of fridge-b2"},
		{"zigbee2mqtt.mqtt.txt", "reading 0 fridge-7-probe probe -0.5 - 58.4%\nsign fridge-7-door door off -"},
	} {
		var lines []string
		for line := range strings.Lines(string(beside.File(t, "samples/sensors/"+c.file))) {
			topic, body, _ := strings.Cut(strings.TrimSpace(line), " ")
			b, err := Decode(Message{Topic: topic, Body: []byte(body), ReceivedAt: received})
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, told(b)...)
		}
		if got := strings.Join(lines, "\n"); got != c.want {
			t.Errorf("%s:\n%s", c.file, got)
		}
	}
}
