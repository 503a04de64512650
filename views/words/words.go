// Package words says every page in the reader's language and units.
//
// Pages, rules and refusals are written in plain English where they are thought: in
// the components, beside the rule, in the error. What leaves the house for a reader
// passes one door, and there a Reader words it:
//
//	component → HTML in English → Reader.Page → HTML in German → browser
//	topic → fragment, once for each language → everybody who reads that language
//
// What leaves on other ways passes the same Reader, text by text, before it is drawn or
// sent: files and papers that a person keeps are worded as she reads (web's ours, the
// reports' Paper.Say); messages, text messages and orders as site.language says
// (notify.Dispatcher.Say, reorder.Desk.Say). Codes in them, what people typed and what
// signatures are bound to stay.
//
// So nothing can slip past: a label, a reason that a rule gave and the sentence of a
// refusal are looked up alike, and a page in English is left byte for byte as it was.
//
// # The catalogue
//
// de.json is all that German says, one line a text, sorted, with the English as its key:
//
//	"Nearest free": "Nächstes freies"
//	"{#1} lots on hold": "{1} Chargen gesperrt"
//	"button|Order": "Bestellen"
//
// {1} stands for any text (a name, a day, a state, worded in its turn), {#1} for a
// number alone. A key that begins with "button|" is for what is pressed (button,
// summary, a link that looks like one), where English uses one word for the deed and
// the thing. A text that ends in a full stop, or stands between dots, dashes, commas
// or brackets, is found without them; a list or a run of sentences is worded part by part.
//
// What the catalogue does not know is data and stays as it was typed: names, notes,
// numbers of lots. What stands in “ ” was typed and stays too, unless it is as a whole a
// text of ours. An element with data-typed shows a reason that either the program or a
// person gave; one with translate="no" is never touched, nor are code, kbd,
// pre, samp, textarea, and the value of any field: what goes back to the server is
// what came from it. What a record keeps (a signed meaning, the reason of a decision,
// a row of the audit trail) is stored as it was written; only its showing is worded.
//
// # Figures
//
// Days, decimals and degrees are recognised by their shape: "3 May 2026" is
// "3. Mai 2026", "4.2 °C" is "4,2 °C", and for who reads Fahrenheit "39.6 °F"; for
// who reads twelve hours "14:02" is "2:02 PM".
// Only what is shown is converted; what is stored, judged, typed or exported is Celsius.
// A difference is written "by 0.5 °C" or "±0.5 °C" and gains no 32 degrees.
//
// # A new text
//
// Write it in English; the tests then name it until de.json has it: some read the
// sources, and follow each function that puts a text together through all its cases; one walks every page of every role in the pseudo-locale (qps-ploc), in which
// each known text stands in brackets, with accents, and two fifths longer.
//
// # Glossary
//
// English: German. People are addressed with Sie. acknowledge: quittieren · alarm:
// Alarm · approve: freigeben (order), genehmigen (budget) · asset, equipment: Gerät ·
// batch, lot: Charge · carry: Transport · case: Fall · cold chain: Kühlkette · count:
// Zählung · delivery: Lieferung · discard: entsorgen · door: Tür · dose: Dosis ·
// excursion: Abweichung · expiry: Verfall · fence: Zone · freezer: Tiefkühlschrank ·
// fridge: Kühlschrank · gateway: Gateway · hold: sperren, Sperre · item: Artikel ·
// logger: Datenlogger · order: Bestellung · probe: Fühler · proposal: Bestellvorschlag ·
// reading: Messwert · recall: Rückruf · release: freigeben · room: Raum · sensor:
// Sensor · shelf, place: Lagerort · site: Standort · stock: Bestand · supplier:
// Lieferant · tag: Tag (Funketikett) · unit: Station · ward: Station.
package words

import (
	"strings"

	"golang.org/x/text/language"
)

// Language is one that pages are worded in: "en", "de", or the pseudo-locale.
type Language string

// The languages.
const (
	English Language = "en"
	German  Language = "de"
	// Pseudo marks every text that the catalogue knows, to find those it does not.
	Pseudo Language = "qps-ploc"
)

// Languages are those that a person can choose, each by the name that its readers give it.
func Languages() []Language { return []Language{English, German} }

// Name is what its readers call the language.
func (l Language) Name() string {
	switch l {
	case German:
		return "Deutsch"
	case Pseudo:
		return "[Þšéüðö]"
	}
	return "English"
}

// Known says whether pages can be worded in it.
func (l Language) Known() bool { return l == English || l == German || l == Pseudo }

// maxAsked is how much of a browser's wish is read.
const maxAsked = 200

var matcher = language.NewMatcher([]language.Tag{language.English, language.German})

// Asked is the language that a browser's Accept-Language asks for; "" when it names none of ours.
func Asked(accept string) Language {
	if accept == "" || len(accept) > maxAsked {
		return ""
	}
	wishes, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return ""
	}
	_, at, sure := matcher.Match(wishes...)
	if sure < language.High {
		return ""
	}
	return Languages()[at]
}

// Reader is who reads a page: in which language, temperatures in which unit, and times of
// day by which clock. The zero Reader reads what was written: English, degrees Celsius, 24 hours.
type Reader struct {
	Language   Language
	Fahrenheit bool
	// TwelveHours reads times of day with AM and PM.
	TwelveHours bool
}

// Plain says that nothing has to be worded.
func (r Reader) Plain() bool {
	return (r.Language == English || !r.Language.Known()) && !r.Fahrenheit && !r.TwelveHours
}

// Key tells readers apart who are shown different bytes: "" for plain English.
func (r Reader) Key() string {
	if r.Plain() {
		return ""
	}
	key := string(r.Language)
	if r.Fahrenheit {
		key += "+f"
	}
	if r.TwelveHours {
		key += "+12"
	}
	return key
}

// Say words one text that is not HTML.
func (r Reader) Say(text string) string { return r.say(text, false) }

// Knows says whether the catalogue has the text, and so whether it is wording and not data.
func (r Reader) Knows(text string) bool {
	_, known := bookOf(r.Language).phrase(text, false, 0)
	return known
}

func (r Reader) say(text string, pressed bool) string {
	if r.Plain() || strings.TrimSpace(text) == "" {
		return text
	}
	said := bookOf(r.Language).say(text, pressed)
	if r.Fahrenheit {
		said = fahrenheit(said)
	}
	if r.TwelveHours {
		said = twelveHours(said)
	}
	return said
}
