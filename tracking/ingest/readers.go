package ingest

import (
	"context"
	"fmt"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest/gateway"
	"wardwatch/tracking/ingest/rfid"
)

// LLRP is the format of readers that we connect to ourselves.
const LLRP gateway.Format = "llrp"

// Reader is an RFID reader at address, host and port, whose reads come in as gateway
// id's. It connects, sets the inventory up, and connects again, for as long as its Run runs.
func (in *Intake) Reader(id hospital.GatewayID, address string) *rfid.Reader {
	message := func(at time.Time) gateway.Message {
		return gateway.Message{Gateway: id, ReceivedAt: at, Source: "llrp"}
	}
	take := func(b gateway.Batch, at time.Time) {
		b.Format, b.Gateway = LLRP, id
		// Sightings never wait, so there is nothing to be sent back.
		if err := in.TakeBatch(context.Background(), id, message(at), b, func(Receipt, error) {}); err != nil {
			in.Log.Error("reads were not taken", "gateway", id, "error", err)
		}
	}
	return &rfid.Reader{Address: address, Now: in.Now,
		Heard: func(reads []rfid.Read, at time.Time) { take(batchOf(id, reads, at), at) },
		Refused: func(why error) {
			in.meters.refused.WithLabelValues("record").Inc()
			in.Book.Refuse(Refusal{At: in.Now(), Gateway: id, Source: "llrp", Records: 1, Reason: why.Error()})
		},
		Changed: func(why error) {
			if why == nil {
				in.Log.Info("connected to a reader", "gateway", id, "address", address)
				take(gateway.Batch{Status: gateway.Online}, in.Now())
				return
			}
			in.Log.Warn("no connection to a reader; trying again", "gateway", id, "address", address, "error", why)
			in.Book.Link(id, gateway.Offline)
			in.Book.Refuse(Refusal{At: in.Now(), Gateway: id, Source: "llrp", Records: 1, Reason: fmt.Sprintf("no connection to %s: %v", address, why)})
		}}
}

// batchOf are reads as sightings. The time is when the tag was last seen, or else first.
func batchOf(id hospital.GatewayID, reads []rfid.Read, at time.Time) gateway.Batch {
	var b gateway.Batch
	for i, r := range reads {
		tag, err := rfid.Tag(r.EPC)
		if err != nil {
			b.Refused = append(b.Refused, gateway.Refused{Record: i, Reason: "the EPC is longer than a tag can hold"})
			continue
		}
		s := tracking.Sighting{Tag: tag, Gateway: id, Antenna: r.Antenna, RSSIdBm: float64(r.RSSIdBm), HasRSSI: r.HasRSSI,
			At: r.LastSeen, ReceivedAt: at, BatteryPct: tracking.NoBattery}
		if s.At.IsZero() {
			s.At = r.FirstSeen
		}
		b.Sightings, b.SightingOf = append(b.Sightings, s), append(b.SightingOf, i)
	}
	return b
}
