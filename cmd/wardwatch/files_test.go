package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/web"
	"wardwatch/web/api"
)

// keep asks for a file as a person of a role.
func (o *office) keep(role hospital.Role, path string) *httptest.ResponseRecorder {
	o.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	w := httptest.NewRecorder()
	parts := o.house.parts
	parts.WhoAsks = func(*http.Request) (hospital.Actor, bool) {
		return hospital.Person{ID: "somebody", Name: "Somebody", Roles: []hospital.Role{role}}.Actor(), true
	}
	door, err := web.New(parts)
	if err != nil {
		o.Fatal(err)
	}
	door.ServeHTTP(w, r)
	return w
}

// table is a CSV file's rows, its titles first.
func (o *office) table(role hospital.Role, path string) [][]string {
	o.Helper()
	w := o.keep(role, path)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/csv; charset=utf-8" {
		o.Fatalf("%s: %d %v %.300s", path, w.Code, w.Header(), w.Body)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(w.Body.String(), "\ufeff"))).ReadAll()
	if err != nil {
		o.Fatalf("%s: %v", path, err)
	}
	return rows
}

// book is the same table as an Excel workbook.
func (o *office) book(role hospital.Role, path string) [][]string {
	o.Helper()
	w := o.keep(role, path)
	if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Content-Disposition"), `.xlsx"`) {
		o.Fatalf("%s: %d %v", path, w.Code, w.Header())
	}
	file, err := excelize.OpenReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		o.Fatalf("%s: %v", path, err)
	}
	defer file.Close()
	rows, err := file.GetRows(file.GetSheetName(0))
	if err != nil {
		o.Fatal(err)
	}
	return rows
}

func TestTablesAreKeptAsFiles(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	o.moveTo("P-001", "f1-clean", "f1")
	o.warm()
	pharmacist := hospital.Person{ID: "p.falk", Name: "Petra", Roles: []hospital.Role{hospital.Pharmacist}}.Actor()
	if err := o.house.parts.Stock.Use(t.Context(), pharmacist, inventory.Taking{Item: "mmr", Place: "fridge-1", Quantity: 20, Why: `=HYPERLINK("http://evil.example")`}); err != nil {
		t.Fatal(err)
	}
	for path, wanted := range map[string]struct {
		rows int
		cell string // that stands somewhere in both files
	}{
		"equipment":               {2, "Clean utility"},
		"readings":                {0, ""},
		"readings?fridge=f-01":    {16, "9.5"},
		"excursions?fridge=f-01":  {2, "too warm"},
		"excursions?fridge=f-99":  {0, ""},
		"alarms":                  {1, "Vaccine fridge 1"},
		"stock":                   {2, "L-2301"},
		"ledger":                  {3, "-20"},
		"ledger?item=gloves-m":    {1, "400"},
		"ledger?until=2020-01-01": {0, ""},
		"orders":                  {0, ""},
	} {
		name, query, _ := strings.Cut(path, "?")
		if path == "readings" {
			if w := o.keep(hospital.Pharmacist, "/files/readings.csv"); w.Code != http.StatusNotFound || strings.Contains(w.Header().Get("Content-Type"), "csv") {
				t.Errorf("readings of no fridge: %d %v", w.Code, w.Header())
			}
			continue
		}
		text, book := o.table(hospital.Pharmacist, "/files/"+name+".csv?"+query), o.book(hospital.Pharmacist, "/files/"+name+".xlsx?"+query)
		if len(text) != wanted.rows+1 || len(book) != wanted.rows+1 {
			t.Errorf("%s: %d and %d rows, want %d: %v", path, len(text)-1, len(book)-1, wanted.rows, text)
		}
		if fmt.Sprint(text[0]) != fmt.Sprint(book[0]) {
			t.Errorf("%s: titles %v and %v", path, text[0], book[0])
		}
		for _, table := range [][][]string{text, book} {
			if !strings.Contains(fmt.Sprint(table), wanted.cell) {
				t.Errorf("%s has no %q: %v", path, wanted.cell, table)
			}
		}
	}
	if w := o.keep(hospital.Nurse, "/files/ledger.csv?from=yesterday"); w.Code != http.StatusBadRequest {
		t.Errorf("from yesterday: %d", w.Code)
	}
	if w := o.keep(hospital.Nurse, "/files/orders.csv"); w.Code != http.StatusForbidden {
		t.Errorf("a nurse keeps the orders: %d", w.Code)
	}
}

// What somebody typed is never a formula; what is a number stays one.
func TestAFileHoldsNoFormula(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	pharmacist := hospital.Person{ID: "p.falk", Name: "@Petra", Roles: []hospital.Role{hospital.Pharmacist}}.Actor()
	for _, why := range []string{"=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\tx", "|x", "%x", "plain"} {
		if err := o.house.parts.Stock.Use(t.Context(), pharmacist, inventory.Taking{Item: "mmr", Place: "fridge-1", Quantity: 1, Why: why}); err != nil {
			t.Fatal(err)
		}
	}
	rows := o.table(hospital.Pharmacist, "/files/ledger.csv?item=mmr")
	for _, row := range rows[1 : len(rows)-1] {
		if row[8] != "-1" {
			t.Errorf("the quantity is %q", row[8])
		}
		for _, cell := range []string{row[12], row[13]} {
			if cell != "plain" && !strings.HasPrefix(cell, "'") {
				t.Errorf("a spreadsheet would calculate %q", cell)
			}
		}
	}
	w := o.keep(hospital.Pharmacist, "/files/ledger.xlsx?item=mmr")
	file, err := excelize.OpenReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for n := range rows {
		cell := fmt.Sprintf("N%d", n+1)
		if formula, err := file.GetCellFormula("ledger", cell); err != nil || formula != "" {
			t.Errorf("%s holds the formula %q, %v", cell, formula, err)
		}
	}
}

// failing reads one good part and then no more.
type failing struct {
	api.Lists
	parts int
}

func (f *failing) Ledger(ctx context.Context, s inventory.LedgerSelection, limit int) ([]inventory.Entry, error) {
	if f.parts++; f.parts > 1 {
		return nil, errors.New("the disk is gone")
	}
	entries := make([]inventory.Entry, limit)
	for i := range entries {
		entries[i].Seq = int64(limit - i)
	}
	return entries, nil
}

// endless has readings without end.
type endless struct{ api.Lists }

func (endless) Readings(_ context.Context, ask coldchain.ReadingQuery, limit int) ([]coldchain.Recorded, error) {
	readings := make([]coldchain.Recorded, limit)
	for i := range readings {
		readings[i] = coldchain.Recorded{Sensor: 1, At: ask.AfterAt.Add(time.Duration(i+1) * time.Minute)}
	}
	return readings, nil
}

func TestAFileThatFailsHalfWayIsBrokenOff(t *testing.T) {
	o := openOffice(t)
	o.house.parts.Lists = &failing{Lists: o.house.parts.Lists}
	defer func() {
		if reason := recover(); reason != http.ErrAbortHandler {
			t.Errorf("it was ended with %v: whoever keeps it takes it for whole", reason)
		}
	}()
	w := o.keep(hospital.Pharmacist, "/files/ledger.csv")
	t.Errorf("answered %d", w.Code)
}

func TestAnExcelFileThatFailsIsAFailure(t *testing.T) {
	o := openOffice(t)
	o.house.parts.Lists = &failing{Lists: o.house.parts.Lists}
	if w := o.keep(hospital.Pharmacist, "/files/ledger.xlsx"); w.Code != http.StatusInternalServerError || w.Header().Get("Content-Disposition") != "" {
		t.Errorf("answered %d %v", w.Code, w.Header())
	}
}

func TestAFileSaysWhereItWasCutOff(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	o.house.parts.Lists = endless{o.house.parts.Lists}
	w := o.keep(hospital.Pharmacist, "/files/readings.csv?fridge=f-01")
	text := strings.TrimSpace(w.Body.String())
	lines := strings.Count(text, "\n") + 1
	if last := text[strings.LastIndex(text, "\n")+1:]; lines != 200_002 || last != "Cut off after 200000 rows. Choose a shorter time." {
		t.Errorf("%d lines, the last %q", lines, last)
	}
}
