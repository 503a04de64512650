package inventory_test

import (
	"errors"
	"strings"
	"testing"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
)

func TestPastUseIsReadByItsHeader(t *testing.T) {
	all, err := inventory.ReadPastUse(strings.NewReader("\ufeffDate,quantity,Item,place\n2025-12-31, 12 ,gloves,store\n2026-01-01,0,gloves,store\n2025-12-31,3,gloves,store\n"))
	if err != nil || len(all) != 2 || all[0].Item != "gloves" || all[0].Place != "store" || all[0].Quantity != 15 || all[0].Day.String() != "2025-12-31" {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestPastUseSaysWhichLineIsWrong(t *testing.T) {
	for file, want := range map[string]string{
		"":                          "Begin it with",
		"item,place,day,quantity\n": `lacks the column "date"`,
		"item,place,date,quantity\na,b,31.12.2025,1\n":  "Line 2: \"31.12.2025\" is no date",
		"item,place,date,quantity\na,b,2025-12-31,-1\n": "Line 2: \"-1\" is no quantity",
		"item,place,date,quantity\na,b\n":               "Line 2:",
	} {
		if _, err := inventory.ReadPastUse(strings.NewReader(file)); !errors.Is(err, hospital.ErrInvalid) || !strings.Contains(hospital.Sentence(err), want) {
			t.Errorf("%q: %v", file, err)
		}
	}
}

func FuzzReadPastUse(f *testing.F) {
	f.Add("item,place,date,quantity\ngloves,store,2025-12-31,12\n")
	f.Fuzz(func(t *testing.T, file string) {
		all, err := inventory.ReadPastUse(strings.NewReader(file))
		for _, use := range all {
			if err != nil || use.Quantity < 0 || use.Day.IsZero() {
				t.Errorf("%+v with %v", use, err)
			}
		}
	})
}
