package views

import "testing"

func TestMarksThatTurnTheReadingDirectionAreShown(t *testing.T) {
	for text, want := range map[string]string{"exe\u202egnp": "exe\uFFFDgnp", "\u2066a\u2069": "\uFFFDa\uFFFD", "\u202a": "\uFFFD", "“quoted” – … \u202f": "“quoted” – … \u202f",
		"\u2065 \u206a": "\u2065 \u206a", "مضخة": "مضخة", "": "", "\xe2\x80": "\xe2\x80"} {
		if got := UntwistText(text); got != want {
			t.Errorf("%q became %q", text, got)
		}
	}
}
