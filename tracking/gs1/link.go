package gs1

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// keys are the identifiers that may begin a Digital Link, with the sequences of
// qualifiers that may follow them in the path, in order (Digital Link URI Syntax §4).
var keys = map[string][][]string{
	"00": nil, "01": {{"22", "10", "21"}, {"235"}}, "253": nil, "255": nil, "401": nil, "402": nil, "414": {{"254"}, {"7040"}},
	"415": {{"8020"}}, "417": {{"7040"}}, "8003": nil, "8004": {{"7040"}}, "8006": {{"22", "10", "21"}}, "8010": {{"8011"}},
	"8013": nil, "8017": {{"8019"}}, "8018": {{"8019"}},
}

func isLink(text string) bool {
	for _, scheme := range []string{"http://", "https://", "HTTP://", "HTTPS://"} {
		if strings.HasPrefix(text, scheme) {
			return true
		}
	}
	return false
}

// parseLink reads an uncompressed Digital Link: the right-most key of the path,
// its qualifiers in order, other elements in the query.
func parseLink(scan Scan, text string) (Scan, error) {
	text, _, _ = strings.Cut(text, "#")
	address, query, _ := strings.Cut(text, "?")
	_, path, _ := strings.Cut(address, "://")
	host, path, found := strings.Cut(path, "/")
	if host == "" || !found {
		return Scan{}, fmt.Errorf("the address names no GS1 key: %w", ErrUnreadable)
	}
	segments := strings.Split(path, "/")
	start := rightmostKey(segments)
	if start < 0 {
		return Scan{}, fmt.Errorf("the address names no GS1 key: %w", ErrUnreadable)
	}
	scan, err := linkPath(scan, segments[start:])
	if err != nil {
		return Scan{}, err
	}
	belong := append([]string{segments[start]}, sequenceOf(segments[start:])...)
	return linkQuery(scan, query, belong)
}

// rightmostKey is where the last primary key with a whole path of pairs begins; -1 when there is none.
func rightmostKey(segments []string) int {
	for i := len(segments) - 2; i >= 0; i-- {
		if _, ok := keys[segments[i]]; ok && (len(segments)-i)%2 == 0 && qualifiersFit(segments[i:]) {
			return i
		}
	}
	return -1
}

func qualifiersFit(segments []string) bool { return len(segments) == 2 || sequenceOf(segments) != nil }

// sequenceOf is the sequence of qualifiers that a path follows; nil when it follows none.
func sequenceOf(segments []string) []string {
	for _, sequence := range keys[segments[0]] {
		at := -1
		for i := 2; i < len(segments) && at < len(sequence); i += 2 {
			at = after(sequence, at, segments[i])
		}
		if at < len(sequence) {
			return sequence
		}
	}
	return nil
}

// after is where a qualifier stands behind a place in a sequence; its length when nowhere.
func after(sequence []string, at int, qualifier string) int {
	for i := at + 1; i < len(sequence); i++ {
		if sequence[i] == qualifier {
			return i
		}
	}
	return len(sequence)
}

func linkPath(scan Scan, segments []string) (Scan, error) {
	for i := 0; i+1 < len(segments); i += 2 {
		value, err := url.PathUnescape(segments[i+1])
		if err != nil {
			return Scan{}, fmt.Errorf("the address is wrongly escaped: %w", ErrUnreadable)
		}
		scan = scan.take(segments[i], value)
	}
	return scan, nil
}

// linkQuery takes numeric keys as elements and passes over the others, as the standard says.
// Those that belong into the path are faults.
func linkQuery(scan Scan, query string, belong []string) (Scan, error) {
	for _, pair := range strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' }) {
		key, raw, _ := strings.Cut(pair, "=")
		if !allDigits(key) || key == "" {
			continue
		}
		value, err := url.QueryUnescape(raw)
		if err != nil {
			return Scan{}, fmt.Errorf("the address is wrongly escaped: %w", ErrUnreadable)
		}
		if slices.Contains(belong, key) {
			scan.Faults = append(scan.Faults, Fault{AI: key, Rule: "path", Why: "belongs into the path of the address"})
		}
		if _, ok := lookUp(key); !ok {
			scan.Faults = append(scan.Faults, Fault{AI: key, Rule: "identifier", Why: "is no application identifier"})
			continue
		}
		scan = scan.take(key, value)
	}
	return finish(scan), nil
}

// take adds an element; a short GTIN is padded to 14 digits.
func (s Scan) take(ai, value string) Scan {
	f, _ := lookUp(ai)
	if ai == "01" && (len(value) == 8 || len(value) == 12 || len(value) == 13) {
		value = strings.Repeat("0", 14-len(value)) + value
	}
	if fault := f.judge(value); fault != nil {
		s.Faults = append(s.Faults, *fault)
	}
	s.Elements = append(s.Elements, Element{AI: ai, Title: f.title, Value: value})
	return s
}
