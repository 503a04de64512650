package db_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A LIMIT that is a bare parameter has its statement prepared anew each time it is asked
// (see the package's comment). The list of stock needs it: there the planner begins with
// the page only when it knows how short that is.
func TestNoStatementIsPreparedAnewForItsLimit(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	bare, asked := regexp.MustCompile(`LIMIT [+(]*\$[0-9%]`), 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		asked += strings.Count(string(text), "LIMIT 0 + $")
		for _, found := range bare.FindAllString(string(text), -1) {
			if file != "stock_read.go" || found != "LIMIT $5" {
				t.Errorf("%s says %s…: write LIMIT 0 + …", file, found)
			}
		}
	}
	if asked < 50 {
		t.Errorf("%d statements have a limit: were they found?", asked)
	}
}
