package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"

	"wardwatch/tracking/hospital"
)

// Whoever Looks with a limited reach (hospital.Looking) is answered with her rows
// alone: the tables that belong to units are narrowed before the query reads them,
// by common table expressions of their names. So a query is written once, for the
// whole hospital, and no query can forget whom it answers.

// narrowed is one table as somebody with a limited reach sees it. % stands for
// the list of her units.
type narrowed struct{ table, as string }

// coldTables belong to units by their fridge.
var coldTables = []narrowed{
	{"fridges", `SELECT f.* FROM main.fridges f LEFT JOIN main.rooms r ON r.id = f.room
		WHERE COALESCE(NULLIF(f.unit, ''), r.unit, '') IN (%)`},
	{"sensors", `SELECT * FROM main.sensors WHERE fridge IN (SELECT id FROM fridges)`},
	{"excursions", `SELECT * FROM main.excursions WHERE fridge IN (SELECT id FROM fridges)`},
	{"cold_events", `SELECT * FROM main.cold_events WHERE fridge IN (SELECT id FROM fridges)`},
	{"fridge_facts", `SELECT * FROM main.fridge_facts WHERE fridge IN (SELECT id FROM fridges)`},
	{"fridge_papers", `SELECT * FROM main.fridge_papers WHERE fridge IN (SELECT id FROM fridges)`},
	{"fridge_paper_files", `SELECT * FROM main.fridge_paper_files WHERE paper IN (SELECT id FROM fridge_papers)`},
	{"fridge_profiles", `SELECT * FROM main.fridge_profiles WHERE fridge IN (SELECT id FROM fridges)`},
	{"fridge_checks", `SELECT * FROM main.fridge_checks WHERE fridge IN (SELECT id FROM fridges)`},
	{"fridge_openings", `SELECT * FROM main.fridge_openings WHERE fridge IN (SELECT id FROM fridges)`},
	{"fridge_trips", `SELECT * FROM main.fridge_trips WHERE fridge IN (SELECT id FROM fridges)`},
	{"device_signs", `SELECT * FROM main.device_signs WHERE fridge IN (SELECT id FROM fridges)`},
	{"sensor_flags", `SELECT * FROM main.sensor_flags WHERE fridge IN (SELECT id FROM fridges)`},
	{"legal_holds", `SELECT * FROM main.legal_holds WHERE fridge IN (SELECT id FROM fridges)`},
	{"fridge_forewarnings", `SELECT * FROM main.fridge_forewarnings WHERE fridge IN (SELECT id FROM fridges)`},
	// Of alarms she hears those of her fridges and units; an asset's go to everybody, as the asset does.
	{"alarms", `SELECT * FROM main.alarms WHERE subject IN (SELECT 'fridge/' || id FROM fridges)
		OR subject LIKE 'asset/%' OR subject IN (SELECT 'unit/' || value FROM json_each(json_array(%)))
		OR EXISTS (SELECT 1 FROM json_each(json_array(%)) u WHERE substr(subject, 1, length(u.value) + 6) = 'unit/' || u.value || '/')`},
	{"notices", `SELECT * FROM main.notices WHERE alarm IN (SELECT id FROM alarms)`},
}

// stockTables belong to units by their place.
var stockTables = []narrowed{
	{"stock_places", `SELECT p.* FROM main.stock_places p
		LEFT JOIN main.rooms r ON r.id = p.room
		LEFT JOIN main.fridges f ON f.id = p.fridge
		LEFT JOIN main.rooms fr ON fr.id = f.room
		WHERE ` + placeUnit + ` IN (%)`},
	{"stock_levels", `SELECT * FROM main.stock_levels WHERE place IN (SELECT id FROM stock_places)`},
	{"stock_balances", `SELECT * FROM main.stock_balances WHERE place IN (SELECT id FROM stock_places)`},
	{"stock_movements", `SELECT * FROM main.stock_movements WHERE place IN (SELECT id FROM stock_places)`},
	{"stock_use", `SELECT * FROM main.stock_use WHERE place IN (SELECT id FROM stock_places)`},
	{"stock_outlooks", `SELECT * FROM main.stock_outlooks WHERE place IN (SELECT id FROM stock_places)`},
	{"stock_holds", `SELECT * FROM main.stock_holds WHERE place IN (SELECT id FROM stock_places)`},
	// An item is low for her where it is low with her.
	{"stock_summaries", `SELECT item, name, low, days_left,
			CASE WHEN low = 1 THEN 0 ELSE 1000000 END + CASE WHEN days_left < 0 THEN 100000 ELSE days_left END AS rank
		FROM (SELECT s.item, s.name,
				EXISTS (SELECT 1 FROM stock_outlooks o WHERE o.item = s.item AND ` + runsLow + `) AS low,
				COALESCE((SELECT min(o.days_left) FROM stock_outlooks o WHERE o.item = s.item AND o.days_left >= 0), -1) AS days_left
			FROM main.stock_summaries s
			WHERE s.item IN (SELECT item FROM stock_balances) OR s.item IN (SELECT item FROM stock_outlooks))`},
	{"stock_count_plan", `SELECT * FROM main.stock_count_plan WHERE place IN (SELECT id FROM stock_places)`},
	{"stock_counts", `SELECT * FROM main.stock_counts WHERE place IN (SELECT id FROM stock_places)`},
	{"stock_cabinets", `SELECT * FROM main.stock_cabinets WHERE place IN (SELECT id FROM stock_places)`},
	{"stock_tags", `SELECT * FROM main.stock_tags WHERE place IN (SELECT id FROM stock_places)`},
	{"stock_tag_troubles", `SELECT * FROM main.stock_tag_troubles WHERE place IN (SELECT id FROM stock_places)`},
	{"stock_consignments", `SELECT * FROM main.stock_consignments WHERE place IN (SELECT id FROM stock_places)`},
	{"stock_consigned", `SELECT * FROM main.stock_consigned WHERE place IN (SELECT id FROM stock_places)`},
	{"stock_refills", `SELECT * FROM main.stock_refills WHERE place IN (SELECT id FROM stock_places)`},
	{"stock_bins", `SELECT * FROM main.stock_bins WHERE place IN (SELECT id FROM stock_places)`},
	{"cold_deliveries", `SELECT * FROM main.cold_deliveries WHERE ref IN (SELECT ref FROM stock_movements) OR ref IN (SELECT 'lot/' || lot FROM stock_movements)`},
	{"carries", `SELECT * FROM main.carries WHERE to_place IN (SELECT id FROM stock_places)`},
	{"carry_lines", `SELECT * FROM main.carry_lines WHERE carry IN (SELECT id FROM carries)`},
	{"stock_empty", `SELECT * FROM main.stock_empty WHERE place IN (SELECT id FROM stock_places)`},
	{"stock_health_days", `SELECT * FROM main.stock_health_days WHERE place IN (SELECT id FROM stock_places)`},
	{"stock_methods", `SELECT * FROM main.stock_methods WHERE place IN (SELECT id FROM stock_places)`},
	{"level_reviews", `SELECT * FROM main.level_reviews WHERE place IN (SELECT id FROM stock_places)`},
	{"order_returns", `SELECT * FROM main.order_returns WHERE place IN (SELECT id FROM stock_places)`},
	{"budgets", `SELECT * FROM main.budgets WHERE unit IN (%)`},
	{"transfers", `SELECT * FROM main.transfers WHERE from_place IN (SELECT id FROM stock_places) OR to_place IN (SELECT id FROM stock_places)`},
	{"proposals", `SELECT * FROM main.proposals WHERE place IN (SELECT id FROM stock_places)`},
	{"order_lines", `SELECT * FROM main.order_lines WHERE place IN (SELECT id FROM stock_places)`},
	{"purchase_orders", `SELECT * FROM main.purchase_orders WHERE number IN (SELECT number FROM order_lines)`},
}

// placeUnit is the unit of a place p: its own, that of its room r, or that of its fridge f, or of the fridge's room fr.
const placeUnit = `COALESCE(NULLIF(p.unit, ''), r.unit, NULLIF(f.unit, ''), fr.unit, '')`

// asking is a query as it stands in the program, and which of its tables whoever
// looks sees in part.
type asking struct {
	query       string
	cold, stock bool
}

// narrowing is how it is put to the engine then. Her units are not in its text: it takes
// them as the lists :cold and :stock, so that one text, prepared once, answers
// everybody. The number of texts is bounded by the program, as that of queries is.
type narrowing struct {
	text        string
	cold, stock bool // which of the lists it takes
}

// within is a query, and what it is given, as whoever looks with ctx may ask it.
func (s *statements) within(ctx context.Context, query string, args []any) (string, []any) {
	cold, stock := hospital.ReachOf(ctx, hospital.SeeColdChain), hospital.ReachOf(ctx, hospital.SeeStock)
	if cold.Everywhere && stock.Everywhere {
		return query, args
	}
	n := s.narrowing(asking{query, !cold.Everywhere, !stock.Everywhere})
	if n.cold {
		args = append(slices.Clip(args), sql.Named("cold", listed(cold.Units)))
	}
	if n.stock {
		args = append(slices.Clip(args), sql.Named("stock", listed(stock.Units)))
	}
	return n.text, args
}

func (s *statements) narrowing(a asking) narrowing {
	s.mu.RLock()
	n, known := s.narrowed[a]
	s.mu.RUnlock()
	if known {
		return n
	}
	n = narrow(a)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.narrowed == nil {
		s.narrowed = map[asking]narrowing{}
	}
	s.narrowed[a] = n
	return n
}

// listed are units as JSON.
func listed(units []hospital.UnitID) string {
	if len(units) == 0 {
		return "[]"
	}
	text, err := json.Marshal(units)
	if err != nil {
		return "[]" // never: names marshal; and if they did not, she would see nothing
	}
	return string(text)
}

// narrow puts before a query those of its tables that are seen in part.
func narrow(a asking) (n narrowing) {
	var with strings.Builder
	if a.cold {
		n.cold = writeNarrowed(&with, coldTables, a.query, ":cold")
	}
	if a.stock {
		n.stock = writeNarrowed(&with, stockTables, a.query, ":stock")
	}
	n.text = a.query
	if with.Len() == 0 {
		return n
	}
	rest := strings.TrimSpace(a.query)
	if later, also := strings.CutPrefix(rest, "WITH "); also {
		if later, recursive := strings.CutPrefix(later, "RECURSIVE "); recursive {
			n.text = "WITH RECURSIVE " + with.String() + later
			return n
		}
		n.text = "WITH " + with.String() + later
		return n
	}
	n.text = "WITH " + strings.TrimSuffix(with.String(), ",\n") + "\n" + rest
	return n
}

// writeNarrowed writes those of the tables that the query reads, each after those that
// it is read through, and says whether any of them asks for the list of units.
func writeNarrowed(with *strings.Builder, tables []narrowed, query, list string) (asks bool) {
	read := mentioned(query)
	for _, t := range slices.Backward(tables) { // a table is read through earlier ones
		if read[t.table] {
			maps.Copy(read, mentioned(t.as))
		}
	}
	for _, t := range tables {
		if !read[t.table] {
			continue
		}
		as := strings.ReplaceAll(t.as, "json_array(%)", list)
		as = strings.ReplaceAll(as, "(%)", "(SELECT value FROM json_each("+list+"))")
		with.WriteString(t.table + " AS NOT MATERIALIZED (" + as + "),\n")
		asks = asks || as != t.as
	}
	return asks
}

// mentioned are the words of a query that may be names of tables: of "main.fridges",
// which is the whole table, only "main". One word too many does no harm.
func mentioned(query string) map[string]bool {
	words := map[string]bool{}
	for _, word := range strings.FieldsFunc(strings.ToLower(query), func(r rune) bool {
		return r != '_' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		name, _, _ := strings.Cut(word, ".")
		words[name] = true
	}
	return words
}

// theirs asks within a change as whoever looks may ask: for the one thing that
// the change is about. What is out of reach is not there.
type theirs struct{ *Tx }

func (tx theirs) QueryRow(ctx context.Context, query string, args ...any) Row {
	query, args = tx.statements.within(ctx, query, args)
	return tx.Tx.QueryRow(ctx, query, args...)
}

func (tx theirs) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	query, args = tx.statements.within(ctx, query, args)
	return tx.Tx.Query(ctx, query, args...)
}

// NarrowedTables are the tables that belong to units.
func NarrowedTables() []string {
	var names []string
	for _, t := range slices.Concat(coldTables, stockTables) {
		names = append(names, t.table)
	}
	return names
}
