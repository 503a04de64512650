package logger

import (
	"fmt"
	"slices"
	"time"

	"wardwatch/tracking/coldchain"
)

// Signs is what a recording tells beside its readings, placed in its zone by In: when the
// probe was out, and, where the device kept daily summaries alone, when it rang itself.
func (r Recording) Signs(zone *time.Location) []coldchain.Sign {
	signs := r.unplugged()
	if len(r.Rows) > 0 {
		return signs
	}
	for _, spell := range Spells(r) {
		side := "over"
		if spell.Cold {
			side = "under"
		}
		said := fmt.Sprintf("%s %v for %d min by its daily summary", side, spell.Limit.Temp, int(spell.Beyond.Minutes()))
		signs = append(signs, coldchain.Sign{Sensor: r.Serial, Kind: coldchain.SignDevice, On: true, Text: said, At: placed(spell.Start, zone), Source: "file"},
			coldchain.Sign{Sensor: r.Serial, Kind: coldchain.SignDevice, At: placed(spell.End, zone), Source: "file"})
	}
	return signs
}

// unplugged are the changes between rows with a temperature and rows without a probe.
func (r Recording) unplugged() []coldchain.Sign {
	type row struct {
		at  time.Time
		out bool
	}
	if len(r.Unplugged) == 0 {
		return nil
	}
	rows := make([]row, 0, len(r.Rows)+len(r.Unplugged))
	for _, p := range r.Rows {
		rows = append(rows, row{p.At, false})
	}
	for _, at := range r.Unplugged {
		rows = append(rows, row{at, true})
	}
	slices.SortStableFunc(rows, func(a, b row) int { return a.at.Compare(b.at) })
	var signs []coldchain.Sign
	out := false
	for _, row := range rows {
		if row.out != out {
			out = row.out
			signs = append(signs, coldchain.Sign{Sensor: r.Serial, Kind: coldchain.SignProbeOut, On: out, At: row.at, Source: "file"})
		}
	}
	return signs
}
