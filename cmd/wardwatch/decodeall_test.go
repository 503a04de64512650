package main

import (
	"encoding/hex"
	"strings"
	"testing"

	"wardwatch/tracking/ingest/gateway"
)

const (
	shownAdvert = "0716d2fc4002ceff" // BTHome, half a degree below zero
	shownEPC    = "30340000000000000000ABCD"
)

// shownMessages has a message of each make of gateway and reader that hears tags; the
// bytes behind hex: are on the wire as they stand.
var shownMessages = []struct {
	format gateway.Format
	body   string
	says   string // in the answer
}{
	{gateway.Canonical, `{"sightings":[{"tag":"c0ffee000001","gateway":"gw-a","rssi_dbm":-67}]}`, `"rssi_dbm":-67`},
	{gateway.ESPresense, `{"mac":"c0ffee000001","id":"c0ffee000001","rssi@1m":-59,"rssi":-74.5,"temp":-0.5}`, `"celsius":-0.5`},
	{gateway.OpenMQTT, `{"id":"C0:FF:EE:00:00:01","rssi":-71,"tempc":-0.5}`, `"celsius":-0.5`},
	{gateway.Minew, `[{"type":"Gateway","mac":"AC233F000001"},{"mac":"C0FFEE000001","rssi":-57,"rawData":"` + shownAdvert + `"}]`, `"celsius":-0.5`},
	{gateway.Minew, "hex:bb0100000022ac233f0000010001c0ffee0000010001" + "08" + shownAdvert + "00c7dd", `"celsius":-0.5`},
	{gateway.Ruuvi, `{"data":{"gw_mac":"C0:FF:EE:AA:00:01","tags":{"C0:FF:EE:00:00:01":{"rssi":-41,"data":"` + shownAdvert + `"}}}}`, `"celsius":-0.5`},
	{gateway.Kontakt, `{"sourceId":"gw-3","trackingId":"c0:ff:ee:00:00:01","rssi":-72,"temperature":-0.5}`, `"celsius":-0.5`},
	{gateway.Cassia, `data: {"bdaddrs":[{"bdaddr":"C0:FF:EE:00:00:01"}],"rssi":184,"adData":"` + shownAdvert + `"}`, `"rssi_dbm":-72`},
	{gateway.Aruba, `{"bleData":[{"mac":"c0ffee000001","data":"` + shownAdvert + `","rssi":-69}],"meta":{},"reporter":{"mac":"24f27f000001"}}`, `"celsius":-0.5`},
	{gateway.Aruba, "hex:0a02080112120a026170120624f27f000001409fdce1cf0632170a06c0ffee00000110001a080716d2fc4002ceff208901", `"celsius":-0.5`},
	{gateway.Shelly, `{"component":"script:1","info":{"event":"shelly-blu","data":{"pid":1,"temperature":-0.5,"rssi":-71,"address":"c0:ff:ee:00:00:01"},"ts":1777888798}}`, `"celsius":-0.5`},
	{gateway.AprilBrother, `{"v":1,"mac":"AC233F000001","devices":[[2,"C0FFEE000001",-60,"` + shownAdvert + `"]]}`, `"celsius":-0.5`},
	{gateway.BlueCharm, `{"obj":[{"type":4,"rssi":-58,"uuid":"30A1B2C3D4E5460718293A4B5C6D7E8F","majorID":7,"minorID":258}]}`, `"tag":"ibeacon:30a1b2c3-d4e5-4607-1829-3a4b5c6d7e8f:7:258"`},
	{gateway.Ingics, "$GPRP,C0FFEE000001,AC233F000001,-47," + shownAdvert, `"celsius":-0.5`},
	{gateway.Moko, `{"msg_id":3004,"device_info":{"mac":"AC233F000001"},"data":[{"type":8,"value":{"mac":"C0FFEE000001","rssi":-75,"raw":"` + shownAdvert + `"}}]}`, `"celsius":-0.5`},
	{gateway.Raddec, `{"transmitterId":"c0ffee000001","transmitterIdType":2,"rssiSignature":[{"receiverId":"0011223344556677","rssi":-66}]}`, `"rssi_dbm":-66`},
	{gateway.Raddec, "hex:10002002c0ffee000001023d03010011223344556677350102aabbccddeeff32", `"rssi_dbm":-74`},
	{gateway.Impinj, `{"hostname":"dock-2","eventType":"tagInventory","tagInventoryEvent":{"epcHex":"` + shownEPC + `","antennaPort":2,"peakRssiCdbm":-5750}}`, `"rssi_dbm":-57.5,"antenna":2`},
	{gateway.Impinj, `{"events":[{"tagInventoryEvent":{"epcHex":"` + shownEPC + `","antennaPort":1}}]}`, `"antenna":1`},
	{gateway.Zebra, `{"type":"SIMPLE","timestamp":"2026-05-04T09:59:58.000+0000","data":{"MAC":"84:24:8D:00:00:01","antenna":1,"idHex":"` + shownEPC + `","peakRssi":-68}}`, `"rssi_dbm":-68,"antenna":1`},
	{gateway.Zebra, `{"type":"SIMPLE","timestamp":"2026-05-04T09:59:58.000+0000","data":{"tagData":[{"EPCid":"` + shownEPC + `","peakRssi":-45}]}}`, `"rssi_dbm":-45`},
	{gateway.Omlox, `{"source":"bay-3","provider_type":"rfid","provider_id":"` + shownEPC + `","properties":{"rssi":-61}}`, `"gateway":"bay-3"`},
	{gateway.EdgeX, `{"epc":"` + shownEPC + `","timestamp":1777888798000,"location":"Dock"}`, `"gateway":"Dock"`},
}

// Every make that the hospital may have is recognised without being told, and what
// its message says is shown.
func TestDecodeShowsEveryMakeOfGateway(t *testing.T) {
	for _, m := range shownMessages {
		body := m.body
		if digits, is := strings.CutPrefix(body, "hex:"); is {
			raw, err := hex.DecodeString(digits)
			if err != nil {
				t.Fatal(err)
			}
			body = string(raw)
		}
		code, out, errs := decode(t, body, "gateway", "--gateway", "gw-a")
		named := strings.Contains(out, `"format":"`+string(m.format)+`"`)
		if code != exitDone || !named || !strings.Contains(out, `"sightings":[{`) || !strings.Contains(out, m.says) || strings.Contains(out, "rejected") {
			t.Errorf("%s, %.60q: exit %d, %s\nwant %s in\n%s", m.format, m.body, code, errs, m.says, out)
		}
	}
}
