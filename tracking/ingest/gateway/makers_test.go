package gateway

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"wardwatch/tracking/hospital"
)

const (
	beaconTag    = "ibeacon:30a1b2c3-d4e5-4607-1829-3a4b5c6d7e8f:7:258"
	beaconAdvert = "0201061aff4c00021530a1b2c3d4e5460718293a4b5c6d7e8f00070102bf"
)

// Messages of further makers, with identifiers of our own. A body that begins with
// "hex:" is bytes.
var furtherMessages = []struct {
	name, topic, body string
	token             hospital.GatewayID
	want              []string
}{
	{"OpenMQTTGateway, a beacon it decoded", "home/OMG_7/BTtoMQTT/C0FFEE000001", `{"id":"C0:FF:EE:00:00:01","mac_type":1,"rssi":-71,"model_id":"IBEACON","mfid":"4c00","uuid":"30a1b2c3d4e5460718293a4b5c6d7e8f","major":7,"minor":258}`, "",
		[]string{"sighting 0 c0ffee000001 at OMG_7 -71 - also " + beaconTag}},
	{"OpenMQTTGateway, old firmware: texts, and the id in the topic alone", "home/OMG_7/BTtoMQTT/C0FFEE000002", `{"hum":"47.9","tempc":"-0.5","tempf":"31.1"}`, "",
		[]string{"reading 0 c0ffee000002 probe -0.5 - 47.9%"}},
	{"OpenMQTTGateway, undecoded bytes are decoded here", "home/OMG_7/BTtoMQTT/undecoded", `{"id":"c0:ff:ee:00:00:03","rssi":-77,"servicedatauuid":"0xfcd2","servicedata":"4002ceff","manufacturerdata":"4c001006071b3e5a90c4"}`, "",
		[]string{"sighting 0 c0ffee000003 at OMG_7 -77 -", "reading 0 c0ffee000003 probe -0.5 -"}},
	{"OpenMQTTGateway, a BTHome measurement that was stored", "home/OMG_7/BTtoMQTT/undecoded", `{"id":"c0:ff:ee:00:00:03","rssi":-77,"servicedatauuid":"0xfcd2","servicedata":"40509a6af86902ceff"}`, "",
		[]string{"sighting 0 c0ffee000003 at OMG_7 -77 -", "reading 0 c0ffee000003 probe -0.5 09:44:58"}},
	{"OpenMQTTGateway, a BTHome device whose clock was never set", "home/OMG_7/BTtoMQTT/undecoded", `{"id":"c0:ff:ee:00:00:03","rssi":-77,"servicedatauuid":"0xfcd2","servicedata":"40503c00000002ceff"}`, "",
		[]string{"sighting 0 c0ffee000003 at OMG_7 -77 -", "reading 0 c0ffee000003 probe -0.5 -"}},
	{"Theengs, an absence is no sighting", "home/TheengsGateway/BTtoMQTT/C0FFEE000001", `{"id":"C0:FF:EE:00:00:01","presence":"absent"}`, "", nil},
	{"OpenMQTTGateway, its last will", "home/OMG_7/LWT", "offline", "", []string{"status offline of OMG_7"}},
	{"Kontakt.io", "telemetry/4f7d2c", `{"sourceId":"gw-3-west","trackingId":"c0:ff:ee:00:00:01","rssi":-72,"timestamp":"2026-05-04T09:59:58Z","batteryLevel":93,"timeSinceMovement":3,"timeSinceTap":65535,"temperature":-0.5,"humidity":47}`, "",
		[]string{"sighting 0 c0ffee000001 at gw-3-west -72 09:59:58 93% moving", "reading 0 c0ffee000001 probe -0.5 09:59:58 47%"}},
	{"Kontakt.io, a tag that tells how often it moved and not when", "telemetry/4f7d2c", `{"sourceId":"gw-3-west","trackingId":"c0:ff:ee:00:00:01","rssi":-72,"timestamp":"2026-05-04T09:59:58Z","timeSinceMovement":65535,"movementCounter":41}`, "",
		[]string{"sighting 0 c0ffee000001 at gw-3-west -72 09:59:58 moved 41 times"}},
	{"canonical, a tag that counts its movements", "wardwatch/v1/gw-a/sightings", `[{"tag":"c0ffee000001","rssi_dbm":-60,"movements":7},{"tag":"c0ffee000001","rssi_dbm":-60,"movements":-1}]`, "",
		[]string{"sighting 0 c0ffee000001 at gw-a -60 - moved 7 times", "refused 1 movements is no count"}},
	{"Cassia, both dialects in a stream with a broken event", "", "data: {\"bdaddrs\":[{\"bdaddr\":\"C0:FF:EE:00:00:01\"}],\"scanData\":\"0C0954656D7054616720303137\",\"rssi\":-43}\n\n:keep-alive\n\ndata: {\"bdaddrs\n\ndata: {\"bdaddrs\":[{\"bdaddr\":\"C0:FF:EE:00:00:02\"}],\"rssi\":184,\"adData\":\"" + beaconAdvert + "\"}\n", "gw-a",
		[]string{"sighting 0 c0ffee000001 at gw-a -43 -", "sighting 2 c0ffee000002 at gw-a -72 - also " + beaconTag, "refused 1 the message is not JSON: it ends inside a text at byte 10"}},
	{"Aruba, the decoded view", "", `{"bleData":[{"mac":"eeffc0000001","frameType":0,"data":"0303e1ff1016e1ffa10164ff803280010000c0ffee","rssi":-69}],"meta":{},"reporter":{"mac":"24f27f000001","time":{"low":1777888799,"high":0}}}`, "",
		[]string{"sighting 0 eeffc0000001 at 24f27f000001 -69 - 100%", "reading 0 eeffc0000001 probe -0.5 - 50.5%", "sent 09:59:59"}},
	{"Aruba, on the wire", "", "hex:0a02080112120a026170120624f27f000001409fdce1cf061a1e0a06c0ffee000009389edce1cf065203088d01720910581d000000bf2033" +
		"32240a06eeffc000000110001a150303e1ff1016e1ffa10164ff803280010000c0ffee208901", "",
		[]string{"sighting 0 eeffc0000001 at 24f27f000001 -69 - 100%", "sighting 1 c0ffee000009 at 24f27f000001 -71 09:59:58 88%",
			"reading 0 eeffc0000001 probe -0.5 - 50.5%", "reading 1 c0ffee000009 probe -0.5 09:59:58 51%", "sent 09:59:59"}},
	{"Shelly BLU", "", `{"component":"script:1","name":"script","id":1,"info":{"event":"shelly-blu","data":{"encryption":false,"BTHome_version":2,"pid":141,"battery":98,"temperature":-0.5,"window":1,"rssi":-71,"address":"c0:ff:ee:00:00:01"},"ts":1777888798.25}}`, "gw-a",
		[]string{"sighting 0 c0ffee000001 at gw-a -71 09:59:58.25 98%", "reading 0 c0ffee000001 probe -0.5 09:59:58.25 open"}},
	{"Shelly BLU, a button and a mover", "", `{"component":"script:1","info":{"event":"shelly-blu","data":[{"pid":1,"button":1,"vibration":1,"motion":0,"rssi":-50,"address":"c0:ff:ee:00:00:01"},{"pid":2,"button":0,"motion":0,"rssi":-51,"address":"c0:ff:ee:00:00:02"}],"ts":1777888798.25}}`, "gw-a",
		[]string{"sighting 0 c0ffee000001 at gw-a -50 09:59:58.25 moving pressed", "sighting 1 c0ffee000002 at gw-a -51 09:59:58.25"}},
	{"April Brother, JSON", "", `{"v":1,"mid":17,"time":1777888799,"mac":"AC233F000001","devices":["02c0ffee000003ca` + beaconAdvert + `","02c0",[2,"C0FFEE000004",-60,""]]}`, "",
		[]string{"sighting 0 c0ffee000003 at ac233f000001 -54 - also " + beaconTag, "sighting 2 c0ffee000004 at ac233f000001 -60 -", "refused 1 the device has 2 bytes, its head alone has 8", "sent 09:59:59"}},
	{"April Brother, MessagePack", "", "hex:85a17601a36d696411a474696d65ce69f86e1fa36d6163ac414332333346303030303031a7646576696365739" + "2c42602c0ffee000003ca" + beaconAdvert + "c403616263", "",
		[]string{"sighting 0 c0ffee000003 at ac233f000001 -54 - also " + beaconTag, "refused 1 the device has 3 bytes, its head alone has 8", "sent 09:59:59"}},
	{"Blue Charm; the token names the gateway", "", `{"obj":[{"type":4,"rssi":-58,"uuid":"30A1B2C3D4E5460718293A4B5C6D7E8F","majorID":7,"minorID":258,"refpower":-59},{"type":1,"rssi":-69,"data1":"1116aafe20000ba6ff80000000640000ffff"}]}`, "gw-a",
		[]string{"sighting 0 " + beaconTag + " at gw-a -58 -", "refused 1 the record names no tag"}},
	{"Ingics, with and without a time, and a broken line", "", "$GPRP,C0FFEE000001,AC233F000001,-47," + strings.ToUpper(beaconAdvert) + "\n$GPRP,C0FFEE000002,AC233F000001,-50,0201\n\n$GPRP,C0FFEE000002,AC233F000001,-50,020106,1777888798\n$GPRP,x\n", "",
		[]string{"sighting 0 c0ffee000001 at ac233f000001 -47 - also " + beaconTag, "sighting 1 c0ffee000002 at ac233f000001 -50 -", "sighting 2 c0ffee000002 at ac233f000001 -50 09:59:58",
			"refused 3 the line is not $GPRP,TAG,GATEWAY,RSSI,ADVERT[,UNIX]"}},
	{"MOKO", "", `{"msg_id":3004,"device_info":{"device_id":"w3","mac":"AC233F000001"},"data":[{"type":8,"value":{"timestamp":"2026-05-04&17:59:58+08","mac":"C0FFEE000001","rssi":-75,"raw":"1116aafe20000ba6ff80000000640000ffff"}}]}`, "",
		[]string{"sighting 0 c0ffee000001 at ac233f000001 -75 09:59:58", "reading 0 c0ffee000001 chip -0.5 09:59:58"}},
	{"Cassia, a thermometer", "", `data: {"bdaddrs":[{"bdaddr":"C0:FF:EE:00:00:03"}],"rssi":-60,"adData":"0716D2FC4002CEFF"}`, "gw-a",
		[]string{"sighting 0 c0ffee000003 at gw-a -60 -", "reading 0 c0ffee000003 probe -0.5 -"}},
	{"April Brother, a thermometer", "", `{"v":1,"mid":17,"time":1777888799,"mac":"AC233F000001","devices":[[2,"C0FFEE000003",-60,"0716D2FC4002CEFF"]]}`, "",
		[]string{"sighting 0 c0ffee000003 at ac233f000001 -60 -", "reading 0 c0ffee000003 probe -0.5 -", "sent 09:59:59"}},
	{"Ingics, a thermometer", "", "$GPRP,C0FFEE000003,AC233F000001,-60,0716D2FC4002CEFF\n", "",
		[]string{"sighting 0 c0ffee000003 at ac233f000001 -60 -", "reading 0 c0ffee000003 probe -0.5 -"}},
	{"raddec", "", `{"transmitterId":"c0ffee000001","transmitterIdType":2,"rssiSignature":[{"receiverId":"0011223344556677","receiverIdType":1,"rssi":-66,"numberOfDecodings":3},{"receiverId":"aabbccddeeff","rssi":-74},{"rssi":-1}],"timestamp":1777888798250}`, "",
		[]string{"sighting 0 c0ffee000001 at 0011223344556677 -66 09:59:58.25", "sighting 0 c0ffee000001 at aabbccddeeff -74 09:59:58.25", "refused 0 a receiver of c0ffee000001 lacks its id or a signal strength"}},
	{"raddec, flattened, of an RFID tag", "", `{"transmitterId":"30340000000000000000abcd","transmitterIdType":5,"receiverId":"0011223344556677","rssi":-66,"timestamp":1777888798250}`, "",
		[]string{"sighting 0 epc:30340000000000000000ABCD at 0011223344556677 -66 09:59:58.25"}},
	{"raddec of an RFID tag whose EPC is none, or cannot be shown", "", `[{"transmitterId":"30340000000000000000abcg","transmitterIdType":5,"receiverId":"0011223344556677","rssi":-66},{"transmitterId":"3034000000000000\u00000000abcd","transmitterIdType":4,"receiverId":"0011223344556677","rssi":-66}]`, "",
		[]string{"refused 0 transmitterId is no identity", "refused 1 transmitterId is no identity"}},
	{"raddec, of a receiver whose name cannot be shown", "", `{"transmitterId":"c0ffee000001","transmitterIdType":2,"receiverId":"gw\u0000","rssi":-66}`, "",
		[]string{"refused 0 a receiver of c0ffee000001 lacks its id or a signal strength"}},
	{"raddec, binary", "", "hex:10002002c0ffee000001023d03010011223344556677350102aabbccddeeff32", "",
		[]string{"sighting 0 c0ffee000001 at 0011223344556677 -66 -", "sighting 0 c0ffee000001 at aabbccddeeff -74 -"}},
	{"raddec, binary, whose first receiver cannot have heard so loudly", "", "hex:10002002c0ffee00000102ff03010011223344556677350102aabbccddeefff4", "",
		[]string{"sighting 0 c0ffee000001 at aabbccddeeff -74 -", "refused 0 a receiver of c0ffee000001 says 128 dBm, which is no signal strength"}},
	{"raddec, binary, with the time", "", "hex:10001e02c0ffee000001013d03010011223344556677f0019df26e262a3a", "",
		[]string{"sighting 0 c0ffee000001 at 0011223344556677 -66 09:59:58.25"}},
	{"raddec, binary, with adverts, events and then the time", "", "hex:10002702c0ffee000001013d03010011223344556677f1020302010600f203f0019df26e262a37", "",
		[]string{"sighting 0 c0ffee000001 at 0011223344556677 -66 09:59:58.25"}},
	{"raddec, binary, with the time and something that is not known behind", "", "hex:10002002c0ffee000001013d03010011223344556677f0019df26e262af90136", "",
		[]string{"sighting 0 c0ffee000001 at 0011223344556677 -66 09:59:58.25"}},
	{"raddec, binary, of a clock that was never set", "", "hex:10001e02c0ffee000001013d03010011223344556677f0000000000000ec", "",
		[]string{"sighting 0 c0ffee000001 at 0011223344556677 -66 -"}},
	{"Minew, binary-long", "", "hex:bb0100000067ac233f0000010003eeffc00000010001150303e1ff1016e1ffa10164ff803280010000c0ffee00c75a00000000020002" + "0006cf" + "0302010606cc" + "c0ffee0000030001" + "1e" + beaconAdvert + "00c0dd", "",
		[]string{"sighting 0 eeffc0000001 at ac233f000001 -57 - 100%", "sighting 1 5a0000000002 at ac233f000001 -49 -", "sighting 2 5a0000000002 at ac233f000001 -52 -",
			"sighting 3 c0ffee000003 at ac233f000001 -64 - also " + beaconTag, "reading 0 eeffc0000001 probe -0.5 - 50.5%"}},
	{"Zebra, two objects joined", "", `{"type":"SIMPLE","timestamp":"2026-05-04T09:59:58.000+0000","data":{"MAC":"84:24:8D:00:00:01","antenna":1,"idHex":"30340000000000000000ABCD","peakRssi":-68}}{"type":"SIMPLE","timestamp":"2026-05-04T09:59:59.000+0000","data":{"MAC":"84:24:8D:00:00:01","antenna":0,"idHex":"30340000000000000000ABCD","peakRssi":-71}}`, "",
		[]string{"sighting 0 epc:30340000000000000000ABCD at 84248d000001/1 -68 09:59:58", "refused 1 the antenna is no port number"}},
	{"Zebra CUSTOM; the topic names the reader", "zebra/fxr90-1/data", `{"data":{"idHex":"30340000000000000000abcd","peakRssi":-36,"antenna":4},"timestamp":"2026-05-04T09:59:58.651+0000","type":"CUSTOM"}`, "",
		[]string{"sighting 0 epc:30340000000000000000ABCD at fxr90-1/4 -36 09:59:58.651"}},
	{"Zebra hand-held", "", `{"type":"BALANCED_PERFORMANCE","timestamp":"2026-05-04T09:59:58.000+0000","data":{"tagData":[{"EPCid":"30340000000000000000ABCD","peakRssi":-45}]}}`, "rfd-1",
		[]string{"sighting 0 epc:30340000000000000000ABCD at rfd-1 -45 09:59:58"}},
	{"Zebra, old firmware: texts and local time", "", `{"reader_name":"FX9600","mac_address":"84:24:8D:00:00:01","tag_reads":[{"epc":"30340000000000000000ABCD","antennaPort":"3","peakRssi":"-70","timeStamp":"4/5/2026 11:59:58:111"},{"epc":"30","timeStamp":"soon"}]}`, "",
		[]string{"sighting 0 epc:30340000000000000000ABCD at 84248d000001/3 -70 -", "refused 0 timeStamp is no time as D/M/YYYY H:M:S:ms"}},
	{"omlox, a proximity by its topic", "/omlox/json/proximity_updates/gw-a/30340000000000000000ABCD", `{"source":"gw-a","provider_type":"rfid","provider_id":"30340000000000000000abcd","timestamp_generated":"2026-05-04T09:59:58.25Z","properties":{"rssi":-61}}`, "",
		[]string{"sighting 0 epc:30340000000000000000ABCD at gw-a -61 09:59:58.25"}},
	{"omlox, a list with what can't be read, and locations in a frame", "", `[{"source":"bay-3","provider_type":"ibeacon","provider_id":"c0:ff:ee:00:00:01"},{"source":"bay-3","provider_type":"rfid","provider_id":"no hex"},
		{"source":"","provider_type":"uwb","provider_id":"t-1"},{"source":"bay-3","provider_type":"uwb","provider_id":"t-1","timestamp_generated":"soon"},7]
		{"event":"message","topic":"location_updates","payload":[{"position":{"type":"Point","coordinates":[6,3]},"source":"zone-2","provider_type":"uwb","provider_id":"C0:FF:EE:00:00:02","floor":1}]}`, "",
		[]string{"sighting 0 c0ffee000001 at bay-3 - -", "sighting 5 c0ffee000002 at zone-2 - -", "refused 1 provider_id names no tag", "refused 2 source names no zone", "refused 3 timestamp_generated is no time", "refused 4 the record is no JSON object"}},
	{"EdgeX: a departure is no other place", "", `{"epc":"30340000000000000000ABCD","timestamp":1777888798000,"location":"Dock"}
{"epc":"30340000000000000000ABCD","timestamp":1777888799000,"old_location":"Dock","new_location":"Stores"}
{"epc":"30340000000000000000ABCD","timestamp":1777888800000,"last_read":1777888799000,"last_known_location":"Stores"}`, "",
		[]string{"sighting 0 epc:30340000000000000000ABCD at Dock - 09:59:58", "sighting 1 epc:30340000000000000000ABCD at Stores - 09:59:59"}},
	{"ChirpStack and a Dragino whose case is warmer than its fridge", "application/31d7/device/a840410000000001/event/up",
		`{"deduplicationId":"x","time":"2026-05-04T09:59:58.5+00:00","deviceInfo":{"devEui":"a840410000000001","deviceProfileName":"LHT65"},"fCnt":7,"fPort":2,"data":"y4YB9AGQAf/Of/8=","rxInfo":[{"gatewayId":"0016c001f14b7d20","rssi":-87}]}`, "ns-1",
		[]string{"reading 0 a840410000000001 probe -0.5 09:59:58.5", "reading 0 a840410000000001 internal 5 09:59:58.5 40%"}},
	{"ChirpStack, a status", "", `{"deduplicationId":"x","deviceInfo":{"devEui":"a840410000000001"},"margin":12,"batteryLevel":88.3}`, "ns-1", nil},
	{"ChirpStack and bytes of nobody", "", `{"deduplicationId":"x","deviceInfo":{"devEui":"a840410000000001"},"fPort":9,"data":"AAA="}`, "ns-1",
		[]string{`refused 0 a840410000000001: not a payload of a sensor that is known here: port 9 of " "`}},
	{"The Things Stack and a Milesight, stored and live", "", `{"end_device_ids":{"device_id":"em300-mcs-7","dev_eui":"24E1240000000001"},"uplink_message":{"f_port":85,"f_cnt":4,"frm_payload":"A2f7/wYAASDOHm74afv/ZAE=","received_at":"2026-05-04T09:59:59Z"}}`, "ns-1",
		[]string{"reading 0 24e1240000000001 probe -0.5 09:59:58 50% open", "reading 0 24e1240000000001 probe -0.5 09:59:59 open"}},
	{"Tasmota with four probes, two of them wrong", "tele/fridge-9/SENSOR", `{"Time":"2026-05-04T11:59:58","DS18B20-1":{"Id":"3C01D6000001","Temperature":-0.5},"DS18B20-2":{"Id":"3C01D6000002","Temperature":85.0},"DS18B20-3":{"Id":"3C01D6000003","Temperature":-127.0},"LYWSD03-00ab0c":{"Temperature":4.4,"Humidity":51.0,"Battery":96},"TempUnit":"C"}`, "",
		[]string{"reading 0 3c01d6000001 probe -0.5 -", "reading 3 00ab0c probe 4.4 - 51%", "sign 3c01d6000002 probe out on -", "sign 3c01d6000003 probe out on -", "refused 1 sensor 3c01d6000002 reports no valid temperature: it is at fault",
			"refused 2 sensor 3c01d6000003 reports no valid temperature: it is at fault"}},
	{"Tasmota in Fahrenheit", "stat/store-1/STATUS8", `{"StatusSNS":{"Time":"2026-05-04T11:59:58","SHT3X":{"Temperature":31.1,"Humidity":48.2},"TempUnit":"F"}}`, "",
		[]string{"reading 0 store-1/SHT3X probe -0.5 - 48.2%"}},
	{"Tasmota, its last will", "tele/fridge-9/LWT", "Offline", "", []string{"status offline of fridge-9"}},
	{"Zigbee2MQTT", "zigbee2mqtt/fridge-7", `{"battery":91,"humidity":58.4,"linkquality":102,"temperature":-0.5,"contact":true}`, "z2m",
		[]string{"reading 0 fridge-7 probe -0.5 - 58.4% shut"}},
	{"Zigbee2MQTT, whether a device is there", "zigbee2mqtt/fridge-7/availability", `{"state":"offline"}`, "z2m", nil},
	{"Shelly Plus H&T", "shellyplusht-c0ffee000001/events/rpc", `{"src":"shellyplusht-c0ffee000001","method":"NotifyFullStatus","params":{"ts":1777888798.25,"devicepower:0":{"battery":{"percent":0},"external":{"present":true}},"humidity:0":{"rh":52.3},"sys":{"mac":"C0FFEE000001"},"temperature:0":{"tC":-0.5}}}`, "sh-1",
		[]string{"reading 0 c0ffee000001 probe -0.5 09:59:58.25 52.3%"}},
}

func bodyOf(t testing.TB, s string) []byte {
	t.Helper()
	digits, ok := strings.CutPrefix(s, "hex:")
	if !ok {
		return []byte(s)
	}
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFurtherMakersMessagesAreRead(t *testing.T) {
	for _, m := range furtherMessages {
		t.Run(m.name, func(t *testing.T) {
			b, err := Decode(Message{Topic: m.topic, Body: bodyOf(t, m.body), Gateway: m.token, ReceivedAt: received})
			if err != nil {
				t.Fatal(err)
			}
			got, want := strings.Join(told(b), "\n"), strings.Join(m.want, "\n")
			if got != want {
				t.Errorf("%s: got\n%s\nwant\n%s", b.Format, got, want)
			}
		})
	}
}

func TestBinaryMessagesThatEndTooEarlyKeepWhatWasWhole(t *testing.T) {
	for _, m := range furtherMessages {
		body := bodyOf(t, m.body)
		if !strings.HasPrefix(m.body, "hex:") {
			continue
		}
		for n := 1; n < len(body); n++ {
			b, err := Decode(Message{Body: body[:n], ReceivedAt: received})
			if err != nil && !errors.Is(err, ErrWrongShape) && !errors.Is(err, ErrNotJSON) && !errors.Is(err, ErrNotUTF8) && !errors.Is(err, ErrUnknown) && !errors.Is(err, ErrEmpty) {
				t.Errorf("%s cut at %d: %v", m.name, n, err)
			}
			if len(b.Sightings) > len(m.want) {
				t.Errorf("%s cut at %d: %v", m.name, n, told(b))
			}
		}
	}
}
