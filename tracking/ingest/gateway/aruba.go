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

// fields calls use with every field of a protobuf message: its number, and its value as
// bytes, or as a number where it is one. It is false when the message is broken.
func protoFields(message []byte, use func(number int, value []byte, n uint64)) bool {
	for len(message) > 0 {
		number, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return false
		}
		message = message[size:]
		var value []byte
		var n uint64
		switch kind {
		case protowire.BytesType:
			value, size = protowire.ConsumeBytes(message)
		case protowire.VarintType:
			n, size = protowire.ConsumeVarint(message)
		case protowire.Fixed32Type:
			var bits uint32
			bits, size = protowire.ConsumeFixed32(message)
			n = uint64(bits)
		case protowire.Fixed64Type:
			n, size = protowire.ConsumeFixed64(message)
		default:
			size = protowire.ConsumeFieldValue(number, kind, message)
		}
		if size < 0 {
			return false
		}
		use(int(number), value, n)
		message = message[size:]
	}
	return true
}

// isArubaTelemetry says whether a body is a Telemetry: meta first, a reporter with an address.
func isArubaTelemetry(body []byte) bool {
	if len(body) < 4 || body[0] != arubaMeta<<3|2 {
		return false
	}
	reporter := false
	return protoFields(body, func(number int, value []byte, _ uint64) {
		reporter = reporter || number == arubaReporter && value != nil
	}) && reporter
}

// arubaTelemetry reads a Telemetry as it is on the wire: the reporter is the gateway,
// bleData are adverts with their bytes, reported are devices that the access point decoded.
func (r *reader) arubaTelemetry(body []byte) error {
	var adverts, reported [][]byte
	whole := protoFields(body, func(number int, value []byte, _ uint64) {
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
	return nil
}

func (r *reader) arubaReporter(reporter []byte) {
	protoFields(reporter, func(number int, value []byte, n uint64) {
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
	whole := protoFields(device, func(number int, value []byte, n uint64) {
		switch number {
		case arubaDataMAC:
			address = value
		case arubaDataBytes:
			payload = value
		case arubaDataRSSI:
			strength = float64(protowire.DecodeZigZag(n))
		}
	})
	if !whole || len(address) != 6 {
		r.refuse(record, "the advert lacks its sender's address")
		return
	}
	r.heardBytes(record, hex.EncodeToString(address), strength, payload)
}

func (r *reader) arubaReported(record int, device []byte) {
	h := heard{record: record, battery: tracking.NoBattery}
	protoFields(device, func(number int, value []byte, n uint64) {
		switch {
		case number == arubaReportedMAC && len(value) == 6:
			h.mac = hex.EncodeToString(value)
		case number == arubaReportedSeen && n < math.MaxInt64:
			if at, ok := sinceEpoch(float64(n)); ok && !at.Before(firstPlausible) {
				h.at = at
			}
		case number == arubaReportedRSSI:
			protoFields(value, func(number int, _ []byte, n uint64) {
				if dbm := float64(protowire.DecodeZigZag(n)); number == arubaRSSILast && dbm < 0 && dbm >= weakestRSSI {
					h.rssi, h.hasRSSI = dbm, true
				}
			})
		case number == arubaSensors:
			h.arubaSensors(value)
		}
	})
	if h.mac == "" {
		r.refuse(record, "the device lacks its address")
		return
	}
	r.take(h)
}

func (h *heard) arubaSensors(sensors []byte) {
	protoFields(sensors, func(number int, _ []byte, n uint64) {
		switch number {
		case arubaSensorsBattery:
			h.battery = battery(float64(n), true)
		case arubaSensorsTemp:
			if c := float64(math.Float32frombits(uint32(n))); !math.IsNaN(c) && !math.IsInf(c, 0) {
				h.advert.Sensor.Celsius = ble.Some(math.Round(c*1000) / 1000)
			}
		case arubaSensorsHum:
			h.advert.Sensor.HumidityPct = ble.Some(float64(n))
		}
	})
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
