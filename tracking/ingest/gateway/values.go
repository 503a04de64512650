package gateway

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest/ble"
)

// mac reads an address with or without separators into 12 lower-case hex digits.
func mac[T string | []byte](s T) (string, bool) {
	var out [12]byte
	n := 0
	for i := range len(s) {
		c := s[i]
		if c == ':' || c == '-' {
			continue
		}
		if hexValue(c) < 0 || n == len(out) {
			return "", false
		}
		if c >= 'A' && c <= 'F' {
			c += 'a' - 'A'
		}
		out[n] = c
		n++
	}
	if n < len(out) {
		return "", false
	}
	return string(out[:]), true
}

// gatewayID is a gateway's name as we keep it: an address without separators in
// lower case, anything else as it is.
func gatewayID(s string) hospital.GatewayID {
	if address, ok := mac(s); ok {
		return hospital.GatewayID(address)
	}
	return hospital.GatewayID(s)
}

// Identity brings a tag's name into the one form that is kept: addresses as 12
// lower-case hex digits, EPCs upper case, beacons lower case; others as they are.
// It is empty when the name is too long or holds what can't be shown.
func Identity(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > MaxName || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7F }) {
		return ""
	}
	if address, ok := mac(s); ok {
		return address
	}
	scheme, rest, found := strings.Cut(s, ":")
	if !found {
		return s
	}
	switch scheme = strings.ToLower(scheme); scheme {
	case "epc":
		return "epc:" + strings.ToUpper(rest)
	case "ibeacon", "eddystone", "altbeacon":
		return scheme + ":" + strings.ToLower(rest)
	}
	return s
}

// Bounds of a radio's signal strength in dBm.
const (
	weakestRSSI  = -127
	loudestRSSI  = 20
	unsignedRSSI = 127 // a byte above it is a negative number that lost its sign
)

// rssi reads a signal strength; false when it is no number or nothing that a radio measures.
func rssi(raw []byte) (float64, bool) {
	dbm, ok := number(raw)
	if !ok {
		return 0, false
	}
	if dbm > unsignedRSSI && dbm < 256 && dbm == math.Trunc(dbm) {
		dbm -= 256
	}
	return dbm, dbm >= weakestRSSI && dbm <= loudestRSSI
}

// bleRSSI is rssi for radios that say 0 where they measured nothing.
func bleRSSI(raw []byte) (float64, bool) {
	dbm, ok := rssi(raw)
	return dbm, ok && dbm != 0
}

// firstPlausible is the earliest time that a device can mean: clocks that were
// never set count from 1970 or 2000.
var firstPlausible = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// instant reads a device's time: RFC 3339, or a count since 1970 whose unit is told
// by its size. Zero, with true, when the clock was never set or the value is null.
func instant(raw []byte) (time.Time, bool) {
	if raw == nil || isNull(raw) {
		return time.Time{}, true
	}
	s, isText := textBytes(raw)
	if isText && len(s) == 0 {
		return time.Time{}, true
	}
	t, ok := zulu(s) // what most gateways send, before anything dearer
	if n, isNumber := float64(0), false; !ok {
		if n, isNumber = number(raw); isNumber {
			t, ok = sinceEpoch(n)
		} else if isText {
			t, ok = timestamp(string(s))
		}
	}
	if ok && t.Before(firstPlausible) {
		return time.Time{}, true
	}
	return t, ok
}

// sinceEpoch tells seconds, milliseconds, microseconds and nanoseconds apart by size.
func sinceEpoch(n float64) (time.Time, bool) {
	switch {
	case n < 0 || n >= 1e19:
		return time.Time{}, false
	case n < 1e11:
		return time.UnixMilli(int64(math.Round(n * 1e3))).UTC(), true
	case n < 1e14:
		return time.UnixMilli(int64(n)).UTC(), true
	case n < 1e17:
		return time.UnixMicro(int64(n)).UTC(), true
	}
	if n > math.MaxInt64 {
		return time.Time{}, false
	}
	return time.Unix(0, int64(n)).UTC(), true
}

// zulu reads the one form that most gateways send, "2026-05-04T09:59:58.123Z",
// without making a string of it; false for every other.
func zulu(b []byte) (time.Time, bool) {
	if len(b) < 20 || len(b) > 30 || b[len(b)-1] != 'Z' || b[4] != '-' || b[7] != '-' || b[10] != 'T' || b[13] != ':' || b[16] != ':' {
		return time.Time{}, false
	}
	var field [6]int
	for i, at := range [6][2]int{{0, 4}, {5, 7}, {8, 10}, {11, 13}, {14, 16}, {17, 19}} {
		n, ok := smallInt(b[at[0]:at[1]])
		if !ok || n < 0 {
			return time.Time{}, false
		}
		field[i] = n
	}
	nanos := 0
	if fraction := b[19 : len(b)-1]; len(fraction) > 0 {
		n, ok := smallInt(fraction[1:])
		if !ok || n < 0 || fraction[0] != '.' || len(fraction) > 10 {
			return time.Time{}, false
		}
		for range 10 - len(fraction) {
			n *= 10
		}
		nanos = n
	}
	t := time.Date(field[0], time.Month(field[1]), field[2], field[3], field[4], field[5], nanos, time.UTC)
	// A date that does not exist comes back as another one.
	return t, t.Day() == field[2] && t.Month() == time.Month(field[1]) && t.Hour() == field[3] && t.Minute() == field[4] && t.Second() == field[5]
}

// timestamp reads RFC 3339, also with a zone that lacks its colon.
func timestamp(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// advert reads hex text as a BLE advert; what the advert says before a break is
// taken, a text that is no hex is not. The bytes go through the message's room.
func (r *reader) advert(hexText []byte) (ble.Advert, bool) {
	n, payload := len(hexText)/2, &r.message.Room.payload
	if n == 0 || len(hexText)%2 != 0 || n > len(payload) {
		return ble.Advert{}, false
	}
	for i := range n {
		high, low := hexDigits[hexText[2*i]], hexDigits[hexText[2*i+1]]
		if high|low > 0x0F {
			return ble.Advert{}, false
		}
		payload[i] = high<<4 | low
	}
	a, _ := ble.Decode(payload[:n])
	return a, true
}

// hexDigits is the value of each hex digit, and 0xFF for every other byte.
var hexDigits = func() (table [256]byte) {
	for c := range table {
		table[c] = 0xFF
		if v := hexValue(byte(c)); v >= 0 {
			table[c] = byte(v)
		}
	}
	return table
}()

// battery is what a tag says of its battery in percent, or NoBattery.
func battery(pct float64, ok bool) int {
	if !ok || pct <= 0 || pct > 100 {
		return tracking.NoBattery
	}
	return int(math.Round(pct))
}
