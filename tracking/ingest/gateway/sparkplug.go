package gateway

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"wardwatch/tracking/coldchain"
)

// Sparkplug B (Eclipse Sparkplug 3.0, sparkplug_b.proto): spBv1.0/GROUP/KIND/NODE[/DEVICE],
// a protobuf of metrics. A birth certificate names every metric; after it data may go by
// the metric's alias alone, so what a birth says is remembered by the reader's Names.
const sparkplugPrefix = "spBv1.0/"

// The numbers of the fields that are read.
const (
	spbTimestamp, spbMetrics                                          = 1, 2
	spbName, spbAlias, spbTime, spbType, spbHistorical, spbNull       = 1, 2, 3, 4, 5, 7
	spbProperties, spbInt, spbLong, spbFloat, spbDouble, spbBool      = 9, 10, 11, 12, 13, 14
	spbString, spbBytes, spbDataSet, spbTemplate, spbExtension        = 15, 16, 17, 18, 19
	spbKeys, spbValues, spbPropertyString                             = 1, 2, 8
	spbInt8, spbInt16, spbInt32, spbInt64, spbTypeDouble, spbTypeBool = 1, 2, 3, 4, 10, 11
)

// The wire types of the fields that are read.
var (
	spbPayloadTypes = protoTypes{spbTimestamp: protowire.VarintType, spbMetrics: protowire.BytesType}
	spbMetricTypes  = protoTypes{spbName: protowire.BytesType, spbAlias: protowire.VarintType, spbTime: protowire.VarintType, spbType: protowire.VarintType,
		spbHistorical: protowire.VarintType, spbNull: protowire.VarintType, spbProperties: protowire.BytesType,
		spbInt: protowire.VarintType, spbLong: protowire.VarintType, spbFloat: protowire.Fixed32Type, spbDouble: protowire.Fixed64Type,
		spbBool: protowire.VarintType, spbString: protowire.BytesType, spbBytes: protowire.BytesType, spbDataSet: protowire.BytesType,
		spbTemplate: protowire.BytesType, spbExtension: protowire.BytesType}
	spbPropertiesTypes = protoTypes{spbKeys: protowire.BytesType, spbValues: protowire.BytesType}
	spbPropertyTypes   = protoTypes{spbPropertyString: protowire.BytesType}
)

// sparkplugTopic is where a message comes from.
type sparkplugTopic struct {
	kind, node, device string
}

// sensor is the name of the device, or of the node that speaks for itself.
func (t sparkplugTopic) sensor() string {
	if t.device == "" {
		return t.node
	}
	return t.node + "/" + t.device
}

func (t sparkplugTopic) birth() bool { return t.kind == "NBIRTH" || t.kind == "DBIRTH" }

// metric is one value, by what is known of it.
type metric struct {
	name       string
	kind       int
	fahrenheit bool
	alias      uint64
	hasAlias   bool
	at         time.Time
	null       bool
	historical bool
	said       int    // the number of the field that carries its value; 0: none does
	bits       uint64 // of that value
	fault      string // why its properties can't be read
}

// sparkplug reads one message. What the host says of itself, and commands, say nothing of readings.
func (r *reader) sparkplug(body []byte) error {
	parts := strings.Split(r.message.Topic, "/")
	if len(parts) < 4 || parts[1] == "STATE" {
		return nil
	}
	topic := sparkplugTopic{kind: parts[2], node: Identity(parts[3])}
	if len(parts) > 4 {
		topic.device = Identity(parts[4])
	}
	if topic.node == "" {
		return fmt.Errorf("%w: its topic names no edge node", ErrWrongShape)
	}
	switch topic.kind {
	case "NDEATH":
		r.Status = Offline
		return nil
	case "DDEATH":
		r.sign(coldchain.Sign{Sensor: topic.sensor(), Kind: coldchain.SignProbeOut, On: true})
		return nil
	case "NBIRTH", "DBIRTH", "NDATA", "DDATA":
		return r.sparkplugMetrics(topic, body)
	}
	return nil
}

func (r *reader) sparkplugMetrics(topic sparkplugTopic, body []byte) error {
	var raw [][]byte
	fault, whole := protoFields(body, spbPayloadTypes, func(number int, value []byte, n uint64) {
		switch number {
		case spbTimestamp:
			r.SentAt = sinceEpochMS(n)
		case spbMetrics:
			raw = append(raw, value)
		}
	})
	if !whole {
		return fmt.Errorf("%w: of its protobuf %s", ErrWrongShape, fault)
	}
	if topic.birth() {
		r.Status = Online
		if topic.device != "" {
			r.Status = NoStatus
			r.sign(coldchain.Sign{Sensor: topic.sensor(), Kind: coldchain.SignProbeOut})
		}
	}
	for _, m := range raw {
		record, err := r.next()
		if err != nil {
			return err
		}
		r.sparkplugMetric(record, topic, m)
	}
	return r.refuseRest(fault)
}

func sinceEpochMS(n uint64) time.Time {
	if at, ok := sinceEpoch(float64(n)); ok && !at.Before(firstPlausible) {
		return at
	}
	return time.Time{}
}

func (r *reader) sparkplugMetric(record int, topic sparkplugTopic, raw []byte) {
	m := metric{at: r.SentAt}
	fault, _ := protoFields(raw, spbMetricTypes, m.field)
	if note(&m.fault, fault == "", fault); m.fault != "" {
		r.refuse(record, "%s", m.fault)
		return
	}
	if m.name == "" && !m.hasAlias {
		r.refuse(record, "the metric has neither a name nor an alias")
		return
	}
	if !r.nameMetric(topic, &m) {
		r.refuse(record, "the metric goes by alias %d, and %s has not said in a birth certificate what that is: let it send one again", m.alias, topic.sensor())
		return
	}
	if m.null || m.said == 0 {
		return
	}
	r.sparkplugValue(record, topic, m)
}

// field takes one field of a metric.
func (m *metric) field(number int, value []byte, n uint64) {
	switch number {
	case spbName:
		m.name = string(value)
	case spbAlias:
		m.alias, m.hasAlias = n, true
	case spbTime:
		if at := sinceEpochMS(n); !at.IsZero() {
			m.at = at
		}
	case spbType:
		m.kind = int(min(n, math.MaxInt16))
	case spbHistorical:
		m.historical = n != 0
	case spbNull:
		m.null = n != 0
	case spbProperties:
		m.fahrenheit, m.fault = fahrenheit(value)
	default: // the only others that are read are those of values
		m.said, m.bits = number, n
	}
}

// number is the value of a metric that carries a number.
func (m *metric) number() float64 {
	switch m.said {
	case spbInt:
		return m.whole(m.bits)
	case spbLong:
		return float64(int64(m.bits))
	case spbFloat: // 4.2 comes as 4.199999809
		return math.Round(float64(math.Float32frombits(uint32(m.bits)))*1000) / 1000
	}
	return math.Float64frombits(m.bits)
}

// carries says what a metric's value is: a number, a yes or no, or neither.
func (m *metric) carries() (number, yesNo bool) {
	switch m.said {
	case spbInt, spbLong, spbFloat, spbDouble:
		return true, false
	}
	return false, m.said == spbBool
}

// contradicts says whether a metric that goes for a number, or for a yes or no, carries
// something else. One that does not say what it goes for is taken for what it carries.
func (m *metric) contradicts() bool {
	number, yesNo := m.carries()
	return m.kind >= spbInt8 && m.kind <= spbTypeDouble && !number || m.kind == spbTypeBool && !yesNo
}

// whole is a whole number with its sign: it travels as its two's complement.
func (m *metric) whole(n uint64) float64 {
	switch m.kind {
	case spbInt8:
		return float64(int8(n))
	case spbInt16:
		return float64(int16(n))
	case spbInt32:
		return float64(int32(n))
	case spbInt64:
		return float64(int64(n))
	}
	return float64(n)
}

// fahrenheit says whether a metric's property engUnit is a degree Fahrenheit.
// What can't be read of them is said, for a unit that is not known makes 40 °F to 40 °C.
func fahrenheit(properties []byte) (is bool, fault string) {
	var keys []string
	var units []string
	fault, _ = protoFields(properties, spbPropertiesTypes, func(number int, value []byte, _ uint64) {
		switch number {
		case spbKeys:
			keys = append(keys, strings.ToLower(string(value)))
		case spbValues:
			unit := ""
			_, _ = protoFields(value, spbPropertyTypes, func(_ int, text []byte, _ uint64) { // most properties are no texts
				unit = strings.ToLower(string(text))
			})
			units = append(units, unit)
		}
	})
	for i, key := range keys {
		if i < len(units) && (key == "engunit" || key == "engineeringunits" || key == "unit") {
			return units[i] == "f" || units[i] == "°f" || units[i] == "degf" || strings.HasPrefix(units[i], "fahrenheit"), fault
		}
	}
	return false, fault
}

// nameMetric finds the name of a metric that goes by its alias, and remembers what a
// birth certificate says. It is false for an alias that nobody explained.
func (r *reader) nameMetric(topic sparkplugTopic, m *metric) bool {
	key := ""
	if m.hasAlias {
		key = "sparkplug/" + topic.sensor() + "/" + strconv.FormatUint(m.alias, 10)
	}
	if m.name != "" {
		if topic.birth() && key != "" && r.message.Names != nil && m.worthKnowing() {
			r.message.Names.Learn(key, fmt.Sprintf("%d,%t,%s", m.kind, m.fahrenheit, m.name))
		}
		return true
	}
	if key == "" || r.message.Names == nil {
		return false
	}
	means, known := r.message.Names.Means(key)
	if !known {
		return topic.birth()
	}
	kind, rest, _ := strings.Cut(means, ",")
	unit, name, _ := strings.Cut(rest, ",")
	if n, err := strconv.Atoi(kind); err == nil && m.kind == 0 {
		m.kind = n
	}
	m.fahrenheit, m.name = unit == "true", name
	return true
}

// worthKnowing leaves out the metrics that are never read, so that a node with thousands
// does not push out what is. Every name is kept that could be asked for by its alias.
func (m *metric) worthKnowing() bool { return len(m.name) <= MaxName }

// sparkplugValue takes a metric for what its name says it is; others are none of ours.
func (r *reader) sparkplugValue(record int, topic sparkplugTopic, m metric) {
	name := strings.ToLower(m.name)
	sign, isState := stateOf(name, m.bits != 0)
	isTemperature := strings.Contains(name, "temp")
	number, yesNo := m.carries()
	switch {
	case (isState || isTemperature) && m.contradicts():
		r.refuse(record, "%s of %s carries another kind of value than its datatype %d says", m.name, topic.sensor(), m.kind)
	case yesNo && isState:
		r.sparkplugState(topic, sign, m)
	case number && isTemperature:
		r.sparkplugTemperature(record, topic, name, m)
	}
}

func (r *reader) sparkplugTemperature(record int, topic sparkplugTopic, name string, m metric) {
	celsius := m.number()
	if m.fahrenheit {
		celsius = (celsius - 32) / 1.8
	}
	if sentence := implausible(celsius); sentence != "" {
		r.refuse(record, "%s of %s: impossible temperature, the sensor is at fault", m.name, topic.sensor())
		return
	}
	channel := Identity(channelOf(name))
	if channel == "" || topic.sensor() == "" || len(topic.sensor()) > MaxName {
		r.refuse(record, "the metric's or the device's name is longer than 128 bytes or holds control characters")
		return
	}
	r.measure(Origin{Record: record, Counter: NoCounter}, coldchain.Reading{Sensor: topic.sensor(), Channel: channel,
		Temp: coldchain.FromCelsius(celsius), MeasuredAt: m.at})
}

// channelOf is a metric's name without the words that say nothing of the place:
// "Fridge/Temperature" is probe, "Ambient/Temperature" is ambient, "Top Shelf/Temp" is top-shelf.
func channelOf(name string) string {
	words := strings.FieldsFunc(name, func(c rune) bool { return c == '/' || c == ' ' || c == '_' || c == '-' || c == '.' })
	var kept []string
	for _, word := range words {
		switch word {
		case "temperature", "temp", "fridge", "refrigerator", "probe", "sensor", "value", "process":
		default:
			kept = append(kept, word)
		}
	}
	if len(kept) == 0 {
		return coldchain.Probe
	}
	return strings.Join(kept, "-")
}

// stateOf is what a yes or no says of a door, the mains or a battery, by its name.
func stateOf(name string, on bool) (s coldchain.Sign, ok bool) {
	says := func(words ...string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(name, word) })
	}
	switch {
	case says("door", "lid"):
		return coldchain.Sign{Kind: coldchain.SignDoor, On: on != says("closed", "shut")}, true
	case says("power", "mains"):
		return coldchain.Sign{Kind: coldchain.SignPower, On: on == says("fail", "lost", "out")}, true
	case says("battery") && says("low"):
		return coldchain.Sign{Kind: coldchain.SignBattery, On: on}, true
	}
	return s, false
}

// sparkplugState takes the state that a metric says.
func (r *reader) sparkplugState(topic sparkplugTopic, s coldchain.Sign, m metric) {
	if s.Sensor, s.At = topic.sensor(), m.at; s.Sensor != "" && len(s.Sensor) <= MaxName {
		r.sign(s)
	}
}
