package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"
)

// licences are those that a dependency may have, by words that their texts hold. All of
// them let a hospital use, change and pass on the program.
var licences = []struct{ name, words string }{
	{"Apache-2.0", "Apache License\n                           Version 2.0"},
	{"Apache-2.0", "Apache License, Version 2.0"},
	{"EPL-2.0", "Eclipse Public License - v 2.0"},
	{"MPL-2.0", "Mozilla Public License Version 2.0"},
	{"MPL-2.0", "Mozilla Public License, version 2.0"},
	{"BSD", "Redistribution and use in source and binary forms"},
	{"MIT", "Permission is hereby granted, free of charge"},
	{"ISC", "Permission to use, copy, modify, and/or distribute this software"},
	{"ISC", "Permission to use, copy, modify, and distribute this software"},
	{"CC0-1.0", "CC0 1.0 Universal"},
}

var licenceFile = regexp.MustCompile(`(?i)^(un)?licen[cs]e|^copying`)

// licenceOf names the licence in a module's folder; empty when it is none of ours.
func licenceOf(t *testing.T, folder string) string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.IsDir() || !licenceFile.MatchString(entry.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		flat := strings.Join(strings.Fields(string(text)), " ")
		for _, licence := range licences {
			if strings.Contains(flat, strings.Join(strings.Fields(licence.words), " ")) {
				return licence.name
			}
		}
	}
	return ""
}

// Every module that the program or its tests are built of has a licence that we know,
// and is listed with it (go test -v prints the list).
func TestLicencesOfDependencies(t *testing.T) {
	t.Parallel()
	command := exec.CommandContext(t.Context(), "go", "list", "-deps", "-test", "-f", "{{with .Module}}{{.Path}} {{.Version}} {{.Dir}}{{end}}", "./...")
	command.Dir = root
	list, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(list)) {
		fields := strings.Fields(line)
		if len(fields) != 3 || seen[line] {
			continue // the standard library, and ourselves
		}
		seen[line] = true
		licence := licenceOf(t, fields[2])
		if licence == "" {
			t.Errorf("%s %s has no licence that we know: look at %s", fields[0], fields[1], fields[2])
		}
		t.Logf("%-10s %s %s", licence, fields[0], fields[1])
	}
	if len(seen) < 20 {
		t.Errorf("only %d dependencies were found", len(seen))
	}
}

// The bill of materials names what go.mod requires, as the build had it.
func TestTheBillOfMaterialsIsOfThisBuild(t *testing.T) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		t.Skip("this test was built without a record of its modules")
	}
	var text bytes.Buffer
	if err := writeSBOM(&text, info); err != nil {
		t.Fatal(err)
	}
	var made bom
	if err := json.Unmarshal(text.Bytes(), &made); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if made.Format != "CycloneDX" || made.Spec != "1.6" {
		t.Errorf("it is %s %s", made.Format, made.Spec)
	}
	for _, c := range made.Components {
		if c.Name == "std" {
			continue
		}
		if !strings.Contains(string(mod), c.Name+" "+c.Version) {
			t.Errorf("%s %s is not what go.mod says", c.Name, c.Version)
		}
		if len(c.Hashes) != 1 || len(c.Hashes[0].Content) != 64 {
			t.Errorf("%s has no sum", c.Name)
		}
	}
	for _, must := range []string{"github.com/labstack/echo/v4", "modernc.org/sqlite", "filippo.io/age"} {
		if !bytes.Contains(text.Bytes(), []byte(must)) {
			t.Errorf("%s is missing", must)
		}
	}
}

// What is deployed names only settings that there are, and no account that may do everything.
func TestWhatIsDeployedNamesRealSettings(t *testing.T) {
	parser, err := newParser(process{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}})
	if err != nil {
		t.Fatal(err)
	}
	known := settingsOf(parser.Model.Node)
	setting := regexp.MustCompile(`WARDWATCH_[A-Z_]+`)
	for _, name := range []string{"Dockerfile", "wardwatch.service"} {
		text, err := os.ReadFile(filepath.Join(root, ".ci", "deploy", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, used := range setting.FindAllString(string(text), -1) {
			found := false
			for _, k := range known {
				found = found || k == used
			}
			if !found {
				t.Errorf("%s sets %s, which is no setting", name, used)
			}
		}
		for _, must := range map[string][]string{"Dockerfile": {"distroless", "USER 65532", "-trimpath", "wardwatch sbom"},
			"wardwatch.service": {"DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict"}}[name] {
			if !strings.Contains(string(text), must) {
				t.Errorf("%s lacks %s", name, must)
			}
		}
	}
}

// The dashboard and the alert rules ask for figures that /metrics has.
func TestTheDashboardAsksForWhatThereIs(t *testing.T) {
	h, _ := wholeHouse(t)
	families, err := h.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, family := range families {
		there[family.GetName()] = true
	}
	for _, later := range []string{"wardwatch_mqtt_refused_total", "wardwatch_job_good_seconds", "wardwatch_certificate_ends_seconds"} {
		there[later] = true // once something was refused, has run, or has a certificate
	}
	metric := regexp.MustCompile(`\b(wardwatch|process|go)_[a-z_]+\b`)
	for _, name := range []string{"grafana-dashboard.json", "alert-rules.yml"} {
		text, err := os.ReadFile(filepath.Join(root, "static", "ops", name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".json") && !json.Valid(text) {
			t.Errorf("%s is no JSON", name)
		}
		for _, asked := range metric.FindAllString(string(text), -1) {
			if !there[asked] {
				t.Errorf("%s asks for %s, which /metrics does not have", name, asked)
			}
		}
	}
}
