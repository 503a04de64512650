package tracking

import (
	"slices"
	"testing"
)

func TestASlipOfTheFingerStillNamesTheKind(t *testing.T) {
	kinds := []string{"bladder scanner", "feeding pump", "infusion pump", "suction unit", "syringe pump", "ventilator", "wheelchair"}
	for typed, want := range map[string][]string{
		"whelchair":     {"wheelchair"},
		"wheelchiar":    {"wheelchair"},
		"Weelchairs":    {"wheelchair"},
		"pmup":          {"feeding pump", "infusion pump", "syringe pump"},
		"infuson pmup":  {"infusion pump"},
		"ventlator":     {"ventilator"},
		"ventill":       {"ventilator"}, // not typed to its end
		"syrinje pump":  {"syringe pump"},
		"unicorn":       nil,
		"pm":            nil, // too short to guess
		"0400005911812": nil, // a number is right or wrong
		"P-404":         nil,
		"":              nil,
	} {
		if got := meant(kinds, wordsOf(typed)); !slices.Equal(got, want) {
			t.Errorf("%q means %q, want %q", typed, got, want)
		}
	}
}

func TestSlipsAreCountedAsFingersMakeThem(t *testing.T) {
	for _, c := range []struct {
		a, b string
		n    int
	}{{"pump", "pump", 0}, {"pmup", "pump", 1}, {"pum", "pump", 1}, {"pumpe", "pump", 1}, {"pimp", "pump", 1}, {"", "pump", 4}, {"wärmer", "warmer", 1}, {"abcd", "badc", 2}} {
		if got, back := slips(c.a, c.b), slips(c.b, c.a); got != c.n || back != c.n {
			t.Errorf("%s to %s: %d and %d, want %d", c.a, c.b, got, back, c.n)
		}
	}
}
