// Package gateway reads the messages of gateways and readers as their makers
// wrote them: our own canonical JSON and those that Formats lists.
//
// The path of data: a transport (MQTT, HTTP) hands over a Message; Decode
// recognises whose it is by its topic, then by its shape, and returns a Batch of
// sightings and readings. A record that can't be read is refused by its index and
// costs only itself; a message that can't be read at all is an error. Nothing here
// looks at a clock or a database: times are the device's own, or zero.
package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest/ble"
)

// Limits of one message.
const (
	// MaxBody is the longest message in bytes.
	MaxBody = 1 << 20
	// MaxRecords is the most records that one message may hold.
	MaxRecords = 10_000
	// MaxDepth is how deep JSON may be nested.
	MaxDepth = 16
	// MaxName is the longest identity of a tag, sensor or gateway in bytes.
	MaxName = 128
	// bytesPerSighting is about how long a record is in the envelopes that hold many.
	bytesPerSighting = 140
	// maxRefused is how many refusals one message may cause.
	maxRefused = MaxRecords
)

// Why a whole message is refused. The wrapping sentence names the place.
var (
	ErrTooLong    = errors.New("the message is longer than 1 MiB")
	ErrEmpty      = errors.New("the message is empty")
	ErrNotUTF8    = errors.New("the message is not UTF-8 text")
	ErrNotJSON    = errors.New("the message is not JSON")
	ErrUnknown    = errors.New("the message is in no format that is known here")
	ErrTooMany    = errors.New("the message holds more than 10,000 records")
	ErrWrongShape = errors.New("the message does not have the shape of its format")
	// ErrFault is a fault of this program: its reader of the format failed on the message.
	ErrFault = errors.New("the message could not be read: Wardwatch failed on it; please report it")
)

// Format names an envelope.
type Format string

// The envelopes.
const (
	Canonical    Format = "canonical"
	ESPresense   Format = "espresense"
	OpenMQTT     Format = "openmqttgateway" // and Theengs
	Minew        Format = "minew"
	Ruuvi        Format = "ruuvi"
	Kontakt      Format = "kontakt"
	Cassia       Format = "cassia"
	Aruba        Format = "aruba"
	Shelly       Format = "shelly"
	AprilBrother Format = "aprilbrother"
	BlueCharm    Format = "bluecharm"
	Ingics       Format = "ingics"
	Moko         Format = "moko"
	Raddec       Format = "raddec"
	Impinj       Format = "impinj"
	Zebra        Format = "zebra"
	EdgeX        Format = "edgex"
	Omlox        Format = "omlox"
	ChirpStack   Format = "chirpstack"
	TheThings    Format = "tts"
	Tasmota      Format = "tasmota"
	Zigbee2MQTT  Format = "zigbee2mqtt"
	ShellyHT     Format = "shelly-ht"
	SparkplugB   Format = "sparkplug-b"
	WHOEMS       Format = "who-ems"
	OpenMSupply  Format = "open-msupply"
)

// Formats lists every envelope, in the order that help shows them.
func Formats() []Format {
	return []Format{Canonical, ESPresense, OpenMQTT, Minew, Ruuvi, Kontakt, Cassia, Aruba, Shelly, AprilBrother,
		BlueCharm, Ingics, Moko, Raddec, Impinj, Zebra, EdgeX, Omlox, ChirpStack, TheThings, Tasmota, Zigbee2MQTT, ShellyHT,
		SparkplugB, WHOEMS, OpenMSupply}
}

// Message is one message as the transport received it.
type Message struct {
	// Topic is the MQTT topic; empty over HTTP.
	Topic string
	// Body is read, and nothing of it kept.
	Body []byte
	// Format forces an envelope; empty means: recognise it.
	Format Format
	// Gateway is whom the transport knows the sender to be. It is used where
	// neither body nor topic names one.
	Gateway hospital.GatewayID
	// ReceivedAt is when the message arrived, by our clock.
	ReceivedAt time.Time
	// Source is the transport: "mqtt", "http".
	Source string
	// Names is what devices of this sender have said their short names stand for; nil
	// where nobody remembers it.
	Names Names
	// Room is where what is read is put; nil: into room of its own.
	Room *Room
}

// Room is room for what one message says. The Batch's sightings stand in it; whoever
// has no more use for them may have another message read into it. A thousand gateways
// would else take a thousand times as much, each second anew.
type Room struct {
	sightings []tracking.Sighting
	of        []int
	payload   [ble.MaxPayload]byte // of the advert that is being read
}

// empty is the room, made to hold as many sightings as are expected.
func (r *Room) empty(expected int) (sightings []tracking.Sighting, of []int) {
	if cap(r.sightings) < expected {
		r.sightings, r.of = make([]tracking.Sighting, 0, expected), make([]int, 0, expected)
	}
	return r.sightings[:0], r.of[:0]
}

// keep keeps room that had to grow.
func (r *Room) keep(b *Batch) {
	if cap(b.Sightings) > cap(r.sightings) {
		r.sightings, r.of = b.Sightings, b.SightingOf
	}
}

// Size is for how many sightings there is room.
func (r *Room) Size() int { return cap(r.sightings) }

// Names remembers what short names stand for that a device explains once and uses
// from then on: Sparkplug's aliases, open-mSupply's sensor ids.
type Names interface {
	// Means is what a name stands for; false when nobody has said.
	Means(name string) (string, bool)
	// Learn remembers it; what was said before is forgotten.
	Learn(name, means string)
}

// Batch is what one message holds. Each sighting and reading is named after the
// gateway that the message says; the sender's right to speak for it is not checked here.
type Batch struct {
	Format Format
	// Sightings and Readings carry the device's times, or none; ReceivedAt is the message's.
	Sightings []tracking.Sighting
	Readings  []coldchain.Reading
	// SightingOf and ReadingOf say which record each came from.
	SightingOf []int
	ReadingOf  []Origin
	// Signs are what devices say of doors, power, batteries and probes.
	Signs []coldchain.Sign
	// Refused are the records that could not be read, each with its reason.
	Refused []Refused
	// SentAt is when the gateway sent the message by its own clock; zero when it does not say.
	SentAt time.Time
	// Gateway is whom the message speaks of as its sender, or the transport's word for it.
	Gateway hospital.GatewayID
	// Status is set when the message says that the gateway went on or off line.
	Status Status
}

// Origin is where a reading came from inside its message.
type Origin struct {
	// Record is the index of the record.
	Record int
	// Counter numbers the device's advert; NoCounter when it has none.
	Counter int
}

// NoCounter is what Origin.Counter says when the device does not number its adverts.
const NoCounter = -1

// Refused is one record that was not taken, and why, for a person to read.
type Refused struct {
	Record int
	Reason string
}

// Status is what a gateway says of its own connection.
type Status string

// The states of a gateway's connection.
const (
	NoStatus Status = ""
	Online   Status = "online"
	Offline  Status = "offline"
)

// Decode reads one message. An error means that nothing of it could be read; its
// text is fit for an administrator. A message that a reader fails on costs itself
// alone (ErrFault): its sender would send it again to a house that went down with it.
func Decode(m Message) (b Batch, err error) {
	defer func() {
		if recover() != nil {
			b, err = Batch{Gateway: m.Gateway, Format: m.Format}, ErrFault
		}
	}()
	if b, err = decode(m); m.Room != nil {
		m.Room.keep(&b)
	}
	return b, err
}

func decode(m Message) (Batch, error) {
	b := Batch{Gateway: m.Gateway, Format: m.Format}
	if err := readable(m.Body); err != nil {
		return b, err
	}
	if named, ok := FromTopic(m.Topic); ok {
		b.Gateway = named
	}
	if b.Format == "" {
		b.Format = byTopic(m.Topic)
	}
	if b.Format == "" {
		b.Format = byBytes(m.Body)
	}
	if b.wordOnItself(m.Topic, m.Body) {
		return b, nil
	}
	if m.Room == nil {
		m.Room = new(Room)
	}
	r := &reader{Batch: &b, message: m}
	if read := r.binaryReader(m.Body); read != nil {
		return b, read(m.Body)
	}
	documents, err := jsonOf(m.Body)
	if err != nil {
		return b, err
	}
	if b.Format == "" {
		b.Format = byShape(documents[0])
	}
	return b, r.read(documents)
}

// readable checks what holds for every envelope.
func readable(body []byte) error {
	switch {
	case len(body) > MaxBody:
		return ErrTooLong
	case len(bytes.TrimSpace(body)) == 0:
		return ErrEmpty
	}
	return nil
}

// jsonOf splits a text into its JSON values.
func jsonOf(body []byte) ([][]byte, error) {
	if !utf8.Valid(body) {
		return nil, ErrNotUTF8
	}
	return documentsOf(body)
}

// wordOnItself reads what a gateway says of its own connection and health.
func (b *Batch) wordOnItself(topic string, body []byte) bool {
	switch b.Format {
	case ESPresense:
		return b.espresenseRoom(topic, body)
	case OpenMQTT:
		return b.openMQTTWill(topic, body)
	case Tasmota:
		return b.tasmotaWill(topic, body)
	case Ruuvi:
		return b.ruuviStatus(topic, body)
	}
	return false
}

// reader fills a batch from one message.
type reader struct {
	*Batch
	message Message
	records int
}

// read reads JSON of the format that was recognised.
func (r *reader) read(documents [][]byte) error {
	read, known := jsonReaders[r.Format]
	switch {
	case r.Format == "":
		return ErrUnknown
	case !known:
		return fmt.Errorf("%w: there is no format %q in JSON", ErrUnknown, r.Format)
	}
	return read(r, documents)
}

// jsonReaders read the formats that are JSON.
var jsonReaders = map[Format]func(*reader, [][]byte) error{
	Canonical: (*reader).canonical, ESPresense: (*reader).espresense, OpenMQTT: (*reader).openMQTT, Minew: (*reader).minew, Ruuvi: (*reader).ruuvi,
	Kontakt: (*reader).kontakt, Cassia: (*reader).cassia, Aruba: (*reader).aruba, Shelly: (*reader).shelly, AprilBrother: (*reader).aprilBrother,
	BlueCharm: (*reader).blueCharm, Moko: (*reader).moko, Raddec: (*reader).raddec, Impinj: (*reader).impinj, Zebra: (*reader).zebra,
	EdgeX: (*reader).edgeX, Omlox: (*reader).omlox, ChirpStack: (*reader).chirpStack, TheThings: (*reader).theThings, Tasmota: (*reader).tasmota,
	Zigbee2MQTT: (*reader).zigbee, ShellyHT: (*reader).shellyHT, WHOEMS: (*reader).whoEMS, OpenMSupply: (*reader).openMSupply,
}

// next numbers the next record.
func (r *reader) next() (int, error) {
	if r.records == MaxRecords {
		return 0, ErrTooMany
	}
	r.records++
	return r.records - 1, nil
}

// each gives every element of an array its number; a lone object is an array of one.
func (r *reader) each(raw []byte, use func(record int, row []byte)) error {
	if kindOf(raw) != '[' {
		record, err := r.next()
		if err == nil {
			use(record, raw)
		}
		return err
	}
	return elements(raw, func(_ int, row []byte) error {
		record, err := r.next()
		if err == nil {
			use(record, row)
		}
		return err
	})
}

func (b *Batch) refuse(record int, format string, args ...any) {
	if len(b.Refused) < maxRefused {
		b.Refused = append(b.Refused, Refused{Record: record, Reason: fmt.Sprintf(format, args...)})
	}
}

// refuseRest refuses what a message holds beside its records and can't be read; nothing
// when there is no fault.
func (r *reader) refuseRest(fault string) error {
	if fault == "" {
		return nil
	}
	record, err := r.next()
	if err == nil {
		r.refuse(record, "%s", fault)
	}
	return err
}

// sight adds a sighting; the gateway and our time are the message's. One of no tag is refused.
func (r *reader) sight(record int, s tracking.Sighting) {
	if s.Tag == "" {
		r.refuse(record, "the record names no tag")
		return
	}
	if r.Sightings == nil {
		r.Sightings, r.SightingOf = r.message.Room.empty(1 + len(r.message.Body)/bytesPerSighting)
	}
	if s.Gateway == "" {
		s.Gateway = r.Gateway
	}
	s.ReceivedAt = r.message.ReceivedAt
	r.Sightings = append(r.Sightings, s)
	r.SightingOf = append(r.SightingOf, record)
}

// measure adds a reading; the gateway, our time and the source are the message's. One of no
// sensor is refused.
func (r *reader) measure(origin Origin, reading coldchain.Reading) {
	if reading.Sensor == "" {
		r.refuse(origin.Record, "the record names no sensor")
		return
	}
	if reading.Gateway == "" {
		reading.Gateway = r.Gateway
	}
	reading.ReceivedAt, reading.Source = r.message.ReceivedAt, r.message.Source
	r.Readings = append(r.Readings, reading)
	r.ReadingOf = append(r.ReadingOf, origin)
	if reading.DoorOpen != nil {
		r.sign(coldchain.Sign{Sensor: reading.Sensor, Kind: coldchain.SignDoor, On: *reading.DoorOpen, At: reading.MeasuredAt, Gateway: reading.Gateway})
	}
}

// sign adds a device's word; the gateway, our time and the source are the message's.
func (r *reader) sign(s coldchain.Sign) {
	if s.Gateway == "" {
		s.Gateway = r.Gateway
	}
	s.ReceivedAt, s.Source = r.message.ReceivedAt, r.message.Source
	r.Signs = append(r.Signs, s)
}
