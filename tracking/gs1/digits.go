package gs1

import (
	"fmt"
	"strings"
	"time"
)

// CheckDigit is the standard's modulo 10 check digit for the digits before it:
// weights 3, 1, 3 … from the right. False when there is anything but digits.
func CheckDigit(digits string) (byte, bool) {
	sum, weight := 0, 3
	for i := len(digits) - 1; i >= 0; i-- {
		c := digits[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		sum += int(c-'0') * weight
		weight = 4 - weight
	}
	return byte('0' + (10-sum%10)%10), true
}

// Checks says whether the last digit is the check digit of the others.
func Checks(digits string) bool {
	if len(digits) < 2 {
		return false
	}
	want, ok := CheckDigit(digits[:len(digits)-1])
	return ok && digits[len(digits)-1] == want
}

// GTIN14 writes a GTIN-8, -12, -13 or -14 as 14 digits. The wrapping sentence of
// ErrUnreadable says what is wrong: its length, a letter, its check digit.
func GTIN14(number string) (string, error) {
	number = strings.TrimSpace(number)
	switch len(number) {
	case 8, 12, 13, 14:
	default:
		return "", fmt.Errorf("a GTIN has 8, 12, 13 or 14 digits, this has %d: %w", len(number), ErrUnreadable)
	}
	if !allDigits(number) {
		return "", fmt.Errorf("a GTIN has digits only: %w", ErrUnreadable)
	}
	if !Checks(number) {
		return "", fmt.Errorf("the last digit of the GTIN does not fit the others: %w", ErrUnreadable)
	}
	return strings.Repeat("0", 14-len(number)) + number, nil
}

// Date reads YYMMDD. The century is the nearest to now (General Specifications
// §7.12): a year 51 or more ahead is the last century's, 50 or more behind the
// next one's. A day 00 is the last day of the month.
func Date(yymmdd string, now time.Time) (time.Time, bool) {
	if len(yymmdd) != 6 || !allDigits(yymmdd) {
		return time.Time{}, false
	}
	year := century(two(yymmdd), now.UTC().Year())
	month, day := two(yymmdd[2:]), two(yymmdd[4:])
	if month < 1 || month > 12 || day > daysIn(year, month) {
		return time.Time{}, false
	}
	if day == 0 {
		day = daysIn(year, month)
	}
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC), true
}

func century(yy, thisYear int) int {
	year := thisYear - thisYear%100 + yy
	switch ahead := year - thisYear; {
	case ahead >= 51:
		return year - 100
	case ahead <= -50:
		return year + 100
	}
	return year
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func two(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
