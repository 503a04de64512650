package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the project's root as seen from this package's tests.
const root = "../.."

const module = "wardwatch/"

// mayImport is the table of who may import whom of ours: the longest folder that
// a package lies in decides. A folder stands for everything below it.
var mayImport = map[string][]string{
	"tracking/hospital": {"tracking/hospital"},
	"tracking/gs1":      {},
	"tracking/locate":   {},
	"tracking/notify":   {"tracking/notify", "tracking/hospital"},
	"tracking":          {"tracking"},
	"inventory":         {"inventory", "tracking/hospital", "tracking/gs1", "tracking/coldchain", "tracking/notify"},
	"static":            {},
	"views":             {"views", "tracking", "inventory"},
	"db":                {"db", "tracking", "inventory"},
	"web":               {"web", "views", "static", "tracking", "inventory"},
	"cmd":               {"cmd", "web", "views", "static", "tracking", "inventory", "db"},
}

// standardLibraryAlone are the pure parts.
var standardLibraryAlone = []string{"tracking/gs1", "tracking/locate", "tracking/ingest/ble"}

// topLevel is all that may lie in the project's root, dot-files aside.
var topLevel = []string{"web", "views", "tracking", "inventory", "static", "db", "cmd", "go.mod", "go.sum", "README.md", "LICENSE"}

func within(pkg, folder string) bool { return pkg == folder || strings.HasPrefix(pkg, folder+"/") }

// allowed says whether a file of package from may import our package to.
func allowed(from, to string) bool {
	house := ""
	for folder := range mayImport {
		if within(from, folder) && len(folder) > len(house) {
			house = folder
		}
	}
	return slices.ContainsFunc(mayImport[house], func(folder string) bool { return within(to, folder) })
}

// source is one Go file of the project.
type source struct {
	file string // from the root, with slashes
	pkg  string // its folder
	test bool
	tree *ast.File
	set  *token.FileSet
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != root && strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		file := filepath.ToSlash(strings.TrimPrefix(name, root+string(filepath.Separator)))
		all = append(all, source{file: file, pkg: path.Dir(file), test: strings.HasSuffix(file, "_test.go"), tree: tree, set: set})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("found no source files")
	}
	return all
}

func (s source) imports() []string {
	var imports []string
	for _, spec := range s.tree.Imports {
		if name, err := strconv.Unquote(spec.Path.Value); err == nil {
			imports = append(imports, name)
		}
	}
	return imports
}

func TestImportTableHolds(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue // tests may use real storage
		}
		for _, name := range s.imports() {
			if ours, ok := strings.CutPrefix(name, module); ok && !allowed(s.pkg, ours) {
				t.Errorf("%s may not import %s", s.file, ours)
			}
			pure := slices.ContainsFunc(standardLibraryAlone, func(folder string) bool { return within(s.pkg, folder) })
			if pure && strings.Contains(strings.Split(name, "/")[0], ".") {
				t.Errorf("%s is a pure part and may not import %s", s.file, name)
			}
			if name == "database/sql" && !within(s.pkg, "db") {
				t.Errorf("%s imports %s: SQL lives in db alone", s.file, name)
			}
		}
	}
}

func TestImportTableRefusesWhatItShould(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"web", "db", false}, {"web/api", "views", true}, {"db", "web", false}, {"views", "db", false},
		{"tracking/coldchain", "inventory", false}, {"inventory/reorder", "tracking/coldchain", true},
		{"inventory", "tracking/locate", false}, {"tracking/hospital/document", "tracking/hospital", true},
		{"tracking/hospital", "tracking/coldchain", false}, {"cmd/wardwatch", "db", true}, {"db", "cmd/wardwatch", false},
		{"tracking/notify/email", "tracking/coldchain", false}, {"static", "views", false}, {"elsewhere", "db", false},
	} {
		if got := allowed(c.from, c.to); got != c.want {
			t.Errorf("%s importing %s: %v", c.from, c.to, got)
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	said, all := map[string]bool{}, map[string]bool{}
	for _, s := range sources(t) {
		if !s.test {
			all[s.pkg] = true
			said[s.pkg] = said[s.pkg] || s.tree.Doc != nil && len(s.tree.Doc.Text()) > 40
		}
	}
	for pkg := range all {
		if !said[pkg] {
			t.Errorf("package %s has no comment that says what it is", pkg)
		}
	}
}

func TestNothingHappensBehindTheScenes(t *testing.T) {
	for _, s := range sources(t) {
		for _, declaration := range s.tree.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function", s.file)
			}
		}
	}
}

// longest is the most lines a function may have before it begs to be split;
// tables of routes, settings and tests are not counted as functions that decide.
const longest = 80

func TestNoFunctionBegsToBeSplit(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || strings.HasSuffix(s.file, "_templ.go") {
			continue
		}
		for _, declaration := range s.tree.Decls {
			f, ok := declaration.(*ast.FuncDecl)
			if !ok || strings.HasSuffix(strings.ToLower(f.Name.Name), "routes") {
				continue
			}
			if lines := s.set.Position(f.End()).Line - s.set.Position(f.Pos()).Line; lines > longest {
				t.Errorf("%s: %s is %d lines long", s.file, f.Name.Name, lines)
			}
		}
	}
}

func TestTopLevelIsTheHouse(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, ".") || slices.Contains(topLevel, name) || !entry.IsDir() && !strings.HasSuffix(name, ".go") {
			continue
		}
		t.Errorf("%s does not belong in the project's root", name)
	}
}
