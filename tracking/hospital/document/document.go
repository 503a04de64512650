// Package document is one whole hospital written as one JSON document: its
// sites, floors, rooms, gateways, equipment, fridges, suppliers, items, places,
// opening stock and people.
//
// The path of a document is: Read (size limit, syntax, JSON Schema, references)
// → Document or every Fault by its path → the importer in package db, which
// applies it in one transaction and answers with a Change for each thing.
// Names and units of the fields are those of the published schema; the zero
// value of an optional field means that the document does not say.
package document

import (
	"cmp"
	"time"

	"wardwatch/tracking/hospital"
)

// Format is what a document's "format" field must say.
const Format = "wardwatch-hospital/1"

// Document is the whole of a hospital. Every list may be empty or absent: what a
// document does not name, an import leaves as it is.
type Document struct {
	Format    string     `json:"format"`
	Schema    string     `json:"$schema,omitempty"` // for editors; not read
	Site      Site       `json:"site"`
	Buildings []Building `json:"buildings,omitempty"`
	Floors    []Floor    `json:"floors,omitempty"`
	Units     []Unit     `json:"units,omitempty"`
	Rooms     []Room     `json:"rooms,omitempty"`
	Gateways  []Gateway  `json:"gateways,omitempty"`
	Assets    []Asset    `json:"assets,omitempty"`
	// TemperatureProfiles are the site's own; the ready-made ones are always there.
	TemperatureProfiles []TemperatureProfile `json:"temperature_profiles,omitempty"`

	Fridges   []Fridge   `json:"fridges,omitempty"`
	ParLevels []ParLevel `json:"par_levels,omitempty"`
	Plans     []Plan     `json:"service_plans,omitempty"`
	Suppliers []Supplier `json:"suppliers,omitempty"`
	Items     []Item     `json:"items,omitempty"`
	Places    []Place    `json:"places,omitempty"`
	Stock     []Lot      `json:"stock,omitempty"`
	People    []Person   `json:"people,omitempty"`
	Fences    []Fence    `json:"fences,omitempty"`
	Budgets   []Budget   `json:"budgets,omitempty"`
	// ColdChain is what the site asks for beside the rules; Ladder whom alarms reach, by shift.
	ColdChain *ColdChain `json:"cold_chain,omitempty"`
	Ladder    *Ladder    `json:"ladder,omitempty"`
}

// Site is the campus that the document describes.
type Site struct {
	ID   hospital.SiteID `json:"id"`
	Name string          `json:"name"`
	Zone string          `json:"zone"` // IANA time zone, "Europe/Berlin"
	// Language is what pages are worded in where neither a person nor her browser says, and messages
	// and orders always: "en", the default, or "de".
	Language string `json:"language,omitempty"`
	// TemperatureUnit is how temperatures are shown: "C", the default, or "F". Everything is kept in Celsius.
	TemperatureUnit string `json:"temperature_unit,omitempty"`
}

// Hospital is the site as the house knows it.
func (s Site) Hospital() hospital.Site {
	return hospital.Site{ID: s.ID, Name: s.Name, Zone: s.Zone, Language: cmp.Or(s.Language, "en"), Fahrenheit: s.TemperatureUnit == "F"}
}

// SiteOf is the site as a document describes it: what is usual goes without saying.
func SiteOf(s hospital.Site) Site {
	described := Site{ID: s.ID, Name: s.Name, Zone: s.Zone}
	if s.Language != "en" {
		described.Language = s.Language
	}
	if s.Fahrenheit {
		described.TemperatureUnit = "F"
	}
	return described
}

// Building is a house of the site.
type Building struct {
	ID   hospital.BuildingID `json:"id"`
	Name string              `json:"name"`
}

// Floor is one storey; its plan's origin is the top left corner.
type Floor struct {
	ID           hospital.FloorID    `json:"id"`
	Building     hospital.BuildingID `json:"building"`
	Name         string              `json:"name"`
	Level        int                 `json:"level"` // 0 is the ground floor
	WidthMetres  float64             `json:"width_metres"`
	HeightMetres float64             `json:"height_metres"`
}

// Unit is a ward or department.
type Unit struct {
	ID   hospital.UnitID `json:"id"`
	Name string          `json:"name"`
}

// Room is a place that equipment can be in.
type Room struct {
	ID         hospital.RoomID   `json:"id"`
	Floor      hospital.FloorID  `json:"floor"`
	Unit       hospital.UnitID   `json:"unit,omitempty"`
	Name       string            `json:"name"`
	Kind       hospital.RoomKind `json:"kind"`
	Outline    []hospital.Point  `json:"outline,omitempty"`    // simple polygon in metres, not closed
	Neighbours []hospital.RoomID `json:"neighbours,omitempty"` // said from both sides
	Isolation  bool              `json:"isolation,omitempty"`  // what stood here needs cleaning
}

// Gateway is a fixed receiver or RFID reader.
type Gateway struct {
	ID       hospital.GatewayID      `json:"id"`
	Name     string                  `json:"name"`
	Make     string                  `json:"make"` // one of GatewayMakes
	Room     hospital.RoomID         `json:"room,omitempty"`
	Position *hospital.Point         `json:"position,omitempty"` // metres on the plan of the room's floor
	Antennas map[int]hospital.RoomID `json:"antennas,omitempty"` // RFID antenna port → room
	Reads    hospital.Reads          `json:"reads,omitempty"`    // one of hospital.AllReads
}

// GatewayMakes lists the envelopes that a gateway may speak.
func GatewayMakes() []string {
	return []string{"canonical", "espresense", "openmqttgateway", "minew", "ruuvi", "kontakt", "cassia", "aruba", "shelly",
		"aprilbrother", "bluecharm", "ingics", "moko", "raddec", "impinj", "zebra", "edgex", "omlox", "llrp", "chirpstack", "tts", "tasmota",
		"zigbee2mqtt", "shelly-ht"}
}

// Asset is one piece of equipment.
type Asset struct {
	ID     string          `json:"id"`
	Kind   string          `json:"kind"` // "infusion pump", as people search for it
	Name   string          `json:"name"`
	Model  string          `json:"model,omitempty"`
	Serial string          `json:"serial,omitempty"`
	Unit   hospital.UnitID `json:"unit,omitempty"` // who owns it
	Tags   []Tag           `json:"tags,omitempty"`

	Lot         string `json:"lot,omitempty"`          // the batch that it was made in
	InService   Date   `json:"in_service,omitempty"`   // when its intervals of service began
	LastService Date   `json:"last_service,omitempty"` // as far as another system knew
	RentedFrom  string `json:"rented_from,omitempty"`  // its owner; empty for the house's own
	DueBack     Date   `json:"due_back,omitempty"`     // the day to give it back
}

// Tag is one transmitter or RFID label. A tag that is heard under several
// identities (a MAC and an iBeacon) names the others in Also.
type Tag struct {
	ID   string   `json:"id"` // aabbccddeeff, ibeacon:UUID:major:minor, eddystone:NS:INSTANCE, epc:HEX
	Also []string `json:"also,omitempty"`
}

// ParLevel is how many pieces of a kind of equipment should stand ready in a unit.
type ParLevel struct {
	Unit     hospital.UnitID `json:"unit"`
	Kind     string          `json:"kind"`
	Target   int             `json:"target"`             // 0: a store that gives all
	Critical int             `json:"critical,omitempty"` // fewer free ones than this ring an alarm
}

// Plan is how often pieces of a model want maintenance; its name, model and lot say which it is.
type Plan struct {
	Name        string `json:"name"`
	Model       string `json:"model"`
	Lot         string `json:"lot,omitempty"`         // only this batch
	EveryDays   int    `json:"every_days,omitempty"`  // 0: no such interval
	EveryHours  int    `json:"every_hours,omitempty"` // of use; 0: no such interval
	Calibration bool   `json:"calibration,omitempty"` // wants a certificate and a signature
}

// Fridge is a refrigerator, freezer or ultra-cold freezer that is watched.
type Fridge struct {
	ID      string          `json:"id"`
	Name    string          `json:"name"`
	Profile string          `json:"profile"` // one of Profiles, or of the document's own
	Room    hospital.RoomID `json:"room,omitempty"`
	Unit    hospital.UnitID `json:"unit,omitempty"`
	Model   string          `json:"model,omitempty"`
	Serial  string          `json:"serial,omitempty"`
	Sensors []Sensor        `json:"sensors,omitempty"`

	// What is known of it as an asset; a zero value leaves what is stored.
	PQS             string `json:"pqs,omitempty"` // its code in WHO's catalogue, "E003/040"
	Litres          int    `json:"litres,omitempty"`
	RoomForUnits    int    `json:"room_for_units,omitempty"`   // units of issue that it has room for
	HoldOverMinutes int    `json:"holdover_minutes,omitempty"` // in range without power, as its maker says
	BackupLogger    string `json:"backup_logger,omitempty"`    // serial number of the one that stands by
	// Calibrations are the newest certificates, one a device.
	Calibrations []Calibration `json:"calibrations,omitempty"`
}

// Calibration is a certificate of a fridge or of one of its probes.
type Calibration struct {
	Device      string `json:"device,omitempty"` // the probe or logger; empty: the fridge itself
	Done        Date   `json:"done"`
	Due         Date   `json:"due"` // when the next one is
	Certificate string `json:"certificate"`
	Note        string `json:"note"` // who did it, with what result
}

// Profiles lists the names of the ready-made temperature profiles.
func Profiles() []string {
	return []string{"refrigerator", "cdc-pharmacy", "freezer", "ultracold", "who-refrigerator", "who-shipping"}
}

// TemperatureProfile is how a kind of fridge is judged, by the site's own word. Its fields
// are those of a profile's file: see coldchain.ReadProfile.
type TemperatureProfile struct {
	ID              string            `json:"id"`
	Name            string            `json:"name"`
	Low             float64           `json:"low_celsius"`
	High            float64           `json:"high_celsius"`
	IntervalMinutes float64           `json:"interval_minutes"`
	SilentMinutes   float64           `json:"silent_after_minutes"`
	Source          string            `json:"source"`
	Rules           []TemperatureRule `json:"rules"`
}

// TemperatureRule is one limit of a profile and how long it may be exceeded.
type TemperatureRule struct {
	Name         string  `json:"name"`
	Direction    string  `json:"direction"` // too warm, too cold
	Limit        float64 `json:"limit_celsius"`
	Inclusive    bool    `json:"inclusive,omitempty"`
	Mode         string  `json:"mode,omitempty"` // consecutive, cumulative
	Minutes      float64 `json:"minutes"`
	WindowHours  float64 `json:"window_hours,omitempty"`
	Hysteresis   float64 `json:"hysteresis_celsius,omitempty"`
	ClearMinutes float64 `json:"clear_minutes,omitempty"`
	Severity     string  `json:"severity,omitempty"`
	Source       string  `json:"source,omitempty"`
}

// ColdChain is what the site asks for beside the rules; what is absent stays as it is.
type ColdChain struct {
	KeepYears     int   `json:"keep_years,omitempty"`     // how long raw readings are kept
	ChecksADay    int   `json:"checks_a_day,omitempty"`   // how often each fridge is looked at on a workday
	SecondRelease *bool `json:"second_release,omitempty"` // a held lot is released by two people
}

// Ladder is whom alarms reach: by shift and calendar, rung by rung.
type Ladder struct {
	// Shifts are asked in their order; the last holds whenever no other does.
	Shifts         []LadderShift `json:"shifts"`
	Holidays       []Date        `json:"holidays,omitempty"`
	SilenceMinutes int           `json:"silence_minutes"`     // how long an acknowledgement keeps quiet
	TestDays       []string      `json:"test_days,omitempty"` // when a test alarm proves the ways
}

// LadderShift is a time of the week and the rungs that are climbed in it.
type LadderShift struct {
	Name     string       `json:"name"`
	Days     []string     `json:"days,omitempty"` // "monday"
	Holidays bool         `json:"holidays,omitempty"`
	From     string       `json:"from,omitempty"` // "08:00"; empty: midnight
	To       string       `json:"to,omitempty"`   // not after From: on the next day; empty: the midnight that the day ends with
	Rungs    []LadderRung `json:"rungs"`
}

// LadderRung is who is told, so many minutes after the alarm began to ring.
type LadderRung struct {
	AfterMinutes int             `json:"after_minutes"`
	Roles        []hospital.Role `json:"roles,omitempty"`
	Ways         []string        `json:"ways,omitempty"` // none: all that are set up
	Phones       []string        `json:"phones,omitempty"`
	Addresses    []string        `json:"addresses,omitempty"`
}

// Sensor is one probe in a fridge, by the identity that its readings carry.
type Sensor struct {
	ID      string `json:"id"`
	Channel string `json:"channel,omitempty"` // as the reading says it; empty: the sensor's only one
	Name    string `json:"name,omitempty"`
}

// Supplier is whom orders are sent to.
type Supplier struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Email        string `json:"email"`
	Currency     string `json:"currency"`                // ISO 4217, "EUR"
	Account      string `json:"account,omitempty"`       // our customer number there
	LeadDays     int    `json:"lead_days"`               // calendar days from order to delivery
	MinimumMinor int64  `json:"minimum_minor,omitempty"` // least worth of an order, in cents or the like
	// Calendar says when orders are taken and delivered; absent: every day.
	Calendar *Calendar `json:"calendar,omitempty"`
	// Channel is how orders are taken by machine; absent: by e-mail with a PDF.
	Channel *Channel `json:"channel,omitempty"`
}

// Calendar says when a supplier takes orders and delivers.
type Calendar struct {
	OrderDays    []string `json:"order_days,omitempty"`    // "monday"; none: every day
	CutOff       string   `json:"cut_off,omitempty"`       // "14:00" by the hospital's clock; an order of later is taken on the next order day
	DeliveryDays []string `json:"delivery_days,omitempty"` // none: every day
	Holidays     []Date   `json:"holidays,omitempty"`      // on which nobody works there
	WorkingDays  bool     `json:"working_days,omitempty"`  // lead days are counted from Monday to Friday
}

// Channel is how a supplier takes orders by machine.
type Channel struct {
	Format  string `json:"format"`             // "peppol" or "cxml"
	URL     string `json:"url"`                // https://… or sftp://user@host/folder
	OurID   string `json:"our_id"`             // "0088:4035811991014": scheme and number
	TheirID string `json:"their_id"`           // likewise
	HostKey string `json:"host_key,omitempty"` // of an SFTP server, "SHA256:…"
	Answers string `json:"answers,omitempty"`  // folder of the SFTP server with its answers to orders
}

// PriceBreak is what a pack costs from so many packs on.
type PriceBreak struct {
	Packs      int64 `json:"packs"`
	PriceMinor int64 `json:"price_minor"`
}

// Weekdays lists the days of the week as a calendar names them, Sunday first.
func Weekdays() []string {
	return []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
}

// Item is something that is held, used up and ordered again. Quantities of it are
// whole units of issue everywhere.
type Item struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	UnitOfIssue  string `json:"unit_of_issue"`           // "dose", "piece"
	GTIN         string `json:"gtin,omitempty"`          // 8, 12, 13 or 14 digits
	Pack         int    `json:"pack"`                    // units of issue in one orderable pack
	Supplier     string `json:"supplier,omitempty"`      // who sells it; empty: never proposed
	SupplierCode string `json:"supplier_code,omitempty"` // the supplier's number for it
	PriceMinor   int64  `json:"price_minor,omitempty"`   // of one pack, in the supplier's cents
	// PriceBreaks are lower prices of larger orders.
	PriceBreaks   []PriceBreak `json:"price_breaks,omitempty"`
	MinimumPacks  int          `json:"minimum_packs,omitempty"` // least number of packs in one order
	ReviewDays    int          `json:"review_days,omitempty"`   // days between reviews; 0: every day
	ShelfLifeDays int          `json:"shelf_life_days,omitempty"`
	// Criticality is vital, essential or desirable (VEN); it chooses the service level.
	Criticality string `json:"criticality,omitempty"`
	// Storage is the temperature profile that it must be kept at; empty: room temperature.
	Storage string `json:"storage,omitempty"`
	// Stability is how long outside its storage range it stays usable, as its maker says.
	Stability []Stability `json:"stability,omitempty"`
	// BeyondUse is how long it may be used once something was done to it.
	BeyondUse []BeyondUse `json:"beyond_use,omitempty"`
	// Substitutes are items that may be given in its place, the best first.
	Substitutes []string `json:"substitutes,omitempty"`
	// Levels are set by people for places; where there are none the policy computes them.
	Levels []Level `json:"levels,omitempty"`
	// Refills say of places how they are refilled, where a level alone does not.
	Refills []Refill `json:"refills,omitempty"`
	// Packs are what people call so many units of it.
	Packs []Packing `json:"packs,omitempty"`
	// Consigned is where it belongs to its supplier until it is used.
	Consigned []Consigned `json:"consigned,omitempty"`
}

// Refill is how a place is refilled with an item.
type Refill struct {
	Place      string `json:"place"`
	Kind       string `json:"kind"` // one of RefillKinds
	Minimum    int64  `json:"minimum,omitempty"`
	Maximum    int64  `json:"maximum,omitempty"`     // of min/max, or the par
	ReviewDays int    `json:"review_days,omitempty"` // between two looks, of par and (R,S)
	Bins       int64  `json:"bins,omitempty"`        // of kanban
	BinSize    int64  `json:"bin_size,omitempty"`    // units of issue in a bin
}

// RefillKinds lists how a place may be refilled.
func RefillKinds() []string { return []string{"min/max", "par", "(s,S)", "(R,S)", "kanban"} }

// Packing is what people call so many units of an item: a box of 10.
type Packing struct {
	Name  string `json:"name"`
	Units int64  `json:"units"`
	GTIN  string `json:"gtin,omitempty"` // of the pack itself
}

// Consigned is a place where an item belongs to a supplier until it is used.
type Consigned struct {
	Place    string `json:"place"`
	Supplier string `json:"supplier"`
}

// Criticalities lists what an item may be, most needed first.
func Criticalities() []string { return []string{"vital", "essential", "desirable"} }

// BeyondUse is a clock of an item: usable for so long once it was opened, thawed or mixed.
type BeyondUse struct {
	Kind   string  `json:"kind"` // see BeyondUseKinds
	Hours  float64 `json:"hours"`
	Source string  `json:"source"`
}

// BeyondUseKinds lists what may start a clock.
func BeyondUseKinds() []string {
	return []string{"opened", "punctured", "thawed", "reconstituted", "out of the cold"}
}

// Stability is one band that an item tolerates for a time.
type Stability struct {
	FromCelsius float64 `json:"from_celsius"`
	ToCelsius   float64 `json:"to_celsius"`
	Hours       float64 `json:"hours"`            // in this band, all excursions together
	Source      string  `json:"source,omitempty"` // where the maker says so
	Single      bool    `json:"single,omitempty"` // each stay by itself
	Then        string  `json:"then,omitempty"`   // "use now", "call"; none: back into the fridge
}

// Level is what a place should hold of an item, in units of issue.
type Level struct {
	Place   string `json:"place"`
	Minimum int64  `json:"minimum"` // at or under it a proposal is due
	Maximum int64  `json:"maximum"` // order up to this; more than Minimum
}

// Place is where stock is kept: a shelf, a cabinet, a fridge.
type Place struct {
	ID     string          `json:"id"`
	Name   string          `json:"name"`
	Room   hospital.RoomID `json:"room,omitempty"`
	Fridge string          `json:"fridge,omitempty"` // the place is this fridge
	Unit   hospital.UnitID `json:"unit,omitempty"`
	// Reader reads every tag in it: what it no longer reads was taken, and is booked so.
	Reader hospital.GatewayID `json:"reader,omitempty"`
}

// Budget is what a unit, or the whole hospital, may spend on orders from one day to
// another. Its unit, currency and first day say which it is.
type Budget struct {
	Name        string          `json:"name"`
	Unit        hospital.UnitID `json:"unit,omitempty"` // empty: the whole hospital
	Currency    string          `json:"currency"`       // ISO 4217
	From        Date            `json:"from"`
	Until       Date            `json:"until"` // both days are within
	AmountMinor int64           `json:"amount_minor"`
}

// Lot is opening stock: what a place held of a lot when the hospital was taken
// in. It is booked once; a later import of the same lot changes nothing.
type Lot struct {
	Item     string `json:"item"`
	Place    string `json:"place"`
	Lot      string `json:"lot"`
	Expiry   Date   `json:"expiry,omitempty"` // usable through the end of this day
	Quantity int64  `json:"quantity"`         // units of issue
}

// Date is a day of the site's calendar, "2027-03-31"; empty where none is said.
type Date string

// Time is midnight UTC at the beginning of the date; false when it is empty or no date.
func (d Date) Time() (time.Time, bool) {
	at, err := time.Parse(time.DateOnly, string(d))
	return at, err == nil
}

// Person is a member of staff. Passwords are never part of a document: a person
// who is new gets a one-time link from an administrator.
type Person struct {
	ID    hospital.PersonID `json:"id"`
	Name  string            `json:"name"`
	Email string            `json:"email"`
	Roles []hospital.Role   `json:"roles"`
	Unit  hospital.UnitID   `json:"unit,omitempty"`
}

// Fence is a rule about where equipment may be. Without kinds and assets it is
// about everything that bears a tag; the area is all that it names together.
type Fence struct {
	ID           string              `json:"id"`
	Name         string              `json:"name"`
	Rule         string              `json:"rule"` // stay_in or keep_out
	Kinds        []string            `json:"kinds,omitempty"`
	Assets       []string            `json:"assets,omitempty"`
	Floors       []hospital.FloorID  `json:"floors,omitempty"`
	Units        []hospital.UnitID   `json:"units,omitempty"`
	Rooms        []hospital.RoomID   `json:"rooms,omitempty"`
	RoomKinds    []hospital.RoomKind `json:"room_kinds,omitempty"`
	AfterSeconds int                 `json:"after_seconds"` // how long it must be broken before it rings
	GraceSeconds int                 `json:"grace_seconds"` // how long it must be kept before it is over
	Serious      bool                `json:"serious,omitempty"`
	Off          bool                `json:"off,omitempty"` // kept, but not watched
}

// What a Change says of a thing.
const (
	Add   = "add"
	Alter = "change"
	Same  = "same"
)

// ImportSteps is how many steps it takes to apply a document, once it is read.
const ImportSteps = 11

// Change is what an import does to one thing of the document.
type Change struct {
	Path  string // "/assets/12"
	What  string // Add, Alter or Same
	Thing string // as a person knows it: "infusion pump P-012"
}
