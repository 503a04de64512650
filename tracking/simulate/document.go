package simulate

import (
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// Document writes the drawing as the document that `import hospital` reads.
// Expiry dates count from the day of today in the site's zone.
func (d *Drawing) Document(today time.Time) document.Document {
	doc := document.Document{
		Format: document.Format,
		Site:   document.Site{ID: d.Site.ID, Name: d.Site.Name, Zone: d.Site.Zone},
	}
	d.documentHouses(&doc)
	for _, a := range d.Assets {
		doc.Assets = append(doc.Assets, a.papers(a.document(), today.In(d.Site.Location())))
	}
	doc.ParLevels = d.parLevels()
	for _, f := range d.Fridges {
		doc.Fridges = append(doc.Fridges, document.Fridge{ID: f.ID, Name: f.Name, Profile: f.Profile, Room: f.Room, Unit: f.Unit,
			Model: f.Model, Serial: f.Serial, Sensors: []document.Sensor{{ID: f.Sensor, Name: "probe in glycol"}}})
	}
	d.documentFences(&doc)
	d.documentStock(&doc, today.In(d.Site.Location()))
	for _, p := range d.People {
		doc.People = append(doc.People, document.Person{ID: p.ID, Name: p.Name, Email: p.Email, Roles: p.Roles, Unit: p.Unit})
	}
	return doc
}

func (d *Drawing) documentHouses(doc *document.Document) {
	for _, b := range d.Buildings {
		doc.Buildings = append(doc.Buildings, document.Building{ID: b.ID, Name: b.Name})
	}
	for _, f := range d.Floors {
		doc.Floors = append(doc.Floors, document.Floor{ID: f.ID, Building: f.Building, Name: f.Name, Level: f.Level,
			WidthMetres: f.WidthMetres, HeightMetres: f.HeightMetres})
	}
	for _, u := range d.Units {
		doc.Units = append(doc.Units, document.Unit{ID: u.ID, Name: u.Name})
	}
	for _, r := range d.Rooms {
		doc.Rooms = append(doc.Rooms, document.Room{ID: r.ID, Floor: r.Floor, Unit: r.Unit, Name: r.Name, Kind: r.Kind,
			Outline: r.Outline, Neighbours: r.Neighbours, Isolation: r.Isolation})
	}
	for _, g := range d.Gateways {
		doc.Gateways = append(doc.Gateways, document.Gateway{ID: g.ID, Name: g.Name, Make: g.Make, Room: g.Room,
			Position: g.Position, Antennas: g.Antennas, Reads: g.Reads})
	}
}

// document writes one asset; a dual-labelled one has two tags.
func (a Asset) document() document.Asset {
	ids := a.Identities()
	tags := []document.Tag{{ID: ids[0], Also: ids[1:]}}
	if a.Labelled && a.Format != Passive {
		tags = append(tags, document.Tag{ID: "epc:" + a.EPC()})
	}
	return document.Asset{ID: a.ID, Kind: a.Kind, Name: a.Name, Model: a.Model, Serial: a.Serial, Unit: a.Unit, Tags: tags}
}

func (d *Drawing) documentStock(doc *document.Document, today time.Time) {
	for _, s := range d.Suppliers {
		doc.Suppliers = append(doc.Suppliers, document.Supplier{ID: s.ID, Name: s.Name, Email: "orders@" + s.ID + ".example",
			Currency: "GBP", Account: s.Account, LeadDays: s.LeadDays})
	}
	doc.Places = d.places()
	for _, i := range d.Items {
		item := document.Item{ID: i.ID, Name: i.Name, UnitOfIssue: i.UnitOfIssue, GTIN: i.GTIN, Pack: i.Pack, Supplier: i.Supplier,
			SupplierCode: i.Code, PriceMinor: i.PriceMinor, ShelfLifeDays: i.ShelfLifeDays, Criticality: i.Criticality, Storage: i.Storage, Stability: i.stability()}
		if i.Maximum > 0 {
			item.Levels = []document.Level{{Place: i.Place, Minimum: i.Minimum, Maximum: i.Maximum}}
		}
		doc.Items = append(doc.Items, item)
		for _, lot := range i.Lots {
			doc.Stock = append(doc.Stock, document.Lot{Item: i.ID, Place: i.Place, Lot: lot.Number,
				Expiry: document.Date(today.AddDate(0, 0, lot.ExpiryDays).Format(time.DateOnly)), Quantity: lot.Quantity})
		}
	}
}

// stability is what the item's made-up maker says of it out of its range; nil for
// room goods, and for those whose maker says nothing.
func (i Item) stability() []document.Stability {
	const source = "made-up leaflet of the demo"
	switch {
	case i.Criticality == "desirable":
		return nil
	case i.Storage == "refrigerator":
		return []document.Stability{{FromCelsius: 8, ToCelsius: 15, Hours: 96, Source: source}, {FromCelsius: 15, ToCelsius: 25, Hours: 24, Source: source}}
	case i.Storage == "freezer":
		return []document.Stability{{FromCelsius: -15, ToCelsius: 8, Hours: 24, Source: source}}
	case i.Storage == "ultracold":
		return []document.Stability{{FromCelsius: -60, ToCelsius: -15, Hours: 12, Source: source}}
	}
	return nil
}

// places lists the two shelves and every fridge.
func (d *Drawing) places() []document.Place {
	var places []document.Place
	for _, shelf := range []struct{ id, name, room string }{
		{centralShelf, "Central store", "g-central-store"}, {pharmacyShelf, "Pharmacy shelves", "g-pharmacy-store"}} {
		room, _ := d.Room(hospital.RoomID(shelf.room))
		places = append(places, document.Place{ID: shelf.id, Name: shelf.name, Room: room.ID, Unit: room.Unit})
	}
	for _, f := range d.Fridges {
		places = append(places, document.Place{ID: f.ID, Name: f.Name, Room: f.Room, Fridge: f.ID, Unit: f.Unit})
	}
	return slices.DeleteFunc(places, func(p document.Place) bool { return strings.TrimSpace(string(p.Room)) == "" })
}

// documentFences draws the rules about where equipment may be: what every
// hospital loses first, and what belongs to one place.
func (d *Drawing) documentFences(doc *document.Document) {
	kinds := map[string]bool{}
	for _, a := range d.Assets {
		kinds[a.Kind] = true
	}
	add := func(f document.Fence) {
		for _, kind := range f.Kinds {
			if !kinds[kind] {
				return
			}
		}
		f.AfterSeconds, f.GraceSeconds = 30, 60
		doc.Fences = append(doc.Fences, f)
	}
	add(document.Fence{ID: "exits", Name: "Pumps do not leave the house", Rule: "keep_out", Kinds: []string{"infusion pump", "syringe pump"},
		RoomKinds: []hospital.RoomKind{hospital.Exit}, Serious: true})
	// In a small house there is nowhere else for a ventilator to wait.
	if d.Size != Small && slices.ContainsFunc(d.Floors, func(f hospital.Floor) bool { return f.ID == "1" }) {
		add(document.Fence{ID: "ventilators", Name: "Ventilators stay with theatres and intensive care", Rule: "stay_in", Kinds: []string{"ventilator"},
			Floors: []hospital.FloorID{"1"}})
	}
}
