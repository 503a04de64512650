package simulate

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// heard is one advert as one gateway received it.
type heard struct {
	mac     string // 12 lower-case hex digits
	beacon  string // "ibeacon:UUID:major:minor" or "eddystone:NAMESPACE:INSTANCE" where the tag is one
	advert  []byte
	rssi    float64
	battery int
	at      time.Time // by the gateway's own clock
}

// colons writes a MAC the way most vendors print it: C2:A7:51:00:00:01.
func colons(mac string) string {
	pairs := make([]string, 0, 6)
	for i := 0; i+1 < len(mac); i += 2 {
		pairs = append(pairs, mac[i:i+2])
	}
	return strings.ToUpper(strings.Join(pairs, ":"))
}

// minewRow is a row of Minew's JSON-long; the first one tells of the gateway.
type minewRow struct {
	Timestamp    string   `json:"timestamp"`
	Type         string   `json:"type"`
	MAC          string   `json:"mac"`
	GatewayFree  *int     `json:"gatewayFree,omitempty"`
	GatewayLoad  *float64 `json:"gatewayLoad,omitempty"`
	BLEName      *string  `json:"bleName,omitempty"`
	RSSI         *int     `json:"rssi,omitempty"`
	RawData      *string  `json:"rawData,omitempty"`
	IBeaconUUID  string   `json:"ibeaconUuid,omitempty"`
	IBeaconMajor *int     `json:"ibeaconMajor,omitempty"`
	IBeaconMinor *int     `json:"ibeaconMinor,omitempty"`
	IBeaconPower *int     `json:"ibeaconTxPower,omitempty"`
	Battery      *int     `json:"battery,omitempty"`
}

const minewStamp = "2006-01-02T15:04:05.000Z"

// minewLong is Minew's JSON-long: one array with everything that was heard in the upload interval.
func minewLong(gateway string, at time.Time, packets []heard) (topic string, payload []byte) {
	free, load := 71, 0.12
	rows := []minewRow{{Timestamp: at.UTC().Format(minewStamp), Type: "Gateway", MAC: strings.ToUpper(gateway), GatewayFree: &free, GatewayLoad: &load}}
	for _, p := range packets {
		rows = append(rows, minewRowOf(p))
	}
	return "/gw/" + gateway + "/status", mustJSON(rows)
}

// minewRowOf decodes iBeacons, as the gateway's firmware does, and passes all else on raw.
func minewRowOf(p heard) minewRow {
	rssi, name := int(math.Round(p.rssi)), ""
	row := minewRow{Timestamp: p.at.UTC().Format(minewStamp), Type: "Unknown", MAC: strings.ToUpper(p.mac), BLEName: &name, RSSI: &rssi}
	if !strings.HasPrefix(p.beacon, "ibeacon:") {
		raw := strings.ToUpper(hex.EncodeToString(p.advert))
		row.RawData = &raw
		return row
	}
	part := strings.Split(p.beacon, ":")
	var major, minor, power, battery = 0, 0, powerAtOneMetre, 0
	fmt.Sscan(part[2], &major)
	fmt.Sscan(part[3], &minor)
	row.Type, row.IBeaconUUID = "iBeacon", strings.ToUpper(strings.ReplaceAll(part[1], "-", ""))
	row.IBeaconMajor, row.IBeaconMinor, row.IBeaconPower, row.Battery = &major, &minor, &power, &battery
	return row
}

// espresenseDevice is what an ESPresense node says of one device. It carries no time.
type espresenseDevice struct {
	MAC      string  `json:"mac"`
	ID       string  `json:"id"`
	RSSI1m   int     `json:"rssi@1m"`
	RSSI     float64 `json:"rssi"`
	RxAdjust int     `json:"rxAdj"`
	RSSIVar  float64 `json:"rssiVar"`
	Distance float64 `json:"distance"`
	Variance float64 `json:"var"`
	Interval int     `json:"int"`
}

func espresense(node string, p heard) (topic string, payload []byte) {
	id := p.mac
	switch part := strings.Split(p.beacon, ":"); part[0] {
	case "ibeacon":
		id = "iBeacon:" + part[1] + "-" + part[2] + "-" + part[3]
	case "eddystone":
		id = "eddy:" + part[1] + "-" + part[2]
	}
	distance := math.Pow(10, (powerAtOneMetre-p.rssi)/27)
	return "espresense/devices/" + id + "/" + node, mustJSON(espresenseDevice{MAC: p.mac, ID: id, RSSI1m: powerAtOneMetre,
		RSSI: hundredths(p.rssi), RSSIVar: 4.2, Distance: hundredths(distance), Variance: 1.8, Interval: 1984})
}

// espresenseStatus is the node's birth message, or its last will.
func espresenseStatus(node string, online bool) (topic string, payload []byte) {
	word := "offline"
	if online {
		word = "online"
	}
	return "espresense/rooms/" + node + "/status", []byte(word)
}

// ruuviRelay is one advert as a Ruuvi Gateway relays it; times are whole seconds.
type ruuviRelay struct {
	GatewayMAC string `json:"gw_mac"`
	RSSI       int    `json:"rssi"`
	AngleOf    []int  `json:"aoa"`
	RelayedAt  int64  `json:"gwts"`
	HeardAt    int64  `json:"ts"`
	Data       string `json:"data"`
	Coords     string `json:"coords"`
}

func ruuviGateway(gateway string, p heard) (topic string, payload []byte) {
	return "ruuvi/" + colons(gateway) + "/" + colons(p.mac), mustJSON(ruuviRelay{GatewayMAC: colons(gateway), RSSI: int(math.Round(p.rssi)),
		AngleOf: []int{}, RelayedAt: p.at.Unix(), HeardAt: p.at.Unix(), Data: strings.ToUpper(hex.EncodeToString(p.advert))})
}

// labelRead is one read of a passive label.
type labelRead struct {
	epc     string // upper-case hex
	antenna int
	rssi    float64
	at      time.Time
}

type impinjEvent struct {
	Timestamp string          `json:"timestamp"`
	Hostname  string          `json:"hostname"`
	EventType string          `json:"eventType"`
	Inventory impinjInventory `json:"tagInventoryEvent"`
}

type impinjInventory struct {
	EPC          string `json:"epc"`
	EPCHex       string `json:"epcHex"`
	AntennaPort  int    `json:"antennaPort"`
	AntennaName  string `json:"antennaName"`
	PeakRSSICdBm int    `json:"peakRssiCdbm"`
	Frequency    int    `json:"frequency"`
	TransmitCdBm int    `json:"transmitPowerCdbm"`
	LastSeenTime string `json:"lastSeenTime"`
}

// impinjRead is a tag inventory event of an R700.
func impinjRead(hostname string, r labelRead) (topic string, payload []byte) {
	raw, _ := hex.DecodeString(r.epc)
	stamp := r.at.UTC().Format(time.RFC3339Nano)
	return "impinj/" + hostname + "/events", mustJSON(impinjEvent{Timestamp: stamp, Hostname: hostname, EventType: "tagInventory",
		Inventory: impinjInventory{EPC: base64.StdEncoding.EncodeToString(raw), EPCHex: r.epc, AntennaPort: r.antenna,
			AntennaName: fmt.Sprintf("Antenna %d", r.antenna), PeakRSSICdBm: int(math.Round(r.rssi * 100)), Frequency: 866_300,
			TransmitCdBm: 3000, LastSeenTime: stamp}})
}

func hundredths(v float64) float64 { return math.Round(v*100) / 100 }

// mustJSON encodes values of this file, which always can be.
func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("simulate: " + err.Error())
	}
	return b
}
