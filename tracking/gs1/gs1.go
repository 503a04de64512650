// Package gs1 reads and checks the numbers that are on tags and boxes: GS1
// element strings as scanners send them, GTIN check digits, lots, expiry dates,
// GS1 Digital Link addresses, and the EPCs of RFID tags.
//
// A scan goes: what the scanner sent → its carrier (symbology identifier) →
// element strings, each an application identifier and a value → a Scan with
// Faults (a rule of the standard is broken) and Warnings (read, but look at it).
// Labels in the world break the rules, so a Scan keeps what it could read.
//
// Everything here is a function of its arguments and imports the standard
// library alone. Sources: GS1 General Specifications, GS1 Tag Data Standard
// (TDS) 1.13 and 2.x, GS1 Digital Link URI Syntax.
package gs1

import (
	"errors"
	"fmt"
	"time"
)

// ErrUnreadable: what came is no GS1 data at all. The wrapping sentence says why.
var ErrUnreadable = errors.New("not readable as GS1 data")

// MaxScan is how many bytes of one scan are looked at; more is refused. The
// largest GS1 symbol (a DataMatrix of 144×144) holds 2335 characters.
const MaxScan = 4096

// Element is one application identifier with its value, as printed "(10)ABC".
type Element struct {
	AI    string // two to four digits
	Title string // the standard's data title: "BATCH/LOT"
	Value string
}

// Fault is a broken rule in one element, or in the scan when AI is empty.
type Fault struct {
	AI   string
	Rule string // short name: "check digit", "month", "length"
	Why  string // a sentence
}

func (f Fault) String() string {
	if f.AI == "" {
		return f.Why
	}
	return fmt.Sprintf("(%s) %s", f.AI, f.Why)
}

// Scan is what one scan says.
type Scan struct {
	// Carrier names the symbol when the scanner said it: "GS1 DataMatrix".
	Carrier  string
	Elements []Element
	// Faults: rules of the standard that the data break; empty for a clean scan.
	Faults []Fault
	// Warnings: what was repaired or looks wrong, each a sentence.
	Warnings []string
}

// Clean says whether no rule was broken.
func (s Scan) Clean() bool { return len(s.Faults) == 0 }

// Value is the first value of the identifier; false when the scan has none.
func (s Scan) Value(ai string) (string, bool) {
	for _, e := range s.Elements {
		if e.AI == ai {
			return e.Value, true
		}
	}
	return "", false
}

// GTIN is the trade item number as 14 digits: (01), or (02) of what a logistic
// unit contains; empty when the scan names none.
func (s Scan) GTIN() string {
	for _, ai := range []string{"01", "02"} {
		if v, ok := s.Value(ai); ok {
			return v
		}
	}
	if v, ok := s.Value("8006"); ok && len(v) >= 14 {
		return v[:14]
	}
	return ""
}

// Lot is the batch or lot number (10), empty when there is none.
func (s Scan) Lot() string {
	v, _ := s.Value("10")
	return v
}

// Serial is the serial number (21), empty when there is none.
func (s Scan) Serial() string {
	v, _ := s.Value("21")
	return v
}

// Expiry is the last day of use, at midnight UTC: (17), or the day of (7003).
// The century is the one nearest to now. False when the scan names no readable date.
func (s Scan) Expiry(now time.Time) (time.Time, bool) {
	if v, ok := s.Value("17"); ok {
		return Date(v, now)
	}
	if v, ok := s.Value("7003"); ok && len(v) >= 6 {
		return Date(v[:6], now)
	}
	return time.Time{}, false
}

// ElementString writes the elements with FNC1 as '^': first, and after every
// element of variable length that is not the last.
func (s Scan) ElementString() string {
	out := "^"
	for i, e := range s.Elements {
		out += e.AI + e.Value
		if format, ok := lookUp(e.AI); ok && !format.fixed && i < len(s.Elements)-1 {
			out += "^"
		}
	}
	return out
}

// String is the human readable interpretation: "(01)…(17)…(10)…".
func (s Scan) String() string {
	out := ""
	for _, e := range s.Elements {
		out += "(" + e.AI + ")" + e.Value
	}
	return out
}
