package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const smallHospital = "../../tracking/hospital/document/testdata/small.json"

func TestAHospitalIsImportedOnceAndForAll(t *testing.T) {
	t.Parallel()
	database := "sqlite:" + filepath.Join(t.TempDir(), "w.db")
	for _, step := range []struct {
		flags []string
		says  string
	}{
		{nil, "changed, 0 are the same; this was a dry run, --apply keeps it\n"},
		{[]string{"--apply"}, "were added, 0 changed, 0 are the same\n"},
		{[]string{"--apply"}, "0 were added, 0 changed, "},
	} {
		code, out, errs := commandLine(t, nil, append([]string{"import", "hospital", smallHospital, "--db", database}, step.flags...)...)
		if code != exitDone || !strings.Contains(out, step.says) {
			t.Fatalf("%q: exit %d, %s%s", step.flags, code, out, errs)
		}
	}
}

func TestAFaultyDocumentIsSaidToBeSo(t *testing.T) {
	database := "sqlite:" + filepath.Join(t.TempDir(), "w.db")
	faulty := filepath.Join(t.TempDir(), "h.json")
	if err := os.WriteFile(faulty, []byte(`{"format":"wardwatch-hospital/1","site":{"id":"a","name":"A","zone":"UTC"},"rooms":[{"id":"r","floor":"g","name":"R","kind":"office"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{faulty}, exitFault, `/rooms/0/floor (line 1): There is no floor "g" in the document.`},
		{[]string{faulty}, exitFault, "nothing was imported: 1 fault is named above"},
		{[]string{"no-such-file.json"}, exitUsage, "the file can't be opened"},
		{nil, exitUsage, "name the document"},
	} {
		code, _, errs := commandLine(t, nil, append([]string{"import", "hospital", "--db", database}, c.args...)...)
		if code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%q: exit %d, said %q", c.args, code, errs)
		}
	}
	if code, out, _ := commandLine(t, nil, "import", "hospital", "--schema"); code != exitDone || !strings.Contains(out, `"$schema": "https://json-schema.org/draft/2020-12/schema"`) {
		t.Errorf("--schema: exit %d", code)
	}
}

func TestASpreadsheetIsTakenInOnTopOfWhatIsThere(t *testing.T) {
	folder := t.TempDir()
	database := "--db=sqlite:" + filepath.Join(folder, "w.db")
	file := func(name, content string) string {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	assets := file("assets.csv", "id,kind,name,tags\nP-001,infusion pump,Renamed,c30000000001\nP-002,infusion pump,New,c30000000002\n")
	stock := file("stock.csv", "item;place;lot;expiry;quantity\nmmr;fridge-1;L-9;2028-01-31;12\n")
	for _, step := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"import", "assets", assets, database}, exitFault, "wardwatch import hospital"},
		{[]string{"import", "hospital", smallHospital, "--apply", database}, exitDone, "were added"},
		{[]string{"import", "assets", assets, database}, exitDone, "change row 2  infusion pump P-001\nadd    row 3  infusion pump P-002\n1 would be added, 1 changed, 0 are the same; this was a dry run"},
		{[]string{"import", "assets", assets, "--apply", database}, exitDone, "1 were added, 1 changed"},
		{[]string{"import", "assets", assets, "--apply", database}, exitDone, "0 were added, 0 changed, 2 are the same\n"},
		{[]string{"import", "stock", stock, "--apply", database}, exitDone, "1 were added"},
		{[]string{"import", "stock", stock, "--apply", database}, exitDone, "0 were added, 0 changed, 1 are the same\n"},
		{[]string{"import", "items", stock, database}, exitFault, "header: Column 1"},
		{[]string{"import", "items", "--columns"}, exitDone, "id,name,unit_of_issue"},
		{[]string{"import", "people", database}, exitUsage, "name the file"},
		{[]string{"verify", database}, exitDone, "movements add up"},
	} {
		code, out, errs := commandLine(t, nil, step.args...)
		if code != step.code || !strings.Contains(out+errs, step.says) {
			t.Errorf("%q: exit %d, %s%s", step.args, code, out, errs)
		}
	}
	code, out, errs := commandLine(t, nil, "export", "hospital", database)
	again := file("again.json", out)
	if code != exitDone || !strings.Contains(out, "Renamed") {
		t.Fatalf("export: exit %d, %s", code, errs)
	}
	if code, out, errs := commandLine(t, nil, "import", "hospital", again, database); code != exitDone || !strings.Contains(out, "0 would be added, 0 changed") {
		t.Errorf("the export taken in again: exit %d, %s%s", code, out, errs)
	}
}
