package supplier

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
)

const (
	// MaxAnswer is the largest file that is read as an answer, in bytes.
	MaxAnswer = 900 << 10
	// maxAnswerLines is how many lines an answer may have, maxSaid how long one of its texts is kept.
	maxAnswerLines = 2000
	maxSaid        = 300
	// maxDigits is how many a number may have before its point: its products stay far below overflow.
	maxDigits = 7
)

// ReadAnswer reads what a supplier answers to an order: an OrderResponse of Peppol BIS
// Ordering (28A and 3.0; UBL 2.1) or a cXML ConfirmationRequest. Elements are known by
// their local names, so that prefixes are the supplier's own. What can't be read is
// refused with a sentence for whoever brought the file.
func ReadAnswer(file []byte) (reorder.Reply, error) {
	if len(file) > MaxAnswer {
		return reorder.Reply{}, unreadable("It is larger than %d kB.", MaxAnswer>>10)
	}
	root, err := rootOf(file)
	if err != nil {
		return reorder.Reply{}, unreadable("It is no XML in UTF-8.")
	}
	var r reorder.Reply
	switch root {
	case "OrderResponse":
		r, err = readUBL(file)
	case "cXML":
		r, err = readConfirmation(file)
	default:
		return r, unreadable("It is a %q, and neither a Peppol OrderResponse nor a cXML ConfirmationRequest.", short(root))
	}
	if err != nil {
		return reorder.Reply{}, err
	}
	return r, whole(r)
}

func unreadable(says string, about ...any) error {
	return hospital.Refuse(hospital.ErrInvalid, "This answer can't be read. "+fmt.Sprintf(says, about...))
}

// whole refuses an answer that lacks what it is known by, or has too much of it.
func whole(r reorder.Reply) error {
	switch {
	case r.Number == "":
		return unreadable("It has no number of its own.")
	case r.Order == "":
		return unreadable("It names no order.")
	case len(r.Lines) > maxAnswerLines:
		return unreadable("It has more than %d lines.", maxAnswerLines)
	}
	return nil
}

func rootOf(file []byte) (string, error) {
	d := xml.NewDecoder(bytes.NewReader(file))
	for {
		token, err := d.Token()
		if err != nil {
			return "", err
		}
		if start, is := token.(xml.StartElement); is {
			return start.Name.Local, nil
		}
	}
}

func decode(file []byte, into any) error {
	d := xml.NewDecoder(bytes.NewReader(file))
	if err := d.Decode(into); err != nil {
		return unreadable("Its XML is broken.")
	}
	for { // nothing but space and comments may follow
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if _, is := token.(xml.StartElement); is || err != nil {
			return unreadable("Its XML is broken.")
		}
	}
}

// short is a text that is kept, without what surrounds it and not too long.
func short(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	for i := range text {
		if i > maxSaid {
			return text[:i] + "…"
		}
	}
	return text
}

// measured is a number with its unit, or an amount with its currency.
type measured struct {
	Text     string `xml:",chardata"`
	Unit     string `xml:"unitCode,attr"`
	Currency string `xml:"currencyID,attr"`
	Money    string `xml:"currency,attr"`
}

// packUnits are units that mean a pack, of UN/ECE Recommendations 20 and 21; piece
// units mean one unit of issue. An order is written in packs, so no unit means them.
var (
	packUnits  = map[string]bool{"": true, packUnit: true, "PK": true, "PA": true, "XPA": true, "BX": true, "XBX": true, "CT": true, "XCT": true, "CS": true, "XCS": true}
	pieceUnits = map[string]bool{"C62": true, "EA": true, "H87": true, "PCE": true, "PR": true, "ZZ": false}
)

// quantity reads a number of packs or pieces; −1 where none is said.
func (m measured) quantity() (n int64, pieces bool, err error) {
	text := strings.TrimSpace(m.Text)
	if text == "" {
		return -1, false, nil
	}
	n, exact := tenThousandths(text)
	pieces = pieceUnits[m.Unit]
	if !exact || n%10_000 != 0 || !pieces && !packUnits[m.Unit] {
		return 0, false, unreadable("%q %s is no whole number of packs or pieces.", short(text), short(m.Unit))
	}
	return n / 10_000, pieces, nil
}

// tenThousandths reads "12", "12.5" or "12.5000"; false when it is no such number,
// is below nothing or too large.
func tenThousandths(text string) (int64, bool) {
	before, after, _ := strings.Cut(strings.TrimSpace(text), ".")
	after = strings.TrimRight(after, "0")
	if len(before) > maxDigits || len(after) > 4 || before == "" {
		return 0, false
	}
	n, err := strconv.ParseUint(before+after+"0000"[len(after):], 10, 63)
	return int64(n), err == nil
}

// dayOf reads the date of "2026-03-05" or of an instant of that day where it was written.
func dayOf(text string) (inventory.Date, error) {
	if text = strings.TrimSpace(text); text == "" {
		return 0, nil
	}
	if len(text) > len(time.DateOnly) {
		if separator := text[len(time.DateOnly)]; separator != 'T' && separator != '+' && separator != '-' && separator != 'Z' && separator != ' ' {
			return 0, unreadable("%q is no day.", short(text))
		}
		text = text[:len(time.DateOnly)]
	}
	day, err := inventory.ParseDate(text)
	if err != nil {
		return 0, unreadable("%q is no day.", short(text))
	}
	return day, nil
}

// lineNo reads a line's number; 0 for one that is none of ours.
func lineNo(text string) int {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 1 {
		return 0
	}
	return n
}

// join puts two parts of the same line together: a line that comes in parts comes
// whole on the day of its last part.
func join(a, b reorder.ReplyLine) (reorder.ReplyLine, error) {
	if a.Pieces != b.Pieces && a.Quantity > 0 && b.Quantity > 0 {
		return a, unreadable("Line %d counts packs and pieces.", a.No)
	}
	if b.Quantity > 0 {
		a.Pieces = b.Pieces
		a.Quantity = max(a.Quantity, 0) + b.Quantity
	}
	if a.Says != b.Says {
		a.Says = reorder.SaysChanged
		a.Quantity = max(a.Quantity, 0)
	}
	if b.Price >= 0 && (a.Price < 0 || b.Price*max(a.Base, 1) > a.Price*max(b.Base, 1)) {
		a.Price, a.Base, a.PerPiece = b.Price, b.Base, b.PerPiece
	}
	a.Expected = max(a.Expected, b.Expected)
	a.Note = short(strings.TrimPrefix(a.Note+"; "+b.Note, "; "))
	a.Note = strings.TrimSuffix(a.Note, "; ")
	return a, nil
}

// gather adds a line, or joins it to the part of it that is there.
func gather(lines []reorder.ReplyLine, l reorder.ReplyLine) ([]reorder.ReplyLine, error) {
	for i := range lines {
		if l.No != 0 && lines[i].No == l.No {
			joined, err := join(lines[i], l)
			lines[i] = joined
			return lines, err
		}
	}
	return append(lines, l), nil
}

// IsCXML says whether a file is a cXML message, however broken it is further down.
func IsCXML(file []byte) bool {
	root, err := rootOf(file)
	return err == nil && root == "cXML"
}
