package gs1

import (
	"regexp"
	"strings"
)

// buried finds an expiry date that ran into the lot or serial before it because
// the scanner dropped the separator: "ABC12317261231".
var buried = regexp.MustCompile(`^(.+?)(17)([0-9]{6})((?:21.+)?)$`)

// mend repairs a lost separator where only one reading makes sense: the scan has
// a lot or serial that ends in a whole expiry element, and no expiry of its own.
// It says so, because a lot may end that way by chance.
func mend(scan Scan) Scan {
	if _, has := scan.Value("17"); has {
		return scan
	}
	for i, e := range scan.Elements {
		if e.AI != "10" && e.AI != "21" || i != len(scan.Elements)-1 {
			continue
		}
		m := buried.FindStringSubmatch(e.Value)
		if m == nil || !obeys("yymmd0", m[3]) || strings.HasSuffix(m[1], "17") {
			continue
		}
		parts := []Element{{AI: e.AI, Title: e.Title, Value: m[1]}, {AI: "17", Title: "EXPIRY", Value: m[3]}}
		if m[4] != "" && e.AI == "10" {
			parts = append(parts, Element{AI: "21", Title: "SERIAL", Value: m[4][2:]})
		} else if m[4] != "" {
			continue
		}
		scan.Elements = append(scan.Elements[:i:i], parts...)
		scan.Faults = without(scan.Faults, e.AI)
		scan.Warnings = append(scan.Warnings, "The scanner lost a separator: "+e.Title+" "+e.Value+
			" was read as "+m[1]+" with expiry "+m[3]+". Compare it with the label.")
	}
	return scan
}

func without(faults []Fault, ai string) []Fault {
	var kept []Fault
	for _, f := range faults {
		if f.AI != ai {
			kept = append(kept, f)
		}
	}
	return kept
}
