package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wardwatch/tracking/hospital"
)

var update = flag.Bool("update", false, "write the golden files anew")

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestASmallHospitalIsRead(t *testing.T) {
	doc, err := Read(bytes.NewReader(readFile(t, "small.json")))
	if err != nil {
		t.Fatal(err)
	}
	if got := doc.Gateways[1].Antennas[2]; got != "g-lift" {
		t.Errorf("antenna 2 reads %q, want g-lift", got)
	}
	if at, ok := doc.Stock[0].Expiry.Time(); !ok || at.Day() != 29 {
		t.Errorf("expiry is %v %v, want the 29th of February 2028", at, ok)
	}
}

func TestWhatIsWrittenIsReadBackTheSame(t *testing.T) {
	doc, err := Parse(readFile(t, "small.json"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(doc, again) {
		t.Errorf("read back\n%+v\nwant\n%+v", again, doc)
	}
}

// Every fault of a thoroughly broken document is named at once, in the order of the document.
func TestEveryFaultIsNamedWithItsPath(t *testing.T) {
	_, err := Parse(readFile(t, "broken.json"))
	faults, ok := errors.AsType[Faults](err)
	if !ok || !errors.Is(err, hospital.ErrInvalid) {
		t.Fatalf("got %v, want Faults", err)
	}
	var got strings.Builder
	for _, fault := range faults {
		got.WriteString(fault.String() + "\n")
	}
	if *update {
		if err := os.WriteFile("testdata/broken.golden", []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(readFile(t, "broken.golden")); got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

func TestTextThatIsNoDocument(t *testing.T) {
	const head = `{"format":"wardwatch-hospital/1","site":{"id":"a","name":"A","zone":"UTC"}`
	for name, c := range map[string]struct{ text, want string }{
		"nothing":              {"", "the document (line 1): It ends too early: a bracket or brace is not closed."},
		"cut short":            {head + ",\n", "the document (line 2): It ends too early: a bracket or brace is not closed."},
		"not JSON":             {"{\n\nhello", "the document (line 3): It is not JSON from here on: invalid character 'h'"},
		"two documents":        {head + "}\n{}", "the document (line 2): There is something after the end"},
		"not UTF-8":            {"\xff\xfe{}", "the document: It is not UTF-8 text."},
		"a key said twice":     {head + `,"site":{"id":"a","name":"A","zone":"UTC"}}`, `/site (line 1): "site" is said twice here.`},
		"a number without end": {head + `,"floors":[{"level":1e999999999}]}`, "/floors/0/level (line 1): The number is too long; nothing in a hospital needs it."},
		"too deep":             {strings.Repeat("[", 100_000), "the document (line 1): It is nested deeper than 16 levels."},
		"a list":               {"[]", "the document (line 1): It must be an object, not a list."},
		"wrong type":           {head + `,"rooms":{}}`, "/rooms (line 1): It must be a list, not an object."},
		"another format":       {`{"format":"hospital/2","site":{"id":"a","name":"A","zone":"UTC"}}`, `/format (line 1): It must be "wardwatch-hospital/1", not "hospital/2".`},
		"no site":              {`{"format":"wardwatch-hospital/1"}`, `the document (line 1): The field "site" is missing.`},
		"keys are exact":       {`{"Format":"wardwatch-hospital/1","site":{"id":"a","name":"A","zone":"UTC"}}`, `the document (line 1): The field "format" is missing.`},
		"control characters":   {`{"format":"wardwatch-hospital/1","site":{"id":"a","name":"A\u0000","zone":"UTC"}}`, `/site/name (line 1): "A\x00" is not written as it must be: no control characters.`},
		"a whole number as 3.0": {head + `,"buildings":[{"id":"b","name":"B"}],"floors":[{"id":"f","building":"b","name":"F","level":3.0,"width_metres":1,"height_metres":1}]}`,
			"/floors/level (line 1): Write the whole number without a fraction"},
		"this machine's zone": {`{"format":"wardwatch-hospital/1","site":{"id":"a","name":"A","zone":"Local"}}`, `/site/zone (line 1): "Local" is not a time zone`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(c.text))
			faults, ok := errors.AsType[Faults](err)
			if !ok {
				t.Fatalf("got %v, want Faults", err)
			}
			if got := faults[0].String(); !strings.HasPrefix(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAByteOrderMarkIsForgiven(t *testing.T) {
	if _, err := Parse(append([]byte("\xef\xbb\xbf"), readFile(t, "small.json")...)); err != nil {
		t.Error(err)
	}
}

// spaces is as many blanks as one asks for.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestSizeIsLimited(t *testing.T) {
	small := readFile(t, "small.json")
	full := io.MultiReader(bytes.NewReader(small), io.LimitReader(spaces{}, MaxBytes-int64(len(small))))
	if _, err := Read(full); err != nil {
		t.Errorf("a document of exactly MaxBytes: %v", err)
	}
	over := io.MultiReader(bytes.NewReader(small), io.LimitReader(spaces{}, MaxBytes-int64(len(small))+1))
	if _, err := Read(over); err == nil || err.Error() != "the document: It is larger than 32 MB." {
		t.Errorf("one byte more: %v", err)
	}
}

// A convex polygon never crosses itself; exchanging two corners that are not
// next to each other in one of four corners or more always makes it.
func TestCrossingOutlines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(4, 12).Draw(t, "corners")
		radius := rapid.Float64Range(1, 50).Draw(t, "radius")
		outline := ring(n, radius)
		if a, b, crossed := crossing(outline); crossed {
			t.Fatalf("a convex outline crosses itself at %d and %d", a, b)
		}
		i := rapid.IntRange(0, n-1).Draw(t, "i")
		j := (i + 1) % n
		outline[i], outline[j] = outline[j], outline[i]
		if _, _, crossed := crossing(outline); !crossed {
			t.Fatalf("an outline with corners %d and %d exchanged does not cross itself", i, j)
		}
	})
}

func TestOutlinesThatFoldOrTouch(t *testing.T) {
	type p = hospital.Point
	for name, c := range map[string]struct {
		outline []p
		want    bool
	}{
		"square":               {[]p{{X: 0, Y: 0}, {X: 4, Y: 0}, {X: 4, Y: 4}, {X: 0, Y: 4}}, false},
		"L":                    {[]p{{X: 0, Y: 0}, {X: 4, Y: 0}, {X: 4, Y: 2}, {X: 2, Y: 2}, {X: 2, Y: 4}, {X: 0, Y: 4}}, false},
		"corner on a straight": {[]p{{X: 0, Y: 0}, {X: 2, Y: 0}, {X: 4, Y: 0}, {X: 4, Y: 4}, {X: 0, Y: 4}}, false},
		"corner said twice":    {[]p{{X: 0, Y: 0}, {X: 4, Y: 0}, {X: 4, Y: 0}, {X: 4, Y: 4}}, true},
		"closed by hand":       {[]p{{X: 0, Y: 0}, {X: 4, Y: 0}, {X: 4, Y: 4}, {X: 0, Y: 0}}, true},
		"spike":                {[]p{{X: 0, Y: 0}, {X: 4, Y: 0}, {X: 2, Y: 0}, {X: 2, Y: 4}}, true},
		"corner on a side":     {[]p{{X: 0, Y: 0}, {X: 4, Y: 0}, {X: 4, Y: 4}, {X: 2, Y: 0}, {X: 0, Y: 4}}, true},
	} {
		if _, _, got := crossing(c.outline); got != c.want {
			t.Errorf("%s: crossing is %v, want %v", name, got, c.want)
		}
	}
}

func TestTheSchemaListsWhatTheTypesList(t *testing.T) {
	var schema struct {
		Defs map[string]struct {
			Enum       []string `json:"enum"`
			Pattern    string   `json:"pattern"`
			Examples   []string `json:"examples"`
			Properties map[string]struct {
				Enum  []string `json:"enum"`
				Items struct {
					Enum []string `json:"enum"`
				} `json:"items"`
			} `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	same := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the schema says %v, the code %v", what, got, want)
		}
	}
	same("profiles", schema.Defs["profile"].Examples, Profiles())
	same("makes", schema.Defs["gateway"].Properties["make"].Enum, GatewayMakes())
	same("reads", schema.Defs["gateway"].Properties["reads"].Enum, texts(hospital.AllReads()))
	same("criticalities", schema.Defs["item"].Properties["criticality"].Enum, Criticalities())
	same("refill kinds", schema.Defs["refill"].Properties["kind"].Enum, RefillKinds())
	same("room kinds", schema.Defs["room"].Properties["kind"].Enum, texts(hospital.RoomKinds()))
	same("ids", schema.Defs["id"].Pattern, hospital.IDPattern())
	same("tags", schema.Defs["tag_id"].Pattern, hospital.TagPattern())
	same("roles", schema.Defs["person"].Properties["roles"].Items.Enum, texts(hospital.Roles()))
}

func texts[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = string(v)
	}
	return out
}

// Whatever comes in, there is a document or a reason, never a crash; and what
// was read once is read again from what we write.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"small.json", "broken.json"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"format":"wardwatch-hospital/1","site":{"id":"a","name":"A","zone":"UTC"},"rooms":[{"~/":1e99}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := Parse(data)
		if err != nil {
			if faults, ok := errors.AsType[Faults](err); !ok || len(faults) == 0 {
				t.Fatalf("refused without a fault: %v", err)
			}
			return
		}
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(text); err != nil {
			t.Fatalf("our own writing is refused: %v\n%s", err, text)
		}
	})
}
