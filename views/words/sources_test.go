package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// root is the project's root as seen from here.
const root = "../.."

// spokenFolders are where what people read is written.
var spokenFolders = []string{"views", "web", "tracking", "inventory", "db", "cmd/wardwatch", "static/js"}

func eachSource(t *testing.T, call func(file string, text []byte)) {
	t.Helper()
	for _, folder := range spokenFolders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(file string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() {
				if entry.Name() == "testdata" || entry.Name() == "words" && strings.HasSuffix(filepath.ToSlash(file), "views/words") {
					return fs.SkipDir
				}
				return nil
			}
			if ext := filepath.Ext(file); ext != ".go" && ext != ".templ" && ext != ".js" || strings.HasSuffix(file, "_test.go") {
				return nil
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			call(filepath.ToSlash(strings.TrimPrefix(file, root+"/")), text)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func catalogue(t *testing.T) map[string]string {
	t.Helper()
	texts, err := read(germanTexts)
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestEveryTextHasAWordingWithTheSamePlaces(t *testing.T) {
	places := func(text string) []string {
		var names []string
		for _, found := range place.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(names, found[2]) {
				names = append(names, found[2])
			}
		}
		slices.Sort(names)
		return names
	}
	for key, said := range catalogue(t) {
		if strings.TrimSpace(said) == "" {
			t.Errorf("%q has no wording", key)
		}
		if want, got := places(key), places(said); !slices.Equal(want, got) {
			t.Errorf("%q has the places %v, its wording %q has %v", key, want, said, got)
		}
		if strings.Contains(said, "{#") {
			t.Errorf("a wording names its places plainly: %q", said)
		}
	}
}

// A pattern that says next to nothing would fit names and notes.
func TestNoPatternFitsWhatPeopleType(t *testing.T) {
	for key := range catalogue(t) {
		if !place.MatchString(key) || !strings.Contains(strings.ReplaceAll(key, "{#", ""), "{") {
			continue
		}
		letters := 0
		for _, r := range place.ReplaceAllString(key, "") {
			if unicode.IsLetter(r) {
				letters++
			}
		}
		if letters < 2 {
			t.Errorf("%q fits nearly everything", key)
		}
	}
	for _, name := range []string{"Box of gloves", "Gloves, nitrile, size M", "Insulin pen with needle", "Nora Blum", "Dr. Ada Lindqvist",
		"Room 12, bed 3", "Syringe 10 ml", "East store", "ICU bed 4", "A. van den Berg", "moved it to the ward fridge at noon"} {
		if said := deutsch.Say(name); said != name {
			t.Errorf("%q became %q", name, said)
		}
	}
}

// What the sources do not say any more leaves the catalogue.
func TestNoTextIsOrphaned(t *testing.T) {
	said := map[string]bool{}
	note := func(word string) { said[strings.ToLower(word)] = true }
	eachSource(t, func(_ string, text []byte) {
		eachWord(html.UnescapeString(strings.ReplaceAll(string(text), `\n`, " ")), note)
	})
	for key := range catalogue(t) {
		eachWord(place.ReplaceAllString(strings.TrimPrefix(key, pressedMark), ""), func(word string) {
			if !said[strings.ToLower(word)] {
				t.Errorf("no source says %q of %q any more", word, key)
			}
		})
	}
}

// names are what stays as it is in every language.
var names = regexp.MustCompile(`^([\W\d_]|Wardwatch|CSV|PDF|Excel|JSON Lines|GS1|GTIN|SHA256|MQTT|HTTP|SCIM|SMTP|SMS|URL|API|ETag|If-None-Match|Authorization: Bearer|next|cursor|problem\+json|QR|Edge|Firefox|Chrome|Safari|EPC|MKT|UTC|min|ops/\S+|or|h|Measles vaccine|Influenza vaccine|GS1 DataMatrix)*$`)

var tags = regexp.MustCompile(`<[^>]*>`)
var quotedParts = regexp.MustCompile(`(?s)<(code|pre|kbd|script|style)\b.*?</(code|pre|kbd|script|style)>`)
var spokenAttribute = regexp.MustCompile(`\s(?:placeholder|title|aria-label|alt|data-label|aria-description)="([^"]+)"`)

// TestEveryTextOfThePagesIsWorded reads the static texts and spoken attributes that the components draw.
func TestEveryTextOfThePagesIsWorded(t *testing.T) {
	if testing.Short() {
		t.Skip("reads every source")
	}
	static := regexp.MustCompile(`templruntime\.WriteString\(templ_7745c5c3_Buffer, \d+, ("(?:\\.|[^"\\])*")\)`)
	count := 0
	eachSource(t, func(file string, text []byte) {
		if !strings.HasSuffix(file, "_templ.go") {
			return
		}
		for _, found := range static.FindAllSubmatch(text, -1) {
			drawn, err := strconv.Unquote(string(found[1]))
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			for _, said := range drawnTexts(drawn) {
				count++
				if !names.MatchString(said) && !deutsch.Knows(said) {
					t.Errorf("%s says %q, which de.json has not", file, said)
				}
			}
		}
	})
	if count < 1000 {
		t.Errorf("found only %d texts: does the test still read what templ writes?", count)
	}
}

// drawnTexts are the texts of a piece of HTML, which may begin and end within a tag.
func drawnTexts(drawn string) (all []string) {
	for _, found := range spokenAttribute.FindAllStringSubmatch(drawn, -1) {
		all = append(all, html.UnescapeString(found[1]))
	}
	drawn = quotedParts.ReplaceAllString(drawn, "<>")
	if open := strings.IndexByte(drawn, '<'); strings.Contains(drawn, ">") && (open < 0 || strings.IndexByte(drawn, '>') < open) {
		drawn = drawn[strings.IndexByte(drawn, '>')+1:]
	} else if open < 0 {
		return all // within a tag
	}
	if end := strings.LastIndexByte(drawn, '<'); end >= 0 && !strings.Contains(drawn[end:], ">") {
		drawn = drawn[:end]
	}
	for _, text := range tags.Split(drawn, -1) {
		if text = strings.TrimSpace(html.UnescapeString(text)); text != "" {
			all = append(all, text)
		}
	}
	return all
}

// TestEveryRefusalIsWorded reads the sentences of refusals and of what a form says when it is done.
func TestEveryRefusalIsWorded(t *testing.T) {
	if testing.Short() {
		t.Skip("reads every source")
	}
	count := 0
	eachSource(t, func(file string, text []byte) {
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_templ.go") || programsOnly(file) {
			return
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 || !slices.Contains([]string{"Refuse", "refuse", "say"}, calledName(call)) {
				return true
			}
			if sentence, ok := sampleOf(call.Args[1]); ok {
				if !strings.Contains(strings.NewReplacer("Xy", "", "7", "", ": ", "").Replace(sentence), " ") || strings.HasPrefix(sentence, "Xy of Xy") {
					return true // no sentence, or one that is put together elsewhere
				}
				count++
				if !deutsch.Knows(sentence) {
					t.Errorf("%s refuses with %q, which de.json has not", file, sentence)
				}
			}
			return true
		})
	})
	if count < 300 {
		t.Errorf("found only %d sentences", count)
	}
}

// programsOnly are sentences that no page shows: of the command line, the API and SCIM.
func programsOnly(file string) bool {
	for _, part := range []string{"cmd/", "web/api/", "web/scim", "web/assert", "web/ingest", "web/programmes", "tracking/hospital/document/", "tracking/hospital/floorplan/", "tracking/simulate/", "inventory/pastuse", "inventory/supplier/", "account/members", "web/health", "web/live/"} {
		if strings.Contains(file, part) {
			return true
		}
	}
	return false
}

func calledName(call *ast.CallExpr) string {
	switch fun := call.Fun.(type) {
	case *ast.SelectorExpr:
		return fun.Sel.Name
	case *ast.Ident:
		return fun.Name
	}
	return ""
}

var verb = regexp.MustCompile(`%[-+# 0]*[\d.]*([a-zA-Z%])`)

// sampleOf is a sentence as it may be said: a literal, a format with samples in it, or parts that are joined.
func sampleOf(arg ast.Expr) (string, bool) {
	switch e := arg.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return filledIn(text), err == nil && e.Kind == token.STRING
	case *ast.CallExpr:
		if calledName(e) == "Sprintf" && len(e.Args) > 0 {
			return sampleOf(e.Args[0])
		}
	case *ast.BinaryExpr:
		left, known := sampleOf(e.X)
		right, also := sampleOf(e.Y)
		if !known && !also {
			return "", false
		}
		if !known {
			left = "Xy"
		}
		if !also {
			right = "Xy"
		}
		return left + right, true
	}
	return "", false
}

func filledIn(format string) string {
	return verb.ReplaceAllStringFunc(format, func(found string) string {
		switch found[len(found)-1] {
		case '%':
			return "%"
		case 'd', 'f', 'g':
			return "7"
		}
		return "Xy"
	})
}

// TestEveryRecordedReasonIsWorded reads what the program itself notes as the reason of a
// deed or of a movement: the audit trail and the ledger show it beside what people typed.
func TestEveryRecordedReasonIsWorded(t *testing.T) {
	if testing.Short() {
		t.Skip("reads every source")
	}
	count := 0
	check := func(file string, reason ast.Expr) {
		said, ok := sampleOf(reason)
		if !ok || strings.TrimSpace(said) == "" {
			return
		}
		count++
		if !deutsch.Knows(said) {
			t.Errorf("%s notes the reason %q, which de.json has not", file, said)
		}
	}
	eachSource(t, func(file string, text []byte) {
		if !strings.HasSuffix(file, ".go") || strings.HasPrefix(file, "cmd/") || strings.HasPrefix(file, "views/") || strings.Contains(file, "/gs1/") {
			return
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Why" {
					check(file, n.Value)
				}
			case *ast.AssignStmt:
				for i, left := range n.Lhs {
					if field, ok := left.(*ast.SelectorExpr); ok && strings.HasSuffix(field.Sel.Name, "Why") && i < len(n.Rhs) {
						check(file, n.Rhs[i])
					}
				}
			}
			return true
		})
	})
	if count < 10 {
		t.Errorf("found only %d reasons", count)
	}
}
