package simulate

import (
	"math/rand/v2"

	"wardwatch/tracking/hospital"
)

// Taught is what gateways hear of a tag that somebody carries about a room to teach
// it: the strengths in dBm by gateway, step by step. Steps in which nobody hears it
// are left out. Nil for a room that is not of the drawing.
func (w *World) Taught(room hospital.RoomID, steps int) []map[hospital.GatewayID]float64 {
	at, known := w.house.index[room]
	if !known {
		return nil
	}
	radio := rand.New(rand.NewPCG(uint64(at), uint64(steps))) // its own: the world goes on as without it
	middle := w.house.centres[at]
	var heard []map[hospital.GatewayID]float64
	for range steps {
		step := make(map[hospital.GatewayID]float64)
		spot := hospital.Point{X: middle.X + radio.Float64()*2 - 1, Y: middle.Y + radio.Float64()*2 - 1}
		for _, r := range w.receivers {
			if r.gateway.Reads != "" || !w.sameHouse(r, at) || max(r.level-w.house.levels[at], w.house.levels[at]-r.level) > 1 {
				continue
			}
			if dbm, ok := r.rssi(w.house, 1, at, spot, radio); ok {
				step[r.gateway.ID] = float64(int(dbm))
			}
		}
		if len(step) > 0 {
			heard = append(heard, step)
		}
	}
	return heard
}

// TaughtRooms are those that the made-up engineer has taught: the first clean
// utilities with a gateway of their own, where pumps wait.
func (d *Drawing) TaughtRooms(most int) []hospital.RoomID {
	var rooms []hospital.RoomID
	for _, g := range d.Gateways {
		room, _ := d.Room(g.Room)
		if len(rooms) < most && g.Reads == "" && room.Kind == hospital.CleanUtility {
			rooms = append(rooms, room.ID)
		}
	}
	return rooms
}
