package words

import (
	"regexp"
	"strconv"
	"strings"
)

// How figures look in a page: "−18.0 °C", "21 Nov 2026", "Tue 08:14", "1.5 h", "1,234.50".
var (
	degrees      = regexp.MustCompile(`([−-]?\d+)[.](\d+)([\s\x{00a0}]°C)`)
	someDegrees  = regexp.MustCompile(`(by |±|um )?([−-]?\d+(?:[.,]\d+)?)(?:(–| to | bis |–)([−-]?\d+(?:[.,]\d+)?))?[\s\x{00a0}]°C`)
	englishDay   = regexp.MustCompile(`\b(\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?:[a-z]{2,6})?\b( \d{4})?`)
	englishMonth = regexp.MustCompile(`\b(January|February|March|April|May|June|July|August|September|October|November|December) (\d{4})\b`)
	englishTime  = regexp.MustCompile(`\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b([ ,]+)(\d{1,2})`)
	onAnAxis     = regexp.MustCompile(`^([−-]?\d+)°$`)
	aNumber      = regexp.MustCompile(`^([−+-]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?(\s?%)?$`)
	numberOfUnit = regexp.MustCompile(`(^|[\s\x{00a0}(×−-])(\d{1,3}(?:,\d{3})+|\d+)\.(\d+)([\s\x{00a0}]?(?:%|h|s|m|min|days|day|kg|g|ml|l|MB|KB|GB|MiB|KiB|dB|dBm|V|mV|×|EUR|CHF|USD|GBP|€|\$|/)(?:[\s,.;:)]|$))`)
)

var germanMonths = map[string]string{"Jan": "Jan.", "Feb": "Feb.", "Mar": "März", "Apr": "Apr.", "May": "Mai", "Jun": "Juni",
	"Jul": "Juli", "Aug": "Aug.", "Sep": "Sept.", "Oct": "Okt.", "Nov": "Nov.", "Dec": "Dez."}

var germanMonthNames = map[string]string{"January": "Januar", "February": "Februar", "March": "März", "April": "April", "May": "Mai", "June": "Juni",
	"July": "Juli", "August": "August", "September": "September", "October": "Oktober", "November": "November", "December": "Dezember"}

var germanDays = map[string]string{"Mon": "Mo", "Tue": "Di", "Wed": "Mi", "Thu": "Do", "Fri": "Fr", "Sat": "Sa", "Sun": "So"}

// germanFigures words the figures of a text as German writes them.
func germanFigures(text string) string {
	if !strings.ContainsAny(text, "0123456789") {
		return text
	}
	if at := aNumber.FindStringSubmatch(text); at != nil {
		return at[1] + germanNumber(at[2], at[3]) + at[4]
	}
	if strings.Contains(text, "°C") {
		text = degrees.ReplaceAllString(text, "$1,$2$3")
	}
	if strings.Contains(text, ".") {
		text = numberOfUnit.ReplaceAllStringFunc(text, func(found string) string {
			at := numberOfUnit.FindStringSubmatch(found)
			return at[1] + germanNumber(at[2], at[3]) + at[4]
		})
	}
	text = englishDay.ReplaceAllStringFunc(text, func(found string) string {
		at := englishDay.FindStringSubmatch(found)
		return at[1] + ". " + germanMonths[at[2]] + at[3]
	})
	text = englishMonth.ReplaceAllStringFunc(text, func(found string) string {
		at := englishMonth.FindStringSubmatch(found)
		return germanMonthNames[at[1]] + " " + at[2]
	})
	return englishTime.ReplaceAllStringFunc(text, func(found string) string {
		at := englishTime.FindStringSubmatch(found)
		return germanDays[at[1]] + at[2] + at[3]
	})
}

// germanNumber groups with points and has a decimal comma: 1.234,50.
func germanNumber(whole, part string) string {
	whole = strings.ReplaceAll(whole, ",", ".")
	if part == "" {
		return whole
	}
	return whole + "," + part
}

// fahrenheit shows a text's degrees Celsius in Fahrenheit, with as many decimals and
// the decimal sign that it found. A difference is scaled and not moved.
func fahrenheit(text string) string {
	if at := onAnAxis.FindStringSubmatch(text); at != nil { // beside a line of a chart, where a unit has no room
		celsius, _ := strconv.Atoi(strings.Replace(at[1], "−", "-", 1)) // digits, as the expression says
		return strings.Replace(strconv.FormatFloat(float64(celsius)*9/5+32, 'f', 0, 64), "-", "−", 1) + "°"
	}
	if !strings.Contains(text, "°C") {
		return text
	}
	return someDegrees.ReplaceAllStringFunc(text, func(found string) string {
		at := someDegrees.FindStringSubmatch(found)
		zero := 32.0
		if at[1] != "" {
			zero = 0
		}
		said := at[1] + inFahrenheit(at[2], zero)
		if at[4] != "" {
			said += at[3] + inFahrenheit(at[4], zero)
		}
		return said + "\u00a0°F"
	})
}

var timeOfDay = regexp.MustCompile(`([01]\d|2[0-3]):([0-5]\d)(:[0-5]\d)?`)

// twelveHours shows a text's times of day with AM and PM: "14:02" is "2:02 PM", and a whole
// hour that stands alone, as beside a chart, is "2 PM". What only looks like one stays: an
// offset, a part of an address, and an instant written year first.
func twelveHours(text string) string {
	found := timeOfDay.FindAllStringSubmatchIndex(text, -1)
	if found == nil {
		return text
	}
	var said strings.Builder
	from := 0
	for _, at := range found {
		if !startsTime(text[:at[0]]) || !endsTime(text[at[1]:]) {
			continue
		}
		said.WriteString(text[from:at[0]])
		hour, _ := strconv.Atoi(text[at[2]:at[3]]) // digits, as the expression says
		said.WriteString(strconv.Itoa((hour+11)%12 + 1))
		if minutes := text[at[3]:at[1]]; minutes != ":00" || len(text) != len("15:04") {
			said.WriteString(minutes)
		}
		said.WriteString([]string{"\u00a0AM", "\u00a0PM"}[hour/12])
		from = at[1]
	}
	said.WriteString(text[from:])
	return said.String()
}

var yearFirst = regexp.MustCompile(`\d{4}-\d\d-\d\d $`)

// startsTime says that a time of day may stand behind a text.
func startsTime(before string) bool {
	if before == "" {
		return true
	}
	last := before[len(before)-1]
	return !partOfCode(last) && !strings.ContainsRune(".+-", rune(last)) && !yearFirst.MatchString(before)
}

// endsTime says that a time of day may stand before a text.
func endsTime(after string) bool {
	if after == "" {
		return true
	}
	return !partOfCode(after[0]) && !(after[0] == '.' && len(after) > 1 && after[1] >= '0' && after[1] <= '9')
}

func partOfCode(c byte) bool {
	return c == ':' || c == '/' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func inFahrenheit(celsius string, zero float64) string {
	plain := strings.NewReplacer(",", ".", "−", "-").Replace(celsius)
	value, err := strconv.ParseFloat(plain, 64)
	if err != nil {
		return celsius
	}
	said := strconv.FormatFloat(value*9/5+zero, 'f', 1, 64)
	if strings.Contains(celsius, ",") {
		said = strings.Replace(said, ".", ",", 1)
	}
	if said == "-0.0" || said == "-0,0" {
		said = said[1:]
	}
	return strings.Replace(said, "-", "−", 1)
}
