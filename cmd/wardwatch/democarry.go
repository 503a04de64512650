package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/notify"
	"wardwatch/tracking/simulate"
	"wardwatch/views"
)

// What the made-up hospital has of carriers, of an emergency move and of a closed case.
const (
	carrierID    = "c-01"
	carrierProbe = "c2a9770000c1"
	boxID        = "BOX-1"
	// standing is a probe that somebody left in the last fridge and that stands still.
	standing = "c2a9770000f1"
	// carriedFrom failed two weeks ago, and what it held was carried away in the box.
	carriedFrom = "f-11"
	// caseOf is the fridge whose case two people have closed.
	caseOf = "f-04"
	// standbyEvery is how often the probes that the world does not know of are heard.
	standbyEvery = 5 * time.Minute
)

// withCarrier adds a vaccine carrier with its tagged box, and a second probe in a fridge.
func withCarrier(doc *document.Document) {
	doc.Assets = append(doc.Assets, document.Asset{ID: boxID, Kind: "cold box", Name: "Cold box 1", Model: "Polar box 12", Tags: []document.Tag{{ID: "c2a9770000b1"}}})
	last := &doc.Fridges[len(doc.Fridges)-1]
	last.Sensors = append(last.Sensors, document.Sensor{ID: standing, Name: "old probe at the door"})
	doc.Fridges = append(doc.Fridges, document.Fridge{ID: carrierID, Name: "Vaccine carrier 1", Profile: "who-shipping", Model: "Polar box 12", Sensors: []document.Sensor{{ID: carrierProbe, Name: "probe in the lid"}}})
}

// carrierAgenda are two trips that have ended, one that goes on, and a probe that stands still.
func (f *fridges) carrierAgenda() []event {
	at := func(before time.Duration, do func(context.Context) error) event {
		return event{f.start.Add(-before), do}
	}
	agenda := []event{at(29*24*time.Hour, f.policy(true, "trial: released by two")), at(24*time.Hour, f.policy(false, "trial over; the committee decides in spring")), at(time.Minute, f.standStill)}
	for day := range 4 {
		agenda = append(agenda, at(time.Duration(day)*24*time.Hour+5*time.Hour, f.morningRound))
	}
	for _, t := range []struct {
		ago, length time.Duration
		purpose, to string
		room        string
	}{{75 * time.Hour, 50 * time.Minute, "20 doses for the children's ward", "Children's ward", "f-12"}, {26 * time.Hour, 35 * time.Minute, "Insulin for intensive care", "ICU medicine room", "f-10"},
		{25 * time.Minute, 0, "Vaccines for the staff clinic", "Dispensary", "f-04"}} {
		agenda = append(agenda, at(t.ago, func(ctx context.Context) error { return f.tripOut(ctx, t.purpose, t.to) }),
			at(t.ago-10*time.Minute, func(ctx context.Context) error { return f.boxIn(ctx, f.roomOf(t.room)) }))
		for since := time.Duration(0); since <= max(t.length, 20*time.Minute); since += standbyEvery {
			agenda = append(agenda, at(t.ago-since-time.Second, func(ctx context.Context) error { return f.hear(ctx, carrierProbe, carrierCelsius(f.clock.Now())) }))
		}
		if t.length > 0 {
			agenda = append(agenda, at(t.ago-t.length, f.tripIn))
		}
	}
	return agenda
}

// morningRound has a nurse look at the vaccine fridge.
func (f *fridges) morningRound(ctx context.Context) error {
	_, err := f.monitor.Look(ctx, f.actor(hospital.Nurse), coldchain.FridgeID(f.drawing.Fridges[0].ID), "")
	if errors.Is(err, hospital.ErrInvalid) {
		return nil // it was not in range: the pharmacist sees to it
	}
	return err
}

// carrierCelsius is a box with cool packs: it warms a little and is never quite even.
func carrierCelsius(at time.Time) float64 {
	return 4.4 + float64(at.Minute()%20)/20
}

func (f *fridges) policy(second bool, why string) func(context.Context) error {
	return func(ctx context.Context) error {
		return f.monitor.SetPolicy(ctx, f.actor(hospital.Pharmacist), coldchain.Policy{SecondRelease: second, ChecksADay: 1}, why)
	}
}

// roomOf is where a fridge of the drawing stands; the first one's room where there is no such fridge.
func (f *fridges) roomOf(fridge string) hospital.RoomID {
	for _, one := range f.drawing.Fridges {
		if one.ID == fridge {
			return one.Room
		}
	}
	return f.drawing.Fridges[0].Room
}

func (f *fridges) hear(ctx context.Context, sensor string, celsius float64) error {
	_, err := f.monitor.Observe(ctx, []coldchain.Reading{{Sensor: sensor, Temp: coldchain.FromCelsius(celsius), MeasuredAt: f.clock.Now(), Source: "mqtt"}})
	return err
}

// tripOut has the carrier set out from the pharmacy.
func (f *fridges) tripOut(ctx context.Context, purpose, to string) error {
	if err := f.boxIn(ctx, f.roomOf("f-03")); err != nil {
		return err
	}
	_, err := f.monitor.StartTrip(ctx, f.actor(hospital.Pharmacist), carrierID, coldchain.TripPlan{Asset: boxID, Purpose: purpose, To: to})
	return err
}

// tripIn ends the trip that runs.
func (f *fridges) tripIn(ctx context.Context) error {
	trips, err := f.monitor.Trips(ctx, carrierID, 1)
	if err != nil || len(trips) == 0 {
		return err
	}
	_, err = f.monitor.EndTrip(ctx, f.actor(hospital.Nurse), trips[0].ID, "All vials whole, cool packs still hard.")
	return err
}

// boxIn has the readers hear the tagged box in a room.
func (f *fridges) boxIn(ctx context.Context, id hospital.RoomID) error {
	room, _ := f.register.Current().Room(id)
	return db.Equipment{DB: f.together}.InTx(ctx, func(tx tracking.Tx) error {
		now := f.clock.Now()
		place := tracking.Place{Room: room.ID, Floor: room.Floor, Since: now, SeenAt: now, Confidence: 0.93, Why: "radio", BatteryPct: tracking.NoBattery}
		if err := tx.SetPlace(ctx, boxID, place); err != nil {
			return err
		}
		return tx.AddMove(ctx, tracking.Move{Asset: boxID, Kind: tracking.Arrival, To: room.ID, ToFloor: room.Floor, At: now, Confidence: 0.93, Why: "radio"})
	})
}

// standStill has a probe tell the same value for half a day: it is flagged, and rings nobody.
func (f *fridges) standStill(ctx context.Context) error {
	var readings []coldchain.Reading
	for ago := 14 * time.Hour; ago > 0; ago -= 2 * standbyEvery {
		readings = append(readings, coldchain.Reading{Sensor: standing, Temp: 4_200, MeasuredAt: f.clock.Now().Add(-ago), ReceivedAt: f.clock.Now().Add(-ago), Source: "mqtt"})
	}
	_, err := f.monitor.Observe(ctx, readings)
	return err
}

// setOut carries what the failing fridge holds to the nearest one that is in range, in the tagged box.
func (f *fridges) setOut(ctx context.Context) error {
	running, err := f.monitor.Excursions(ctx, carriedFrom, 1)
	if err != nil || len(running) == 0 || f.carried.ID > 0 {
		return err
	}
	held, err := f.stock.Store.HoldsOf(ctx, running[0].ID)
	if err != nil {
		return err
	}
	refuges, err := f.monitor.Refuges(ctx, carriedFrom, f.clock.Now())
	if err != nil || len(refuges) == 0 {
		return err
	}
	to := refuges[0].Fridge.ID
	c := inventory.Carry{Excursion: running[0].ID, From: carriedFrom, To: to, Place: inventory.PlaceID(to), Box: boxID}
	for _, h := range held {
		if h.Waiting > 0 {
			c.Lines = append(c.Lines, inventory.CarryLine{Item: h.Item, Lot: h.Lot, Place: h.Place, Quantity: h.Waiting})
		}
	}
	if len(c.Lines) == 0 {
		return nil
	}
	if c.ID, err = f.stock.StartCarry(ctx, f.actor(hospital.Nurse), c); err != nil {
		return err
	}
	f.carried, f.carriedTo = c, f.clock.Now().Add(9*time.Minute)
	return nil
}

// arrive has the readers hear the box where it was carried to: that books it.
func (f *fridges) arrive(ctx context.Context) error {
	if f.carriedTo.IsZero() || f.clock.Now().Before(f.carriedTo) {
		return nil
	}
	f.carriedTo = time.Time{}
	room := f.roomOf(string(f.carried.To))
	if err := f.boxIn(ctx, room); err != nil {
		return err
	}
	porter := &inventory.Porter{Stock: f.stock, Where: db.Fridges{DB: f.together}, Register: f.register, Now: f.clock.Now,
		Room: func(context.Context, coldchain.FridgeID) (hospital.RoomID, error) { return room, nil },
		Arrived: func(ctx context.Context, c inventory.Carry, in hospital.Room) error {
			return f.monitor.TakeStep(ctx, hospital.Job("tagged boxes"), c.Excursion, coldchain.StepMoved, "Carried to "+c.PlaceName+"; its box "+c.Box+" was heard in "+in.Name+".")
		}}
	_, err := porter.Look(ctx)
	return err
}

// checklist notes what was done about the excursion that an alarm rang for.
func (f *fridges) checklist(ctx context.Context, alarm notify.Alarm) error {
	fridge, is := strings.CutPrefix(alarm.Subject, "fridge/")
	all, err := f.monitor.Excursions(ctx, coldchain.FridgeID(fridge), 10)
	if err != nil || !is {
		return err
	}
	_, cause := causeOf(alarm)
	for _, e := range all {
		if !e.Rang(alarm) {
			continue
		}
		notes := map[coldchain.Step]string{coldchain.StepMoved: "Nothing was moved: it was cold again before the box was packed.", coldchain.StepMaker: "Medical information line called; answer by e-mail, in the file.", coldchain.StepCause: cause}
		for _, step := range coldchain.Steps() {
			if step == coldchain.StepMoved && fridge == carriedFrom {
				continue // its box told of itself
			}
			if err := f.monitor.TakeStep(ctx, f.actor(hospital.Pharmacist), e.ID, step, notes[step]); err != nil {
				return err
			}
		}
	}
	return nil
}

// coldDelivery attaches the logger that came with a delivery to its order.
func (s *shelves) coldDelivery(ctx context.Context) error {
	orders, err := s.orders.Orders(ctx, reorder.Closed, 100)
	if err != nil {
		return err
	}
	for _, o := range orders {
		if o, err = s.orders.FindOrder(ctx, o.Number); err != nil {
			return err
		}
		if !slices.ContainsFunc(o.Lines, func(l reorder.Line) bool { return s.cold(l.Item.ID) }) {
			continue
		}
		file, points := "time,celsius\n", []coldchain.Point(nil)
		for minute := range 36 {
			p := coldchain.Point{At: o.ClosedAt.Add(time.Duration(5*minute-180) * time.Minute).Truncate(time.Minute), Temp: coldchain.MilliCelsius(4_000 + 100*(minute%9))}
			points = append(points, p)
			file += fmt.Sprintf("%s,%.1f\n", p.At.UTC().Format(time.RFC3339), p.Temp.Celsius())
		}
		_, err := s.stock.Deliver(ctx, s.actor(hospital.SupplyManager), inventory.Delivery{Ref: "order/" + o.Number, Source: "file PDL-0417.csv", Note: "Cool box sealed, logger 417",
			Travelled: coldchain.TravelledBy(coldchain.Refrigerator(), points), File: []byte(file)})
		return err
	}
	return nil
}

func (s *shelves) cold(id inventory.ItemID) bool {
	return slices.ContainsFunc(s.drawing.Items, func(i simulate.Item) bool { return i.ID == string(id) && i.Storage == "refrigerator" })
}

// second is the other made-up person who works as a role.
func (d *demo) second(role hospital.Role) hospital.Actor {
	for _, person := range slices.Backward(d.drawing.People) {
		if slices.Contains(person.Roles, role) {
			return person.Actor()
		}
	}
	return d.actor(role)
}

// standbyProbes are the carrier's probe and the one that stands still, as a gateway passes them on.
func (d *demo) standbyProbes() []simulate.Message {
	now := d.world.Now()
	if now.Before(d.standby) {
		return nil
	}
	d.standby = now.Add(standbyEvery)
	for _, g := range d.drawing.Gateways {
		if slices.Contains(d.world.Dead(), g.ID) {
			continue
		}
		body := fmt.Appendf(nil, `{"readings":[{"sensor":%q,"celsius":%.2f,"at":%d},{"sensor":%q,"celsius":4.2,"at":%d}]}`, carrierProbe, carrierCelsius(now), now.UnixMilli(), standing, now.UnixMilli())
		return []simulate.Message{{Gateway: g.ID, Topic: "wardwatch/v1/" + string(g.ID) + "/readings", Payload: body, QoS: 1, At: now}}
	}
	return nil
}

// closeCase has the pharmacist close and sign the case of a fridge, as the page does it: what
// two people released is signed for by a third deed.
func (d *demo) closeCase(ctx context.Context) error {
	all, err := d.house.monitor.Excursions(ctx, caseOf, 1)
	if err != nil || len(all) == 0 {
		return err
	}
	form := url.Values{views.SignPassword: {demoPassword}}
	address := "http://" + d.house.pages.Addr().String()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("%s/excursions/%d/close", address, all[0].ID), strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", address)
	r.Header.Set("Cookie", "wardwatch-demo-role="+string(hospital.Pharmacist))
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || answer.Body.Close() != nil || answer.StatusCode != http.StatusSeeOther {
		d.log.Debug("the made-up pharmacist did not close her case", "error", err)
	}
	return nil
}
