package document

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Table is a section of a document that can be written as a CSV file: one thing
// a row, the fields of the document as columns. What a file has no column for
// stays as it is; an empty cell takes the field away, but for prices: nothing is said as 0.
type Table struct {
	Section string
	Columns []Column
}

// Column is one column of a Table.
type Column struct {
	Name string
	kind columnKind
	need bool
	key  bool // what tells apart the things that are there already
	// kept: an empty cell leaves what is there. A file that somebody took out who may
	// not see prices has them empty, and must not take them away when it comes back.
	kept bool
}

type columnKind int

const (
	text columnKind = iota
	number
	list // several texts, apart by spaces
	tag  // list, as the identities of one tag each
)

// Tables lists the sections that can be taken in as CSV.
func Tables() []Table {
	id := Column{Name: "id", need: true, key: true}
	return []Table{
		{"assets", []Column{id, {Name: "kind"}, {Name: "name"}, {Name: "model"}, {Name: "serial"}, {Name: "unit"}, {Name: "tags", kind: tag},
			{Name: "lot"}, {Name: "in_service"}, {Name: "last_service"}, {Name: "rented_from"}, {Name: "due_back"}}},
		{"par_levels", []Column{{Name: "unit", need: true}, {Name: "kind", need: true}, {Name: "target", kind: number, need: true}, {Name: "critical", kind: number}}},
		{"items", []Column{id, {Name: "name"}, {Name: "unit_of_issue"}, {Name: "gtin"}, {Name: "pack", kind: number}, {Name: "supplier"},
			{Name: "supplier_code"}, {Name: "price_minor", kind: number, kept: true}, {Name: "minimum_packs", kind: number}, {Name: "review_days", kind: number},
			{Name: "shelf_life_days", kind: number}, {Name: "criticality"}, {Name: "storage"}, {Name: "substitutes", kind: list}}},
		{"stock", []Column{{Name: "item", need: true}, {Name: "place", need: true}, {Name: "lot", need: true}, {Name: "expiry"}, {Name: "quantity", kind: number, need: true}}},
		{"suppliers", []Column{id, {Name: "name"}, {Name: "email"}, {Name: "currency"}, {Name: "account"}, {Name: "lead_days", kind: number}, {Name: "minimum_minor", kind: number}}},
		{"places", []Column{id, {Name: "name"}, {Name: "room"}, {Name: "fridge"}, {Name: "unit"}}},
		{"people", []Column{id, {Name: "name"}, {Name: "email"}, {Name: "roles", kind: list}, {Name: "unit"}}},
	}
}

// TableOf is the table of a section; false when it can't be written as CSV.
func TableOf(section string) (Table, bool) {
	for _, t := range Tables() {
		if t.Section == section {
			return t, true
		}
	}
	return Table{}, false
}

// Header is the first line of a file with every column.
func (t Table) Header() string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return strings.Join(names, ",")
}

// Rows is what a CSV file brings: a document that holds its section alone, in
// the order of the file, and the file's line of each entry.
type Rows struct {
	Document Document
	Lines    []int
}

// Changes are an import's changes by the file's own lines: "row 12". The site, which the
// file does not hold, is left out.
func (r Rows) Changes(section string, all []Change) (rows []Change) {
	for _, change := range all {
		var i int
		if _, err := fmt.Sscanf(change.Path, "/"+section+"/%d", &i); err != nil || i >= len(r.Lines) {
			continue
		}
		change.Path = fmt.Sprintf("row %d", r.Lines[i])
		rows = append(rows, change)
	}
	return rows
}

// Read takes in a CSV file with a header on top of what there is already, which
// its rows may refer to and change. The error is Faults, by row and column, when
// the file is at fault.
func (t Table) Read(r io.Reader, there Document) (Rows, error) {
	records, lines, err := t.records(r)
	if err != nil {
		return Rows{}, err
	}
	whole, err := t.overlay(there, records)
	if err != nil {
		return Rows{}, fmt.Errorf("read %s: %w", t.Section, err)
	}
	doc, err := Parse(whole)
	if faults, ok := errors.AsType[Faults](err); ok {
		return Rows{}, t.inRows(faults, lines)
	}
	if err != nil {
		return Rows{}, fmt.Errorf("read %s: %w", t.Section, err)
	}
	return Rows{Document: doc.only(t.Section, len(records)), Lines: lines}, nil
}

// record is one row: what its cells say, by column; nil for an empty cell.
type record map[string]any

func (t Table) records(r io.Reader) ([]record, []int, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", t.Section, err)
	}
	switch {
	case len(data) > MaxBytes:
		return nil, nil, Faults{{Path: "the file", Says: fmt.Sprintf("It is larger than %d MB.", MaxBytes>>20)}}
	case !utf8.Valid(data):
		return nil, nil, Faults{{Path: "the file", Says: "It is not UTF-8 text; save it as CSV UTF-8."}}
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	reader := csv.NewReader(bytes.NewReader(data))
	reader.Comma, reader.FieldsPerRecord = separator(data), -1
	header, err := reader.Read()
	if err != nil {
		return nil, nil, Faults{{Path: "the file", Says: "It has no header; begin it with the line " + t.Header()}}
	}
	columns, faults := t.columns(header)
	if len(faults) > 0 {
		return nil, nil, faults
	}
	return t.rows(reader, columns)
}

// separator is the comma, semicolon or tab that the header has most of: spreadsheets
// write the one of their country.
func separator(data []byte) rune {
	header, _, _ := bytes.Cut(data, []byte("\n"))
	best, most := ',', 0
	for _, candidate := range []rune{',', ';', '\t'} {
		if n := bytes.Count(header, []byte(string(candidate))); n > most {
			best, most = candidate, n
		}
	}
	return best
}

func (t Table) columns(header []string) (columns []Column, faults Faults) {
	seen := set{}
	for i, cell := range header {
		name := strings.ToLower(strings.TrimSpace(cell))
		at := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
		switch {
		case at < 0:
			faults = append(faults, Fault{Path: "header", Says: fmt.Sprintf("Column %d, %s, is not known here; the columns are %s.", i+1, value(cell), t.Header())})
			continue
		case seen[name]:
			faults = append(faults, Fault{Path: "header", Says: fmt.Sprintf("The column %s stands there twice.", name)})
		}
		seen[name] = true
		columns = append(columns, t.Columns[at])
	}
	for _, c := range t.Columns {
		if c.need && !seen[c.Name] {
			faults = append(faults, Fault{Path: "header", Says: fmt.Sprintf("The column %s is missing.", c.Name)})
		}
	}
	return columns, faults
}

func (t Table) rows(reader *csv.Reader, columns []Column) (records []record, lines []int, err error) {
	var faults Faults
	seen := map[any]int{}
	for {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
			faults = append(faults, Fault{Path: "row " + strconv.Itoa(wrong.Line), Says: "It can't be read from here on: " + wrong.Err.Error() + "."})
			break
		}
		line, _ := reader.FieldPos(0)
		if strings.TrimSpace(strings.Join(cells, "")) == "" {
			continue
		}
		if len(cells) != len(columns) {
			faults = append(faults, Fault{Path: "row " + strconv.Itoa(line), Says: fmt.Sprintf("It has %d cells and the header has %d.", len(cells), len(columns))})
			continue
		}
		row := recordOf(columns, cells)
		if id, ok := row["id"]; ok && id != nil {
			if first, twice := seen[id]; twice {
				faults = append(faults, Fault{Path: "row " + strconv.Itoa(line), Says: fmt.Sprintf("%v stands in row %d already.", value(id), first)})
			}
			seen[id] = line
		}
		records, lines = append(records, row), append(lines, line)
	}
	if len(faults) > 0 {
		return nil, nil, faults
	}
	return records, lines, nil
}

func recordOf(columns []Column, cells []string) record {
	row := record{}
	for i, c := range columns {
		cell := strings.TrimSpace(cells[i])
		switch {
		case cell == "" && c.kept:
		case cell == "":
			row[c.Name] = nil
		case c.kind == number && json.Valid([]byte(cell)):
			row[c.Name] = json.RawMessage(cell)
		case c.kind == list:
			row[c.Name] = strings.Fields(cell)
		case c.kind == tag:
			var tags []Tag
			for _, id := range strings.Fields(cell) {
				tags = append(tags, Tag{ID: id})
			}
			row[c.Name] = tags
		default:
			row[c.Name] = cell
		}
	}
	return row
}

// overlay is the whole document as JSON, with the rows first in their section,
// each on top of the thing that is there already.
func (t Table) overlay(there Document, records []record) ([]byte, error) {
	there.Format = Format
	plain, err := json.Marshal(there)
	if err != nil {
		return nil, err
	}
	whole := map[string]json.RawMessage{}
	if err := json.Unmarshal(plain, &whole); err != nil {
		return nil, err
	}
	var old []map[string]any
	if section := whole[t.Section]; section != nil && t.keyed() {
		if err := json.Unmarshal(section, &old); err != nil {
			return nil, err
		}
	}
	whole[t.Section], err = json.Marshal(t.merge(old, records))
	if err != nil {
		return nil, err
	}
	return json.Marshal(whole)
}

func (t Table) keyed() bool {
	return slices.ContainsFunc(t.Columns, func(c Column) bool { return c.key })
}

func (t Table) merge(old []map[string]any, records []record) []map[string]any {
	at := map[any]int{}
	for i, thing := range old {
		at[thing["id"]] = i
	}
	merged := make([]map[string]any, 0, len(records)+len(old))
	taken := map[int]bool{}
	for _, row := range records {
		thing := map[string]any{}
		if i, known := at[row["id"]]; known && t.keyed() {
			thing, taken[i] = old[i], true
		}
		for name, cell := range row {
			if cell == nil {
				delete(thing, name)
			} else {
				thing[name] = cell
			}
		}
		merged = append(merged, thing)
	}
	for i, thing := range old {
		if !taken[i] {
			merged = append(merged, thing)
		}
	}
	return merged
}

// inRows says where in the file a fault of the whole document lies.
func (t Table) inRows(faults Faults, lines []int) Faults {
	said := make(Faults, 0, len(faults))
	for _, f := range faults {
		steps := strings.Split(strings.TrimPrefix(f.Path, "/"), "/")
		f.Line = 0
		if i, err := strconv.Atoi(at(steps, 1)); err == nil && steps[0] == t.Section && i < len(lines) {
			f.Path = "row " + strconv.Itoa(lines[i])
			if column := at(steps, 2); column != "" {
				f.Path += ", column " + column
			}
		}
		said = append(said, f)
	}
	return said
}

func at(steps []string, i int) string {
	if i < len(steps) {
		return steps[i]
	}
	return ""
}

// only keeps the first n entries of a section and nothing else but the site.
func (d Document) only(section string, n int) Document {
	kept := Document{Format: Format, Site: d.Site}
	switch section {
	case "assets":
		kept.Assets = d.Assets[:n]
	case "par_levels":
		kept.ParLevels = d.ParLevels[:n]
	case "items":
		kept.Items = d.Items[:n]
	case "stock":
		kept.Stock = d.Stock[:n]
	case "suppliers":
		kept.Suppliers = d.Suppliers[:n]
	case "places":
		kept.Places = d.Places[:n]
	case "people":
		kept.People = d.People[:n]
	}
	return kept
}
