package report

import (
	"fmt"
	"time"

	"wardwatch/tracking/coldchain"
)

// LotHistory is all that a lot went through, as its owner tells it.
type LotHistory struct {
	Item, Lot, Expiry string
	// Keeping is what its maker says of it, in words.
	Keeping    string
	Left       []LotLeft
	Stays      []LotStay
	Excursions []LotExcursion
}

// LotLeft is what lies of it at a place, with what is left of its stability budget.
type LotLeft struct {
	Place, Quantity string
	Held            bool
	Budget          string
}

// LotStay is a time that it stood at a place.
type LotStay struct {
	Place        string
	From, To     time.Time // To is zero while it stands there
	Measured     bool      // in a fridge or carrier
	Sum          coldchain.Hour
	Out, Unknown time.Duration
	// Spells are the times out of range or not measured.
	Spells  []coldchain.Outside
	Charged string
}

// LotExcursion is an excursion that it went through.
type LotExcursion struct {
	Excursion             coldchain.Excursion
	Fridge, Before, After string
}

// maxSpells is how many times out of range one report lists.
const maxSpells = 2_000

// LotPaper draws a lot's history across every fridge and carrier that it stood in.
func LotPaper(h LotHistory, p Paper) ([]byte, error) {
	s := newSheet(p, fmt.Sprintf("History of lot %s, %s", typed(h.Lot), typed(h.Item)))
	s.fact("Product", typed(h.Item))
	s.fact("Lot", typed(h.Lot))
	s.fact("Expires", h.Expiry)
	s.fact("How it keeps", h.Keeping)
	s.heading("What is left of it")
	if len(h.Left) == 0 {
		s.line("Nothing of it lies anywhere.")
	}
	for _, l := range h.Left {
		held := ""
		if l.Held {
			held = ", on hold"
		}
		s.worded(fmt.Sprintf("%s, %s%s: %s", s.word(l.Quantity), l.Place, s.word(held), s.word(l.Budget)))
	}
	s.stays(h.Stays)
	s.spells(h.Stays)
	s.heading("Excursions")
	if len(h.Excursions) == 0 {
		s.line("None while it stood there.")
	}
	for _, e := range h.Excursions {
		s.line(fmt.Sprintf("Excursion %d in %s: %s, %s to %s, peak %v", e.Excursion.ID, typed(e.Fridge), e.Excursion.Direction, s.when(e.Excursion.Start), s.when(e.Excursion.End), e.Excursion.Peak()))
		s.worded("    " + s.word("budget before") + ": " + s.word(e.Before))
		s.worded("    " + s.word("budget after") + ": " + s.word(e.After))
	}
	s.signatures()
	return s.bytes()
}

func (s *sheet) stays(stays []LotStay) {
	s.heading("Where it stood")
	columns := []column{{"Place", 52, false}, {"From", 32, false}, {"Until", 32, false}, {"Lowest °C", 17, true}, {"Highest °C", 17, true}, {"Out min", 14, true}, {"Unknown", 16, true}}
	var rows [][]string
	for _, stay := range stays {
		row := []string{typed(stay.Place), s.when(stay.From), s.until(stay.To), "–", "–", "–", "–"}
		if stay.Measured {
			row[5], row[6] = minutes(stay.Out), minutes(stay.Unknown)
		}
		if stay.Sum.Points > 0 {
			row[3], row[4] = degrees(stay.Sum.Min), degrees(stay.Sum.Max)
		}
		rows = append(rows, row)
	}
	s.table(columns, rows)
}

// until is the end of a stay; "still there" while it lasts.
func (s *sheet) until(t time.Time) string {
	if t.IsZero() {
		return "still there"
	}
	return s.when(t)
}

// spells lists the times out of range, to the minute.
func (s *sheet) spells(stays []LotStay) {
	s.heading("Out of range or not measured, to the minute")
	columns := []column{{"Place", 52, false}, {"From", 32, false}, {"Until", 32, false}, {"Minutes", 18, true}, {"°C", 14, true}, {"", 32, false}}
	var rows [][]string
	for _, stay := range stays {
		for _, spell := range stay.Spells {
			row := []string{typed(stay.Place), s.when(spell.From), s.when(spell.To), fmt.Sprintf("%.1f", spell.To.Sub(spell.From).Minutes()), "–", "not measured"}
			if spell.Beyond {
				row[4], row[5] = degrees(spell.Temp), ""
			}
			if spell.Beyond && !spell.Known {
				row[5] = "not measured, charged"
			}
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		s.line("Never.")
		return
	}
	if len(rows) > maxSpells {
		s.line(fmt.Sprintf("The last %d of %d; the table as CSV has them all.", maxSpells, len(rows)))
		rows = rows[len(rows)-maxSpells:]
	}
	s.table(columns, rows)
}
