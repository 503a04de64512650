package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/supplier"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/simulate"
)

// What the made-up supply department has beside its shelves: an RFID cabinet for what is
// dear, out of which packs were taken, and a supplier's answer that departs from its order.
const (
	stockReader  = "cabinet-dispensary"
	stockCabinet = "cabinet-1"
	// taggedPacks lie in the cabinet; of them takenBefore were taken before the first page.
	taggedPacks, takenBefore = 6, 2
	// ofEach is how many packs of one item are put in.
	ofEach = 2
	// takenLive is taken out while somebody watches, and brought back.
	takenLive, backAfter = 20 * time.Second, 6 * time.Minute
	// cabinetEvery is how often the reader counts.
	cabinetEvery = 10 * time.Second
	// laterBy is by how many days the supplier delivers later than was expected.
	laterBy = 6
)

// hangCabinet hangs the cabinet's reader into the dispensary.
func hangCabinet(drawing *simulate.Drawing) {
	i := slices.IndexFunc(drawing.Rooms, func(r hospital.Room) bool { return r.Name == "Dispensary" })
	if i < 0 {
		return
	}
	spot, _ := drawing.Rooms[i].Centre()
	drawing.Gateways = append(drawing.Gateways, hospital.Gateway{ID: stockReader, Name: "Dispensary cabinet", Make: "canonical", Room: drawing.Rooms[i].ID,
		Position: &spot, Reads: hospital.ReadsCabinet})
}

// withCabinet adds the cabinet as a place of its own.
func withCabinet(doc *document.Document) {
	if i := slices.IndexFunc(doc.Gateways, func(g document.Gateway) bool { return g.ID == stockReader }); i >= 0 {
		doc.Places = append(doc.Places, document.Place{ID: stockCabinet, Name: "RFID cabinet, dispensary", Room: doc.Gateways[i].Room, Reader: stockReader})
	}
}

// packTag is the label on one of the packs.
func packTag(n int) string { return fmt.Sprintf("3034257BF7194E40000071%02X", n) }

// fillCabinet carries a few packs of the dearest goods into the cabinet, each with its
// label; the reader then misses two of them, which are booked as uses.
func (s *shelves) fillCabinet(ctx context.Context) error {
	room := &inventory.Storeroom{Stock: s.stock, Store: db.Storeroom{DB: s.together}, Now: s.clock.Now}
	cabinets, err := room.Store.Cabinets(ctx)
	if err != nil || len(cabinets) == 0 {
		return err
	}
	dearest := slices.SortedStableFunc(slices.Values(s.drawing.Items), func(a, b simulate.Item) int {
		return cmp.Compare(b.PriceMinor/int64(max(b.Pack, 1)), a.PriceMinor/int64(max(a.Pack, 1)))
	})
	n := 0
	for _, item := range dearest {
		if n == taggedPacks {
			break
		}
		if strings.HasPrefix(item.Place, "f-") || item.Maximum > 0 {
			continue
		}
		if n, err = s.label(ctx, room, item, n); err != nil {
			return err
		}
	}
	return s.emptyCabinet(ctx, &inventory.Cabinets{Room: room, Log: s.log}, n)
}

// label puts packs of an item into the cabinet where there are enough of a lot, and
// answers how many labels there are by then.
func (s *shelves) label(ctx context.Context, room *inventory.Storeroom, item simulate.Item, n int) (int, error) {
	balances, err := s.stock.Store.Balances(ctx, inventory.ItemID(item.ID))
	if err != nil {
		return n, err
	}
	i := slices.IndexFunc(balances, func(b inventory.Balance) bool {
		return string(b.Place) == item.Place && b.Usable(s.stock.Today(s.clock.Now())) > ofEach
	})
	for left := ofEach; i >= 0 && left > 0 && n < taggedPacks; left-- {
		b := balances[i]
		n++
		if err := room.Tag(ctx, s.actor(hospital.SupplyManager), inventory.Tagging{Place: stockCabinet, EPC: packTag(n), Item: b.Lot.Item, Lot: b.Lot.ID, Quantity: 1, From: b.Place}); err != nil {
			return n, err
		}
	}
	return n, nil
}

// emptyCabinet has the reader count for two minutes, in the second of which it misses some.
func (s *shelves) emptyCabinet(ctx context.Context, cabinets *inventory.Cabinets, packs int) error {
	if err := cabinets.Listen(ctx); err != nil {
		return err
	}
	now := s.clock.Now()
	for ago := 2 * time.Minute; ago >= 0; ago -= cabinetEvery {
		for n := range packs {
			if n >= takenBefore || ago > inventory.CabinetGrace {
				cabinets.Hear(stockReader, "epc:"+packTag(n+1), now.Add(-ago))
			}
		}
	}
	return cabinets.Look(ctx, now)
}

// cabinetReads is what the cabinet's reader reads, time and again: all but what was taken.
func (d *demo) cabinetReads() []simulate.Message {
	now := d.world.Now()
	if now.Before(d.counted) || !slices.ContainsFunc(d.drawing.Gateways, func(g hospital.Gateway) bool { return g.ID == stockReader }) {
		return nil
	}
	d.counted = now.Add(cabinetEvery)
	var reads []string
	for n := takenBefore; n < taggedPacks; n++ {
		if since := now.Sub(d.start); n > takenBefore || since < takenLive || since > backAfter {
			reads = append(reads, fmt.Sprintf(`{"tag":"epc:%s","at":%d}`, packTag(n+1), now.UnixMilli()))
		}
	}
	return []simulate.Message{{Gateway: stockReader, Topic: "wardwatch/v1/" + stockReader + "/sightings",
		Payload: []byte(`{"sightings":[` + strings.Join(reads, ",") + `]}`), At: now}}
}

// answered has the supplier of the newest order say that less comes, and later: that
// waits for the manager.
func (s *shelves) answered(ctx context.Context) error {
	sent, err := s.orders.Orders(ctx, reorder.Sent, 1)
	if err != nil || len(sent) == 0 {
		return err
	}
	o, err := s.orders.FindOrder(ctx, sent[0].Number)
	if err != nil || len(o.Lines) == 0 {
		return err
	}
	line := o.Lines[0]
	packs := max(line.Ordered/max(line.Pack, 1)/2, 1)
	file := fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>
<OrderResponse xmlns="urn:oasis:names:specification:ubl:schema:xsd:OrderResponse-2"><ID>OR-77120</ID><SalesOrderID>SO-30911</SalesOrderID><OrderResponseCode>CA</OrderResponseCode>
<Note>Our works delivers short until the end of the month.</Note><OrderReference><ID>%s</ID></OrderReference>
<OrderLine><LineItem><ID>%d</ID><LineStatusCode>3</LineStatusCode><Quantity unitCode="XPK">%d</Quantity>
<Delivery><PromisedDeliveryPeriod><StartDate>%s</StartDate></PromisedDeliveryPeriod></Delivery></LineItem></OrderLine></OrderResponse>
`, o.Number, line.No, packs, o.ExpectedOf(line)+laterBy)
	desk := *s.desk
	desk.Answer = supplier.ReadAnswer
	_, err = desk.TakeReply(ctx, hospital.Job("demo"), o.Supplier.ID, reorder.ByHTTPS, file)
	return err
}
