package simulate

import (
	"fmt"

	"wardwatch/tracking/hospital"
)

// house is one building with its storeys, lowest first.
type house struct {
	id      hospital.BuildingID
	name    string
	storeys []storey
}

// houses lists the buildings of a size.
func houses(size Size) []house {
	switch size {
	case Small:
		return []house{{id: "main", name: "Main house", storeys: []storey{groundFloor(), childrenAndMedical("1", "First floor", 1)}}}
	case Campus:
		main := []storey{groundFloor(), theatresFloor(), childrenAndMedical("2", "Second floor", 2)}
		for level := 3; level <= 5; level++ {
			main = append(main, wardFloor(fmt.Sprint(level), fmt.Sprintf("Floor %d", level), level))
		}
		east := []storey{outpatients()}
		for level := 1; level <= 3; level++ {
			east = append(east, wardFloor(fmt.Sprintf("e%d", level), fmt.Sprintf("East floor %d", level), level))
		}
		return []house{{id: "main", name: "Main house", storeys: main}, {id: "east", name: "East house", storeys: east}}
	default:
		return []house{{id: "main", name: "Main house",
			storeys: []storey{groundFloor(), theatresFloor(), childrenAndMedical("2", "Second floor", 2)}}}
	}
}

func drawUnits() []hospital.Unit {
	units := []hospital.Unit{
		{ID: "ed", Name: "Emergency department"}, {ID: "pharmacy", Name: "Pharmacy"}, {ID: "imaging", Name: "Imaging"},
		{ID: "lab", Name: "Laboratory"}, {ID: "supply", Name: "Supply"}, {ID: "biomed", Name: "Biomedical engineering"},
		{ID: "theatres", Name: "Theatres"}, {ID: "recovery", Name: "Recovery"}, {ID: "icu", Name: "Intensive care"},
		{ID: "children", Name: "2 West children"}, {ID: "medical", Name: "2 East medical"}, {ID: "clinics", Name: "Outpatient clinics"},
		{ID: "public", Name: "Public areas"},
	}
	for _, floor := range []string{"3", "4", "5", "e1", "e2", "e3"} {
		units = append(units,
			hospital.Unit{ID: hospital.UnitID("w" + floor), Name: wardName(floor, "West")},
			hospital.Unit{ID: hospital.UnitID("x" + floor), Name: wardName(floor, "East")})
	}
	return units
}

func wardName(floor, side string) string {
	if floor[0] == 'e' {
		return "East house " + floor[1:] + " " + side
	}
	return floor + " " + side
}

// groundFloor: emergency in the north, supply and pharmacy in the south.
func groundFloor() storey {
	return storey{
		id: "g", name: "Ground floor", level: 0, unit: "public",
		north: []slot{
			{"Ambulance entrance", hospital.Exit, "ed", 6, impinj},
			{"Resus 1", hospital.PatientRoom, "ed", 7, espresens}, {"Resus 2", hospital.PatientRoom, "ed", 7, espresens},
			{"Majors 1", hospital.PatientRoom, "ed", 6, espresens}, {"Majors 2", hospital.PatientRoom, "ed", 6, ""},
			{"Majors 3", hospital.PatientRoom, "ed", 6, espresens}, {"Minor injuries", hospital.PatientRoom, "ed", 8, espresens},
			{"Triage", hospital.PatientRoom, "ed", 6, espresens}, {"Waiting hall", hospital.Office, "ed", 8, minew},
			{"Main entrance", hospital.Exit, "public", 6, impinj},
		},
		west: [2][]slot{
			{{"ED nurse station", hospital.NurseStation, "ed", 8, minew}, {"ED clean utility", hospital.CleanUtility, "ed", 6.5, ruuvi},
				{"ED dirty utility", hospital.DirtyUtility, "ed", 6.5, espresens}},
			{{"Laboratory", hospital.Laboratory, "lab", 12, ruuvi}, {"Specimen reception", hospital.Laboratory, "lab", 5, ""},
				{"Stairs B", hospital.Stairs, "public", 4, ""}},
		},
		middle: [2][]slot{
			{{"Lift A", hospital.Lift, "public", 3.5, ""}, {"Lift B", hospital.Lift, "public", 3.5, ""},
				{"Stairs A", hospital.Stairs, "public", 4, ""}, {"Bed store", hospital.Storage, "supply", 7, minew}},
			{{"Pharmacy store", hospital.Pharmacy, "pharmacy", 9, ruuvi}, {"Vaccine room", hospital.Pharmacy, "pharmacy", 9, ruuvi}},
		},
		east: [2][]slot{
			{{"CT", hospital.PatientRoom, "imaging", 8, espresens}, {"X-ray", hospital.PatientRoom, "imaging", 7, espresens},
				{"Control room", hospital.Office, "imaging", 6, ""}},
			{{"Biomedical workshop", hospital.Workshop, "biomed", 12, minew}, {"Equipment library", hospital.CleanUtility, "biomed", 9, minew}},
		},
		south: []slot{
			{"Goods-in dock", hospital.Exit, "supply", 8, impinj}, {"Central store", hospital.Storage, "supply", 14, minew},
			{"Receiving", hospital.Storage, "supply", 8, espresens}, {"Dispensary", hospital.Pharmacy, "pharmacy", 10, minew},
			{"Aseptic suite", hospital.Pharmacy, "pharmacy", 8, ""}, {"Pharmacy office", hospital.Office, "pharmacy", 6, ""},
			{"Medical records", hospital.Office, "public", 6, ""}, {"Linen room", hospital.Storage, "supply", 6, espresens},
		},
	}
}

// theatresFloor: theatres and intensive care in the north, recovery in the south.
func theatresFloor() storey {
	return storey{
		id: "1", name: "First floor", level: 1, unit: "theatres",
		north: append([]slot{
			{"Theatre 1", hospital.Theatre, "theatres", 9, espresens}, {"Theatre 2", hospital.Theatre, "theatres", 9, espresens},
			{"Theatre 3", hospital.Theatre, "theatres", 9, espresens}, {"Theatre 4", hospital.Theatre, "theatres", 9, espresens},
			{"Anaesthetic store", hospital.Storage, "theatres", 6, ruuvi},
		}, numbered("ICU bed", 1, 4, hospital.PatientRoom, "icu", 6)...),
		west: [2][]slot{
			{{"Theatre reception", hospital.NurseStation, "theatres", 7, impinj}, {"Theatre clean utility", hospital.CleanUtility, "theatres", 7, minew},
				{"Theatre dirty utility", hospital.DirtyUtility, "theatres", 7, espresens}},
			{{"Sterile services", hospital.CleanUtility, "theatres", 12, minew}, {"Instrument store", hospital.Storage, "theatres", 5, ""},
				{"Stairs B", hospital.Stairs, "public", 4, ""}},
		},
		middle: [2][]slot{
			{{"Lift A", hospital.Lift, "public", 3.5, ""}, {"Lift B", hospital.Lift, "public", 3.5, ""},
				{"Stairs A", hospital.Stairs, "public", 4, ""}, {"Perfusion store", hospital.Storage, "theatres", 7, ""}},
			{{"Recovery nurse station", hospital.NurseStation, "recovery", 9, minew}, {"Blood bank", hospital.Laboratory, "lab", 9, ruuvi}},
		},
		east: [2][]slot{
			{{"ICU nurse station", hospital.NurseStation, "icu", 8, minew}, {"ICU clean utility", hospital.CleanUtility, "icu", 6.5, espresens},
				{"ICU dirty utility", hospital.DirtyUtility, "icu", 6.5, espresens}},
			{{"ICU equipment bay", hospital.CleanUtility, "icu", 9, minew}, {"ICU medicine room", hospital.Pharmacy, "icu", 6, ruuvi},
				{"ICU staff room", hospital.Office, "icu", 6, ""}},
		},
		south: append(append(numbered("Recovery bay", 1, 4, hospital.PatientRoom, "recovery", 7),
			slot{"Endoscopy", hospital.Theatre, "theatres", 8, espresens}),
			append(numbered("ICU bed", 5, 8, hospital.PatientRoom, "icu", 6),
				slot{"Relatives' room", hospital.Office, "icu", 6, ""})...),
	}
}

// childrenAndMedical: two wards, children in the west and medicine in the east.
func childrenAndMedical(id, name string, level int) storey {
	s := wardFloor(id, name, level)
	s.unit = "medical"
	owner := map[hospital.UnitID]hospital.UnitID{hospital.UnitID("w" + id): "children", hospital.UnitID("x" + id): "medical"}
	for _, row := range s.rows() {
		for i := range row {
			if unit, ok := owner[row[i].unit]; ok {
				row[i].unit = unit
			}
		}
	}
	s.west[0][0].name = "Children's nurse station"
	s.west[1][0].name = "Play room"
	s.east[0][0].name = "Medical nurse station"
	return s
}

// wardFloor: twenty single rooms around the service rooms of two wards.
func wardFloor(id, name string, level int) storey {
	west, east := hospital.UnitID("w"+id), hospital.UnitID("x"+id)
	number := level * 100
	return storey{
		id: id, name: name, level: level, unit: east,
		north: append(numbered("Room", number+1, number+5, hospital.PatientRoom, west, 6.6),
			numbered("Room", number+6, number+10, hospital.PatientRoom, east, 6.6)...),
		west: [2][]slot{
			{{"West nurse station", hospital.NurseStation, west, 8, minew}, {"West clean utility", hospital.CleanUtility, west, 6.5, ruuvi},
				{"West dirty utility", hospital.DirtyUtility, west, 6.5, espresens}},
			{{"Day room", hospital.Office, west, 8, espresens}, {"Feeds kitchen", hospital.Storage, west, 9, ""},
				{"Stairs B", hospital.Stairs, "public", 4, ""}},
		},
		middle: [2][]slot{
			{{"Lift A", hospital.Lift, "public", 3.5, ""}, {"Lift B", hospital.Lift, "public", 3.5, ""},
				{"Stairs A", hospital.Stairs, "public", 4, ""}, {"Ward store", hospital.Storage, east, 7, ""}},
			{{"Medicine room", hospital.Pharmacy, east, 9, ruuvi}, {"Doctors' office", hospital.Office, east, 9, ""}},
		},
		east: [2][]slot{
			{{"East nurse station", hospital.NurseStation, east, 8, minew}, {"East clean utility", hospital.CleanUtility, east, 6.5, minew},
				{"East dirty utility", hospital.DirtyUtility, east, 6.5, espresens}},
			{{"Treatment room", hospital.PatientRoom, east, 9, espresens}, {"Equipment bay", hospital.Storage, east, 6, minew},
				{"Staff room", hospital.Office, east, 6, ""}},
		},
		south: append(numbered("Room", number+11, number+15, hospital.PatientRoom, west, 6.6),
			numbered("Room", number+16, number+20, hospital.PatientRoom, east, 6.6)...),
	}
}

// outpatients is the ground floor of the second house: a ward's bones with clinics in them.
func outpatients() storey {
	s := wardFloor("e0", "East ground floor", 0)
	s.unit = "clinics"
	for _, row := range s.rows() {
		for i := range row {
			if row[i].unit != "public" {
				row[i].unit = "clinics"
			}
		}
	}
	for i := range s.north {
		s.north[i].name, s.south[i].name = fmt.Sprintf("Clinic %d", i+1), fmt.Sprintf("Clinic %d", i+11)
	}
	s.north[len(s.north)-1] = slot{"East main entrance", hospital.Exit, "public", 6.6, impinj}
	s.north[len(s.north)-1].name = "Main entrance east"
	return s
}

// rows gives every row of a storey, to be changed in place.
func (s *storey) rows() [][]slot {
	return [][]slot{s.north, s.south, s.west[0], s.west[1], s.middle[0], s.middle[1], s.east[0], s.east[1]}
}

// numbered makes rooms from a first to a last number, every second with a gateway.
func numbered(name string, first, last int, kind hospital.RoomKind, unit hospital.UnitID, wide float64) []slot {
	var slots []slot
	for n := first; n <= last; n++ {
		hung := ""
		if n%2 == 1 {
			hung = espresens
		}
		slots = append(slots, slot{fmt.Sprintf("%s %d", name, n), kind, unit, wide, hung})
	}
	return slots
}

// drawPeople lists one person a role, all of them made up; two pharmacists and two supply
// managers, since some releases and large orders need both.
func drawPeople() []hospital.Person {
	person := func(id, name string, role hospital.Role, unit hospital.UnitID) hospital.Person {
		return hospital.Person{ID: hospital.PersonID(id), Name: name, Email: id + "@lindenhof.example", Roles: []hospital.Role{role}, Unit: unit}
	}
	return []hospital.Person{
		person("nora.blum", "Nora Blum", hospital.Nurse, "medical"),
		person("felix.amadi", "Felix Amadi", hospital.Pharmacist, "pharmacy"),
		person("ines.vogel", "Ines Vogel", hospital.Pharmacist, "pharmacy"),
		person("ruth.castell", "Ruth Castell", hospital.SupplyManager, "supply"),
		person("miriam.okafor", "Miriam Okafor", hospital.SupplyManager, "supply"),
		person("jonas.wirth", "Jonas Wirth", hospital.BiomedicalEngineer, "biomed"),
		person("ada.lindqvist", "Ada Lindqvist", hospital.Administrator, ""),
		person("samir.novak", "Samir Novak", hospital.Auditor, ""),
	}
}
