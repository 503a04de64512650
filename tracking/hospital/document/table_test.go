package document

import (
	"errors"
	"strings"
	"testing"
)

func small(t testing.TB) Document {
	t.Helper()
	doc, err := Parse(readFile(t, "small.json"))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func table(t testing.TB, section string) Table {
	t.Helper()
	found, ok := TableOf(section)
	if !ok {
		t.Fatalf("no table %s", section)
	}
	return found
}

func TestASpreadsheetOfAssets(t *testing.T) {
	const file = "\xef\xbb\xbfID;Kind;Name;Unit;Tags\r\n" +
		"P-002;infusion pump;\"Pump; the second\";ward-a;c30000000002 ibeacon:9f0c2d6e-3b71-4d6a-9c55-2f7a1f0b8d11:1:2\r\n" +
		";;;;\r\n" +
		"P-001;infusion pump;Pump, renamed;;c30000000001\r\n"
	rows, err := table(t, "assets").Read(strings.NewReader(file), small(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(rows.Document.Assets) != 2 || rows.Lines[0] != 2 || rows.Lines[1] != 4 || len(rows.Document.Rooms) != 0 {
		t.Fatalf("got %+v", rows)
	}
	second, first := rows.Document.Assets[0], rows.Document.Assets[1]
	if second.Name != "Pump; the second" || len(second.Tags) != 2 || second.Tags[1].ID[:7] != "ibeacon" {
		t.Errorf("got %+v", second)
	}
	// No column for the serial number: it stays. An empty cell for the unit: it goes.
	if first.Serial != "SN-0001" || first.Unit != "" || first.Name != "Pump, renamed" {
		t.Errorf("got %+v", first)
	}
}

func TestWhatAnItemHasNoColumnForStays(t *testing.T) {
	rows, err := table(t, "items").Read(strings.NewReader("id,price_minor\nmmr,39900\n"), small(t))
	if err != nil {
		t.Fatal(err)
	}
	if item := rows.Document.Items[0]; item.PriceMinor != 39900 || len(item.Stability) != 1 || len(item.Levels) != 1 || item.Pack != 10 {
		t.Errorf("got %+v", item)
	}
}

// Who may not see prices takes the items out with empty ones: brought in again, they
// take no price away. Nothing is said as 0.
func TestAnEmptyPriceLeavesWhatIsThere(t *testing.T) {
	there := small(t)
	rows, err := table(t, "items").Read(strings.NewReader("id,name,price_minor,supplier_code\nmmr,MMR vaccine,,\n"), there)
	if err != nil {
		t.Fatal(err)
	}
	if item := rows.Document.Items[0]; item.PriceMinor != there.Items[0].PriceMinor || item.PriceMinor == 0 || item.Name != "MMR vaccine" || item.SupplierCode != "" {
		t.Errorf("got %+v", item)
	}
	rows, err = table(t, "items").Read(strings.NewReader("id,price_minor\nmmr,0\n"), small(t))
	if err != nil || rows.Document.Items[0].PriceMinor != 0 {
		t.Errorf("a price of nothing: %+v %v", rows.Document.Items, err)
	}
}

func TestFaultsOfASpreadsheet(t *testing.T) {
	for name, c := range map[string]struct {
		section, file string
		want          []string
	}{
		"nothing":        {"assets", "", []string{"the file: It has no header; begin it with the line id,kind,name,model,serial,unit,tags"}},
		"latin-1":        {"assets", "id\n\xfc", []string{"the file: It is not UTF-8 text; save it as CSV UTF-8."}},
		"strange column": {"assets", "id,colour,id\nx,red,y", []string{`header: Column 2, "colour", is not known here`, "header: The column id stands there twice."}},
		"no id":          {"items", "name\nx", []string{"header: The column id is missing."}},
		"too few cells":  {"assets", "id,name\nx,y\nz\n", []string{"row 3: It has 1 cells and the header has 2."}},
		"open quote":     {"assets", "id,name\nx,\"y\n", []string{"It can't be read from here on"}},
		"twice":          {"assets", "id,name,kind\nx,a,b\nx,a,b\n", []string{`row 3: "x" stands in row 2 already.`}},
		"new and short":  {"items", "id,pack\nnew,ten\n", []string{`row 2: The field "name" is missing.`, `row 2: The field "unit_of_issue" is missing.`, "row 2, column pack: It must be a whole number, not text."}},
		"references": {"stock", "item,place,lot,expiry,quantity\nmmr,store-a,L1,2027-02-30,5\ntea,kitchen,T,,1\n",
			[]string{`row 2, column expiry: "2027-02-30" is not a day of the calendar`, `row 3, column item: There is no item "tea"`, `row 3, column place: There is no place "kitchen"`}},
		"a tag of another": {"assets", "id,kind,name,tags\nnew,pump,Pump,c30000000001\n", []string{"The tag \"c30000000001\" is already on asset"}},
		"roles":            {"people", "id,name,email,roles\nx,X,x@linden.example,nurse surgeon\n", []string{`row 2, column roles: It must be one of "nurse"`}},
		"a huge number":    {"stock", "item,place,lot,quantity\nmmr,store-a,L1,1e999999999\n", []string{"row 2, column quantity: The number is too long"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := table(t, c.section).Read(strings.NewReader(c.file), small(t))
			faults, ok := errors.AsType[Faults](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			all := ""
			for _, fault := range faults {
				all += fault.String() + "\n"
			}
			for _, want := range c.want {
				if !strings.Contains(all, want) {
					t.Errorf("got\n%swant %s", all, want)
				}
			}
		})
	}
}

func FuzzTable(f *testing.F) {
	for _, seed := range []string{"id,name\nx,y\n", "id;tags\nP-001;a b\n", "item,place,lot,quantity\nmmr,store-a,L,3\n", "id\trole\n\"\n"} {
		f.Add(seed)
	}
	there := small(f)
	f.Fuzz(func(t *testing.T, file string) {
		for _, table := range Tables() {
			rows, err := table.Read(strings.NewReader(file), there)
			if faults, ok := errors.AsType[Faults](err); err != nil && (!ok || len(faults) == 0) {
				t.Fatalf("%s: %v", table.Section, err)
			}
			for range rows.Lines {
				_ = rows.Document
			}
		}
	})
}
