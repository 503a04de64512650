package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const smallHospital = "../../tracking/hospital/document/testdata/small.json"

func TestAHospitalIsImportedOnceAndForAll(t *testing.T) {
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
		{[]string{"no-such-file.json"}, exitUsage, "the document can't be opened"},
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
