package hospital

import (
	"strings"
	"unicode"
)

// namedKinds are the words that rooms of a kind have in their names, in English and
// German; those that end in a dash begin a word, the others are one.
var namedKinds = []struct {
	word string
	kind RoomKind
}{{"pharm-", Pharmacy}, {"stor-", Storage}, {"lager-", Storage}, {"clean-", CleanUtility}, {"dirty-", DirtyUtility},
	{"station", NurseStation}, {"corridor", Corridor}, {"theatre", Theatre}, {"lab", Laboratory}, {"laborator-", Laboratory}, {"office-", Office},
	{"workshop-", Workshop}, {"lift", Lift}, {"stair-", Stairs}}

// KindNamed guesses a room's kind from its name, for a house that is set up by hand;
// PatientRoom where the name says nothing. What a document says of a room goes before it.
func KindNamed(name string) RoomKind {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) })
	for _, known := range namedKinds {
		begins, prefix := strings.CutSuffix(known.word, "-")
		for _, word := range words {
			if word == known.word || prefix && strings.HasPrefix(word, begins) {
				return known.kind
			}
		}
	}
	return PatientRoom
}
