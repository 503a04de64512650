package gateway

import "strconv"

// minew reads JSON-long of the G1, MG3 and MG4: an array of rows, one of them
// perhaps the gateway's own, in any order; or a single row.
func (r *reader) minew(documents [][]byte) error {
	for _, document := range documents {
		if kind := kindOf(document); kind != '[' && kind != '{' {
			return ErrWrongShape
		}
		r.minewGateway(document)
		if err := r.each(document, r.minewRow); err != nil {
			return err
		}
	}
	return nil
}

// minewGateway finds the gateway's own row first: the other rows need its name.
func (r *reader) minewGateway(document []byte) {
	note := func(_ int, row []byte) error {
		if kind, _ := textBytes(member(row, "type")); string(kind) != "Gateway" {
			return nil
		}
		if address, ok := textBytes(member(row, "mac")); ok && len(address) > 0 {
			r.Gateway = gatewayID(string(address))
		}
		if sent, ok := instant(member(row, "timestamp")); ok {
			r.SentAt = sent
		}
		return errFound
	}
	if kindOf(document) == '[' {
		_ = elements(document, note)
	} else {
		_ = note(0, document)
	}
}

// minewFields are a row's members as they stand in the text.
type minewFields struct {
	kind, mac, rssi, raw, stamp, battery, temperature, humidity []byte
	uuid, major, minor                                          []byte
}

func (f *minewFields) take(key, value []byte) {
	switch string(key) {
	case "type":
		f.kind = value
	case "mac":
		f.mac = value
	case "rssi":
		f.rssi = value
	case "rawData":
		f.raw = value
	case "timestamp":
		f.stamp = value
	case "battery":
		f.battery = value
	case "temperature":
		f.temperature = value
	case "humidity":
		f.humidity = value
	case "ibeaconUuid":
		f.uuid = value
	case "ibeaconMajor":
		f.major = value
	case "ibeaconMinor":
		f.minor = value
	}
}

func (r *reader) minewRow(record int, row []byte) {
	if fault := notAnObject(row); fault != "" {
		r.refuse(record, "%s", fault)
		return
	}
	var f minewFields
	members(row, f.take)
	if kind, _ := textBytes(f.kind); string(kind) == "Gateway" {
		return
	}
	h := heard{record: record, battery: battery(number(f.battery))}
	address, _ := textBytes(f.mac)
	var ok bool
	if h.mac, ok = mac(address); !ok {
		r.refuse(record, "mac is no address of 12 hex digits")
		return
	}
	if h.rssi, h.hasRSSI = bleRSSI(f.rssi); !h.hasRSSI {
		r.refuse(record, "rssi of %s is no signal strength between -127 and 20 dBm", h.mac)
		return
	}
	if h.at, ok = instant(f.stamp); !ok {
		r.refuse(record, "timestamp of %s is no time", h.mac)
		return
	}
	r.minewAdvert(&f, &h)
	r.take(h)
}

// minewAdvert prefers the bytes; what the gateway decoded stands in where they are missing.
func (r *reader) minewAdvert(f *minewFields, h *heard) {
	if raw, isText := textBytes(f.raw); f.raw != nil && !isNull(f.raw) && (!isText || len(raw) > 0) {
		var ok bool
		if h.advert, ok = r.advert(raw); !ok {
			r.refuse(h.record, "rawData is no advert in hex") // alone: its sender was heard
		}
	}
	r.said(h, f.temperature, f.humidity)
	if len(h.advert.Tags) == 0 {
		if tag, ok := f.iBeacon(); ok {
			h.also = []string{tag}
		}
	}
}

// iBeacon is the identity that the gateway decoded, with the UUID's dashes put back.
func (f *minewFields) iBeacon() (string, bool) {
	uuid, ok := textBytes(f.uuid)
	major, okMajor := number(f.major)
	minor, okMinor := number(f.minor)
	if !ok || len(uuid) != 32 || !okMajor || !okMinor {
		return "", false
	}
	u := string(uuid)
	return Identity("ibeacon:" + u[:8] + "-" + u[8:12] + "-" + u[12:16] + "-" + u[16:20] + "-" + u[20:] +
		":" + strconv.Itoa(int(major)) + ":" + strconv.Itoa(int(minor))), true
}

var errFound = errorString("found")

// errorString is an error that never leaves this package.
type errorString string

func (e errorString) Error() string { return string(e) }
