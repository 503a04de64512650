package gateway

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// What can't be read of a message in bytes costs itself alone and is said, and is never
// taken for a value.
var brokenMessages = []struct {
	name, topic, body string
	want              []string
}{
	{"April Brother, a device that is a number, one that is a list, and the gateway's name last", "", "hex:82a76465766963657394" + "07" + "9107" + "c40802c0ffee000001c7" + "c40802c0ffee000002c7" + "a36d6163ac414332333346303030303031",
		[]string{"sighting 2 c0ffee000001 at ac233f000001 -57 -", "sighting 3 c0ffee000002 at ac233f000001 -57 -", "refused 0 the device is no bytes", "refused 1 the device is no bytes"}},
	{"April Brother, every kind of value where none is read, and a time and a name of another kind", "", "hex:de0008" + "a161" + "d6" + "0001020304" + "a162" + "c700" + "01" + "a163" + "dd00000002c0c2" + "a164" + "df00000001cf8000000000000000c3" + "07db0000000178" +
		"a474696d65a178" + "a36d616381c0c0" + "a764657669636573" + "9108" + "c0",
		[]string{"refused 0 the device is no bytes", "refused 1 1 bytes are left behind the end of the MessagePack"}},
	{"raddec, binary, that counts one receiver and has two", "", "hex:10002002c0ffee000001013d03010011223344556677350102aabbccddeeff31",
		[]string{"sighting 0 c0ffee000001 at 0011223344556677 -66 -", "refused 0 9 bytes are left behind the receivers of c0ffee000001 that it counts"}},
	{"raddec, binary, a receiver without an identity, and the time behind", "", "hex:10001f02c0ffee000001023d0300350102aabbccddeefff0019df26a1b3089",
		[]string{"sighting 0 c0ffee000001 at aabbccddeeff -74 09:55:33.296", "refused 0 a receiver of c0ffee000001 has no identity"}},
	{"raddec, binary, whose time ends too early", "", "hex:10001b02c0ffee000001013d03010011223344556677f0019df279",
		[]string{"sighting 0 c0ffee000001 at 0011223344556677 -66 -", "refused 0 what is told of c0ffee000001 behind its receivers ends too early: when it was heard is not known"}},
	{"an advert whose humidity cannot be", "espresense/devices/c0ffee000003/ward-3", `{"mac":"c0ffee000003","rssi":-60,"temp":-0.5,"rh":100.5}`,
		[]string{"sighting 0 c0ffee000003 at ward-3 -60 -", "reading 0 c0ffee000003 probe -0.5 -", "refused 0 c0ffee000003: impossible humidity, it is left out"}},
	{"an advert of air that holds all it can", "espresense/devices/c0ffee000003/ward-3", `{"mac":"c0ffee000003","rssi":-60,"temp":-0.5,"rh":100}`,
		[]string{"sighting 0 c0ffee000003 at ward-3 -60 -", "reading 0 c0ffee000003 probe -0.5 - 100%"}},
	{"Cassia, a line that is no event", "", "data:{\"bdaddrs\":[{\"bdaddr\":\"C0:FF:EE:00:00:01\"}],\"rssi\":-43}\nevent: scan\ndate:{\"bdaddrs\":[]}\n",
		[]string{"sighting 0 c0ffee000001 at gw-a -43 -", "refused 1 the message does not have the shape of its format: the line is no event of a stream"}},
}

func TestWhatIsBrokenOfAMessageInBytesCostsItselfAlone(t *testing.T) {
	for _, m := range brokenMessages {
		b, err := Decode(Message{Topic: m.topic, Body: bodyOf(t, m.body), Gateway: "gw-a", ReceivedAt: received})
		got := slices.DeleteFunc(told(b), func(line string) bool { return strings.HasPrefix(line, "sent ") })
		if err != nil || !slices.Equal(got, m.want) {
			t.Errorf("%s: %v\ngot\n%s\nwant\n%s", m.name, err, strings.Join(got, "\n"), strings.Join(m.want, "\n"))
		}
	}
}

// A count that lies shifts all that follows it: nothing of such a message is a tag.
func TestMinewThatDoesNotFitItsCountsIsNoneOfItsTags(t *testing.T) {
	good := "bb0100000030ac233f0000010002" + "c0ffee0000010001" + "03020106" + "00c7" + "c0ffee0000020001" + "03020106" + "00c7" + "dd"
	if b, err := Decode(Message{Body: bodyOf(t, "hex:"+good)}); err != nil || len(b.Sightings) != 2 {
		t.Fatalf("the good one: %v, %v", told(b), err)
	}
	for _, wrong := range []string{strings.Replace(good, "0010002c0", "0010001c0", 1), strings.Replace(good, "0010002c0", "0010003c0", 1),
		strings.Replace(good, "010001", "010000", 1), strings.Replace(good, "0001030", "0001020", 1), good[:60], good[:38], good + "00"} {
		if b, err := Decode(Message{Body: bodyOf(t, "hex:"+wrong), Gateway: "gw-a"}); !errors.Is(err, ErrWrongShape) || len(b.Sightings) > 0 {
			t.Errorf("%s is read as %v, %v", wrong, told(b), err)
		}
	}
}

// proto is a protobuf message of fields that are written already.
func proto(number protowire.Number, fields ...[]byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), slices.Concat(fields...))
}

// The bits of a text are no number: they would be 0 °C, and a fridge that fails in its limits.
func TestAProtobufFieldOfAnotherTypeIsNoTemperature(t *testing.T) {
	text := func(number protowire.Number) []byte { return proto(number, []byte("warm")) }
	varint := func(number protowire.Number, n uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), n)
	}
	double := func(number protowire.Number, n float64) []byte {
		return protowire.AppendFixed64(protowire.AppendTag(nil, number, protowire.Fixed64Type), math.Float64bits(n))
	}
	name, fine := proto(spbName, []byte("Fridge/Temperature")), proto(spbMetrics, proto(spbName, []byte("Top/Temp")), double(spbDouble, 4.5))
	for what, wrong := range map[string][]byte{
		"a text for a double": proto(spbMetrics, name, text(spbDouble)), "a double for a float": proto(spbMetrics, name, double(spbFloat, 4)),
		"a number for a metric": varint(spbMetrics, 7), "a yes or no": proto(spbMetrics, name, varint(spbType, spbTypeDouble), varint(spbBool, 1)),
		"a number that goes for a yes or no": proto(spbMetrics, name, varint(spbType, spbTypeBool), double(spbDouble, 4)),
		"a unit that can't be read":          proto(spbMetrics, name, double(spbDouble, 40), proto(spbProperties, varint(spbKeys, 1))),
		"no number":                          proto(spbMetrics, name, double(spbDouble, math.NaN())), "neither name nor alias": proto(spbMetrics, double(spbDouble, 4)),
	} {
		b, err := Decode(Message{Topic: "spBv1.0/Hospital/DDATA/Pharmacy/Fridge-2", Body: slices.Concat(wrong, fine), ReceivedAt: received})
		if err != nil || len(b.Readings) != 1 || b.Readings[0].Channel != "top" || len(b.Refused) != 1 {
			t.Errorf("Sparkplug, %s: %v %v", what, told(b), err)
		}
	}
	mac := proto(arubaReportedMAC, bodyOf(t, "hex:c0ffee000001"))
	for what, wrong := range map[string][]byte{"a text for a float": proto(arubaSensors, text(arubaSensorsTemp)), "a number for sensors": varint(arubaSensors, 7), "a text for an rssi": proto(arubaReportedRSSI, text(arubaRSSILast))} {
		body := slices.Concat(proto(arubaMeta), proto(arubaReporter, proto(arubaReporterMAC, bodyOf(t, "hex:ac233f000001"))), proto(arubaReported, mac, wrong),
			proto(arubaReported, mac, proto(arubaReportedRSSI, varint(arubaRSSILast, protowire.EncodeZigZag(-60)))))
		b, err := Decode(Message{Body: body, ReceivedAt: received})
		if err != nil || len(b.Readings) != 0 || len(b.Sightings) != 1 || len(b.Refused) != 1 {
			t.Errorf("Aruba, %s: %v %v", what, told(b), err)
		}
	}
	if name := Identity("fridge-\xff"); name != "" {
		t.Errorf("%q is a name, and no database of texts keeps it", name)
	}
}
