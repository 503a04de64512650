package ingest

import (
	"fmt"
	"strings"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest/gateway"
)

// FutureTolerance is how far ahead of our clock a corrected time may lie. A little
// is a clock's unrest; more is a device that would write tomorrow's record today.
const FutureTolerance = 2 * time.Minute

// sorting is one message being sorted into what is taken and what is refused.
type sorting struct {
	intake  *Intake
	message gateway.Message
	batch   *gateway.Batch
	from    hospital.GatewayID

	sightings []tracking.Sighting
	readings  []coldchain.Reading
	origins   []gateway.Origin
	signs     []coldchain.Sign
	receipt   Receipt
	refused   refusals

	// what is known of the gateway that was looked up last
	named, resolved hospital.GatewayID
	mayNotSay       string
	offset          time.Duration
}

// check sorts the records. It is an error when the message as a whole speaks for
// another gateway.
func (s *sorting) check() error {
	speaker, fault := s.speaker(s.batch.Gateway)
	if fault != "" && s.batch.Gateway != "" { // else each record must name its own
		s.intake.refuseForeign(s, fault)
		return fmt.Errorf("%w: %s", ErrForeign, fault)
	}
	s.batch.Gateway = speaker
	s.offset = s.intake.clocks.Offset(speaker, s.batch.SentAt, s.message.ReceivedAt)
	for _, r := range s.batch.Refused {
		s.reject(r.Record, r.Reason)
	}
	s.sightings = s.batch.Sightings[:0]
	for i := range s.batch.Sightings {
		s.sighting(&s.batch.Sightings[i], s.batch.SightingOf[i])
	}
	s.readings, s.origins = s.batch.Readings[:0], s.batch.ReadingOf[:0]
	for i := range s.batch.Readings {
		s.reading(&s.batch.Readings[i], s.batch.ReadingOf[i])
	}
	if s.intake.Signs != nil {
		s.signs = s.batch.Signs[:0]
		for _, sign := range s.batch.Signs {
			s.sign(sign)
		}
	}
	return nil
}

// weight is how much of the room the message takes.
func (s *sorting) weight() int64 { return int64(len(s.readings) + len(s.signs)) }

// sign takes a sign of a gateway that may speak; one that may not has its readings refused.
func (s *sorting) sign(sign coldchain.Sign) {
	speaker, fault := s.speaker(sign.Gateway)
	at := s.corrected(sign.At)
	if fault != "" || s.tooEarly(at) != "" {
		return
	}
	sign.Gateway, sign.At = speaker, at
	s.signs = append(s.signs, sign)
}

// speaker is the hospital's name of a gateway that a message names; a fault when the
// sender may not speak for it. A token speaks for its own gateway alone; a program's
// token for every gateway of the hospital.
func (s *sorting) speaker(named hospital.GatewayID) (hospital.GatewayID, string) {
	if named == s.named && named != "" {
		return s.resolved, s.mayNotSay
	}
	s.named, s.mayNotSay = named, ""
	s.resolved = s.intake.Book.resolve(s.intake.Register.Current(), named)
	switch {
	case s.from == "" && named == "":
		s.mayNotSay = "the message names no gateway, and the token is not a gateway's"
	case s.from != "" && named != "" && s.resolved != s.intake.Book.resolve(s.intake.Register.Current(), s.from):
		s.mayNotSay = fmt.Sprintf("the token of gateway %s may not speak for %s", s.from, named)
	}
	return s.resolved, s.mayNotSay
}

func (s *sorting) sighting(heard *tracking.Sighting, record int) {
	speaker, fault := s.speaker(heard.Gateway)
	at := s.corrected(heard.At)
	if fault == "" {
		fault = s.tooEarly(at)
	}
	if fault != "" {
		s.reject(record, fault)
		return
	}
	heard.Gateway, heard.At = speaker, at
	s.sightings = append(s.sightings, *heard)
}

func (s *sorting) reading(r *coldchain.Reading, origin gateway.Origin) {
	speaker, fault := s.speaker(r.Gateway)
	at := s.corrected(r.MeasuredAt)
	if fault == "" {
		fault = s.tooEarly(at)
	}
	if fault != "" {
		s.reject(origin.Record, fault)
		return
	}
	r.Gateway = speaker
	if !at.Equal(r.MeasuredAt) {
		r.DeviceAt = r.MeasuredAt
	}
	r.MeasuredAt = at
	if at.IsZero() {
		r.MeasuredAt = r.ReceivedAt
	}
	if s.intake.seen.has(*r, origin.Counter) {
		s.receipt.Duplicates++
		s.intake.meters.readings.WithLabelValues(string(coldchain.Duplicate)).Inc()
		return
	}
	s.readings, s.origins = append(s.readings, *r), append(s.origins, origin)
}

// corrected is a device's time by our clock; zero stays zero.
func (s *sorting) corrected(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	return at.Add(s.offset)
}

func (s *sorting) tooEarly(at time.Time) string {
	ahead := at.Sub(s.message.ReceivedAt)
	if at.IsZero() || ahead <= FutureTolerance {
		return ""
	}
	return fmt.Sprintf("dated in the future: %s is %s after it arrived", at.UTC().Format(time.RFC3339), spoken(ahead))
}

// spoken is a duration as people say it: "3 h 20 min", "41 days".
func spoken(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%d days", d/day)
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}

func (s *sorting) reject(record int, reason string) {
	s.receipt.Rejected = append(s.receipt.Rejected, Rejected{Index: record, Reason: reason})
	s.refused.add(reason)
	s.intake.meters.refused.WithLabelValues("record").Inc()
}

// note tells the book what came.
func (s *sorting) note() {
	in := s.intake
	in.meters.messages.WithLabelValues(s.message.Source, string(s.batch.Format)).Inc()
	in.meters.sightings.Add(float64(len(s.sightings)))
	in.Book.heard(heard{gateway: s.batch.Gateway, at: s.message.ReceivedAt, format: s.batch.Format, status: s.batch.Status,
		sentAt: s.batch.SentAt, offset: s.offset, sightings: len(s.sightings), readings: len(s.readings), refused: len(s.receipt.Rejected)})
	for _, r := range s.refused.list {
		in.Book.Refuse(Refusal{At: s.message.ReceivedAt, Gateway: s.batch.Gateway, Source: s.message.Source, Topic: s.message.Topic,
			Reason: r.reason, Records: r.records, Sample: sample(s.message.Body)})
	}
	if _, known := in.Register.Current().Gateway(s.batch.Gateway); !known && s.batch.Gateway != "" {
		in.Book.Stranger(Stranger{Kind: GatewayStranger, ID: string(s.batch.Gateway), LastHeard: s.message.ReceivedAt,
			Says: "sends " + string(s.batch.Format) + " with a token of its own"})
	}
	in.strangers(s.sightings)
}

// strangers lists tags that nobody has enrolled.
func (in *Intake) strangers(sightings []tracking.Sighting) {
	if in.Enrolled == nil {
		return
	}
	for i := range sightings {
		s := &sightings[i]
		if in.isEnrolled(s) || in.goods(s) {
			continue
		}
		says := ""
		if s.HasRSSI {
			says = fmt.Sprintf("%.0f dBm", s.RSSIdBm)
		}
		in.Book.Stranger(Stranger{Kind: TagStranger, ID: s.Tag, Gateway: s.Gateway, LastHeard: s.ReceivedAt, Says: says})
	}
}

// sgtin96 begins an EPC that numbers a trade item, a box on a shelf: GS1 TDS 2.1 §14.6.1.
const sgtin96 = "epc:30"

// goods are boxes that a cabinet's reader counts: no equipment, and none to adopt.
func (in *Intake) goods(s *tracking.Sighting) bool {
	reader, _ := in.Register.Current().Gateway(s.Gateway)
	return reader.Reads == hospital.ReadsCabinet && strings.HasPrefix(s.Tag, sgtin96)
}

func (in *Intake) isEnrolled(s *tracking.Sighting) bool {
	if in.Enrolled.Enrolled(s.Tag) {
		return true
	}
	for _, also := range s.Also {
		if in.Enrolled.Enrolled(also) {
			return true
		}
	}
	return false
}

// refuseForeign notes a message that spoke for another gateway.
func (in *Intake) refuseForeign(s *sorting, fault string) {
	in.meters.refused.WithLabelValues("foreign gateway").Inc()
	in.Book.Refuse(Refusal{At: s.message.ReceivedAt, Gateway: s.from, Source: s.message.Source, Topic: s.message.Topic,
		Reason: fault, Records: 1, Sample: sample(s.message.Body)})
	if _, known := in.Register.Current().Gateway(s.resolved); !known && s.named != "" {
		in.Book.Stranger(Stranger{Kind: GatewayStranger, ID: string(s.named), Gateway: s.from, LastHeard: s.message.ReceivedAt,
			Says: "named by the token of " + string(s.from)})
	}
}

// refusals counts records by reason.
type refusals struct {
	list []struct {
		reason  string
		records int
	}
}

// maxReasons is how many different reasons of one message are noted.
const maxReasons = 8

func (r *refusals) add(reason string) {
	for i := range r.list {
		if r.list[i].reason == reason {
			r.list[i].records++
			return
		}
	}
	if len(r.list) < maxReasons {
		r.list = append(r.list, struct {
			reason  string
			records int
		}{reason, 1})
	}
}
