package web

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/coldchain/report"
	"wardwatch/tracking/hospital"
	"wardwatch/views/words"
)

// Of two papers with one title nobody could say later which was whose, and of when.
func TestAPaperSaysByWhatItWasNarrowed(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	march := stretch{time.Date(2026, 3, 1, 0, 0, 0, 0, zone), time.Date(2026, 3, 31, 23, 59, 59, 0, zone)}
	all := []choice{{"Fridge", "Vaccine fridge B"}, {"", march}, {"", ours("On hold")}}
	for language, want := range map[words.Language]string{
		words.English: "Fridge: Vaccine fridge B · from 1 Mar 2026 to 31 Mar 2026 · On hold",
		words.German:  "Kühlschrank: Vaccine fridge B · von 1. März 2026 bis 31. März 2026 · Gesperrt",
	} {
		if got := toldChoices(all, zone, words.Reader{Language: language}.Say); got != want {
			t.Errorf("%s: %q, want %q", language, got, want)
		}
	}
	plain := func(text string) string { return text }
	for want, s := range map[string]stretch{"from 1 Mar 2026": {from: march.from}, "until 31 Mar 2026": {last: march.last}, "1 Mar 2026": {march.from, march.from.Add(time.Hour)}} {
		if got := toldChoices([]choice{{"", s}}, zone, plain); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := toldChoices(kept(choice{"Kind", ""}, choice{"Status", ours("")}), zone, plain); got != "" {
		t.Errorf("of all there is it says %q", got)
	}
	var file bytes.Buffer
	s := sheet{columns: []column{{"Name", 10}}, rows: oneRow("a")}
	if err := s.writePDF(&file, paperHead{"Readings", "Fridge: F (1)"}, report.Paper{Site: hospital.Site{Zone: "UTC"}}); err != nil {
		t.Fatal(err)
	}
	if texts := paperTexts(t, file.Bytes()); len(texts) < 2 || texts[0] != "Readings" || texts[1] != `Fridge: F \(1\)` {
		t.Errorf("its head says %q", texts)
	}
}

var placed = regexp.MustCompile(`BT ([\d.]+) [\d.]+ Td \(((?:[^()\\]|\\.)*)\) ?Tj`)

// Digits stand under digits, and no line ends between a value and its unit.
func TestNumbersOnPaperStandAtTheRight(t *testing.T) {
	s := sheet{columns: []column{{"Name", 10}, {"Held", 10}, {"Lowest", 10}, {"Why", 10}}, rows: func(yield func([]any, error) bool) {
		why := ours("because " + strings.Repeat("it was much too warm, at 8.5 °C for 40 min, ", 12))
		_ = yield([]any{"a", int64(7), degrees(coldchain.MilliCelsius(-18000)), why}, nil) &&
			yield([]any{"b", int64(123456), nil, why}, nil) && yield([]any{"5", nil, degrees(4200), why}, nil)
	}}
	var file bytes.Buffer
	if err := s.writePDF(&file, paperHead{title: "x"}, report.Paper{Site: hospital.Site{Zone: "UTC"}}); err != nil {
		t.Fatal(err)
	}
	content := strings.Join(paperPages(t, file.Bytes()), "\n")
	at := map[string]string{}
	for _, found := range placed.FindAllStringSubmatch(content, -1) {
		at[found[2]] = found[1]
		if line := found[2]; strings.HasSuffix(line, " 8.5") || strings.HasSuffix(line, " 40") || strings.HasPrefix(line, "min") {
			t.Errorf("a value stands apart from its unit: %q", line)
		}
	}
	for _, text := range []string{"Name", "Held", "a", "5", "7", "123456"} {
		if at[text] == "" {
			t.Fatalf("%q is not on the paper: %v", text, at)
		}
	}
	if at["7"] <= at["123456"] || at["Held"] == at["123456"] {
		t.Errorf("7 begins at %s, 123456 at %s", at["7"], at["123456"])
	}
	if at["a"] != at["5"] || at["a"] != at["Name"] {
		t.Errorf("texts stand at %s, %s and %s", at["Name"], at["a"], at["5"])
	}
}
