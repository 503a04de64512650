package gateway

import (
	"strings"
	"time"

	"wardwatch/tracking/coldchain"
)

// What follows are the data of vaccine refrigerators as health programmes exchange them.

// quarter is what a record of the WHO's data standard sums up.
const quarter = 15 * 60

// whoEMS reads a delivery of the WHO PQS E006/DS01 data standard (cce-interop 0.8):
// meta and data, an appliance each with records. TVC is the coldest point of the
// vaccines, TFRZ the freezer, TAMB the room. A record whose values are all null is padding.
func (r *reader) whoEMS(documents [][]byte) error {
	for _, document := range documents {
		meta := pick(member(document, "meta"), "transferType", "transferredAt", "schemaVersion")
		kind, _ := text(meta[0])
		if kind != "ems" && kind != "rtm" || kindOf(member(document, "data")) != '[' {
			return ErrWrongShape
		}
		if sent, ok := instant(meta[1]); ok {
			r.SentAt = sent
		}
		err := elements(member(document, "data"), func(_ int, appliance []byte) error { return r.whoAppliance(appliance) })
		if err != nil {
			return err
		}
	}
	return nil
}

// whoAppliance reads one appliance, which is known by the first of its identifiers.
func (r *reader) whoAppliance(appliance []byte) error {
	sensor := ""
	for _, id := range pick(appliance, "AMID", "ASER", "AID", "LSER", "ESER") {
		if name, ok := text(id); ok && sensor == "" {
			sensor = Identity(name)
		}
	}
	records := member(appliance, "records")
	if kindOf(records) != '[' {
		return ErrWrongShape
	}
	return r.each(records, func(record int, row []byte) {
		switch fault := notAnObject(row); {
		case fault != "":
			r.refuse(record, "%s", fault)
		case sensor == "":
			r.refuse(record, "the appliance names itself by none of AMID, ASER, AID, LSER and ESER")
		default:
			r.whoRecord(record, sensor, row)
		}
	})
}

func (r *reader) whoRecord(record int, sensor string, row []byte) {
	written, _ := text(member(row, "ABST"))
	at, err := time.Parse("20060102T150405Z", written)
	if err != nil {
		r.refuse(record, "ABST is no time such as 20260131T080000Z")
		return
	}
	humidity := pick(row, "HCOM", "HAMB")
	for _, part := range []struct {
		value    []byte
		channel  string
		humidity []byte
	}{{member(row, "TVC"), coldchain.Probe, humidity[0]}, {member(row, "TFRZ"), "freezer", nil}, {member(row, "TAMB"), "ambient", humidity[1]}} {
		if part.value == nil || isNull(part.value) {
			continue
		}
		var fault string
		temp, _ := celsiusOf(part.value, &fault)
		if fault != "" {
			r.refuse(record, "%s of %s: %s", part.channel, sensor, fault)
			continue
		}
		r.measure(Origin{Record: record, Counter: NoCounter}, coldchain.Reading{Sensor: sensor, Channel: part.channel,
			Temp: temp, HumidityPct: percentOf(part.humidity), MeasuredAt: at})
	}
	r.whoSigns(sensor, at, row)
}

// whoSigns reads doors and mains, told as seconds of the quarter of an hour that ends
// at the record, and what the appliance itself rings for.
func (r *reader) whoSigns(sensor string, at time.Time, row []byte) {
	v := pick(row, "DORV", "SVA", "BEMD", "BLOG", "ALRM")
	if open, ok := number(v[0]); ok {
		r.sign(coldchain.Sign{Sensor: sensor, Kind: coldchain.SignDoor, On: open >= quarter, At: at})
	}
	if powered, ok := number(v[1]); ok {
		r.sign(coldchain.Sign{Sensor: sensor, Kind: coldchain.SignPower, On: powered <= 0, At: at})
	}
	for _, days := range v[2:4] {
		if left, ok := number(days); ok {
			r.sign(coldchain.Sign{Sensor: sensor, Kind: coldchain.SignBattery, On: left < 1, At: at})
			break
		}
	}
	if v[4] != nil {
		said, _ := text(v[4])
		said = Identity(said)
		if strings.EqualFold(said, "none") {
			said = ""
		}
		r.sign(coldchain.Sign{Sensor: sensor, Kind: coldchain.SignDevice, On: said != "", Text: said, At: at})
	}
}

// openMSupply reads what open-mSupply's phone app sends to /coldchain/v1: arrays of
// sensors, of logs and of breaches. A log names its sensor by an id that the sensor's
// own row explains; instants are seconds.
func (r *reader) openMSupply(documents [][]byte) error {
	for _, document := range documents {
		if kind := kindOf(document); kind != '[' && kind != '{' {
			return ErrWrongShape
		}
		if err := r.each(document, r.rows(r.mSupplyRow)); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) mSupplyRow(record int, row []byte) {
	v := pick(row, "macAddress", "id", "sensorId", "temperature", "timestamp", "startTimestamp", "endTimestamp", "type", "batteryLevel")
	if v[0] != nil {
		r.mSupplySensor(record, v[0], v[1], v[8])
		return
	}
	id, _ := text(v[2])
	sensor := r.mSupplyName(id)
	switch {
	case sensor == "":
		r.refuse(record, "sensorId is missing, or longer than 128 bytes")
	case v[3] != nil:
		at, timed := instant(v[4])
		var fault string
		temp, _ := celsiusOf(v[3], &fault)
		note(&fault, timed, "timestamp is no time in seconds")
		if fault != "" {
			r.refuse(record, "%s", fault)
			return
		}
		r.measure(Origin{Record: record, Counter: NoCounter}, coldchain.Reading{Sensor: sensor, Channel: coldchain.Probe, Temp: temp, MeasuredAt: at})
	case v[5] != nil:
		r.mSupplyBreach(record, sensor, v[5], v[6], v[7])
	default:
		r.refuse(record, "the row is no sensor, log or breach")
	}
}

// mSupplySensor remembers which device an id stands for: "D4:1C:07:A9:E2:83 | BLUE_MAESTRO".
func (r *reader) mSupplySensor(record int, address, id, charge []byte) {
	said, _ := text(address)
	name, _, _ := strings.Cut(said, " | ")
	key, _ := text(id)
	sensor, key := Identity(name), Identity(key)
	if sensor == "" || key == "" {
		r.refuse(record, "macAddress or id is missing, or longer than 128 bytes")
		return
	}
	if r.message.Names != nil {
		r.message.Names.Learn("open-msupply/"+key, sensor)
	}
	if pct, ok := number(charge); ok {
		r.sign(coldchain.Sign{Sensor: sensor, Kind: coldchain.SignBattery, On: pct <= lowBattery})
	}
}

// lowBattery is what a battery has left when somebody should bring a new one, in percent.
const lowBattery = 10

// mSupplyName is the device that an id stands for, or the id while nobody has said.
func (r *reader) mSupplyName(id string) string {
	key := Identity(id)
	if r.message.Names != nil {
		if sensor, known := r.message.Names.Means("open-msupply/" + key); known {
			return sensor
		}
	}
	return key
}

// mSupplyBreach takes the app's own judgement as what the device says: ours is made of the logs.
func (r *reader) mSupplyBreach(record int, sensor string, from, to, kind []byte) {
	began, ok := instant(from)
	if !ok || began.IsZero() {
		r.refuse(record, "startTimestamp is no time in seconds")
		return
	}
	said, _ := text(kind)
	if said = Identity(said); said == "" {
		said = "breach"
	}
	r.sign(coldchain.Sign{Sensor: sensor, Kind: coldchain.SignDevice, On: true, Text: said, At: began})
	if ended, ok := instant(to); ok && !ended.IsZero() {
		r.sign(coldchain.Sign{Sensor: sensor, Kind: coldchain.SignDevice, At: ended})
	}
}
