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
	}
	return ""
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
	case len(parts) == 4 && parts[0] == "wardwatch" && parts[1] == "v1":
		return 2
	case len(parts) == 4 && parts[0] == "espresense" && parts[1] == "devices":
		return 3
	case len(parts) >= 3 && parts[0] == "espresense" && parts[1] == "rooms":
		return 2
	case len(parts) == 3 && parts[0] == "ruuvi":
		return 1
	case len(parts) >= 2 && (parts[0] == "gw" || parts[0] == "impinj"):
		return 1
	}
	return -1
}

// byShape tells the envelope by the members that only it has.
func byShape(document []byte) Format {
	row := document
	if kindOf(document) == '[' {
		row = firstObject(document)
	}
	found := map[string]bool{}
	members(row, func(key, _ []byte) { found[string(key)] = true })
	switch {
	case found["sightings"] || found["readings"] || found["tag"] || found["sensor"] && found["celsius"]:
		return Canonical
	case found["tagInventoryEvent"] || found["events"] || found["eventType"]:
		return Impinj
	case found["gw_mac"] && found["data"]:
		return Ruuvi
	case found["data"] && member(member(row, "data"), "gw_mac") != nil:
		return Ruuvi
	case found["id"] && found["rssi@1m"], found["id"] && found["rssi"] && found["distance"]:
		return ESPresense
	case found["mac"] && (found["type"] || found["rawData"] || found["bleName"] || found["rssi"]):
		return Minew
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
