package simulate

import (
	"fmt"
	"strings"

	"wardwatch/tracking/hospital"
)

// TagFormat is what a tag says on the air.
type TagFormat string

// The formats of tags on equipment.
const (
	IBeacon   TagFormat = "ibeacon"
	Eddystone TagFormat = "eddystone" // UID frames, a TLM frame now and then
	Minew     TagFormat = "minew"     // Minew's own info frame
	BTHome    TagFormat = "bthome"    // battery and motion
	Passive   TagFormat = "epc"       // an RFID label, read at portals only
)

// Asset is one piece of equipment with its tag.
type Asset struct {
	ID, Kind, Name, Model, Serial string
	Unit                          hospital.UnitID
	Home                          hospital.RoomID
	Format                        TagFormat
	// MAC is 12 lower-case hex digits; empty for a passive label.
	MAC string
	// Number is the tag's own number within its format: minor, instance, asset reference.
	Number int
	// Labelled: it carries an RFID label too.
	Labelled bool
	habit    habit
}

// habit is how a kind of equipment spends its days.
type habit struct {
	// rests is where it waits to be fetched, nil for the RFID cabinet; used where it works.
	rests, used []hospital.RoomKind
	// washed: it goes through a dirty utility after use.
	washed bool
	// restless is the share of kinds' time that it is wanted; 1 for a pump, little for a bed.
	restless float64
}

// kind describes one kind of equipment.
type kind struct {
	name, letter string
	count        int // in a hospital of the middle size
	models       []string
	format       TagFormat
	labelled     bool
	units        []hospital.UnitID // who owns them, in turn
	habit        habit
}

var (
	bedside  = []hospital.RoomKind{hospital.PatientRoom}
	theatre  = []hospital.RoomKind{hospital.PatientRoom, hospital.Theatre}
	shelf    = []hospital.RoomKind{hospital.CleanUtility}
	stored   = []hospital.RoomKind{hospital.CleanUtility, hospital.Storage}
	entrance = []hospital.RoomKind{hospital.Exit, hospital.CleanUtility, hospital.Storage}
	anywhere = []hospital.RoomKind{hospital.PatientRoom, hospital.Office, hospital.Exit}
)

// kinds is the hospital's equipment: 306 pieces of thirteen kinds.
func kinds() []kind {
	wards := []hospital.UnitID{"medical", "children", "icu", "ed", "recovery"}
	acute := []hospital.UnitID{"icu", "theatres", "ed", "recovery"}
	return []kind{
		{"infusion pump", "P", 80, []string{"Alba V3", "Alba V4"}, IBeacon, false, wards, habit{shelf, bedside, true, 1}},
		{"syringe pump", "S", 36, []string{"Corvo S2"}, Eddystone, false, acute, habit{shelf, theatre, true, 0.9}},
		{"wheelchair", "W", 34, []string{"Fahrt 18", "Fahrt 20"}, Minew, true, append([]hospital.UnitID{"public"}, wards...), habit{entrance, anywhere, false, 1}},
		{"patient monitor", "M", 28, []string{"Sera 12"}, Eddystone, false, acute, habit{stored, bedside, true, 0.5}},
		{"feeding pump", "F", 16, []string{"Nutra E"}, IBeacon, false, []hospital.UnitID{"medical", "children", "icu"}, habit{shelf, bedside, true, 0.6}},
		{"ventilator", "V", 16, []string{"Aurora 7"}, BTHome, false, []hospital.UnitID{"icu", "theatres"}, habit{stored, bedside, true, 0.4}},
		{"ECG", "E", 12, []string{"Rhythmus C"}, BTHome, false, wards, habit{shelf, bedside, false, 1}},
		{"defibrillator", "D", 14, []string{"Kardia 2"}, IBeacon, false, wards, habit{stored, bedside, false, 0.1}},
		{"ultrasound scanner", "U", 10, []string{"Echo M"}, Minew, false, acute, habit{stored, theatre, false, 0.8}},
		{"suction unit", "N", 18, []string{"Vaku 30"}, BTHome, false, wards, habit{stored, bedside, true, 0.5}},
		{"patient hoist", "H", 10, []string{"Lift 200"}, Minew, true, []hospital.UnitID{"medical", "children", "icu"}, habit{stored, bedside, false, 0.7}},
		{"bed", "B", 26, []string{"Ruhe 4"}, Passive, true, append([]hospital.UnitID{"supply"}, wards...), habit{stored, bedside, false, 0.3}},
		{"endoscope", "G", 6, []string{"Linse 4"}, Passive, true, []hospital.UnitID{"theatres"}, habit{nil, theatre, true, 0.8}},
	}
}

// drawAssets makes the equipment, scaled to the size, each piece in its unit's rooms.
func drawAssets(d *Drawing) []Asset {
	rooms := roomsByUnitAndKind(d.Rooms)
	var assets []Asset
	for _, k := range kinds() {
		for n := range d.scaled(k.count) {
			assets = append(assets, d.drawAsset(k, n, len(assets)+1, rooms))
		}
	}
	return assets
}

// scaled is how many of something the size has where a hospital has count.
func (d *Drawing) scaled(count int) int {
	switch d.Size {
	case Small:
		return max(1, count/3)
	case Campus:
		return count * 6
	default:
		return count
	}
}

type unitKind struct {
	unit hospital.UnitID
	kind hospital.RoomKind
}

func roomsByUnitAndKind(rooms []hospital.Room) map[unitKind][]hospital.RoomID {
	by := map[unitKind][]hospital.RoomID{}
	for _, room := range rooms {
		by[unitKind{room.Unit, room.Kind}] = append(by[unitKind{room.Unit, room.Kind}], room.ID)
		by[unitKind{"", room.Kind}] = append(by[unitKind{"", room.Kind}], room.ID)
	}
	return by
}

// drawAsset makes the n-th (from 0) piece of a kind; number is its place among all.
func (d *Drawing) drawAsset(k kind, n, number int, rooms map[unitKind][]hospital.RoomID) Asset {
	unit := d.ownerOf(k, n)
	a := Asset{
		ID: fmt.Sprintf("%s-%03d", strings.ToLower(k.letter), n+1), Kind: k.name,
		Name:  fmt.Sprintf("%s %s-%03d", upperFirst(k.name), k.letter, n+1),
		Model: k.models[n%len(k.models)], Serial: fmt.Sprintf("%s%d-%05d", k.letter, 4+n%3, 70301+137*number%29989),
		Unit: unit, Home: homeOf(k, n, unit, d.cabinetRoom(), rooms), Format: k.format, Number: number, Labelled: k.labelled, habit: k.habit,
	}
	if k.format != Passive {
		// The second digit's bit 1 marks a locally administered address: nobody's real device has it.
		a.MAC = fmt.Sprintf("c2a7%08x", 0x51000000+number)
	}
	return a
}

// ownerOf shares the pieces out among the kind's units, and on a campus among all wards.
func (d *Drawing) ownerOf(k kind, n int) hospital.UnitID {
	var owners []hospital.UnitID
	for _, unit := range d.Units {
		ward := len(unit.ID) <= 3 && (unit.ID[0] == 'w' || unit.ID[0] == 'x')
		if ward || contains(k.units, unit.ID) {
			owners = append(owners, unit.ID)
		}
	}
	if len(owners) == 0 {
		return d.Units[n%len(d.Units)].ID
	}
	return owners[n%len(owners)]
}

// homeOf is a resting room of the owner, else of the whole hospital; the cabinet's for what is kept in it.
func homeOf(k kind, n int, unit hospital.UnitID, cabinet hospital.RoomID, rooms map[unitKind][]hospital.RoomID) hospital.RoomID {
	if k.habit.rests == nil {
		return cabinet
	}
	for _, owner := range []hospital.UnitID{unit, ""} {
		var homes []hospital.RoomID
		for _, kind := range k.habit.rests {
			homes = append(homes, rooms[unitKind{owner, kind}]...)
		}
		if len(homes) > 0 {
			return homes[n/5%len(homes)]
		}
	}
	return rooms[unitKind{"", hospital.Corridor}][0]
}

func contains(units []hospital.UnitID, unit hospital.UnitID) bool {
	for _, u := range units {
		if u == unit {
			return true
		}
	}
	return false
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// The identities that the hospital's own tags share: all of them made up.
const (
	beaconUUID         = "5f3e9a40-1c77-4b0e-9d25-6ae1c08b2f11"
	beaconMajor        = 311
	eddystoneNamespace = "6c696e64656e686f6600"
	// companyPrefix is of the range 952 that GS1 keeps for examples.
	companyPrefix = 9521141
)

// Identities gives every identity that the asset's tags can be heard under, the
// one it is enrolled by first.
func (a Asset) Identities() []string {
	switch a.Format {
	case IBeacon:
		return []string{fmt.Sprintf("ibeacon:%s:%d:%d", beaconUUID, beaconMajor, a.Number), a.MAC}
	case Eddystone:
		return []string{fmt.Sprintf("eddystone:%s:%012x", eddystoneNamespace, a.Number), a.MAC}
	case Passive:
		return []string{"epc:" + a.EPC()}
	default:
		return []string{a.MAC}
	}
}

// EPC is the asset's RFID label: a GIAI-96 in upper-case hex (GS1 TDS §14.6.5).
func (a Asset) EPC() string {
	// header 8 bits, filter 3, partition 3 (5: seven company digits), company 24, reference 58.
	high := uint64(0x34)<<24 | uint64(0)<<21 | uint64(5)<<18 | uint64(companyPrefix)>>6
	low := uint64(companyPrefix&0x3f)<<58 | uint64(a.Number)
	return fmt.Sprintf("%08X%016X", high, low)
}
