package gateway

import (
	"wardwatch/tracking"
)

// ruuvi reads the Ruuvi Gateway: one advert a message over MQTT, many over HTTP and
// in its history (ruuvi.gateway_esp.c, schemas/). Only the advert's bytes are used;
// fields that the gateway decoded beside them are not.
func (r *reader) ruuvi(documents [][]byte) error {
	for _, document := range documents {
		if fault := notAnObject(document); fault != "" {
			return ErrWrongShape
		}
		data := member(document, "data")
		var err error
		if kindOf(data) == '{' {
			err = r.ruuviTags(data)
		} else {
			err = r.ruuviAdvert(document)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ruuviStatus is the gateway's word on its own connection: ruuvi/GATEWAY/gw_status, and its last will.
func (b *Batch) ruuviStatus(topic string, body []byte) bool {
	if lastPart(topic) != "gw_status" {
		return false
	}
	documents, err := jsonOf(body)
	if err != nil {
		return false
	}
	switch state, _ := text(member(documents[0], "state")); state {
	case "online":
		b.Status = Online
	case "offline":
		b.Status = Offline
	}
	return true
}

// ruuviAdvert is one advert over MQTT: ruuvi/GATEWAY/TAG. ts is when it was heard,
// gwts when it was passed on; both lack while the gateway has no time.
func (r *reader) ruuviAdvert(document []byte) error {
	record, err := r.next()
	if err != nil {
		return err
	}
	if address, ok := text(member(document, "gw_mac")); ok && address != "" {
		r.Gateway = gatewayID(address)
	}
	if sent, ok := instant(member(document, "gwts")); ok {
		r.SentAt = sent
	}
	tag, _ := mac(lastPart(r.message.Topic))
	r.ruuviRecord(record, tag, document, "ts")
	return nil
}

// ruuviTags is the body over HTTP: data.tags is an object with a member for each tag.
func (r *reader) ruuviTags(data []byte) error {
	if address, ok := text(member(data, "gw_mac")); ok && address != "" {
		r.Gateway = gatewayID(address)
	}
	if sent, ok := instant(member(data, "timestamp")); ok {
		r.SentAt = sent
	}
	tags := member(data, "tags")
	if kindOf(tags) != '{' && (!isNull(tags) || member(data, "gw_mac") == nil) {
		return ErrWrongShape
	}
	var failed error
	members(tags, func(key, value []byte) {
		record, err := r.next()
		if err != nil {
			failed = err
			return
		}
		tag, ok := mac(key)
		if !ok {
			r.refuse(record, "the tag's name is no address of 12 hex digits")
			return
		}
		r.ruuviRecord(record, tag, value, "timestamp")
	})
	return failed
}

func (r *reader) ruuviRecord(record int, tag string, row []byte, stamp string) {
	if fault := notAnObject(row); fault != "" {
		r.refuse(record, "%s", fault)
		return
	}
	h := heard{record: record, mac: tag, battery: tracking.NoBattery}
	var rssiRaw, atRaw, dataRaw []byte
	members(row, func(key, value []byte) {
		switch string(key) {
		case "rssi":
			rssiRaw = value
		case "data":
			dataRaw = value
		case stamp:
			atRaw = value
		}
	})
	var ok bool
	if h.at, ok = instant(atRaw); !ok {
		r.refuse(record, "%s is no time", stamp)
		return
	}
	if dataRaw != nil && !isNull(dataRaw) {
		raw, _ := textBytes(dataRaw)
		if h.advert, ok = r.advert(raw); !ok {
			r.refuse(record, "data is no advert in hex")
			return
		}
	}
	if rssiRaw != nil {
		if h.rssi, h.hasRSSI = bleRSSI(rssiRaw); !h.hasRSSI {
			r.refuse(record, "rssi is no signal strength between -127 and 20 dBm")
			return
		}
	}
	if h.mac == "" && h.advert.MAC == "" && len(h.advert.Tags) == 0 {
		r.refuse(record, "neither topic nor advert names the tag")
		return
	}
	r.take(h)
}

// lastPart is what follows the last slash of a topic.
func lastPart(topic string) string {
	for i := len(topic) - 1; i >= 0; i-- {
		if topic[i] == '/' {
			return topic[i+1:]
		}
	}
	return topic
}
