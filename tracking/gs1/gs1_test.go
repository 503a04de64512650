package gs1_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"wardwatch/tracking/gs1"

	"pgregory.net/rapid"
)

var now = time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC)

func TestScanOfAVaccineBox(t *testing.T) {
	scan, err := gs1.Parse("]d2010400000000001317270430" + "10A2211\x1d2107X9")
	if err != nil {
		t.Fatal(err)
	}
	if !scan.Clean() || len(scan.Warnings) > 0 {
		t.Errorf("faults %v, warnings %v", scan.Faults, scan.Warnings)
	}
	expiry, ok := scan.Expiry(now)
	if scan.GTIN() != "04000000000013" || scan.Lot() != "A2211" || scan.Serial() != "07X9" || !ok ||
		expiry.Format(time.DateOnly) != "2027-04-30" || scan.Carrier != "GS1 DataMatrix" {
		t.Errorf("read as %s, %s, expiry %s", scan.Carrier, scan, expiry)
	}
}

func TestScannersThatSpoilTheSeparator(t *testing.T) {
	for name, c := range map[string]struct {
		scan, lot, expiry string
		warned            bool
	}{
		"clean":                     {"\x1d010400000000001310A2211\x1d17270430", "A2211", "2027-04-30", false},
		"stand-in text":             {"010400000000001310A2211<GS>17270430", "A2211", "2027-04-30", true},
		"lost between lot and date": {"010400000000001310A221117270430", "A2211", "2027-04-30", true},
		"lost before the serial":    {"010400000000001310A221117270430" + "2107X9", "A2211", "2027-04-30", true},
		"day zero is month's end":   {"010400000000001317280200" + "10A2211", "A2211", "2028-02-29", false},
		"typed with brackets":       {"(01)04000000000013(17)270430(10)A2211", "A2211", "2027-04-30", false},
	} {
		scan, err := gs1.Parse(c.scan)
		expiry, _ := scan.Expiry(now)
		if err != nil || scan.Lot() != c.lot || expiry.Format(time.DateOnly) != c.expiry || len(scan.Warnings) > 0 != c.warned {
			t.Errorf("%s: %s %s, warnings %v, %v", name, scan, expiry.Format(time.DateOnly), scan.Warnings, err)
		}
	}
}

func TestMisprintedCheckDigitIsKeptAndFlagged(t *testing.T) {
	scan, err := gs1.Parse("010400000000001917270430")
	if err != nil || scan.Clean() || scan.GTIN() != "04000000000019" || scan.Faults[0].Rule != "check digit" {
		t.Errorf("%+v, %v", scan, err)
	}
}

func TestBareNumberAndAddress(t *testing.T) {
	for text, want := range map[string]string{
		"4000000000013": "04000000000013",
		"https://example.org/x/01/4000000000013/10/AB%2F1?17=270430": "04000000000013",
	} {
		scan, err := gs1.Parse(text)
		if err != nil || scan.GTIN() != want || !scan.Clean() {
			t.Errorf("%s: %+v, %v", text, scan, err)
		}
	}
	scan, _ := gs1.Parse("https://example.org/01/4000000000013/10/AB%2F1?17=270430&utm=x")
	if scan.Lot() != "AB/1" {
		t.Errorf("lot %q", scan.Lot())
	}
}

func TestNothingToRead(t *testing.T) {
	for _, text := range []string{"", "\x1d", "hello", "]d2", "()1", "(01", "https://example.org/", "\xff\xfe", strings.Repeat("9", gs1.MaxScan+1)} {
		if _, err := gs1.Parse(text); !errors.Is(err, gs1.ErrUnreadable) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

func TestCenturyIsTheNearest(t *testing.T) {
	for in, want := range map[string]string{"760101": "2076-01-01", "770101": "1977-01-01", "250630": "2025-06-30"} {
		if got, _ := gs1.Date(in, now); got.Format(time.DateOnly) != want {
			t.Errorf("%s is %s, want %s", in, got.Format(time.DateOnly), want)
		}
	}
	if got, _ := gs1.Date("010101", time.Date(2099, 5, 1, 0, 0, 0, 0, time.UTC)); got.Year() != 2101 {
		t.Errorf("seen from 2099, 01 is %d", got.Year())
	}
}

func TestTagsAsReadersPrintThem(t *testing.T) {
	for hex, want := range map[string]string{
		"3066C4409047E140075BCD15": "urn:epc:id:sgtin:95060001343.05.123456789 (01)09506000134352(21)123456789",
		"311BA1B300CE0A6A83000000": "urn:epc:id:sscc:952012.03456789123 (00)095201234567891235",
		"3276451FD46072000000162E": "urn:epc:id:sgln:9521141.12345.5678 (414)9521141123454(254)5678",
		"3376451FD40C0E400000162E": "urn:epc:id:grai:9521141.12345.5678 (8003)095211411234545678",
		"3476451fd40000000000162e": "urn:epc:id:giai:9521141.5678 (8004)95211415678",
	} {
		e, err := gs1.ParseEPC(hex)
		if got := e.URI + " " + (gs1.Scan{Elements: e.Elements}).String(); err != nil || got != want {
			t.Errorf("%s: %s, want %s (%v)", hex, got, want, err)
		}
	}
	for _, hex := range []string{"", "00", "000000000000000000000000", "E2801191A5030065E3EC9069", "3066", "zz", "307C4409047E140075BCD150"} {
		if e, err := gs1.ParseEPC(hex); !errors.Is(err, gs1.ErrNotEPC) {
			t.Errorf("%q was read as %s (%v)", hex, e.URI, err)
		}
	}
}

func TestCheckDigitFindsEverySingleWrongDigit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.StringMatching(`[0-9]{13}`).Draw(t, "body")
		c, _ := gs1.CheckDigit(body)
		whole := []byte(body + string(c))
		if !gs1.Checks(string(whole)) {
			t.Fatal("its own check digit does not fit")
		}
		at := rapid.IntRange(0, 13).Draw(t, "at")
		whole[at] = '0' + (whole[at]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		if gs1.Checks(string(whole)) {
			t.Fatalf("%s passes", whole)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"]d201040000000000131727043010A2211\x1d21X", "(01)04000000000013(10)A", "https://a/01/4000000000013?17=270430", "10", "7007211225"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		scan, err := gs1.Parse(text)
		if err == nil && len(scan.Elements) == 0 && scan.Clean() {
			t.Errorf("%q is clean and says nothing", text)
		}
		scan.Expiry(now)
	})
}

func FuzzDecodeEPC(f *testing.F) {
	f.Add([]byte{0x30, 0x66, 0xC4, 0x40, 0x90, 0x47, 0xE1, 0x40, 0x07, 0x5B, 0xCD, 0x15})
	f.Add([]byte{0x3D, 0xF4, 0x25, 0x7B, 0xF7, 0x1C, 0xB3, 0x04, 0x26, 0, 0, 0x07, 0x5B, 0xCD, 0x15, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if e, err := gs1.DecodeEPC(raw); err == nil && !strings.HasPrefix(e.URI, "urn:epc:id:") {
			t.Errorf("%x gives %+v", raw, e)
		}
	})
}

func FuzzParseEPC(f *testing.F) {
	for _, seed := range []string{"3066C4409047E140075BCD15", "3276451FD46072000000162E", "33 76 45 1f d4 0c 0e 40 00 00 16 2e", "3476-451f-d400-0000-0000-162e", "E280", "", "3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := gs1.ParseEPC(text)
		if err != nil {
			if !errors.Is(err, gs1.ErrNotEPC) {
				t.Errorf("%q is refused as %v", text, err)
			}
			return
		}
		// The same bits in the other case and with blanks around are the same thing.
		again, err := gs1.ParseEPC(" " + strings.ToUpper(text) + "\n")
		if err != nil || again.URI != e.URI || !strings.HasPrefix(e.URI, "urn:epc:id:") {
			t.Errorf("%q gives %q, then %q (%v)", text, e.URI, again.URI, err)
		}
	})
}
