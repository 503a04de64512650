package simulate

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Supplier is whom the hospital orders from. All are made up.
type Supplier struct {
	ID, Name, Account string
	LeadDays          int
}

// Item is something the hospital holds, with the use that the demo makes of it.
type Item struct {
	ID, Name, UnitOfIssue, GTIN, Code string
	Pack                              int
	PriceMinor                        int64 // of a pack, pence
	Supplier                          string
	Criticality, Storage              string
	ShelfLifeDays                     int
	// Place is the shelf or fridge where it is kept.
	Place string
	// Daily is the mean use of a weekday, in units of issue.
	Daily float64
	// Minimum and Maximum are the levels that people have set; both 0 where the policy computes them.
	Minimum, Maximum int64
	// Lots is what stood there when the hospital was taken in.
	Lots []Lot
}

// Lot is opening stock of one lot.
type Lot struct {
	Number string
	// ExpiryDays counts from the day of the document to the last usable day.
	ExpiryDays int
	Quantity   int64
}

// The shelves that are not fridges.
const (
	centralShelf  = "central-store"
	pharmacyShelf = "pharmacy-shelf"
)

// Short names of suppliers, as the list of goods below uses them.
const (
	medisupply = "medisupply"
	nordpharm  = "nordpharm"
	vaccina    = "vaccina"
	steriline  = "steriline"
)

func drawSuppliers() []Supplier {
	return []Supplier{
		{ID: medisupply, Name: "Medisupply Wholesale Ltd", Account: "LGH-2041", LeadDays: 3},
		{ID: nordpharm, Name: "Nordpharm Hospital Medicines", Account: "77-10326", LeadDays: 2},
		{ID: vaccina, Name: "Vaccina Cold Logistics", Account: "VC-5518", LeadDays: 5},
		{ID: steriline, Name: "Steriline Surgical", Account: "S-90217", LeadDays: 7},
	}
}

// good is one line of the catalogue.
type good struct {
	name, unit string
	pack       int
	price      int64
	daily      float64
	vital      byte // v, e or d
}

// shelfOf is where a group of goods is kept and who sells them.
type shelfOf struct {
	place, supplier, storage string
	life                     int // days
	goods                    []good
}

// catalogue is what the hospital holds. Fridge numbers are those of drawFridges.
func catalogue() []shelfOf {
	return []shelfOf{
		{"f-01", vaccina, "refrigerator", 300, []good{
			{"Hepatitis B vaccine, adult", "dose", 10, 9_800, 6, 'e'}, {"Tetanus-diphtheria vaccine", "dose", 10, 7_200, 8, 'e'},
			{"Rabies vaccine", "dose", 1, 3_900, 0.6, 'v'}, {"Tuberculin test solution", "dose", 10, 6_400, 3, 'd'}}},
		{"f-02", vaccina, "refrigerator", 270, []good{
			{"Influenza vaccine, adult", "dose", 10, 8_400, 14, 'e'}, {"MMR vaccine", "dose", 10, 11_600, 5, 'v'},
			{"Pneumococcal vaccine", "dose", 10, 21_500, 4, 'e'}, {"Meningococcal B vaccine", "dose", 1, 7_500, 2, 'e'}}},
		{"f-03", nordpharm, "refrigerator", 400, []good{
			{"Insulin glargine pen", "pen", 5, 4_100, 9, 'v'}, {"Oxytocin 10 IU ampoule", "ampoule", 10, 1_900, 7, 'v'},
			{"Enoxaparin 40 mg syringe", "syringe", 10, 3_300, 26, 'e'}, {"Erythropoietin 4000 IU syringe", "syringe", 6, 18_900, 2, 'e'}}},
		{"f-04", nordpharm, "refrigerator", 365, []good{
			{"Insulin aspart vial", "vial", 1, 1_700, 5, 'v'}, {"Latanoprost eye drops", "bottle", 10, 2_600, 4, 'd'},
			{"Amoxicillin suspension, made up", "bottle", 5, 1_450, 3, 'e'}}},
		{"f-05", vaccina, "freezer", 500, []good{
			{"Varicella vaccine, frozen", "dose", 10, 19_900, 2.5, 'e'}, {"Dinoprostone pessary", "piece", 5, 13_800, 1.2, 'e'}}},
		{"f-06", vaccina, "ultracold", 240, []good{{"mRNA vaccine, multi-dose vial", "vial", 25, 42_000, 7, 'e'}}},
		{"f-07", steriline, "refrigerator", 200, []good{
			{"Blood culture bottle pair", "pair", 50, 8_900, 22, 'e'}, {"Troponin reagent kit", "kit", 1, 12_500, 2.2, 'v'}}},
		{"f-09", steriline, "refrigerator", 180, []good{{"Antibody screening cells", "kit", 3, 9_700, 1.4, 'v'}}},
		{"f-10", nordpharm, "refrigerator", 365, []good{
			{"Rocuronium 50 mg vial", "vial", 10, 3_900, 6, 'v'}, {"Vasopressin 20 IU ampoule", "ampoule", 10, 8_800, 3, 'v'}}},
		{"f-11", nordpharm, "refrigerator", 365, []good{
			{"Suxamethonium 100 mg ampoule", "ampoule", 10, 2_800, 7, 'v'}, {"Atracurium 50 mg ampoule", "ampoule", 10, 3_100, 5, 'v'}}},
		{"f-12", nordpharm, "refrigerator", 365, []good{{"Insulin isophane vial", "vial", 1, 1_600, 3, 'v'}}},
		{pharmacyShelf, nordpharm, "", 700, []good{
			{"Paracetamol 1 g infusion", "bottle", 12, 1_500, 48, 'e'}, {"Sodium chloride 0.9 % 1 l", "bag", 10, 900, 62, 'v'},
			{"Glucose 5 % 500 ml", "bag", 15, 1_100, 18, 'e'}, {"Compound sodium lactate 1 l", "bag", 10, 1_050, 24, 'v'},
			{"Adrenaline 1 mg syringe", "syringe", 10, 7_900, 3, 'v'}, {"Amiodarone 150 mg ampoule", "ampoule", 10, 2_300, 4, 'v'},
			{"Co-amoxiclav 1.2 g vial", "vial", 10, 1_900, 30, 'e'}, {"Ceftriaxone 2 g vial", "vial", 10, 2_700, 16, 'e'},
			{"Furosemide 20 mg ampoule", "ampoule", 10, 700, 15, 'e'}, {"Ondansetron 4 mg ampoule", "ampoule", 10, 900, 28, 'd'},
			{"Morphine 10 mg ampoule", "ampoule", 10, 1_300, 17, 'v'}, {"Midazolam 5 mg ampoule", "ampoule", 10, 1_100, 8, 'v'},
			{"Propofol 200 mg vial", "vial", 5, 1_400, 20, 'v'}, {"Noradrenaline 4 mg ampoule", "ampoule", 10, 3_600, 9, 'v'},
			{"Salbutamol 5 mg nebule", "nebule", 20, 800, 24, 'e'}, {"Heparin flush 50 IU", "ampoule", 10, 950, 26, 'd'}}},
		{centralShelf, medisupply, "", 1100, []good{
			{"Nitrile gloves S", "pair", 100, 480, 210, 'e'}, {"Nitrile gloves M", "pair", 100, 480, 380, 'e'},
			{"Nitrile gloves L", "pair", 100, 480, 260, 'e'}, {"Surgical mask IIR", "piece", 50, 350, 240, 'e'},
			{"FFP3 respirator", "piece", 20, 3_100, 14, 'v'}, {"Disposable apron", "piece", 100, 520, 190, 'd'},
			{"Fluid-proof gown", "piece", 25, 4_600, 18, 'e'}, {"Giving set, gravity", "piece", 25, 2_100, 44, 'v'},
			{"Giving set, pump", "piece", 25, 4_900, 38, 'v'}, {"Extension line 150 cm", "piece", 50, 3_200, 30, 'e'},
			{"Cannula 18 G", "piece", 50, 3_800, 28, 'v'}, {"Cannula 20 G", "piece", 50, 3_800, 40, 'v'},
			{"Cannula 22 G", "piece", 50, 3_800, 24, 'v'}, {"Syringe 10 ml", "piece", 100, 900, 120, 'e'},
			{"Syringe 50 ml", "piece", 60, 2_200, 26, 'e'}, {"Needle 21 G", "piece", 100, 400, 95, 'e'},
			{"Alcohol hand rub 500 ml", "bottle", 12, 2_900, 13, 'e'}, {"Chlorhexidine wipe", "piece", 200, 700, 160, 'd'},
			{"Gauze swab 10 × 10 cm", "pack", 50, 1_200, 55, 'd'}, {"Transparent dressing", "piece", 50, 2_600, 36, 'e'},
			{"Urinary catheter 14 Ch", "piece", 10, 1_900, 7, 'e'}, {"Urine bag 2 l", "piece", 10, 800, 12, 'd'},
			{"ECG electrode", "piece", 50, 700, 85, 'e'}, {"Oxygen mask, adult", "piece", 30, 2_400, 11, 'e'},
			{"Nasal cannula, adult", "piece", 50, 2_000, 16, 'e'}, {"Suction catheter 12 Ch", "piece", 100, 1_900, 20, 'e'},
			{"Sharps bin 5 l", "piece", 10, 1_700, 9, 'd'}}},
		{centralShelf, steriline, "", 1500, []good{
			{"Sterile gloves 7.5", "pair", 50, 3_900, 42, 'e'}, {"Surgical drape set", "set", 10, 7_800, 9, 'e'},
			{"Suture 3-0 absorbable", "piece", 36, 8_200, 15, 'e'}, {"Suture 2-0 silk", "piece", 36, 6_100, 7, 'd'},
			{"Scalpel blade 22", "piece", 100, 1_600, 12, 'e'}, {"Endotracheal tube 7.5", "piece", 10, 1_800, 5, 'v'},
			{"Laryngeal mask 4", "piece", 10, 4_400, 4, 'v'}, {"Central line set", "set", 5, 11_900, 2, 'v'},
			{"Arterial line set", "set", 5, 9_300, 3, 'v'}, {"Chest drain kit", "kit", 5, 14_200, 0.5, 'v'},
			{"Bone cement 40 g", "pack", 1, 5_900, 0.8, 'd'}}},
	}
}

// drawStock lists suppliers and the items whose place this size has.
func drawStock(d *Drawing) ([]Supplier, []Item) {
	suppliers := drawSuppliers()
	var items []Item
	for _, shelf := range catalogue() {
		fridge := strings.HasPrefix(shelf.place, "f-")
		if fridge && !slices.ContainsFunc(d.Fridges, func(f Fridge) bool { return f.ID == shelf.place && f.Profile == shelf.storage }) {
			continue
		}
		lead := suppliers[slices.IndexFunc(suppliers, func(s Supplier) bool { return s.ID == shelf.supplier })].LeadDays
		for _, g := range shelf.goods {
			items = append(items, drawItem(shelf, g, lead, len(items)+1, d.demand()))
		}
	}
	return suppliers, items
}

// demand is how much is used beside a hospital of the middle size.
func (d *Drawing) demand() float64 {
	return map[Size]float64{Small: 0.4, Hospital: 1, Campus: 3}[d.Size]
}

func drawItem(shelf shelfOf, g good, lead, n int, demand float64) Item {
	item := Item{
		ID: fmt.Sprintf("i-%03d", n), Name: g.name, UnitOfIssue: g.unit, GTIN: gtin(n), Code: fmt.Sprintf("%s-%04d", strings.ToUpper(shelf.supplier[:2]), 1200+17*n),
		Pack: g.pack, PriceMinor: g.price, Supplier: shelf.supplier, Storage: shelf.storage, ShelfLifeDays: shelf.life, Place: shelf.place,
		Daily: g.daily * demand, Criticality: map[byte]string{'v': "vital", 'e': "essential", 'd': "desirable"}[g.vital],
	}
	pack := int64(g.pack)
	low := int64(math.Ceil(item.Daily * float64(lead+3) * 1.3))
	high := (low + int64(math.Ceil(item.Daily*9))/pack*pack + pack)
	// Every third item has levels that somebody set; the policy computes the others'.
	if n%3 == 0 {
		item.Minimum, item.Maximum = low, high
	}
	item.Lots = openingLots(n, high, shelf.life)
	if n%9 == 4 { // more of one lot than can be used before its day
		item.Lots[0].ExpiryDays = 36 + n%14
		item.Lots[0].Quantity += int64(math.Ceil(item.Daily * 38))
	}
	return item
}

// openingLots splits the first stock over two or three lots; the oldest goes first.
func openingLots(n int, quantity int64, life int) []Lot {
	count := 2 + n%2
	var lots []Lot
	for i := range count {
		part := quantity / int64(count)
		if i == 0 {
			part += quantity % int64(count)
		}
		if part == 0 {
			continue
		}
		lots = append(lots, Lot{Number: fmt.Sprintf("L%02d%c%03d", 20+n%7, 'A'+i, 100+37*n%900),
			ExpiryDays: 45 + (life-45)*(i*3+n%3+1)/(count*3+1), Quantity: part})
	}
	return lots
}

// gtin makes a GTIN-14 of the range 952, which GS1 keeps for examples.
func gtin(n int) string {
	body := fmt.Sprintf("0%07d%05d", companyPrefix, n)
	sum := 0
	for i, c := range body {
		weight := 3
		if i%2 == 1 {
			weight = 1
		}
		sum += weight * int(c-'0')
	}
	return fmt.Sprintf("%s%d", body, (10-sum%10)%10)
}
