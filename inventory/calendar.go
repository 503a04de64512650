package inventory

import (
	"slices"
	"time"
)

// Calendar says on which days a supplier takes orders and delivers them. The zero
// Calendar takes them at any time, and a delivery may come on any day.
type Calendar struct {
	// OrderDays are those on which orders are taken; none: every day.
	OrderDays []time.Weekday
	// CutOff is how long after midnight, by the hospital's clock, an order may come in
	// to be taken on that day; 0: until midnight.
	CutOff time.Duration
	// DeliveryDays are those on which something may come; none: every day.
	DeliveryDays []time.Weekday
	// Holidays are days on which nobody works there, in any order.
	Holidays []Date
	// WorkingDays: lead days are counted from Monday to Friday alone.
	WorkingDays bool
}

// longestWait is how many days ahead a calendar is searched: a supplier that takes
// nothing for a year takes it on the day that was asked for.
const longestWait = 366

// In is the date's first instant in a zone.
func (d Date) In(zone *time.Location) time.Time {
	at := d.Time()
	return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, zone)
}

// Weekday is the date's.
func (d Date) Weekday() time.Weekday { return d.Time().Weekday() }

func (c Calendar) holiday(day Date) bool { return slices.Contains(c.Holidays, day) }

// TakesOn says whether orders are taken on a day.
func (c Calendar) TakesOn(day Date) bool {
	if len(c.OrderDays) == 0 {
		return !c.holiday(day)
	}
	return slices.Contains(c.OrderDays, day.Weekday()) && !c.holiday(day)
}

func (c Calendar) works(day Date) bool {
	w := day.Weekday()
	return w != time.Saturday && w != time.Sunday && !c.holiday(day)
}

func (c Calendar) deliversOn(day Date) bool {
	switch {
	case c.holiday(day), c.WorkingDays && !c.works(day):
		return false
	case len(c.DeliveryDays) == 0:
		return true
	}
	return slices.Contains(c.DeliveryDays, day.Weekday())
}

// first is the first day from one on that will do; that day itself when none does for a year.
func first(from Date, will func(Date) bool) Date {
	for day := from; day < from+longestWait; day++ {
		if will(day) {
			return day
		}
	}
	return from
}

// Open says whether an order that goes out at a local time is taken on the same day.
func (c Calendar) Open(at time.Time) bool {
	return c.Taken(at) == DateOf(at, at.Location())
}

// Taken is the day on which an order that goes out at a local time is taken: the
// same, or the next order day when it is none or the cut-off is over. An order of
// the cut-off's own minute is too late.
func (c Calendar) Taken(at time.Time) Date {
	day := DateOf(at, at.Location())
	clock := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute + time.Duration(at.Second())*time.Second
	if c.CutOff > 0 && clock >= c.CutOff {
		day++
	}
	return first(day, c.TakesOn)
}

// ClosesWithin says whether the cut-off of an order day comes within so long from a local time on.
func (c Calendar) ClosesWithin(at time.Time, window time.Duration) bool {
	return c.CutOff > 0 && c.Open(at) && !c.Open(at.Add(window))
}

// Arrives is the day on which what was taken on a day should come, lead days later.
func (c Calendar) Arrives(taken Date, lead int) Date {
	day := taken + Date(lead)
	if c.WorkingDays {
		day = taken
		for left := lead; left > 0 && day < taken+longestWait; {
			if day++; c.works(day) {
				left--
			}
		}
	}
	return first(day, c.deliversOn)
}

// LeadDays is how many days of the calendar lead days are, on average.
func (c Calendar) LeadDays(lead int) float64 {
	if !c.WorkingDays {
		return float64(lead)
	}
	return float64(lead) * 7 / 5
}

// Gap is the most days from one order day to the next in a week without holidays; 0 where every day is one.
func (c Calendar) Gap() int {
	if len(c.OrderDays) == 0 {
		return 0
	}
	most, since := 0, 0
	for day := range 14 {
		since++
		if slices.Contains(c.OrderDays, time.Weekday(day%7)) {
			if day >= 7 { // what the first week begins with was counted from nowhere
				most = max(most, since)
			}
			since = 0
		}
	}
	return most
}

// Channel is how a supplier takes orders by machine; the zero Channel: by e-mail with a PDF.
type Channel struct {
	// Format of the file: Peppol or CXML.
	Format Format
	// URL is "https://…", which files are posted to, or "sftp://user@host:22/folder", where they are put.
	URL string
	// OurID and TheirID name the two parties with their scheme: "0088:4035811991014", "DUNS:123456789".
	OurID, TheirID string
	// HostKey is the SFTP server's, as "SHA256:…".
	HostKey string
	// Answers is the folder of the same server in which the supplier lays its answers; empty: none are fetched.
	Answers string
}

// Format is how an order is written for a machine.
type Format string

// The formats.
const (
	// Peppol is Peppol BIS Order 3, in UBL 2.1.
	Peppol Format = "peppol"
	// CXML is a cXML OrderRequest.
	CXML Format = "cxml"
)

// PriceBreak is what a pack costs from so many packs in one order on.
type PriceBreak struct {
	Packs int64 `json:"packs"`
	Price int64 `json:"price_minor"`
}

// PriceOf is what one of so many packs costs: the price of the highest break that is reached.
func (i Item) PriceOf(packs int64) int64 {
	price, reached := i.Price, int64(0)
	for _, b := range i.Breaks {
		if packs >= b.Packs && b.Packs > reached {
			price, reached = b.Price, b.Packs
		}
	}
	return price
}
