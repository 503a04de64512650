package simulate

import (
	"math"
	"slices"
	"time"

	"wardwatch/tracking/hospital"
)

// air-time of one step: what each gateway has heard and read meanwhile.
type airtime struct {
	packets map[int][]heard // by receiver
	reads   map[int][]labelRead
}

// Step lets d pass and gives the messages that gateways send meanwhile, in order.
// However long d is, each beacon and probe is heard at most once in it; what
// passes a portal is read all the same.
func (w *World) Step(d time.Duration) []Message {
	before := w.now
	w.now = w.now.Add(d)
	air := airtime{packets: map[int][]heard{}, reads: map[int][]labelRead{}}
	for i := range w.walkers {
		w.walk(i, before, &air)
		w.beam(i, &air)
	}
	for i := range w.chillers {
		w.chillers[i].advance(w.now)
		w.probe(i, &air)
	}
	for i := range w.strangers {
		w.stray(&w.strangers[i], &air)
	}
	if !w.greeted {
		w.takeInventory(&air)
	}
	w.takeStock(&air)
	return append(w.greetings(), w.envelopes(&air)...)
}

// walk takes an asset through the step, past whatever portals are on its way.
func (w *World) walk(i int, from time.Time, air *airtime) {
	walker := w.walkers[i]
	if walker.asset.Labelled {
		for at := from.Add(labelEvery); at.Before(w.now); at = at.Add(labelEvery) {
			walker.advance(at, func(int, time.Time) {})
			w.read(i, at, air)
		}
	}
	walker.advance(w.now, func(int, time.Time) {})
	if walker.asset.Labelled {
		w.read(i, w.now, air)
	}
}

// beam broadcasts an asset's tag, if it is time.
func (w *World) beam(i int, air *airtime) {
	asset, b := w.walkers[i].asset, &w.adverts[i]
	if asset.Format == Passive || Silent(*asset) || b.next.After(w.now) {
		return
	}
	room, spot, moving := w.walkers[i].where(w.now)
	b.count++
	battery := batteryAt(uint64(asset.Number), w.now.Sub(w.options.Start).Hours()/24)
	packet := heard{mac: asset.MAC, advert: w.advertOf(*asset, b.count, battery, moving), battery: battery, at: w.now}
	if asset.Format == IBeacon || asset.Format == Eddystone {
		packet.beacon = asset.Identities()[0]
	}
	w.hear(air, packet, uint64(asset.Number), room, spot)
	w.glimpse(asset, packet, room, air)
	b.next = w.after(b.next, every(moving))
}

func every(moving bool) time.Duration {
	if moving {
		return movingEvery
	}
	return stillEvery
}

// after is the next instant of a rhythm that lies in the future.
func (w *World) after(next time.Time, rhythm time.Duration) time.Time {
	next = next.Add(rhythm)
	if next.Before(w.now) {
		return w.now
	}
	return next
}

// advertOf is what an asset's tag says this time.
func (w *World) advertOf(a Asset, count uint32, battery int, moving bool) []byte {
	switch a.Format {
	case IBeacon:
		return advertIBeacon(beaconUUID, beaconMajor, uint16(a.Number))
	case Eddystone:
		if count%10 == 0 {
			return advertEddystoneTLM(milliVolts(battery), count, count*100)
		}
		return advertEddystoneUID(eddystoneNamespace, uint64(a.Number))
	case BTHome:
		return advertBTHomeTag(uint16(count), battery, moving)
	default:
		return advertMinewInfo(battery, a.MAC, "MWB01")
	}
}

// hear gives a packet to every receiver of the house that catches it.
func (w *World) hear(air *airtime, p heard, sender uint64, room int, spot hospital.Point) {
	dead := w.Dead()
	for i, r := range w.receivers {
		if r.gateway.Reads != "" || slices.Contains(dead, r.gateway.ID) || !w.sameHouse(r, room) || math.Abs(float64(r.level-w.house.levels[room])) > 1 {
			continue
		}
		if rssi, ok := r.rssi(w.house, sender, room, spot, w.radio); ok {
			at := p
			at.rssi, at.at = rssi, p.at.Add(w.skew[r.gateway.ID])
			air.packets[i] = append(air.packets[i], at)
		}
	}
}

func (w *World) sameHouse(r *receiver, room int) bool {
	for _, f := range w.drawing.Floors {
		if f.ID == w.house.rooms[room].Floor {
			return f.Building == r.house
		}
	}
	return false
}

// read lets portals read an asset's label as it passes. What stands in a field is
// not read again: readers are set to report a label once.
func (w *World) read(i int, at time.Time, air *airtime) {
	asset, b := w.walkers[i].asset, &w.adverts[i]
	if b.nextRead.After(at) {
		return
	}
	room, spot, moving := w.walkers[i].where(at)
	if !moving {
		return
	}
	for _, p := range w.portals {
		r := w.receivers[p]
		if w.house.rooms[room].Floor != w.house.rooms[r.room].Floor {
			continue
		}
		distance := math.Hypot(spot.X-r.spot.X, spot.Y-r.spot.Y)
		for antenna := 1; antenna <= len(r.gateway.Antennas); antenna++ {
			if r.gateway.Antennas[antenna] == w.house.rooms[room].ID && (distance < portalReach || room == r.room) {
				air.reads[p] = append(air.reads[p], labelRead{epc: asset.EPC(), antenna: antenna,
					rssi: -42 - 3*distance + 2*w.radio.NormFloat64(), at: at.Add(w.skew[r.gateway.ID])})
				b.nextRead = at.Add(labelEvery)
			}
		}
	}
}

// takeInventory is a reader's first round after it was switched on: it reads every
// label in its field, and later only what passes.
func (w *World) takeInventory(air *airtime) {
	for _, p := range w.portals {
		r := w.receivers[p]
		for _, walker := range w.walkers {
			if walker.asset.Labelled && walker.room == r.room && len(walker.legs) == 0 {
				air.reads[p] = append(air.reads[p], labelRead{epc: walker.asset.EPC(), antenna: 1,
					rssi: -55 + 3*w.radio.NormFloat64(), at: w.now.Add(w.skew[r.gateway.ID])})
			}
		}
	}
}

// probe broadcasts a fridge's probe, if it is time.
func (w *World) probe(i int, air *airtime) {
	c, b := w.chillers[i], &w.probes[i]
	if b.next.After(w.now) {
		return
	}
	b.count++
	reading := airOf(c, w.probeBattery(c), uint16(b.count))
	p := heard{mac: c.fridge.Sensor, battery: reading.batteryPct, at: w.now, advert: probeAdvert(c.fridge, reading)}
	w.hear(air, p, uint64(i)<<40, b.room, w.house.centres[b.room])
	b.next = w.after(b.next, probeEvery)
}

func airOf(c *chiller, battery int, counter uint16) air {
	return air{celsius: c.reads(), humidity: humidity(c), batteryPct: battery, counter: counter}
}

func probeAdvert(f Fridge, a air) []byte {
	switch f.Format {
	case BTHomeProbe:
		return advertBTHome(a)
	case MinewProbe:
		return advertMinewProbe(a, f.Sensor)
	default:
		return advertRuuvi5(a, f.Sensor)
	}
}

// stray broadcasts an unknown tag.
func (w *World) stray(s *stranger, air *airtime) {
	if s.next.After(w.now) {
		return
	}
	p := heard{mac: s.mac, at: w.now, advert: advertMinewInfo(88, s.mac, "NEW")}
	w.hear(air, p, uint64(s.room)<<30, s.room, w.house.centres[s.room])
	s.next = w.after(s.next, 3*stillEvery)
}

// greetings are the birth messages of the nodes that have one, once.
func (w *World) greetings() []Message {
	if w.greeted {
		return nil
	}
	w.greeted = true
	var messages []Message
	for _, r := range w.receivers {
		if r.gateway.Make == espresens {
			topic, payload := espresenseStatus(string(r.gateway.ID), true)
			messages = append(messages, Message{Gateway: r.gateway.ID, Topic: topic, Payload: payload, Retain: true, At: w.now})
		}
	}
	return messages
}

// envelopes wraps what each gateway heard as its make does.
func (w *World) envelopes(air *airtime) []Message {
	var messages []Message
	for i, r := range w.receivers {
		g := r.gateway.ID
		say := func(qos byte, topic string, payload []byte) {
			messages = append(messages, Message{Gateway: g, Topic: topic, Payload: payload, QoS: qos, At: w.now})
		}
		switch reads := air.reads[i]; {
		case r.gateway.Make == zebra && len(reads) > 0:
			topic, payload := zebraReads(string(g), reads)
			say(1, topic, payload)
		default:
			for _, read := range reads {
				topic, payload := impinjRead(string(g), read)
				say(1, topic, payload)
			}
		}
		packets := air.packets[i]
		if len(packets) == 0 {
			continue
		}
		switch r.gateway.Make {
		case minew:
			topic, payload := minewLong(string(g), w.now.Add(w.skew[g]), packets)
			say(1, topic, payload)
		case espresens:
			for _, p := range packets {
				topic, payload := espresense(string(g), p)
				say(0, topic, payload)
			}
		case ruuvi:
			for _, p := range packets {
				topic, payload := ruuviGateway(string(g), p)
				say(1, topic, payload)
			}
		case infrared:
			topic, payload := canonicalGlimpses(string(g), packets)
			say(1, topic, payload)
		}
	}
	return messages
}
