package simulate

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// Readers that cover one room and nothing else: an RFID cabinet that counts what
// lies in it again and again, and an infrared receiver by a bed, whose light does
// not pass the wall. Neither says how loud it hears.

const (
	// stockEvery is how often a cabinet's reader counts what lies in it.
	stockEvery = 30 * time.Second
	// stockStamp is how Zebra's readers write an instant.
	stockStamp = "2006-01-02T15:04:05.000-0700"
)

// hangReaders puts the RFID cabinet where the endoscopes dry, and an infrared
// receiver in the room where a ventilator must not be taken for its neighbour's.
func (d *Drawing) hangReaders() {
	if room, ok := d.first("Instrument store", "Equipment library"); ok {
		d.hang(zebra, room)
	}
	if room, ok := d.first("ICU bed 1", "Resus 1"); ok {
		d.hang(infrared, room)
	}
}

// first is the first room that bears one of the names, the names in their order.
func (d *Drawing) first(names ...string) (hospital.Room, bool) {
	for _, name := range names {
		for _, room := range d.Rooms {
			if room.Name == name {
				return room, true
			}
		}
	}
	return hospital.Room{}, false
}

// cabinetRoom is where the RFID cabinet stands; empty in a house without one.
func (d *Drawing) cabinetRoom() hospital.RoomID {
	i := slices.IndexFunc(d.Gateways, func(g hospital.Gateway) bool { return g.Reads == hospital.ReadsCabinet })
	if i < 0 {
		return ""
	}
	return d.Gateways[i].Room
}

// takenAfter is how soon after the start somebody takes the first endoscope out.
const takenAfter = 20 * time.Second

// emptyCabinet has one of what lies in the cabinet taken out soon: two minutes later
// the reader, which goes on counting, says so.
func (w *World) emptyCabinet() {
	for _, walker := range w.walkers {
		if walker.asset.habit.rests == nil && walker.doing == resting && len(walker.legs) == 0 {
			walker.until = w.options.Start.Add(takenAfter)
			return
		}
	}
}

// takeStock has the cabinets' readers read every label that lies in them.
func (w *World) takeStock(air *airtime) {
	if w.nextStock.After(w.now) {
		return
	}
	w.nextStock = w.after(w.nextStock, stockEvery)
	for _, c := range w.cabinets {
		r := w.receivers[c]
		for _, walker := range w.walkers {
			kept := walker.asset.Format == Passive && walker.asset.Home == r.gateway.Room
			if kept && walker.room == r.room && len(walker.legs) == 0 {
				air.reads[c] = append(air.reads[c], labelRead{epc: walker.asset.EPC(), antenna: 1,
					rssi: -48 + 3*shade(uint64(walker.asset.Number), uint64(r.room)), at: w.now.Add(w.skew[r.gateway.ID])})
			}
		}
	}
}

// glimpse has infrared receivers see a tag that blinks in their room: those that
// say whether they move blink too.
func (w *World) glimpse(asset *Asset, p heard, room int, air *airtime) {
	if asset.Format != BTHome {
		return
	}
	for _, i := range w.infrared {
		if r := w.receivers[i]; r.room == room {
			p.at = p.at.Add(w.skew[r.gateway.ID])
			air.packets[i] = append(air.packets[i], p)
		}
	}
}

type zebraEvent struct {
	Type      string    `json:"type"`
	Timestamp string    `json:"timestamp"`
	Data      zebraData `json:"data"`
}

type zebraData struct {
	EventNum int     `json:"eventNum"`
	Format   string  `json:"format"`
	IDHex    string  `json:"idHex"`
	Antenna  int     `json:"antenna"`
	PeakRSSI float64 `json:"peakRssi"`
}

// zebraReads is one count of a fixed reader: an object a label, joined without a comma.
func zebraReads(gateway string, reads []labelRead) (topic string, payload []byte) {
	var body bytes.Buffer
	for i, r := range reads {
		body.Write(mustJSON(zebraEvent{Type: "SIMPLE", Timestamp: r.at.UTC().Format(stockStamp),
			Data: zebraData{EventNum: i + 1, Format: "epc", IDHex: strings.ToLower(r.epc), Antenna: r.antenna, PeakRSSI: hundredths(r.rssi)}}))
	}
	return "zebra/" + gateway + "/data", body.Bytes()
}

type glimpsed struct {
	Tag string `json:"tag"`
	At  string `json:"at"`
}

// canonicalGlimpses is what a receiver without a format of its own says in ours.
func canonicalGlimpses(gateway string, packets []heard) (topic string, payload []byte) {
	body := struct {
		Sightings []glimpsed `json:"sightings"`
	}{}
	for _, p := range packets {
		body.Sightings = append(body.Sightings, glimpsed{Tag: p.mac, At: p.at.UTC().Format(time.RFC3339Nano)})
	}
	return "wardwatch/v1/" + gateway + "/sightings", mustJSON(body)
}
