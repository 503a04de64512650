package gs1

import (
	"strconv"
	"strings"
	"time"
)

// charset82, 39 and 64 are the alphabets of the General Specifications, figures
// 7.11-1 to 7.11-3, in the order of their values.
const (
	charset82 = `!"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz`
	charset39 = `#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ`
	charset64 = `-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz`
	charset32 = `23456789ABCDEFGHJKLMNPQRSTUVWXYZ`
)

// obeys says whether a value keeps a content rule; a name that is not known
// judges nothing.
func obeys(rule, value string) bool {
	judge, known := rules[rule]
	return !known || judge(value)
}

var rules = map[string]func(string) bool{
	"n":              allDigits,
	"x":              func(s string) bool { return only(s, charset82) },
	"y":              func(s string) bool { return only(s, charset39) },
	"z":              base64,
	"check":          Checks,
	"checkpair":      ChecksPair,
	"company":        companyPrefix,
	"yymmdd":         func(s string) bool { return len(s) == 6 && calendar("20"+s, false) },
	"yymmd0":         func(s string) bool { return len(s) == 6 && calendar("20"+s, true) },
	"yyyymmdd":       func(s string) bool { return calendar(s, false) },
	"yyyymmd0":       func(s string) bool { return calendar(s, true) },
	"hh":             func(s string) bool { return below(s, 2, 24) },
	"mi":             func(s string) bool { return below(s, 2, 60) },
	"ss":             func(s string) bool { return below(s, 2, 60) },
	"hhmi":           func(s string) bool { return len(s) == 4 && below(s[:2], 2, 24) && below(s[2:], 2, 60) },
	"yesno":          func(s string) bool { return s == "0" || s == "1" },
	"zero":           func(s string) bool { return s != "" && strings.Trim(s, "0") == "" },
	"nonzero":        func(s string) bool { return allDigits(s) && strings.Trim(s, "0") != "" },
	"nozeroprefix":   func(s string) bool { return s == "0" || !strings.HasPrefix(s, "0") },
	"hasnondigit":    func(s string) bool { return !allDigits(s) },
	"hyphen":         func(s string) bool { return s != "" && strings.Trim(s, "-") == "" },
	"pcenc":          percentEncoded,
	"iban":           iban,
	"winding":        func(s string) bool { return s == "0" || s == "1" || s == "9" },
	"iso5218":        func(s string) bool { return s == "0" || s == "1" || s == "2" || s == "9" },
	"importeridx":    func(s string) bool { return len(s) == 1 && only(s, charset64) },
	"latitude":       func(s string) bool { return len(s) == 10 && upTo(s, 1_800_000_000) },
	"longitude":      func(s string) bool { return len(s) == 10 && upTo(s, 3_600_000_000) },
	"pieceoftotal":   pieceOfTotal,
	"posinseqslash":  positionInSequence,
	"mediatype":      mediaType,
	"iso3166":        func(s string) bool { return known(countries, s) },
	"iso3166999":     func(s string) bool { return s == "999" || known(countries, s) },
	"iso3166alpha2":  func(s string) bool { return known(alpha2, s) },
	"iso3166list":    countryList,
	"iso4217":        func(s string) bool { return known(currencies, s) },
	"packagetype":    func(s string) bool { return known(packages, s) },
	"couponcode":     couponCode,
	"couponposoffer": couponOffer,
}

func only(s, alphabet string) bool {
	for i := range len(s) {
		if strings.IndexByte(alphabet, s[i]) < 0 {
			return false
		}
	}
	return true
}

// base64 is the file-safe alphabet; '=' only pads the end to a multiple of three or so.
func base64(s string) bool {
	body := strings.TrimRight(s, "=")
	padding := len(s) - len(body)
	if !only(body, charset64) || padding > 2 {
		return false
	}
	return padding == 0 || len(s)%3 == 0
}

// companyPrefix: a key begins with a GS1 Company Prefix, which has four digits or more.
func companyPrefix(s string) bool {
	return len(s) >= 4 && allDigits(s[:4])
}

// calendar judges YYYYMMDD; a day 00 stands for the month's last day where allowed.
func calendar(s string, dayMayBeZero bool) bool {
	if len(s) != 8 || !allDigits(s) {
		return false
	}
	year, month, day := two(s)*100+two(s[2:]), two(s[4:]), two(s[6:])
	if month < 1 || month > 12 {
		return false
	}
	if day == 0 {
		return dayMayBeZero
	}
	return day <= time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func below(s string, length, limit int) bool {
	if len(s) != length || !allDigits(s) {
		return false
	}
	n, _ := strconv.Atoi(s)
	return n < limit
}

func upTo(s string, limit uint64) bool {
	n, err := strconv.ParseUint(s, 10, 64)
	return err == nil && allDigits(s) && n <= limit
}

func percentEncoded(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			continue
		}
		if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
			return false
		}
		i += 2
	}
	return true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f'
}

// pieceOfTotal is PPTT: neither is zero, and the piece is one of the total.
func pieceOfTotal(s string) bool {
	if len(s) < 2 || len(s)%2 != 0 || !allDigits(s) {
		return false
	}
	piece, total := s[:len(s)/2], s[len(s)/2:]
	return strings.Trim(piece, "0") != "" && piece <= total
}

// positionInSequence is "n/m" without leading zeros and n not above m.
func positionInSequence(s string) bool {
	pos, end, ok := strings.Cut(s, "/")
	if !ok || pos == "" || end == "" || !allDigits(pos) || !allDigits(end) || pos[0] == '0' || end[0] == '0' {
		return false
	}
	return len(pos) < len(end) || len(pos) == len(end) && pos <= end
}

// mediaType: 01 to 10 are assigned, 80 to 99 are for local use.
func mediaType(s string) bool {
	if len(s) != 2 || !allDigits(s) {
		return false
	}
	n := two(s)
	return n >= 1 && n <= 10 || n >= 80
}

// ChecksPair says whether the last two characters are the GMN check character
// pair of the others (General Specifications §7.9.5): primes as weights from the
// right, modulo 1021.
func ChecksPair(s string) bool {
	if len(s) < 2 || len(s)-2 > len(primes) {
		return false
	}
	body := s[:len(s)-2]
	sum := 0
	for i := range len(body) {
		value := strings.IndexByte(charset82, body[i])
		if value < 0 {
			return false
		}
		sum += value * primes[len(body)-1-i]
	}
	sum %= 1021
	return s[len(s)-2] == charset32[sum>>5] && s[len(s)-1] == charset32[sum&31]
}

var primes = [...]int{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83,
	89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197,
	199, 211, 223, 227, 229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307, 311, 313, 317, 331,
	337, 347, 349, 353, 359, 367, 373, 379, 383, 389, 397, 401, 409, 419, 421, 431, 433, 439, 443, 449, 457, 461,
	463, 467, 479, 487, 491, 499, 503, 509}

// iban judges ISO 13616: two letters, two check digits, the account; modulo 97 is 1.
func iban(s string) bool {
	if len(s) <= 10 || !known(alpha2, s[:2]) || !allDigits(s[2:4]) {
		return false
	}
	remainder := 0
	for _, c := range s[4:] + s[:4] {
		switch {
		case c >= '0' && c <= '9':
			remainder = (remainder*10 + int(c-'0')) % 97
		case c >= 'A' && c <= 'Z':
			remainder = (remainder*100 + int(c-'A') + 10) % 97
		default:
			return false
		}
	}
	return remainder == 1
}

// countryList is up to five country codes in a row.
func countryList(s string) bool {
	if len(s) == 0 || len(s)%3 != 0 {
		return false
	}
	for i := 0; i < len(s); i += 3 {
		if !known(countries, s[i:i+3]) {
			return false
		}
	}
	return true
}

// known says whether a code stands in a list of codes with blanks between.
func known(list, code string) bool {
	return code != "" && !strings.Contains(code, " ") && strings.Contains(" "+list+" ", " "+code+" ")
}

// alpha2 are the officially assigned ISO 3166-1 alpha-2 codes.
const alpha2 = `AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW ` +
	`BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK ` +
	`FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS ` +
	`IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM ` +
	`MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS ` +
	`PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK ` +
	`TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW`
