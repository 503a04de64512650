package web

import "testing"

// TestAValueStaysWithItsUnit: on paper no line ends between a figure and what it counts.
func TestAValueStaysWithItsUnit(t *testing.T) {
	for text, want := range map[string]string{
		"between 2 °C and 8 °C for 30 min": "between 2\u00a0°C and 8\u00a0°C for 30\u00a0min",
		"12 doses, 1 pack, 40 % left":      "12\u00a0doses, 1\u00a0pack, 40\u00a0% left",
		"nach 3 Tagen 20 Dosen":            "nach 3\u00a0Tagen 20\u00a0Dosen",
		"bay 3 left of the door":           "bay 3 left of the door",
		"lot 7 given out":                  "lot 7 given out",
	} {
		if got := together(text); got != want {
			t.Errorf("%q became %q, not %q", text, got, want)
		}
	}
}
