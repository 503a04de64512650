package tracking

import (
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/locate"
)

// held is a Place as a shard holds it: ten thousands of them, so times are epoch milliseconds
// (zero: never) and the floor is the room's. Who doubted it is told from storage.
type held struct {
	room    hospital.RoomID
	second  hospital.RoomID
	why     string
	gateway hospital.GatewayID

	sinceMS, storedMS, batteryMS, goneMS, doubtedMS int64 // storedMS is the SeenAt that was stored

	confidence, secondConfidence float32
	heard                        uint8
	batteryPct                   int8
}

func hold(p Place) held {
	return held{room: p.Room, second: p.Second, why: p.Why, gateway: p.Gateway, sinceMS: msOf(p.Since),
		storedMS: msOf(p.SeenAt), batteryMS: msOf(p.BatteryAt), goneMS: msOf(p.GoneAt), doubtedMS: msOf(p.DoubtedAt),
		confidence: float32(p.Confidence), secondConfidence: float32(p.SecondConfidence),
		heard: uint8(min(p.Heard, locate.MaxHeard)), batteryPct: int8(p.BatteryPct)}
}

// place is what is stored of an asset.
func (h *held) place(b *book) Place {
	return Place{Room: h.room, Floor: b.floorOf(h.room), Since: timeOf(h.sinceMS), SeenAt: timeOf(h.storedMS),
		Confidence: float64(h.confidence), Second: h.second, SecondConfidence: float64(h.secondConfidence),
		Why: h.why, Heard: int(h.heard), Gateway: h.gateway, BatteryPct: int(h.batteryPct), BatteryAt: timeOf(h.batteryMS),
		GoneAt: timeOf(h.goneMS)}
}

// doubted says whether radio has not decided anew since a person did not find the asset.
func (h *held) doubted() bool { return h.doubtedMS != 0 && h.confidence == 0 }

// byOneRead is Place.seenOnce.
func (h *held) byOneRead() bool { return restsOnOneRead(h.why) }

func msOf(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMilli()
}

func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
