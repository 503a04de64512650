package tracking

import (
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/locate"
)

// Silence says how fresh an asset's place is, and why it is not: a silent tag, a
// flat battery and an offline gateway are three different things.
type Silence string

// The words, freshest first.
const (
	Fresh          Silence = "fresh"           // heard within the last minute
	Ageing         Silence = "ageing"          // within ten
	TagSilent      Silence = "tag silent"      // its gateways hear others, but not it
	FlatBattery    Silence = "flat battery"    // it fell silent after its battery ran low
	GatewayOffline Silence = "gateway offline" // the gateway that heard it stopped when it did
	TakenOut       Silence = "taken out"       // the cabinet that read it reads the others, but not it
	NeverHeard     Silence = "never heard"
)

// Limits of freshness.
const (
	FreshFor = time.Minute
	LostFor  = 10 * time.Minute
	// OutFor is after how long a cabinet that goes on reading misses an asset.
	OutFor = 2 * time.Minute
	// QuietGateway is after how long without a word a gateway counts as offline.
	QuietGateway = 2 * time.Minute
	// LowBatteryPct is the charge at which a tag may fall silent any day.
	LowBatteryPct = 10
	// together is how near in time a tag and its gateway fall silent for the same cause.
	together = 3 * time.Minute
)

// GatewayHeard answers when a gateway last said anything; zero for never.
type GatewayHeard func(hospital.GatewayID) time.Time

// Lost says whether the place is no longer current.
func (s Silence) Lost() bool {
	return s == TagSilent || s == TakenOut || s == FlatBattery || s == GatewayOffline || s == NeverHeard
}

// Sentence is the silence in words; empty while the place is current.
func (s Silence) Sentence() string {
	switch s {
	case TagSilent:
		return "The tag is silent: gateways near its last place hear other tags, but not this one."
	case FlatBattery:
		return "The tag's battery was almost empty when it fell silent. Replace it."
	case GatewayOffline:
		return "The gateway that heard it is offline. The asset is probably still where it was."
	case TakenOut:
		return "It was taken out: the cabinet's reader reads what stands in it, but not this asset."
	case NeverHeard:
		return "No gateway has heard this asset's tag yet."
	}
	return ""
}

// seenOnce says whether the place rests on one read or one look, which silence does not unsay.
func (p Place) seenOnce() bool { return restsOnOneRead(p.Why) }

func restsOnOneRead(why string) bool {
	return why == locate.RoomRead.String() || why == locate.Confirmed.String()
}

// SilenceOf judges a place at a time. What a reader at a door or a person saw
// only ages: a passive label answers in the reader's field alone, and nobody
// stands beside an asset to see it again.
func SilenceOf(p Place, at time.Time, heard GatewayHeard) Silence {
	if p.SeenAt.IsZero() {
		return NeverHeard
	}
	age := at.Sub(p.SeenAt)
	switch {
	case p.seenOnce() && !p.GoneAt.IsZero():
		return TakenOut
	case age < FreshFor:
		return Fresh
	case age < LostFor, p.seenOnce():
		return Ageing
	}
	if gateway := heard(p.Gateway); p.Gateway != "" && at.Sub(gateway) > QuietGateway && gateway.Sub(p.SeenAt) < together {
		return GatewayOffline
	}
	if p.BatteryPct != NoBattery && p.BatteryPct <= LowBatteryPct {
		return FlatBattery
	}
	return TagSilent
}
