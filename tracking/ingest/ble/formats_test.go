package ble

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// withoutThermometer are the formats that carry no temperature.
var withoutThermometer = []string{FormatIBeacon, FormatAltBeacon, FormatEddystoneUID, FormatMinew}

// No format is read without golden bytes of it, nor without a temperature of half a
// degree below zero where it carries one: signs are where decoders err. The formats
// are taken from the source, so that the next one is held to it too; the golden
// bytes are what FuzzDecode begins with.
func TestEveryFormatHasGoldenBytesAndAFrostyOne(t *testing.T) {
	formats := formatsInSource(t)
	if len(formats) < 20 {
		t.Fatalf("only %d formats found in the source: %v", len(formats), formats)
	}
	for _, format := range formats {
		named, frosty, warm := false, false, false
		for _, g := range golden {
			if !strings.Contains(g.want, `"format":"`+format+`"`) {
				continue
			}
			named = true
			frosty = frosty || strings.Contains(g.want, `"celsius":-0.5`)
			warm = warm || strings.Contains(g.want, `"celsius"`)
		}
		thermometer := true
		for _, none := range withoutThermometer {
			thermometer = thermometer && none != format
		}
		switch {
		case !named:
			t.Errorf("%s has no golden bytes", format)
		case thermometer && !frosty:
			t.Errorf("%s has no golden bytes below zero", format)
		case !thermometer && warm:
			t.Errorf("%s carries a temperature after all", format)
		}
	}
}

// formatsInSource are the values of the constants Format… of this package.
func formatsInSource(t *testing.T) (formats []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			value, ok := n.(*ast.ValueSpec)
			if !ok || len(value.Values) != 1 || !strings.HasPrefix(value.Names[0].Name, "Format") {
				return true
			}
			if text, ok := value.Values[0].(*ast.BasicLit); ok {
				format, err := strconv.Unquote(text.Value)
				if err != nil {
					t.Fatal(err)
				}
				formats = append(formats, format)
			}
			return true
		})
	}
	return formats
}
