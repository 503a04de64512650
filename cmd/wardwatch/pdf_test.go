package main

import (
	"bytes"
	"compress/zlib"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

var (
	pdfStream = regexp.MustCompile(`(?s)stream\r?\n(.*?)endstream`)
	pdfShown  = regexp.MustCompile(`\(((?:\\.|[^\\)])*)\) ?Tj`)
)

// paperTexts are the texts of a PDF of ours, page by page, in the order in which they are
// drawn. A letter that is no ASCII is told as "?".
func paperTexts(t *testing.T, file []byte) (pages [][]string) {
	t.Helper()
	for _, found := range pdfStream.FindAllSubmatch(file, -1) {
		unpacked, err := zlib.NewReader(bytes.NewReader(found[1]))
		if err != nil {
			continue // a font, or another thing that is not packed so
		}
		content, err := io.ReadAll(unpacked)
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, shown := range pdfShown.FindAllSubmatch(content, -1) {
			text := regexp.MustCompile(`\\(.)`).ReplaceAll(shown[1], []byte("$1"))
			texts = append(texts, string(plainBytes(text)))
		}
		if len(texts) > 0 {
			pages = append(pages, texts)
		}
	}
	return pages
}

func plainBytes(text []byte) []byte {
	out := make([]byte, len(text))
	for i, b := range text {
		switch out[i] = b; {
		case b == 0xa0: // no line ends there
			out[i] = ' '
		case b > unicode.MaxASCII:
			out[i] = '?'
		}
	}
	return out
}

// onPaper takes a cell off the texts that were drawn: what is wider than its column stands in
// several lines. It is false where they say something else. What paper has no letter for stands
// there as another.
func onPaper(texts []string, cell string) (left []string, said bool) {
	want, drawn := []rune(strings.Join(strings.Fields(cell), "")), ""
	for left = texts; len(left) > 0 && len(drawn) < len(want); left = left[1:] {
		drawn += strings.Join(strings.Fields(left[0]), "")
	}
	if len(drawn) != len(want) {
		return texts, false
	}
	for i, r := range want {
		if r <= unicode.MaxASCII && r != rune(drawn[i]) {
			return texts, false
		}
	}
	return left, true
}

// sameNumber holds for numbers with two decimals on paper; a time that goes on is told a
// moment later there.
func sameNumber(drawn, cell string) bool {
	a, wrong := strconv.ParseFloat(drawn, 64)
	b, bad := strconv.ParseFloat(cell, 64)
	return wrong == nil && bad == nil && math.Abs(a-b) < 0.02
}

// TestEveryListOnPaperSaysWhatItsTableSays: of each list the PDF is read back. It has the
// list's title, every column, a line for each row of the CSV in its order, and on each page the
// house, the site's own clock, who printed it, and which page of how many it is.
func TestEveryListOnPaperSaysWhatItsTableSays(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	people := visitors(t, h)
	doc, err := db.Hospital{DB: h.db}.Describe(t.Context(), hospital.Job("test"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 90 { // more than two pages
		doc.Assets = append(doc.Assets, document.Asset{ID: fmt.Sprintf("PAPER-%03d", i), Kind: "infusion pump", Name: fmt.Sprintf("Pump (%d) for the stairs", i)})
	}
	if _, err := (db.Hospital{DB: h.db}).Import(t.Context(), hospital.Job("test"), doc, true); err != nil {
		t.Fatal(err)
	}
	zone, read, longest := h.register.Current().Site.Location(), 0, 0
	for _, r := range h.door.Routes() {
		name, is := strings.CutSuffix(strings.TrimPrefix(r.Path, "/files/"), ".pdf")
		if !is || !strings.HasPrefix(r.Path, "/files/") || name == "readings" { // those are of one fridge
			continue
		}
		for _, v := range people {
			if v.person.Limits != nil || !v.person.Actor().May(r.Permission) {
				continue
			}
			table := v.ask(http.MethodGet, "/files/"+name+".csv")
			paper := v.ask(http.MethodGet, "/files/"+name+".pdf")
			if table.Code != http.StatusOK || paper.Code != http.StatusOK {
				t.Fatalf("%s answers %d and %d", name, table.Code, paper.Code)
			}
			rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(table.Body.String(), "\ufeff"))).ReadAll()
			if err != nil || len(rows) == 0 {
				t.Fatalf("%s.csv: %v", name, err)
			}
			pages := paperTexts(t, paper.Body.Bytes())
			v.mustBeOnPaper(t, name, rows, pages, zone)
			read, longest = read+1, max(longest, len(pages))
			break
		}
	}
	if read < 10 || longest < 3 {
		t.Errorf("read %d lists, the longest of %d pages", read, longest)
	}
}

// headOf is how the line begins that says over which days a list is, where it is of some though
// nobody chose.
var headOf = map[string]string{"fleet-use": "from ", "fleet-size": "from ", "fleet-rooms": "from ", "fleet-near": "from ", "fleet-idle": "Days: ", "fleet-lost": "Days: ",
	"cold-chain-compliance": "from ", "stock-health-days": "from ", "use-and-waste": "from ", "use-and-waste-items": "from "}

func (v visitor) mustBeOnPaper(t *testing.T, name string, rows [][]string, pages [][]string, zone *time.Location) {
	t.Helper()
	if len(pages) == 0 || len(pages[0]) == 0 {
		t.Fatalf("%s.pdf shows nothing", name)
	}
	title := strings.ReplaceAll(name, "-", " ")
	if got := pages[0][0]; got != strings.ToUpper(title[:1])+title[1:] {
		t.Errorf("%s.pdf is called %q", name, got)
	}
	var lines []string // all but titles, heads and feet
	for i, page := range pages {
		texts, number := page, fmt.Sprintf("page %d of %d", i+1, len(pages))
		foot := texts[len(texts)-2]
		if texts[len(texts)-1] != number || !strings.HasPrefix(foot, "Linden Hospital ? made ") || !strings.Contains(foot, v.person.Name) || !strings.Contains(foot, time.Now().In(zone).Format(" MST by")) {
			t.Errorf("%s.pdf ends its page %d with %q", name, i+1, texts[len(texts)-2:])
		}
		if texts = texts[:len(texts)-2]; i == 0 {
			texts = texts[1:]
		}
		if begins := headOf[name]; i == 0 && begins != "" {
			if !strings.HasPrefix(texts[0], begins) {
				t.Errorf("%s.pdf doesn't say over which days: %q", name, texts[0])
			}
			texts = texts[1:]
		}
		for j, column := range rows[0] {
			left, said := onPaper(texts, column)
			if !said {
				t.Fatalf("%s.pdf calls its column %d %q, the table %q", name, j+1, texts[:min(3, len(texts))], column)
			}
			texts = left
		}
		lines = append(lines, texts...)
	}
	for n, row := range rows[1:] {
		for _, cell := range row {
			if cell == "" {
				continue
			}
			if len(lines) == 0 {
				t.Fatalf("%s.pdf ends before row %d of %d", name, n+1, len(rows)-1)
			}
			if day, err := time.Parse(time.RFC3339, cell); err == nil {
				cell = day.UTC().Format("2006-01-02 15:04")
			}
			left, said := onPaper(lines, cell)
			if !said && sameNumber(lines[0], cell) {
				left, said = lines[1:], true
			}
			if !said {
				t.Fatalf("%s.pdf, row %d: %q, the table says %q", name, n+1, lines[:min(3, len(lines))], cell)
			}
			lines = left
		}
	}
	if len(lines) > 0 {
		t.Errorf("%s.pdf says more than the table: %q", name, lines)
	}
}
