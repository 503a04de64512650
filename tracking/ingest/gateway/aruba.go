package gateway

import (
	"encoding/hex"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"wardwatch/tracking"
	"wardwatch/tracking/ingest/ble"
)

// The numbers of the fields that are read of Aruba's northbound Telemetry (AOS 8.11,
// aruba-iot-nb.proto, aruba-iot-nb-ble-data.proto, aruba-iot-nb-telemetry.proto).
const (
	arubaMeta, arubaReporter, arubaReported, arubaBLEData                 = 1, 2, 3, 6
	arubaReporterMAC, arubaReporterTime                                   = 2, 8
	arubaDataMAC, arubaDataBytes, arubaDataRSSI                           = 1, 3, 4
	arubaReportedMAC, arubaReportedSeen, arubaReportedRSSI, arubaSensors  = 1, 7, 10, 14
	arubaRSSILast, arubaSensorsBattery, arubaSensorsTemp, arubaSensorsHum = 1, 2, 3, 4
)

// The wire types of the fields that are read.
var (
	arubaTelemetryTypes = protoTypes{arubaReporter: protowire.BytesType, arubaReported: protowire.BytesType, arubaBLEData: protowire.BytesType}
	arubaReporterTypes  = protoTypes{arubaReporterMAC: protowire.BytesType, arubaReporterTime: protowire.VarintType}
	arubaDataTypes      = protoTypes{arubaDataMAC: protowire.BytesType, arubaDataBytes: protowire.BytesType, arubaDataRSSI: protowire.VarintType}
	arubaReportedTypes  = protoTypes{arubaReportedMAC: protowire.BytesType, arubaReportedSeen: protowire.VarintType,
		arubaReportedRSSI: protowire.BytesType, arubaSensors: protowire.BytesType}
	arubaRSSITypes    = protoTypes{arubaRSSILast: protowire.VarintType}
	arubaSensorsTypes = protoTypes{arubaSensorsBattery: protowire.VarintType, arubaSensorsTemp: protowire.Fixed32Type, arubaSensorsHum: protowire.VarintType}
)

// isArubaTelemetry says whether a body is a Telemetry: meta first, a reporter with an address.
func isArubaTelemetry(body []byte) bool {
	if len(body) < 4 || body[0] != arubaMeta<<3|2 {
		return false
	}
	reporter := false
	_, whole := protoFields(body, arubaTelemetryTypes, func(number int, _ []byte, _ uint64) {
		reporter = reporter || number == arubaReporter
	})
	return whole && reporter
}

// arubaTelemetry reads a Telemetry as it is on the wire: the reporter is the gateway,
// bleData are adverts with their bytes, reported are devices that the access point decoded.
func (r *reader) arubaTelemetry(body []byte) error {
	var adverts, reported [][]byte
	fault, whole := protoFields(body, arubaTelemetryTypes, func(number int, value []byte, _ uint64) {
		switch number {
		case arubaReporter:
			r.arubaReporter(value)
		case arubaReported:
			reported = append(reported, value)
		case arubaBLEData:
			adverts = append(adverts, value)
		}
	})
	if !whole {
		return fmt.Errorf("%w: it is no protobuf message", ErrWrongShape)
	}
	for _, part := range []struct {
		devices [][]byte
		use     func(record int, device []byte)
	}{{adverts, r.arubaAdvert}, {reported, r.arubaReported}} {
		for _, device := range part.devices {
			record, err := r.next()
			if err != nil {
				return err
			}
			part.use(record, device)
		}
	}
	return r.refuseRest(fault)
}

func (r *reader) arubaReporter(reporter []byte) {
	_, _ = protoFields(reporter, arubaReporterTypes, func(number int, value []byte, n uint64) { // the connection names its gateway, if this does not
		switch {
		case number == arubaReporterMAC && len(value) == 6:
			r.Gateway = gatewayID(hex.EncodeToString(value))
		case number == arubaReporterTime && n < math.MaxInt64:
			if sent, ok := sinceEpoch(float64(n)); ok && !sent.Before(firstPlausible) {
				r.SentAt = sent
			}
		}
	})
}

func (r *reader) arubaAdvert(record int, device []byte) {
	var address, payload []byte
	strength := 0.0
	fault, _ := protoFields(device, arubaDataTypes, func(number int, value []byte, n uint64) {
		switch number {
		case arubaDataMAC:
			address = value
		case arubaDataBytes:
			payload = value
		case arubaDataRSSI:
			strength = float64(protowire.DecodeZigZag(n))
		}
	})
	if fault != "" {
		r.refuse(record, "%s", fault)
		return
	}
	if len(address) != 6 {
		r.refuse(record, "the advert lacks its sender's address")
		return
	}
	r.heardBytes(record, hex.EncodeToString(address), strength, payload)
}

func (r *reader) arubaReported(record int, device []byte) {
	h := heard{record: record, battery: tracking.NoBattery}
	var within string
	fault, _ := protoFields(device, arubaReportedTypes, func(number int, value []byte, n uint64) {
		switch {
		case number == arubaReportedMAC && len(value) == 6:
			h.mac = hex.EncodeToString(value)
		case number == arubaReportedSeen && n < math.MaxInt64:
			if at, ok := sinceEpoch(float64(n)); ok && !at.Before(firstPlausible) {
				h.at = at
			}
		case number == arubaReportedRSSI:
			if sentence := h.arubaRSSI(value); sentence != "" {
				within = sentence
			}
		case number == arubaSensors:
			if sentence := h.arubaSensors(value); sentence != "" {
				within = sentence
			}
		}
	})
	note(&within, fault == "", fault)
	switch {
	case within != "":
		r.refuse(record, "%s", within)
		return
	case h.mac == "":
		r.refuse(record, "the device lacks its address")
		return
	}
	r.take(h)
}

// arubaRSSI takes how loud a device was last, and says what is wrong with it; an access
// point says 0 where it measured nothing.
func (h *heard) arubaRSSI(strengths []byte) (fault string) {
	var dbm float64
	fault, _ = protoFields(strengths, arubaRSSITypes, func(_ int, _ []byte, n uint64) { dbm = float64(protowire.DecodeZigZag(n)) })
	note(&fault, dbm >= weakestRSSI && dbm <= loudestRSSI, "rssi is no signal strength between -127 and 20 dBm")
	h.rssi, h.hasRSSI = dbm, dbm != 0
	return fault
}

// arubaSensors takes what a device measures, and says what of it can't be read.
func (h *heard) arubaSensors(sensors []byte) (fault string) {
	fault, _ = protoFields(sensors, arubaSensorsTypes, func(number int, _ []byte, n uint64) {
		switch number {
		case arubaSensorsBattery:
			h.battery = battery(float64(n), true)
		case arubaSensorsTemp:
			h.advert.Sensor.Celsius = ble.Some(math.Round(float64(math.Float32frombits(uint32(n)))*1000) / 1000)
		case arubaSensorsHum:
			h.advert.Sensor.HumidityPct = ble.Some(float64(n))
		}
	})
	return fault
}

// aruba reads the decoded view of a Telemetry, which relays and simulators send as JSON.
func (r *reader) aruba(documents [][]byte) error {
	for _, document := range documents {
		reporter := member(document, "reporter")
		r.named(member(reporter, "mac"))
		if sent, ok := instant(long(member(reporter, "time"))); ok {
			r.SentAt = sent
		}
		data := member(document, "bleData")
		if kindOf(data) != '[' {
			return ErrWrongShape
		}
		err := r.each(data, r.rows(func(record int, row []byte) {
			v := pick(row, "mac", "rssi", "data")
			if h, ok := r.hear(record, v[0], v[1], nil, v[2]); ok {
				if h.mac == "" {
					r.refuse(record, "the advert lacks its sender's address")
					return
				}
				r.take(h)
			}
		}))
		if err != nil {
			return err
		}
	}
	return nil
}

// long is a 64-bit number as JavaScript's protobuf writes it, {"low","high"}; the low
// half serves until 2106.
func long(raw []byte) []byte {
	if kindOf(raw) == '{' {
		return member(raw, "low")
	}
	return raw
}
