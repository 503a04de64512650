package db

import (
	"context"
	"database/sql"
	"slices"
	"strings"

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
				EXISTS (SELECT 1 FROM stock_outlooks o WHERE o.item = s.item AND o.target > 0 AND o.position <= o.reorder) AS low,
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

// narrow is a query as whoever looks with ctx may ask it.
func narrow(ctx context.Context, query string) (string, bool) {
	cold, stock := hospital.ReachOf(ctx, hospital.SeeColdChain), hospital.ReachOf(ctx, hospital.SeeStock)
	if cold.Everywhere && stock.Everywhere {
		return query, false
	}
	var with strings.Builder
	with.WriteString("WITH ")
	if !cold.Everywhere {
		writeNarrowed(&with, coldTables, cold)
	}
	if !stock.Everywhere {
		writeNarrowed(&with, stockTables, stock)
	}
	rest := strings.TrimSpace(query)
	if later, also := strings.CutPrefix(rest, "WITH "); also {
		if later, recursive := strings.CutPrefix(later, "RECURSIVE "); recursive {
			return "WITH RECURSIVE " + strings.TrimPrefix(with.String(), "WITH ") + later, true
		}
		return with.String() + later, true
	}
	return strings.TrimSuffix(with.String(), ",\n") + "\n" + rest, true
}

func writeNarrowed(with *strings.Builder, tables []narrowed, reach hospital.Reach) {
	quoted := make([]string, len(reach.Units))
	for i, unit := range reach.Units {
		quoted[i] = "'" + strings.ReplaceAll(string(unit), "'", "''") + "'"
	}
	units := strings.Join(quoted, ", ")
	for _, t := range tables {
		with.WriteString(t.table + " AS NOT MATERIALIZED (" + strings.ReplaceAll(t.as, "(%)", "("+units+")") + "),\n")
	}
}

// theirs asks within a change as whoever looks may ask: for the one thing that
// the change is about. What is out of reach is not there.
type theirs struct{ *Tx }

func (tx theirs) QueryRow(ctx context.Context, query string, args ...any) Row {
	query, _ = narrow(ctx, query)
	return tx.Tx.QueryRow(ctx, query, args...)
}

func (tx theirs) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	query, _ = narrow(ctx, query)
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
