package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A teller says what an expression of the sources may say: every form of it, with Xy for
// what is typed and 7 for numbers. It follows the functions that put texts together
// through all their cases, without running them, so that what a page says once a year is
// read like what it says each day.
type teller struct {
	functions map[string]map[string]*ast.FuncDecl // by folder and name; methods by name as "·Name"
	values    map[string]map[string]ast.Expr      // variables and constants of packages
	imports   map[*ast.File]map[string]string
	files     map[ast.Node]*ast.File
	folders   map[*ast.File]string
	paths     map[*ast.File]string
	// heard is told what calls are given while functions are followed.
	heard func(call string, forms []string)
	depth int
}

const (
	// mostForms is how many forms of one text are followed, deepestCall how deep calls are.
	mostForms   = 160
	deepestCall = 7
)

// told are the forms of a variable, or of the elements of a list.
type told map[string][]string

func (e told) branch() told {
	inner := told{}
	for name, forms := range e {
		inner[name] = forms
	}
	return inner
}

// merge takes in what a branch may have changed.
func (e told) merge(branches ...told) {
	for _, b := range branches {
		for name, forms := range b {
			e[name] = union(e[name], forms)
		}
	}
}

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, text := range b {
		if len(out) < mostForms && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// each joins every form of a with every form of b.
func each(a, b []string) []string {
	var out []string
	for _, x := range a {
		for _, y := range b {
			if len(out) < mostForms && !slices.Contains(out, x+y) {
				out = append(out, x+y)
			}
		}
	}
	return out
}

var typed = []string{"Xy"}

var theTeller *teller

// newTeller reads the sources once for all tests, which run one after another.
func newTeller(t *testing.T) *teller {
	t.Helper()
	if theTeller != nil {
		return theTeller
	}
	w := &teller{functions: map[string]map[string]*ast.FuncDecl{}, values: map[string]map[string]ast.Expr{}, imports: map[*ast.File]map[string]string{},
		files: map[ast.Node]*ast.File{}, folders: map[*ast.File]string{}, paths: map[*ast.File]string{}}
	eachSource(t, func(file string, text []byte) {
		if !strings.HasSuffix(file, ".go") {
			return
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		w.add(path.Dir(file), tree)
		w.paths[tree] = file
	})
	theTeller = w
	return w
}

func (w *teller) add(folder string, tree *ast.File) {
	if w.functions[folder] == nil {
		w.functions[folder], w.values[folder] = map[string]*ast.FuncDecl{}, map[string]ast.Expr{}
	}
	w.folders[tree], w.imports[tree] = folder, map[string]string{}
	for _, spec := range tree.Imports {
		address, _ := strconv.Unquote(spec.Path.Value) // the parser has read it
		name := path.Base(address)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if own, ours := strings.CutPrefix(address, "wardwatch/"); ours {
			w.imports[tree][name] = own
		} else {
			w.imports[tree][name] = "std:" + address
		}
	}
	for _, declared := range tree.Decls {
		switch d := declared.(type) {
		case *ast.FuncDecl:
			w.files[d] = tree
			name := d.Name.Name
			if d.Recv != nil {
				name = "·" + name
				for w.functions[folder][name] != nil { // methods of one name are told together
					name += "'"
				}
			}
			w.functions[folder][name] = d
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					for i, name := range v.Names {
						if i < len(v.Values) {
							w.values[folder][name.Name] = v.Values[i]
						}
					}
				}
			}
		}
	}
}

// saysText says whether a function's first result is a text.
func saysText(f *ast.FuncDecl) bool {
	if f.Type.Results == nil || len(f.Type.Results.List) == 0 {
		return false
	}
	result, ok := f.Type.Results.List[0].Type.(*ast.Ident)
	return ok && result.Name == "string"
}

// call is what a function says, its parameters bound to what it is given.
func (w *teller) call(f *ast.FuncDecl, given [][]string) []string {
	if w.depth >= deepestCall || f.Body == nil {
		return typed
	}
	w.depth++
	defer func() { w.depth-- }()
	env, i := told{}, 0
	for _, field := range f.Type.Params.List {
		for _, name := range field.Names {
			if i < len(given) && given[i] != nil {
				env[name.Name] = given[i]
			}
			i++
		}
	}
	if f.Type.Results != nil {
		for _, field := range f.Type.Results.List {
			for _, name := range field.Names {
				env[name.Name] = []string{""}
			}
		}
	}
	said := &[]string{}
	w.block(w.files[f], f.Body.List, env, said)
	if len(*said) == 0 {
		return typed
	}
	return *said
}

// block follows statements; it says whether they end by a return.
func (w *teller) block(in *ast.File, list []ast.Stmt, env told, said *[]string) bool {
	for _, s := range list {
		if w.statement(in, s, env, said) {
			return true
		}
	}
	return false
}

func (w *teller) statement(in *ast.File, s ast.Stmt, env told, said *[]string) bool {
	w.listen(in, s, env)
	switch s := s.(type) {
	case *ast.ReturnStmt:
		if len(s.Results) > 0 {
			*said = union(*said, w.forms(in, s.Results[0], env))
		}
		return true
	case *ast.BranchStmt:
		return s.Tok == token.CONTINUE || s.Tok == token.BREAK
	case *ast.BlockStmt:
		return w.block(in, s.List, env, said)
	case *ast.DeclStmt:
		w.declare(in, s, env)
	case *ast.AssignStmt:
		w.assign(in, s, env)
	case *ast.ExprStmt:
		w.write(in, s.X, env)
	case *ast.IfStmt:
		if s.Init != nil {
			w.statement(in, s.Init, env, said)
		}
		then, otherwise := env.branch(), env.branch()
		ends := w.block(in, s.Body.List, then, said)
		endsToo := false
		if s.Else != nil {
			endsToo = w.statement(in, s.Else, otherwise, said)
		}
		w.rejoin(env, []told{then, otherwise}, []bool{ends, endsToo})
		return ends && endsToo
	case *ast.SwitchStmt:
		if s.Init != nil {
			w.statement(in, s.Init, env, said)
		}
		return w.cases(in, s.Body.List, env, said)
	case *ast.TypeSwitchStmt:
		return w.cases(in, s.Body.List, env, said)
	case *ast.RangeStmt:
		inner := env.branch()
		if value, ok := s.Value.(*ast.Ident); ok {
			inner[value.Name] = w.elements(in, s.X, env)
		}
		w.block(in, s.Body.List, inner, said)
		env.merge(inner)
	case *ast.ForStmt:
		inner := env.branch()
		w.block(in, s.Body.List, inner, said)
		env.merge(inner)
	case *ast.LabeledStmt:
		return w.statement(in, s.Stmt, env, said)
	}
	return false
}

// listen tells w.heard of the calls in a statement that is no block.
func (w *teller) listen(in *ast.File, s ast.Stmt, env told) {
	if w.heard == nil || w.depth > 1 {
		return
	}
	switch s.(type) {
	case *ast.ExprStmt, *ast.AssignStmt, *ast.ReturnStmt:
		ast.Inspect(s, func(node ast.Node) bool {
			if call, ok := node.(*ast.CallExpr); ok {
				for _, arg := range call.Args {
					w.heard(calledName(call), w.forms(in, arg, env))
				}
			}
			return true
		})
	}
}

// rejoin makes env what it may be after branches of which some have ended.
func (w *teller) rejoin(env told, branches []told, ended []bool) {
	names := map[string]bool{}
	for i, b := range branches {
		if !ended[i] {
			for name := range b {
				names[name] = true
			}
		}
	}
	for name := range names {
		var all []string
		for i, b := range branches {
			if !ended[i] {
				all = union(all, b[name])
			}
		}
		env[name] = all
	}
}

func (w *teller) cases(in *ast.File, clauses []ast.Stmt, env told, said *[]string) bool {
	var branches []told
	var ended []bool
	otherwise := false
	for _, c := range clauses {
		clause := c.(*ast.CaseClause)
		otherwise = otherwise || clause.List == nil
		inner := env.branch()
		ended = append(ended, w.block(in, clause.Body, inner, said))
		branches = append(branches, inner)
	}
	if !otherwise {
		branches, ended = append(branches, env.branch()), append(ended, false)
	}
	w.rejoin(env, branches, ended)
	return otherwise && !slices.Contains(ended, false)
}

func (w *teller) declare(in *ast.File, s *ast.DeclStmt, env told) {
	declared, ok := s.Decl.(*ast.GenDecl)
	if !ok {
		return
	}
	for _, spec := range declared.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for i, name := range v.Names {
			if i < len(v.Values) {
				env[name.Name] = w.forms(in, v.Values[i], env)
			} else {
				env[name.Name] = []string{""}
				if _, list := v.Type.(*ast.ArrayType); list {
					delete(env, name.Name)
				}
			}
		}
	}
}

func (w *teller) assign(in *ast.File, s *ast.AssignStmt, env told) {
	for i, left := range s.Lhs {
		name, ok := left.(*ast.Ident)
		if !ok || name.Name == "_" {
			continue
		}
		right := s.Rhs[0]
		if len(s.Rhs) == len(s.Lhs) {
			right = s.Rhs[i]
		} else if i > 0 {
			if call, is := right.(*ast.CallExpr); is {
				env[name.Name] = w.second(in, call, i, env)
			} else {
				delete(env, name.Name)
			}
			continue
		}
		switch {
		case s.Tok == token.ADD_ASSIGN:
			before := env[name.Name]
			if before == nil {
				before = typed
			}
			env[name.Name] = each(before, w.forms(in, right, env))
		case appends(right) != nil:
			all := env[name.Name+"[]"]
			for _, one := range appends(right) {
				all = union(all, w.forms(in, one, env))
			}
			env[name.Name+"[]"] = all
		default:
			if list, is := right.(*ast.CompositeLit); is {
				env[name.Name+"[]"] = w.elements(in, list, env)
				delete(env, name.Name)
				continue
			}
			env[name.Name] = w.forms(in, right, env)
		}
	}
}

// second is a later result of a function of ours: its literals at that place of its returns.
func (w *teller) second(in *ast.File, call *ast.CallExpr, at int, env told) []string {
	name, ok := call.Fun.(*ast.Ident)
	if !ok {
		return typed
	}
	f := w.functions[w.folders[in]][name.Name]
	if f == nil || f.Body == nil {
		return typed
	}
	var all []string
	ast.Inspect(f.Body, func(node ast.Node) bool {
		if r, is := node.(*ast.ReturnStmt); is && at < len(r.Results) {
			all = union(all, w.forms(w.files[f], r.Results[at], told{}))
		}
		return true
	})
	return all
}

func appends(e ast.Expr) []ast.Expr {
	if call, ok := e.(*ast.CallExpr); ok && calledName(call) == "append" && len(call.Args) > 1 {
		return call.Args[1:]
	}
	return nil
}

// write follows b.WriteString(…) and fmt.Fprintf(&b, …).
func (w *teller) write(in *ast.File, e ast.Expr, env told) {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return
	}
	selected, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	var to string
	var forms []string
	switch {
	case selected.Sel.Name == "WriteString" && len(call.Args) == 1:
		if name, is := selected.X.(*ast.Ident); is {
			to, forms = name.Name, w.forms(in, call.Args[0], env)
		}
	case selected.Sel.Name == "Fprintf" && len(call.Args) > 1:
		if address, is := call.Args[0].(*ast.UnaryExpr); is {
			if name, is := address.X.(*ast.Ident); is {
				to, forms = name.Name, w.format(in, call.Args[1:], env)
			}
		}
	}
	if to != "" {
		before := env[to]
		if before == nil {
			before = []string{""}
		}
		env[to] = each(before, forms)
	}
}

// elements are the forms of what a list holds.
func (w *teller) elements(in *ast.File, e ast.Expr, env told) []string {
	switch e := e.(type) {
	case *ast.Ident:
		if all := env[e.Name+"[]"]; all != nil {
			return all
		}
		if v := w.values[w.folders[in]][e.Name]; v != nil {
			if list, is := v.(*ast.CompositeLit); is {
				return w.elements(in, list, env)
			}
		}
	case *ast.CompositeLit:
		var all []string
		for _, one := range e.Elts {
			if pair, is := one.(*ast.KeyValueExpr); is {
				one = pair.Value
			}
			if _, inner := one.(*ast.CompositeLit); inner {
				return typed
			}
			all = union(all, w.forms(in, one, env))
		}
		if len(all) > 0 {
			return all
		}
	}
	return typed
}

// forms are all that an expression may say.
func (w *teller) forms(in *ast.File, e ast.Expr, env told) []string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			if text, err := strconv.Unquote(e.Value); err == nil {
				return []string{text}
			}
		}
		return []string{"7"}
	case *ast.ParenExpr:
		return w.forms(in, e.X, env)
	case *ast.Ident:
		if forms := env[e.Name]; forms != nil {
			return forms
		}
		if v := w.values[w.folders[in]][e.Name]; v != nil {
			if lit, is := v.(*ast.BasicLit); is {
				return w.forms(in, lit, env)
			}
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return each(w.forms(in, e.X, env), w.forms(in, e.Y, env))
		}
		return []string{"7"}
	case *ast.IndexExpr:
		return w.indexed(in, e, env)
	case *ast.SliceExpr:
		return w.forms(in, e.X, env)
	case *ast.CallExpr:
		return w.called(in, e, env)
	}
	return typed
}

// indexed is any of what a table holds.
func (w *teller) indexed(in *ast.File, e *ast.IndexExpr, env told) []string {
	switch table := e.X.(type) {
	case *ast.CompositeLit:
		return w.elements(in, table, env)
	case *ast.Ident:
		return w.elements(in, table, env)
	}
	return typed
}

// usual are the forms of figures that stand in many texts.
var usual = map[string][]string{
	"views.Clock": {"14:02", "Sun 14:02", "3 May 14:02"}, "views.Day": {"3 May 2026"}, "views.Full": {"3 May 2026 14:02:09 CEST"},
	"views.Celsius": {"7.7 °C"}, "views.Temperature": {"7.7 °C"}, "views.Minutes": {"7 min", "7 h 07 min"}, "tracking/coldchain/report.typed": {"\u2060Xy\u2060"},
}

var someDay = time.Date(2026, time.May, 3, 14, 2, 9, 0, time.UTC)

// called is what a call says.
func (w *teller) called(in *ast.File, call *ast.CallExpr, env told) []string {
	switch fun := call.Fun.(type) {
	case *ast.FuncLit:
		said := &[]string{}
		w.block(in, fun.Body.List, env.branch(), said)
		return *said
	case *ast.Ident:
		switch fun.Name {
		case "Capital":
			forms := slices.Clone(w.forms(in, call.Args[0], env))
			for i := range forms {
				if forms[i] != "" && forms[i] != typed[0] {
					forms[i] = capital(forms[i])
				}
			}
			return forms
		case "string":
			if len(call.Args) == 1 {
				return w.forms(in, call.Args[0], env)
			}
		case "int", "int64", "float64", "len", "min", "max":
			return []string{"7"}
		}
		if forms := usual[w.folders[in]+"."+fun.Name]; forms != nil {
			return forms
		}
		if f := w.functions[w.folders[in]][fun.Name]; f != nil && saysText(f) {
			return w.call(f, w.given(in, call, env))
		}
	case *ast.SelectorExpr:
		if name, ok := fun.X.(*ast.Ident); ok && env[name.Name] == nil {
			if from := w.imports[in][name.Name]; from != "" {
				return w.from(in, from, fun.Sel.Name, call, env)
			}
		}
		return w.method(in, fun, call, env)
	}
	return typed
}

func (w *teller) given(in *ast.File, call *ast.CallExpr, env told) (all [][]string) {
	for _, arg := range call.Args {
		all = append(all, w.forms(in, arg, env))
	}
	return all
}

// from is what a function of another package says.
func (w *teller) from(in *ast.File, folder, name string, call *ast.CallExpr, env told) []string {
	standard, is := strings.CutPrefix(folder, "std:")
	if !is {
		if f := w.functions[folder][name]; f != nil && saysText(f) {
			return w.call(f, w.given(in, call, env))
		}
		return typed
	}
	switch standard + "." + name {
	case "fmt.Sprintf":
		return w.format(in, call.Args, env)
	case "fmt.Sprint":
		return w.forms(in, call.Args[0], env)
	case "strconv.Itoa", "strconv.FormatInt", "strconv.FormatFloat", "math.Round":
		return []string{"7"}
	case "strings.ToLower", "strings.ToUpper", "strings.TrimSpace", "strings.TrimPrefix", "strings.TrimSuffix", "strings.TrimRight", "strings.Replace", "strings.ReplaceAll":
		forms := w.forms(in, call.Args[0], env)
		if name == "ToLower" {
			forms = slices.Clone(forms)
			for i := range forms {
				forms[i] = strings.ReplaceAll(strings.ToLower(forms[i]), "xy", "Xy")
			}
		}
		return forms
	case "strings.Join":
		one := w.elements(in, call.Args[0], env)
		between := w.forms(in, call.Args[1], env)
		return union(one, each(each(one[:1], between), one[len(one)-1:]))
	case "cmp.Or":
		var all []string
		for _, arg := range call.Args {
			all = union(all, w.forms(in, arg, env))
		}
		return all
	}
	return typed
}

// method is what a method says: where the receiver is not known, any of its name in the
// package, and those that only show a value.
func (w *teller) method(in *ast.File, fun *ast.SelectorExpr, call *ast.CallExpr, env told) []string {
	switch fun.Sel.Name {
	case "Format":
		if len(call.Args) == 1 {
			var all []string
			for _, layout := range w.forms(in, call.Args[0], env) {
				all = append(all, someDay.Format(layout))
			}
			return all
		}
	case "String":
		if name, ok := fun.X.(*ast.Ident); ok && len(env[name.Name]) > 0 {
			return env[name.Name] // of a strings.Builder
		}
		return typed
	}
	var all []string
	for name := "·" + fun.Sel.Name; w.functions[w.folders[in]][name] != nil; name += "'" {
		if f := w.functions[w.folders[in]][name]; saysText(f) {
			all = union(all, w.call(f, w.given(in, call, env)))
		}
	}
	if len(all) == 0 {
		return typed
	}
	return all
}

var formatVerb = regexp.MustCompile(`%[-+# 0]*(?:\d+|\*)?(?:\.\d+)?([a-zA-Z%])`)

// format is a format with each form of what is filled in.
func (w *teller) format(in *ast.File, args []ast.Expr, env told) []string {
	var all []string
	for _, format := range w.forms(in, args[0], env) {
		forms, from, i := []string{""}, 0, 1
		for _, at := range formatVerb.FindAllStringSubmatchIndex(format, -1) {
			forms = each(forms, []string{format[from:at[0]]})
			from = at[1]
			switch format[at[2]] {
			case '%':
				forms = each(forms, []string{"%"})
				continue
			case 'd', 'f', 'g', 'x':
				forms = each(forms, []string{"7"})
			default:
				if i < len(args) {
					forms = each(forms, w.forms(in, args[i], env))
				} else {
					forms = each(forms, typed)
				}
			}
			i++
		}
		all = union(all, each(forms, []string{format[from:]}))
	}
	return all
}

// drawn follows a component and tells what it draws.
func (w *teller) drawn(in *ast.File, body *ast.BlockStmt, env told, hear func(attribute string, forms []string)) {
	before := ""
	var follow func(list []ast.Stmt, env told)
	follow = func(list []ast.Stmt, env told) {
		for _, s := range list {
			w.drawnStatement(in, s, env, &before, follow, hear)
		}
	}
	follow(body.List, env)
}

func (w *teller) drawnStatement(in *ast.File, s ast.Stmt, env told, before *string, follow func([]ast.Stmt, told), hear func(string, []string)) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		for _, right := range s.Rhs {
			call, ok := right.(*ast.CallExpr)
			if !ok {
				continue
			}
			switch calledName(call) {
			case "GeneratedTemplate":
				if inner, is := call.Args[0].(*ast.FuncLit); is {
					follow(inner.Body.List, env.branch())
				}
				return
			case "WriteString":
				if len(call.Args) == 3 {
					if lit, is := call.Args[2].(*ast.BasicLit); is {
						*before, _ = strconv.Unquote(lit.Value) // the parser has read it
					}
				}
				return
			case "JoinStringErrs":
				if len(call.Args) == 1 {
					hear(*before, w.forms(in, call.Args[0], env))
				}
				*before = ""
				return
			case "Render":
				if selected, is := call.Fun.(*ast.SelectorExpr); is {
					if component, is := selected.X.(*ast.CallExpr); is {
						w.handed(in, component, env, hear)
					}
				}
				*before = ""
				return
			}
		}
		w.assign(in, s, env)
	case *ast.DeclStmt:
		w.declare(in, s, env)
	case *ast.IfStmt:
		if s.Init != nil {
			w.drawnStatement(in, s.Init, env, before, follow, hear)
		}
		then, otherwise := env.branch(), env.branch()
		follow(s.Body.List, then)
		if s.Else != nil {
			w.drawnStatement(in, s.Else, otherwise, before, follow, hear)
		}
		env.merge(then, otherwise)
	case *ast.BlockStmt:
		follow(s.List, env)
	case *ast.RangeStmt:
		inner := env.branch()
		if value, ok := s.Value.(*ast.Ident); ok {
			inner[value.Name] = w.elements(in, s.X, env)
		}
		follow(s.Body.List, inner)
	case *ast.ForStmt:
		follow(s.Body.List, env.branch())
	case *ast.SwitchStmt:
		if s.Init != nil {
			w.drawnStatement(in, s.Init, env, before, follow, hear)
		}
		var branches []told
		for _, c := range s.Body.List {
			inner := env.branch()
			follow(c.(*ast.CaseClause).Body, inner)
			branches = append(branches, inner)
		}
		env.merge(branches...)
	case *ast.ReturnStmt:
		for _, result := range s.Results {
			if call, ok := result.(*ast.CallExpr); ok && calledName(call) == "GeneratedTemplate" {
				if inner, is := call.Args[0].(*ast.FuncLit); is {
					follow(inner.Body.List, env)
				}
			}
		}
	case *ast.ExprStmt:
		w.write(in, s.X, env)
	}
}

// handed hears the texts that a component is given, its fields too.
func (w *teller) handed(in *ast.File, component *ast.CallExpr, env told, hear func(string, []string)) {
	var hand func(e ast.Expr)
	hand = func(e ast.Expr) {
		switch e := e.(type) {
		case *ast.CompositeLit:
			for _, one := range e.Elts {
				if pair, is := one.(*ast.KeyValueExpr); is {
					if key, is := pair.Key.(*ast.Ident); is && slices.Contains([]string{"ID", "Name", "Value", "Class", "Icon", "Href", "Action", "Type", "Kind", "Pattern"}, key.Name) {
						continue
					}
					one = pair.Value
				}
				hand(one)
			}
		case *ast.UnaryExpr:
			hand(e.X)
		default:
			var texts []string
			for _, form := range w.forms(in, e, env) {
				if strings.Contains(strings.TrimSpace(form), " ") {
					texts = append(texts, form)
				}
			}
			hear("", texts)
		}
	}
	for _, arg := range component.Args {
		hand(arg)
	}
	if selected, ok := component.Fun.(*ast.SelectorExpr); ok {
		if inner, is := selected.X.(*ast.CallExpr); is {
			w.handed(in, inner, env, hear)
		}
	}
}

var (
	opensAttribute = regexp.MustCompile(`\s([\w:-]+)="[^"<>]*$`)
	opensKept      = regexp.MustCompile(`translate="no"[^<>]*>\s*(<[^<>]*>\s*)*$|<(code|pre|kbd|samp|var|textarea|script|style)\b[^<>]*>$`)
	// sameEverywhere is what of a text is alike in every language.
	sameEverywhere = regexp.MustCompile(`\b(May|Sun|Mon|UTC|CEST|Xys|Xyes|Wardwatch|CSV|PDF|XLSX|Excel|JSON|GS1|GTIN|SHA-256|MQTT|HTTPS?|SCIM|SMTP|SMS|URL|API|QR|EPC|MKT|min|ms|dBm?|Peppol BIS Order 3|UBL|cXML OrderRequest|Ruuvi Gateway|April Brother|Blue Charm|Impinj R700|The Things Stack|Shelly H&T|FSN|kB|KB|MB|GB|[MGK]iB|EUR|CHF|GBP|USD|RFID|BLE|DataMatrix|Code 128|S/N|DEMO|PIN|OK|am|ok|TB|ESPresense|Minew|Kontakt\.io|Cassia|Aruba|Shelly|Ingics|MOKO|reelyActive|Zebra|EdgeX|omlox|ChirpStack|Tasmota|Zigbee2MQTT|Sparkplug B|WHO PQS E006|EMS|open-mSupply|Celsius)\b|https?://\S+|[\w.-]+@[\w.-]+|/[\w./-]+`)
	plainLetters   = regexp.MustCompile(`[A-Za-z]{2,}`)
)

// unworded is what of a text neither the catalogue knows nor is data or alike everywhere.
func unworded(text string) string {
	if strings.Contains(text, "XyXy") {
		return "" // a part of what is not followed
	}
	said := Reader{Language: Pseudo}.Say(strings.TrimSpace(text))
	said = strings.ReplaceAll(sameEverywhere.ReplaceAllString(said, " "), "Xy", " ")
	return strings.Join(plainLetters.FindAllString(said, -1), " ")
}

// notWorded are texts that stay as they are, by what is left of them.
var notWorded = map[string]bool{
	"muted small nowrap": true, "quiet danger": true, "big number": true, "Measles vaccine": true, "Ward": true, "Influenza vaccine": true, "nb": true,
	"Xy to Xy (Xy)": true, // degrees, which de.json knows
	"Xy of 7":       true, // a pack, by the name that somebody gave it

}

// TestEveryCaseOfATextIsWorded follows every function that puts a text together for a
// component through all its cases.
func TestEveryCaseOfATextIsWorded(t *testing.T) {
	if testing.Short() {
		t.Skip("reads every source")
	}
	w, count := newTeller(t), 0
	said := map[string]bool{}
	for tree, folder := range w.folders {
		if folder != "views" {
			continue
		}
		for _, declared := range tree.Decls {
			f, ok := declared.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			w.drawn(tree, f.Body, told{}, func(before string, forms []string) {
				if opens := opensAttribute.FindStringSubmatch(before); opens != nil && !spoken(opens[1]) || opensKept.MatchString(before) {
					return
				}
				for _, form := range forms {
					form = html.UnescapeString(form)
					if strings.TrimSpace(form) == "" || said[form] {
						continue
					}
					said[form] = true
					count++
					if left := unworded(form); left != "" && !notWorded[left] && !notWorded[form] {
						t.Errorf("%s may say %q: de.json lacks %q", f.Name.Name, form, left)
					}
				}
			})
		}
	}
	if count < 1500 {
		t.Errorf("found only %d forms", count)
	}
}

// TestEveryPaperAndMessageIsWorded follows what is drawn on paper, written to suppliers and
// sent to people, and the titles and words of files.
func TestEveryPaperAndMessageIsWorded(t *testing.T) {
	if testing.Short() {
		t.Skip("reads every source")
	}
	w, count := newTeller(t), 0
	speaking := map[string][]string{
		"tracking/coldchain/report": {"line", "fact", "heading", "text", "word", "Word", "newSheet"}, "inventory/supplier": {"say"},
		"inventory/reorder": {"word"}, "tracking/notify": {"Word"}, "tracking/notify/sms": {"Word"}, "web": {"ours", "Word"},
	}
	said := map[string]bool{}
	check := func(where, text string) {
		if strings.TrimSpace(text) == "" || said[text] {
			return
		}
		said[text] = true
		count++
		if left := unworded(text); left != "" && !notWorded[left] && !notWorded[text] {
			t.Errorf("%s says %q: de.json lacks %q", where, text, left)
		}
	}
	for tree, folder := range w.folders {
		calls := speaking[folder]
		if calls == nil || folder == "inventory/supplier" && path.Base(w.paths[tree]) != "paper.go" {
			continue
		}
		for _, declared := range tree.Decls {
			f, ok := declared.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			w.heard = func(call string, forms []string) {
				if slices.Contains(calls, call) {
					for _, form := range forms {
						check(f.Name.Name, form)
					}
				}
			}
			w.call(f, nil)
			w.heard = nil
		}
		ast.Inspect(tree, func(node ast.Node) bool {
			if titles, ok := node.(*ast.CompositeLit); ok {
				for _, title := range columnTitles(titles) {
					check("a table", title)
				}
			}
			return true
		})
	}
	if count < 250 {
		t.Errorf("found only %d texts", count)
	}
}

// columnTitles are the titles of []column{{"Title", 12}, …}.
func columnTitles(list *ast.CompositeLit) (titles []string) {
	array, ok := list.Type.(*ast.ArrayType)
	if !ok {
		return nil
	}
	switch of := array.Elt.(type) {
	case *ast.Ident:
		if of.Name != "column" {
			return nil
		}
	case *ast.StructType:
	default:
		return nil
	}
	for _, one := range list.Elts {
		column, ok := one.(*ast.CompositeLit)
		if !ok || len(column.Elts) < 2 {
			continue
		}
		if lit, is := column.Elts[0].(*ast.BasicLit); is && lit.Kind == token.STRING {
			if title, err := strconv.Unquote(lit.Value); err == nil && title != strings.ToLower(title) {
				titles = append(titles, title)
			}
		}
	}
	return titles
}

// TestEverySentenceOfTheRulesIsWorded follows what rules and records say of themselves.
func TestEverySentenceOfTheRulesIsWorded(t *testing.T) {
	if testing.Short() {
		t.Skip("reads every source")
	}
	w, count := newTeller(t), 0
	said := map[string]bool{}
	for folder, functions := range w.functions {
		if !strings.HasPrefix(folder, "tracking") && !strings.HasPrefix(folder, "inventory") || programsOnly(folder+"/") || forMachines.MatchString(folder) {
			continue
		}
		for _, f := range functions {
			if !saysText(f) || !f.Name.IsExported() || len(f.Type.Results.List) > 1 {
				continue
			}
			for _, form := range w.call(f, nil) {
				if !strings.Contains(strings.TrimSpace(form), " ") || said[form] {
					continue
				}
				said[form] = true
				count++
				if left := unworded(form); left != "" && !notWorded[left] && !notWorded[form] {
					t.Errorf("%s: %s says %q: de.json lacks %q", folder, f.Name.Name, form, left)
				}
			}
		}
	}
	if count < 200 {
		t.Errorf("found only %d sentences", count)
	}
}

// forMachines are folders that speak to devices and programs.
var forMachines = regexp.MustCompile(`tracking/(gs1|ingest|simulate|locate)|notify/(smtp|email|webhook)|audit/syslog`)
