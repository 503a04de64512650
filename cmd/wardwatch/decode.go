package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/gs1"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest/ble"
	"wardwatch/tracking/ingest/gateway"
	"wardwatch/tracking/ingest/rfid"
)

// decodeCommand shows what a device's message says, by the very code that the server runs.
type decodeCommand struct {
	BLE     decodeBLE     `cmd:"" name:"ble" help:"BLE advertising payloads in hex, one a line."`
	Gateway decodeGateway `cmd:"" help:"One message of a gateway, on standard input."`
	EPC     decodeEPC     `cmd:"" name:"epc" help:"EPCs of RFID tags in hex, one a line."`
	GS1     decodeGS1     `cmd:"" name:"gs1" help:"Scans of barcodes, one a line."`
	LLRP    decodeLLRP    `cmd:"" name:"llrp" help:"RO_ACCESS_REPORTs of an RFID reader in hex, one a line."`
	Modbus  decodeModbus  `cmd:"" name:"modbus" help:"Answers of a Modbus temperature probe (XY-MD02) as RTU frames in hex, one a line."`
}

type (
	decodeBLE     struct{}
	decodeEPC     struct{}
	decodeGS1     struct{}
	decodeLLRP    struct{}
	decodeGateway struct {
		Topic  string `help:"MQTT topic that the message came on."`
		Format string `help:"Read it as this format instead of recognising it: canonical, espresense, openmqttgateway, minew, ruuvi, kontakt, cassia, aruba, shelly, aprilbrother, bluecharm, ingics, moko, raddec, impinj, zebra, edgex, omlox, chirpstack, tts, tasmota, zigbee2mqtt, shelly-ht, sparkplug-b, who-ems or open-msupply."`
		Token  string `name:"gateway" placeholder:"ID" help:"Gateway that sent it, where the message does not say."`
	}
)

// maxDecodeLine is the longest line that the line by line tools read.
const maxDecodeLine = 64 << 10

// eachLine answers every line of the input with one line of JSON. A line that can't
// be read is answered by its error and the run goes on; it ends as a fault.
func eachLine(p process, read func(line string) (any, error)) error {
	lines := bufio.NewScanner(p.stdin)
	lines.Buffer(nil, maxDecodeLine)
	out := json.NewEncoder(p.stdout)
	out.SetEscapeHTML(false)
	total, failed := 0, 0
	for lines.Scan() {
		line := strings.TrimRight(lines.Text(), "\r")
		if strings.TrimSpace(line) == "" {
			continue
		}
		total++
		answer, err := read(line)
		if err != nil {
			failed++
			answer = map[string]string{"error": err.Error()}
		}
		if err := out.Encode(answer); err != nil {
			return err
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("line %d is longer than %d bytes", total+1, maxDecodeLine)
	case err != nil:
		return err
	case failed > 0:
		return fmt.Errorf("%d of %d lines could not be read", failed, total)
	}
	return nil
}

// advertLine is one advert as the tool prints it: only what the payload carries.
type advertLine struct {
	Tags    []string    `json:"tags,omitempty"`
	MAC     string      `json:"mac,omitempty"`
	Name    string      `json:"name,omitempty"`
	Sensor  *ble.Sensor `json:"sensor,omitempty"`
	Unknown []string    `json:"unknown,omitempty"`
}

// Run decodes adverts.
func (decodeBLE) Run(p process) error {
	return eachLine(p, func(line string) (any, error) {
		payload, err := hex.DecodeString(strings.NewReplacer(" ", "", ":", "").Replace(line))
		if err != nil {
			return nil, errors.New("the line is no hex text")
		}
		a, err := ble.Decode(payload)
		if err != nil {
			return nil, err
		}
		answer := advertLine{Tags: a.Tags, MAC: a.MAC, Name: a.Name, Unknown: a.Unknown}
		if a.Sensor.Format != "" {
			answer.Sensor = &a.Sensor
		}
		return answer, nil
	})
}

// messageLine is one message of a gateway as the tool prints it.
type messageLine struct {
	Format    gateway.Format     `json:"format"`
	Gateway   hospital.GatewayID `json:"gateway,omitempty"`
	SentAt    string             `json:"sent_at,omitempty"`
	Status    gateway.Status     `json:"status,omitempty"`
	Sightings []sightingLine     `json:"sightings"`
	Readings  []readingLine      `json:"readings"`
	Rejected  []rejectedLine     `json:"rejected,omitempty"`
}

type sightingLine struct {
	Tag        string             `json:"tag"`
	Also       []string           `json:"also,omitempty"`
	Gateway    hospital.GatewayID `json:"gateway,omitempty"`
	RSSIdBm    *float64           `json:"rssi_dbm,omitempty"`
	Antenna    int                `json:"antenna,omitempty"`
	BatteryPct *int               `json:"battery_pct,omitempty"`
	Moving     *bool              `json:"moving,omitempty"`
	Movements  *int               `json:"movements,omitempty"`
	At         string             `json:"at,omitempty"`
}

type readingLine struct {
	Sensor      string             `json:"sensor"`
	Channel     string             `json:"channel"`
	Celsius     float64            `json:"celsius"`
	HumidityPct *float64           `json:"humidity_pct,omitempty"`
	BatteryPct  *int               `json:"battery_pct,omitempty"`
	DoorOpen    *bool              `json:"door_open,omitempty"`
	Counter     *int               `json:"counter,omitempty"`
	Gateway     hospital.GatewayID `json:"gateway,omitempty"`
	At          string             `json:"at,omitempty"`
}

type rejectedLine struct {
	Index  int    `json:"index"`
	Reason string `json:"reason"`
}

// Run decodes one message.
func (d decodeGateway) Run(p process) error {
	format := gateway.Format(d.Format)
	if format != "" && !slices.Contains(gateway.Formats(), format) {
		return usageError{fmt.Errorf("there is no format %q; choose one of %v", d.Format, gateway.Formats())}
	}
	body, err := io.ReadAll(io.LimitReader(p.stdin, gateway.MaxBody+1))
	if err != nil {
		return fmt.Errorf("read the message: %w", err)
	}
	b, err := gateway.Decode(gateway.Message{Topic: d.Topic, Body: body, Format: format,
		Gateway: hospital.GatewayID(d.Token)})
	out := json.NewEncoder(p.stdout)
	out.SetEscapeHTML(false)
	if err != nil {
		return errors.Join(err, out.Encode(map[string]string{"error": err.Error()}))
	}
	return out.Encode(lineOf(b))
}

func lineOf(b gateway.Batch) messageLine {
	line := messageLine{Format: b.Format, Gateway: b.Gateway, SentAt: written(b.SentAt), Status: b.Status,
		Sightings: []sightingLine{}, Readings: []readingLine{}}
	for _, s := range b.Sightings {
		l := sightingLine{Tag: s.Tag, Also: s.Also, Gateway: s.Gateway, Antenna: s.Antenna, Moving: s.Moving, At: written(s.At)}
		if s.HasRSSI {
			l.RSSIdBm = &s.RSSIdBm
		}
		if s.HasMovements {
			l.Movements = &s.Movements
		}
		if s.BatteryPct >= 0 {
			l.BatteryPct = &s.BatteryPct
		}
		line.Sightings = append(line.Sightings, l)
	}
	for i, r := range b.Readings {
		l := readingLine{Sensor: r.Sensor, Channel: r.Channel, Celsius: r.Temp.Celsius(), HumidityPct: r.HumidityPct,
			BatteryPct: r.BatteryPct, DoorOpen: r.DoorOpen, Gateway: r.Gateway, At: written(r.MeasuredAt)}
		if counter := b.ReadingOf[i].Counter; counter != gateway.NoCounter {
			l.Counter = &counter
		}
		line.Readings = append(line.Readings, l)
	}
	for _, r := range b.Refused {
		line.Rejected = append(line.Rejected, rejectedLine{r.Record, r.Reason})
	}
	return line
}

// written is an instant in RFC 3339, empty when there is none.
func written(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// epcLine is one EPC as the tool prints it.
type epcLine struct {
	Scheme string `json:"scheme"`
	URI    string `json:"uri"`
	TagURI string `json:"tag_uri"`
	Filter int    `json:"filter"`
	GTIN   string `json:"gtin,omitempty"`
	Serial string `json:"serial,omitempty"`
	// Asset is a GIAI or GRAI: the number of a piece of equipment.
	Asset    string        `json:"asset,omitempty"`
	Elements []elementLine `json:"elements,omitempty"`
}

type elementLine struct {
	AI    string `json:"ai"`
	Title string `json:"title,omitempty"`
	Value string `json:"value"`
}

// Run decodes EPCs.
func (decodeEPC) Run(p process) error {
	return eachLine(p, func(line string) (any, error) {
		e, err := gs1.ParseEPC(line)
		if err != nil {
			return nil, err
		}
		answer := epcLine{Scheme: e.Scheme, URI: e.URI, TagURI: e.TagURI, Filter: e.Filter, GTIN: e.GTIN(), Elements: elementsOf(e.Elements)}
		answer.Serial, _ = e.Value("21")
		for _, ai := range []string{"8004", "8003"} {
			if asset, ok := e.Value(ai); ok {
				answer.Asset = asset
			}
		}
		return answer, nil
	})
}

func elementsOf(elements []gs1.Element) []elementLine {
	lines := make([]elementLine, 0, len(elements))
	for _, e := range elements {
		lines = append(lines, elementLine{e.AI, e.Title, e.Value})
	}
	return lines
}

// scanLine is one scan as the tool prints it.
type scanLine struct {
	Carrier  string        `json:"carrier,omitempty"`
	Elements []elementLine `json:"elements"`
	GTIN     string        `json:"gtin,omitempty"`
	Lot      string        `json:"lot,omitempty"`
	Serial   string        `json:"serial,omitempty"`
	Expiry   string        `json:"expiry,omitempty"`
	Faults   []string      `json:"faults,omitempty"`
	Warnings []string      `json:"warnings,omitempty"`
}

// Run decodes scans.
func (decodeGS1) Run(p process) error {
	now := time.Now()
	return eachLine(p, func(line string) (any, error) {
		s, err := gs1.Parse(line)
		if err != nil {
			return nil, err
		}
		answer := scanLine{Carrier: s.Carrier, Elements: elementsOf(s.Elements), GTIN: s.GTIN(), Lot: s.Lot(), Serial: s.Serial(), Warnings: s.Warnings}
		if day, ok := s.Expiry(now); ok {
			answer.Expiry = day.Format(time.DateOnly)
		}
		for _, f := range s.Faults {
			answer.Faults = append(answer.Faults, f.String())
		}
		return answer, nil
	})
}

// reportLine is one RO_ACCESS_REPORT as the tool prints it.
type reportLine struct {
	MessageID uint32     `json:"message_id"`
	Tags      []readLine `json:"tags"`
	Error     string     `json:"error,omitempty"` // where the report broke off
}

type readLine struct {
	EPC string `json:"epc"`
	Tag string `json:"tag"`
	// URI is empty for an EPC of no scheme that is known here.
	URI       string `json:"uri,omitempty"`
	Antenna   int    `json:"antenna,omitempty"`
	RSSIdBm   *int   `json:"rssi_dbm,omitempty"`
	FirstSeen string `json:"first_seen,omitempty"`
	LastSeen  string `json:"last_seen,omitempty"`
}

// Run decodes reports. One that breaks off shows what came before, and counts as unreadable.
func (decodeLLRP) Run(p process) error {
	broken := 0
	err := eachLine(p, func(line string) (any, error) {
		raw, err := hex.DecodeString(strings.NewReplacer(" ", "", ":", "").Replace(line))
		if err != nil {
			return nil, errors.New("the line is no hex text")
		}
		m, err := rfid.ParseLLRP(raw)
		if err != nil {
			return nil, err
		}
		reads, err := m.Reads()
		if err != nil && len(reads) == 0 {
			return nil, err
		}
		answer := reportLine{MessageID: m.ID, Tags: []readLine{}}
		if err != nil {
			broken++
			answer.Error = err.Error()
		}
		for _, r := range reads {
			answer.Tags = append(answer.Tags, readOf(r))
		}
		return answer, nil
	})
	if err == nil && broken > 0 {
		err = fmt.Errorf("%d reports broke off", broken)
	}
	return err
}

func readOf(r rfid.Read) readLine {
	l := readLine{EPC: strings.ToUpper(hex.EncodeToString(r.EPC)), Antenna: r.Antenna, FirstSeen: written(r.FirstSeen), LastSeen: written(r.LastSeen)}
	l.Tag = "epc:" + l.EPC
	if epc, err := gs1.DecodeEPC(r.EPC); err == nil {
		l.URI = epc.URI
	}
	if r.HasRSSI {
		l.RSSIdBm = &r.RSSIdBm
	}
	return l
}
