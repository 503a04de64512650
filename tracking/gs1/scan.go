package gs1

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// separator is what a scanner sends for FNC1 between elements (ASCII group separator).
const separator = '\x1d'

// carriers are the symbology identifiers (ISO/IEC 15424) that carry GS1 data.
var carriers = []struct{ id, name string }{
	{"]d2", "GS1 DataMatrix"}, {"]C1", "GS1-128"}, {"]Q3", "GS1 QR Code"}, {"]e0", "GS1 DataBar"},
	{"]e1", "GS1 Composite"}, {"]e2", "GS1 Composite"}, {"]J1", "GS1 DotCode"},
}

// plain are carriers whose content is no element string, but may be a Digital Link.
var plain = []struct{ id, name string }{
	{"]d1", "DataMatrix"}, {"]Q1", "QR Code"}, {"]J0", "DotCode"}, {"]C0", "Code 128"}, {"]A0", "Code 39"},
}

// substitutes are what keyboard wedges and labels print for a separator they can't send.
var substitutes = strings.NewReplacer("<GS>", "\x1d", "{GS}", "\x1d", "\u241d", "\x1d", "<FNC1>", "\x1d", "^", "\x1d", "\x1e", "\x1d")

// Parse reads one scan: element strings with or without symbology identifier,
// the bracketed text that people copy "(01)…(10)…", a bare EAN or UPC number, or
// a Digital Link address. It fails with ErrUnreadable only where nothing can be
// read; else Faults and Warnings say what is wrong with what was read.
func Parse(text string) (Scan, error) {
	if len(text) > MaxScan {
		return Scan{}, fmt.Errorf("a scan of %d bytes is more than the %d that a symbol can hold: %w", len(text), MaxScan, ErrUnreadable)
	}
	if !utf8.ValidString(text) {
		return Scan{}, fmt.Errorf("the scan is not text: %w", ErrUnreadable)
	}
	text = strings.Trim(text, " \r\n\t")
	scan, body := carrier(text)
	switch {
	case body == "":
		return Scan{}, fmt.Errorf("the scan is empty: %w", ErrUnreadable)
	case isLink(body):
		return parseLink(scan, body)
	case strings.HasPrefix(body, "("):
		return parseBracketed(scan, body)
	case strings.HasPrefix(scan.Carrier, "EAN"):
		return parseRetail(scan, body)
	case scan.Carrier == "" && allDigits(body) && retailLength(body) && Checks(body):
		return parseRetail(scan, body)
	}
	return parseElements(scan, body)
}

func carrier(text string) (Scan, string) {
	for _, c := range carriers {
		if rest, ok := strings.CutPrefix(text, c.id); ok {
			return Scan{Carrier: c.name}, rest
		}
	}
	for _, c := range plain {
		if rest, ok := strings.CutPrefix(text, c.id); ok {
			return Scan{Carrier: c.name}, rest
		}
	}
	for id, name := range map[string]string{"]E0": "EAN-13", "]E4": "EAN-8", "]I1": "ITF-14"} {
		if rest, ok := strings.CutPrefix(text, id); ok {
			return Scan{Carrier: name}, rest
		}
	}
	return Scan{}, text
}

func retailLength(s string) bool { return len(s) == 8 || len(s) == 12 || len(s) == 13 || len(s) == 14 }

// parseRetail reads a bare trade item number.
func parseRetail(scan Scan, body string) (Scan, error) {
	number, err := GTIN14(body)
	if err != nil {
		return Scan{}, err
	}
	scan.Elements = []Element{{AI: "01", Title: "GTIN", Value: number}}
	return scan, nil
}

// parseElements reads concatenated element strings.
func parseElements(scan Scan, body string) (Scan, error) {
	if plainCarrier(scan.Carrier) {
		return Scan{}, fmt.Errorf("a %s without GS1 data: %w", scan.Carrier, ErrUnreadable)
	}
	repaired := substitutes.Replace(body)
	if strings.Trim(repaired, "\x1d") == "" {
		return Scan{}, fmt.Errorf("the scan is empty: %w", ErrUnreadable)
	}
	if repaired != body && strings.TrimPrefix(body, "^") != strings.TrimPrefix(repaired, "\x1d") {
		scan.Warnings = append(scan.Warnings, "The scanner sent a stand-in for the separator; it was read as one.")
	}
	rest := strings.TrimLeft(repaired, "\x1d")
	for rest != "" {
		element, after, fault, err := next(rest)
		if err != nil {
			if len(scan.Elements) == 0 {
				return Scan{}, err
			}
			scan.Faults = append(scan.Faults, Fault{Rule: "identifier", Why: err.Error()})
			break
		}
		scan.Elements = append(scan.Elements, element)
		if fault != nil {
			scan.Faults = append(scan.Faults, *fault)
		}
		rest = strings.TrimLeft(after, "\x1d")
	}
	return mend(finish(scan)), nil
}

func plainCarrier(name string) bool {
	for _, c := range plain {
		if c.name == name {
			return true
		}
	}
	return false
}

// next takes one element off the front.
func next(text string) (Element, string, *Fault, error) {
	f, ok := identify(text)
	if !ok {
		return Element{}, "", nil, fmt.Errorf("%q begins with no application identifier: %w", shorten(text), ErrUnreadable)
	}
	body := text[len(f.ai):]
	value, after := body, ""
	if i := strings.IndexByte(body, separator); i >= 0 {
		value, after = body[:i], body[i:]
	}
	if f.fixed && len(value) > f.longest() {
		value, after = body[:f.longest()], body[f.longest():]
	}
	element := Element{AI: f.ai, Title: f.title, Value: value}
	if fault := f.judge(value); fault != nil {
		return element, after, fault, nil
	}
	return element, after, nil, nil
}

func identify(text string) (format, bool) {
	for length := 2; length <= 4 && length <= len(text); length++ {
		if f, ok := lookUp(text[:length]); ok {
			return f, true
		}
	}
	return format{}, false
}

func shorten(s string) string {
	const most = 20
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// judge holds a value against the identifier's format; nil when it fits.
func (f format) judge(value string) *Fault {
	if len(value) == 0 {
		return &Fault{AI: f.ai, Rule: "length", Why: "has no value"}
	}
	rest := value
	for _, p := range f.parts {
		if rest == "" && p.optional {
			continue
		}
		if len(rest) < p.least {
			return &Fault{AI: f.ai, Rule: "length", Why: fmt.Sprintf("%s is too short: %q", f.title, value)}
		}
		piece := rest[:min(len(rest), p.most)]
		rest = rest[len(piece):]
		for _, rule := range append([]string{string(p.class)}, p.rules...) {
			if !obeys(rule, piece) {
				return &Fault{AI: f.ai, Rule: ruleNames[rule], Why: fmt.Sprintf("%s %q: %s", f.title, piece, ruleSentences[rule])}
			}
		}
	}
	if rest != "" {
		return &Fault{AI: f.ai, Rule: "length", Why: fmt.Sprintf("%s is too long by %d: %q", f.title, len(rest), value)}
	}
	return nil
}

// finish adds what the elements say together: wrong repeats are faults, missing
// companions are warnings, since the companion may be on another symbol of the box.
func finish(scan Scan) Scan {
	seen := map[string]string{}
	for _, e := range scan.Elements {
		if first, twice := seen[e.AI]; twice && first != e.Value {
			scan.Faults = append(scan.Faults, Fault{AI: e.AI, Rule: "repeat", Why: e.Title + " is there twice with different values"})
		}
		seen[e.AI] = e.Value
	}
	if _, signed := seen["8030"]; signed {
		scan.Faults = append(scan.Faults, unserialised(seen)...)
	}
	for _, e := range scan.Elements {
		f, ok := lookUp(e.AI)
		if !ok {
			continue
		}
		for _, group := range f.needs {
			if !anyOf(group, seen, e.AI) {
				scan.Warnings = append(scan.Warnings, fmt.Sprintf("(%s) %s belongs to one of (%s), which this scan lacks.",
					e.AI, e.Title, strings.Join(group, ") (")))
			}
		}
		for _, pattern := range f.excludes {
			for ai := range seen {
				if ai != e.AI && matches(pattern, ai) {
					scan.Faults = append(scan.Faults, Fault{AI: e.AI, Rule: "together", Why: fmt.Sprintf("%s may not be beside (%s)", e.Title, ai)})
				}
			}
		}
	}
	return scan
}

// unserialised finds keys beside a signature that name no single thing: those
// that carry their serial number inside must have one.
func unserialised(seen map[string]string) []Fault {
	var faults []Fault
	for ai, length := range map[string]int{"253": 13, "255": 13, "8003": 14} {
		if value, there := seen[ai]; there && len(value) <= length {
			faults = append(faults, Fault{AI: ai, Rule: "serial", Why: "needs a serial number beside a digital signature"})
		}
	}
	return faults
}

// anyOf says whether one of the companions is there; "01+21" is there when both are.
func anyOf(group []string, seen map[string]string, self string) bool {
	for _, companion := range group {
		all := true
		for pattern := range strings.SplitSeq(companion, "+") {
			all = all && there(pattern, seen, self)
		}
		if all {
			return true
		}
	}
	return false
}

func there(pattern string, seen map[string]string, self string) bool {
	for ai := range seen {
		if ai != self && matches(pattern, ai) {
			return true
		}
	}
	return false
}

// parseBracketed reads "(01)09506000134352(10)ABC"; "\(" is a bracket in a value.
func parseBracketed(scan Scan, body string) (Scan, error) {
	rest := body
	for rest != "" {
		closing := strings.IndexByte(rest, ')')
		if rest[0] != '(' || closing < 0 {
			return Scan{}, fmt.Errorf("brackets do not close: %w", ErrUnreadable)
		}
		ai := rest[1:closing]
		f, ok := lookUp(ai)
		if !ok {
			return Scan{}, fmt.Errorf("(%s) is no application identifier: %w", shorten(ai), ErrUnreadable)
		}
		value, after := bracketValue(rest[closing+1:])
		if fault := f.judge(value); fault != nil {
			scan.Faults = append(scan.Faults, *fault)
		}
		scan.Elements = append(scan.Elements, Element{AI: ai, Title: f.title, Value: value})
		rest = after
	}
	return finish(scan), nil
}

func bracketValue(text string) (value, rest string) {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text) && text[i+1] == '(':
			i++
			out.WriteByte('(')
		case text[i] == '(':
			return out.String(), text[i:]
		default:
			out.WriteByte(text[i])
		}
	}
	return out.String(), ""
}

var ruleNames = map[string]string{
	"n": "digits", "x": "characters", "y": "characters", "z": "characters", "check": "check digit",
	"checkpair": "check characters", "company": "company prefix", "yymmdd": "date", "yymmd0": "date",
	"yyyymmdd": "date", "yyyymmd0": "date", "hh": "hour", "mi": "minute", "ss": "second", "hhmi": "time",
}

var ruleSentences = map[string]string{
	"n": "has digits only", "x": "has a character that GS1 does not allow", "y": "has a character that GS1 does not allow here",
	"z": "is not file-safe base 64", "check": "the check digit does not fit; the number may be misread or misprinted",
	"checkpair": "the check characters do not fit", "company": "does not begin with a GS1 company prefix",
	"yymmdd": "is no date", "yymmd0": "is no date", "yyyymmdd": "is no date", "yyyymmd0": "is no date",
	"hh": "is no hour", "mi": "is no minute", "ss": "is no second", "hhmi": "is no time of day",
	"iso3166": "is no country code", "iso3166alpha2": "is no country code", "iso4217": "is no currency code",
}
