package gateway

import (
	"strings"

	"wardwatch/tracking/hospital"
)

// canonicalPrefix begins our own topics: wardwatch/v1/GATEWAY/sightings and …/readings.
const canonicalPrefix = "wardwatch/v1/"

// byTopic tells the envelope by the topic that makers publish to unless told
// otherwise; empty when the topic says nothing.
func byTopic(topic string) Format {
	switch {
	case strings.HasPrefix(topic, canonicalPrefix):
		return Canonical
	case strings.HasPrefix(topic, "espresense/"):
		return ESPresense
	case strings.Contains(topic, "/BTtoMQTT/"), strings.HasPrefix(topic, "home/") && strings.HasSuffix(topic, "/LWT"):
		return OpenMQTT
	case isTasmota(topic):
		return Tasmota
	case strings.HasPrefix(topic, omloxPrefix):
		return Omlox
	case strings.HasPrefix(topic, "zigbee2mqtt/"):
		return Zigbee2MQTT
	case strings.HasPrefix(topic, sparkplugPrefix):
		return SparkplugB
	case strings.HasPrefix(topic, "ruuvi/"): // of an advert only its bytes are required
		return Ruuvi
	}
	return ""
}

// isTasmota says whether a topic is one that a Tasmota device reports on.
func isTasmota(topic string) bool {
	parts := strings.Split(topic, "/")
	return len(parts) == 3 && (parts[0] == "tele" && (parts[2] == "SENSOR" || parts[2] == "LWT") || parts[0] == "stat" && parts[2] == "STATUS8")
}

// FromTopic is the gateway that a topic names; false when it names none.
func FromTopic(topic string) (hospital.GatewayID, bool) {
	parts := strings.Split(strings.Trim(topic, "/"), "/")
	at := gatewayPart(parts)
	if at < 0 || at >= len(parts) || parts[at] == "" {
		return "", false
	}
	return gatewayID(parts[at]), true
}

// gatewayPart is the index of the part that names the gateway, negative when none does.
func gatewayPart(parts []string) int {
	switch {
	case len(parts) >= 4 && parts[0]+"/" == sparkplugPrefix:
		return 3
	case len(parts) == 5 && parts[0] == "omlox" && parts[2] == "proximity_updates":
		return 3
	case len(parts) == 4 && parts[0] == "wardwatch" && parts[1] == "v1":
		return 2
	case len(parts) == 4 && parts[0] == "espresense" && parts[1] == "devices":
		return 3
	case len(parts) >= 3 && parts[0] == "espresense" && parts[1] == "rooms":
		return 2
	case len(parts) == 3 && parts[0] == "ruuvi":
		return 1
	case len(parts) >= 2 && (parts[0] == "gw" || parts[0] == "impinj" || parts[0] == "zebra"):
		return 1
	case len(parts) >= 4 && parts[len(parts)-2] == "BTtoMQTT":
		return len(parts) - 3
	case len(parts) == 3 && (parts[0] == "home" && parts[2] == "LWT" || isTasmota(strings.Join(parts, "/"))):
		return 1
	}
	return -1
}

// byShape tells the envelope by the members that only it has: of a list by the first
// record that has them, so that one that lacks some costs only itself.
func byShape(document []byte) (format Format) {
	if kindOf(document) != '[' {
		return shapeOf(document)
	}
	_ = elements(document, func(i int, row []byte) error {
		if format = shapeOf(row); format != "" || i == MaxRecords {
			return errFound
		}
		return nil
	})
	return format
}

func shapeOf(row []byte) Format {
	found := map[string]bool{}
	members(row, func(key, _ []byte) { found[string(key)] = true })
	if found["data"] {
		if format := byData(row, found); format != "" {
			return format
		}
	}
	for _, shape := range shapes {
		if shape.fits(found) {
			return shape.format
		}
	}
	return ""
}

// shape is what only one envelope has at its top: all of has.
type shape struct {
	format Format
	has    []string
}

func (s shape) fits(found map[string]bool) bool {
	for _, name := range s.has {
		if !found[name] {
			return false
		}
	}
	return true
}

// shapes are tried in this order.
var shapes = []shape{
	{Canonical, []string{"sightings"}}, {Canonical, []string{"readings"}}, {Canonical, []string{"tag"}}, {Canonical, []string{"sensor", "celsius"}},
	{Impinj, []string{"tagInventoryEvent"}}, {Impinj, []string{"events"}}, {Impinj, []string{"eventType"}},
	{Zebra, []string{"tag_reads"}},
	{Raddec, []string{"transmitterId"}},
	{WHOEMS, []string{"meta", "data"}},
	{OpenMSupply, []string{"temperature", "timestamp", "sensorId"}}, {OpenMSupply, []string{"macAddress", "logInterval"}}, {OpenMSupply, []string{"sensorId", "startTimestamp"}},
	{ChirpStack, []string{"deduplicationId", "deviceInfo"}}, {TheThings, []string{"end_device_ids"}},
	{Tasmota, []string{"Time", "TempUnit"}}, {Tasmota, []string{"StatusSNS"}}, {ShellyHT, []string{"method", "params"}},
	{Kontakt, []string{"trackingId"}},
	{Cassia, []string{"bdaddrs"}},
	{Aruba, []string{"bleData", "reporter"}},
	{AprilBrother, []string{"devices", "mac"}},
	{BlueCharm, []string{"obj"}},
	{Shelly, []string{"component", "info"}},
	{EdgeX, []string{"epc", "location"}}, {EdgeX, []string{"epc", "new_location"}}, {EdgeX, []string{"epc", "last_known_location"}},
	{Omlox, []string{"provider_id", "provider_type", "source"}}, {Omlox, []string{"event", "topic", "payload"}},
	{ESPresense, []string{"id", "rssi@1m"}}, {ESPresense, []string{"id", "rssi", "var"}},
	{OpenMQTT, []string{"id", "rssi"}}, {OpenMQTT, []string{"id", "presence"}},
	{Minew, []string{"mac", "type"}}, {Minew, []string{"mac", "rawData"}}, {Minew, []string{"mac", "bleName"}}, {Minew, []string{"mac", "rssi"}},
}

// byData tells envelopes by what is in their member "data".
func byData(row []byte, found map[string]bool) Format {
	data := member(row, "data")
	switch {
	case found["gw_mac"], member(data, "gw_mac") != nil:
		return Ruuvi
	case found["msg_id"] && found["device_info"]:
		return Moko
	case found["type"] && found["timestamp"] && (member(data, "idHex") != nil || member(data, "tagData") != nil):
		return Zebra
	}
	return ""
}

// firstObject is the first element of an array that is an object.
func firstObject(array []byte) []byte {
	var first []byte
	_ = elements(array, func(_ int, value []byte) error {
		if first == nil && kindOf(value) == '{' {
			first = value
		}
		return nil
	})
	return first
}
