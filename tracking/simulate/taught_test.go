package simulate

import (
	"testing"

	"wardwatch/tracking/hospital"
)

// Who teaches a room with a gateway of its own hears that one loudest.
func TestATaughtRoomIsHeardLoudestByItsOwnGateway(t *testing.T) {
	drawing := Draw(Small)
	world := NewWorld(drawing, Options{Seed: 3, Start: noon})
	rooms := drawing.TaughtRooms(2)
	if len(rooms) == 0 {
		t.Fatal("there is no room to teach")
	}
	for _, room := range rooms {
		own, steps := 0, world.Taught(room, 150)
		for _, step := range steps {
			loudest := hospital.GatewayID("")
			for id, dbm := range step {
				if loudest == "" || dbm > step[loudest] {
					loudest = id
				}
			}
			for _, g := range drawing.Gateways {
				if g.ID == loudest && g.Room == room {
					own++
				}
			}
		}
		if len(steps) < 120 || own < len(steps)*3/4 {
			t.Errorf("%s: its own gateway is the loudest in %d of %d steps", room, own, len(steps))
		}
	}
	if world.Taught("nowhere", 10) != nil {
		t.Error("a room that is not drawn was taught")
	}
}
