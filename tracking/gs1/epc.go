package gs1

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// ErrNotEPC: the bits are no EPC of a scheme that is known here. The wrapping
// sentence says what they are: a TID, an empty tag, a partition out of range.
var ErrNotEPC = errors.New("not an EPC")

// EPC is what the memory of an RFID tag says (TDS 1.13 §14).
type EPC struct {
	Scheme string // "sgtin-96"
	Filter int    // what kind of thing, by the scheme's own list
	// URI is the pure identity, "urn:epc:id:sgtin:0614141.812345.6789": the same
	// thing has the same URI whatever the encoding.
	URI string
	// TagURI also tells encoding and filter: "urn:epc:tag:sgtin-96:3.0614141.812345.6789".
	TagURI string
	// Elements are the same identity as element strings: (01) and (21), (00), (8004) …
	Elements []Element
}

// GTIN is the 14 digits of a trade item, empty for other schemes.
func (e EPC) GTIN() string { return Scan{Elements: e.Elements}.GTIN() }

// Value is the value of one application identifier; false when the EPC has none.
func (e EPC) Value(ai string) (string, bool) { return Scan{Elements: e.Elements}.Value(ai) }

// ParseEPC reads hex as readers print it, upper or lower case, blanks allowed.
func ParseEPC(text string) (EPC, error) {
	clean := strings.NewReplacer(" ", "", "-", "", ":", "").Replace(strings.TrimSpace(text))
	raw, err := hex.DecodeString(clean)
	if err != nil {
		return EPC{}, fmt.Errorf("%q is not hexadecimal: %w", shorten(text), ErrNotEPC)
	}
	return DecodeEPC(raw)
}

// layout is one coding scheme: sizes in bits and digits for the seven partitions.
type layout struct {
	name   string
	scheme string // of the pure identity
	bits   int    // of the whole EPC
	// second is the field after the company prefix, by partition: its bits. Its
	// digits make the prefix up to a constant.
	second [7]int
	// digits is how many digits prefix and second field have together; 0: the
	// second field is the last one and of any length.
	digits int
	// serial: bits of the numeric serial; text: characters of 7 bits.
	serial int
	text   int
}

var prefixBits = [7]int{40, 37, 34, 30, 27, 24, 20}

var layouts = map[byte]layout{
	0x30: {name: "sgtin-96", scheme: "sgtin", bits: 96, second: [7]int{4, 7, 10, 14, 17, 20, 24}, digits: 13, serial: 38},
	0x36: {name: "sgtin-198", scheme: "sgtin", bits: 198, second: [7]int{4, 7, 10, 14, 17, 20, 24}, digits: 13, text: 20},
	0x31: {name: "sscc-96", scheme: "sscc", bits: 96, second: [7]int{18, 21, 24, 28, 31, 34, 38}, digits: 17},
	0x32: {name: "sgln-96", scheme: "sgln", bits: 96, second: [7]int{1, 4, 7, 11, 14, 17, 21}, digits: 12, serial: 41},
	0x39: {name: "sgln-195", scheme: "sgln", bits: 195, second: [7]int{1, 4, 7, 11, 14, 17, 21}, digits: 12, text: 20},
	0x33: {name: "grai-96", scheme: "grai", bits: 96, second: [7]int{4, 7, 10, 14, 17, 20, 24}, digits: 12, serial: 38},
	0x37: {name: "grai-170", scheme: "grai", bits: 170, second: [7]int{4, 7, 10, 14, 17, 20, 24}, digits: 12, text: 16},
	0x34: {name: "giai-96", scheme: "giai", bits: 96, second: [7]int{42, 45, 48, 52, 55, 58, 62}},
	0x38: {name: "giai-202", scheme: "giai", bits: 202, text: 24},
	0x2D: {name: "gsrn-96", scheme: "gsrn", bits: 96, second: [7]int{18, 21, 24, 28, 31, 34, 38}, digits: 17},
	0x2E: {name: "gsrnp-96", scheme: "gsrnp", bits: 96, second: [7]int{18, 21, 24, 28, 31, 34, 38}, digits: 17},
	0x2C: {name: "gdti-96", scheme: "gdti", bits: 96, second: [7]int{1, 4, 7, 11, 14, 17, 21}, digits: 12, serial: 41},
	0x3E: {name: "gdti-174", scheme: "gdti", bits: 174, second: [7]int{1, 4, 7, 11, 14, 17, 21}, digits: 12, text: 17},
	0x3C: {name: "cpi-96", scheme: "cpi", bits: 96, second: [7]int{11, 14, 17, 21, 24, 27, 31}, serial: 31},
}

// DecodeEPC reads the EPC from a tag's memory. Readers deliver whole 16-bit
// words, so up to 15 bits behind the EPC are padding and must be zero.
func DecodeEPC(raw []byte) (EPC, error) {
	if len(raw) == 0 {
		return EPC{}, fmt.Errorf("there are no bits: %w", ErrNotEPC)
	}
	switch raw[0] {
	case 0x00:
		return EPC{}, fmt.Errorf("the tag was never programmed: %w", ErrNotEPC)
	case 0xE2:
		return EPC{}, fmt.Errorf("this is a TID, the chip's own number: %w", ErrNotEPC)
	case 0x3D:
		return decodeCPIVar(raw)
	}
	l, ok := layouts[raw[0]]
	if !ok {
		return EPC{}, fmt.Errorf("header %02X is no scheme known here: %w", raw[0], ErrNotEPC)
	}
	if whole := (l.bits + 15) / 16 * 2; len(raw) != whole && len(raw) != (l.bits+7)/8 {
		return EPC{}, fmt.Errorf("%s has %d bytes, these are %d: %w", l.name, whole, len(raw), ErrNotEPC)
	}
	return l.decode(&bits{raw: raw})
}

func (l layout) decode(b *bits) (EPC, error) {
	b.take(8)
	filter, partition := int(b.number(3)), int(b.number(3))
	if partition > 6 {
		return EPC{}, fmt.Errorf("partition %d is not in use: %w", partition, ErrNotEPC)
	}
	prefix, err := b.digits(prefixBits[partition], 12-partition, "company prefix")
	if err != nil {
		return EPC{}, err
	}
	second := ""
	if l.second != [7]int{} {
		width := anyWidth
		if l.digits > 0 {
			width = l.digits - (12 - partition)
		}
		if second, err = b.digits(l.second[partition], width, "reference"); err != nil {
			return EPC{}, err
		}
	}
	last := ""
	switch {
	case l.serial > 0:
		last = b.take(l.serial).String()
	case l.text > 0:
		if last, err = b.text(min(l.text, (l.bits-b.at)/7)); err != nil {
			return EPC{}, err
		}
	}
	if !b.restIsZero() {
		return EPC{}, fmt.Errorf("there are bits behind the end of the %s: %w", l.name, ErrNotEPC)
	}
	return l.identity(filter, prefix, second, last), nil
}

// identity writes URI, tag URI and elements.
func (l layout) identity(filter int, prefix, second, last string) EPC {
	fields := []string{prefix}
	if l.second != [7]int{} {
		fields = append(fields, second)
	}
	if l.serial > 0 || l.text > 0 {
		fields = append(fields, escape(last))
	}
	body := strings.Join(fields, ".")
	return EPC{
		Scheme: l.name, Filter: filter,
		URI:      "urn:epc:id:" + l.scheme + ":" + body,
		TagURI:   "urn:epc:tag:" + l.name + ":" + strconv.Itoa(filter) + "." + body,
		Elements: elementsOf(l.scheme, prefix, second, last),
	}
}

// elementsOf writes the identity as element strings (TDS §7).
func elementsOf(scheme, prefix, second, last string) []Element {
	checked := func(digits string) string {
		c, _ := CheckDigit(digits)
		return digits + string(c)
	}
	one := func(ai, value string) []Element {
		f, _ := lookUp(ai)
		return []Element{{AI: ai, Title: f.title, Value: value}}
	}
	switch scheme {
	case "sgtin":
		return append(one("01", checked(second[:1]+prefix+second[1:])), one("21", last)...)
	case "sscc":
		return one("00", checked(second[:1]+prefix+second[1:]))
	case "sgln":
		location := one("414", checked(prefix+second))
		if last == "0" {
			return location
		}
		return append(location, one("254", last)...)
	case "grai":
		return one("8003", "0"+checked(prefix+second)+last)
	case "giai":
		return one("8004", prefix+second+last)
	case "gsrn":
		return one("8018", checked(prefix+second))
	case "gsrnp":
		return one("8017", checked(prefix+second))
	case "gdti":
		return one("253", checked(prefix+second)+last)
	case "cpi":
		return append(one("8010", prefix+second), one("8011", last)...)
	}
	return nil
}

// escape writes the characters that have a meaning in a URN as %XX (TDS §5).
func escape(s string) string {
	var out strings.Builder
	for i := range len(s) {
		if strings.IndexByte(`"%&/<>?#`, s[i]) >= 0 {
			fmt.Fprintf(&out, "%%%02X", s[i])
			continue
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// decodeCPIVar reads the component and part identifier of variable length: six
// bits a character, ended by six zero bits, then a serial of 40 bits.
func decodeCPIVar(raw []byte) (EPC, error) {
	b := &bits{raw: raw}
	b.take(8)
	filter, partition := int(b.number(3)), int(b.number(3))
	if partition > 6 {
		return EPC{}, fmt.Errorf("partition %d is not in use: %w", partition, ErrNotEPC)
	}
	prefix, err := b.digits(prefixBits[partition], 12-partition, "company prefix")
	if err != nil {
		return EPC{}, err
	}
	var reference []byte
	for {
		if b.left() < 6+40 {
			return EPC{}, fmt.Errorf("the part reference does not end: %w", ErrNotEPC)
		}
		six := byte(b.number(6))
		if six == 0 {
			break
		}
		reference = append(reference, six|(^six&0x20)<<1)
	}
	if !only(string(reference), charset39) {
		return EPC{}, fmt.Errorf("the part reference has a character that GS1 does not allow: %w", ErrNotEPC)
	}
	l := layout{name: "cpi-var", scheme: "cpi", second: [7]int{1}, serial: 40}
	e := l.identity(filter, prefix, escape(string(reference)), b.take(40).String())
	e.Elements = elementsOf("cpi", prefix, string(reference), e.Elements[1].Value)
	return e, nil
}

// bits reads a big-endian bit string from the front.
type bits struct {
	raw []byte
	at  int
}

func (b *bits) left() int { return len(b.raw)*8 - b.at }

func (b *bits) take(n int) *big.Int {
	out := new(big.Int)
	for range n {
		out.Lsh(out, 1)
		if b.at < len(b.raw)*8 && b.raw[b.at/8]>>(7-b.at%8)&1 == 1 {
			out.SetBit(out, 0, 1)
		}
		b.at++
	}
	return out
}

func (b *bits) number(n int) uint64 { return b.take(n).Uint64() }

// anyWidth writes a number without leading zeros.
const anyWidth = -1

// digits reads a number that is written with leading zeros to a width, none for
// a width of 0. A number that needs more digits is refused.
func (b *bits) digits(n, width int, what string) (string, error) {
	text := b.take(n).String()
	if width == anyWidth {
		return text, nil
	}
	if width == 0 && text == "0" {
		return "", nil
	}
	if len(text) > width {
		return "", fmt.Errorf("the %s %s has more than %d digits: %w", what, text, width, ErrNotEPC)
	}
	return strings.Repeat("0", width-len(text)) + text, nil
}

// text reads 7-bit characters up to a zero; only zeros may follow it.
func (b *bits) text(n int) (string, error) {
	var out []byte
	ended := false
	for range n {
		c := byte(b.number(7))
		switch {
		case c == 0:
			ended = true
		case ended:
			return "", fmt.Errorf("the serial goes on behind its end: %w", ErrNotEPC)
		default:
			out = append(out, c)
		}
	}
	if len(out) == 0 || !only(string(out), charset82) {
		return "", fmt.Errorf("the serial is empty or has a character that GS1 does not allow: %w", ErrNotEPC)
	}
	return string(out), nil
}

func (b *bits) restIsZero() bool { return b.left() <= 0 || b.take(b.left()).Sign() == 0 }
