package api

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Where a field of a request stands.
const (
	inPath  = "path"
	inQuery = "query"
	inBody  = "body"
)

// field is what the tags of a struct's field say.
type field struct {
	Index    []int
	Type     reflect.Type
	where    string // of a request
	name     string
	doc      string
	enum     []string
	min, max int64 // max 0: no bounds
	optional bool
}

// fieldsOf lists a struct's fields in their order, those of embedded structs in
// their place. A field without a path, query or json tag is not of the outside.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		one := field{Index: f.Index, Type: f.Type, doc: f.Tag.Get("doc"), enum: enumOf(f)}
		one.min, _ = strconv.ParseInt(f.Tag.Get("min"), 10, 64)
		one.max, _ = strconv.ParseInt(f.Tag.Get("max"), 10, 64)
		switch {
		case f.Tag.Get(inPath) != "":
			one.where, one.name = inPath, f.Tag.Get(inPath)
		case f.Tag.Get(inQuery) != "":
			one.where, one.name = inQuery, f.Tag.Get(inQuery)
			one.optional = f.Tag.Get("required") == ""
		default:
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" || name == "-" {
				continue
			}
			one.where, one.name = inBody, name
			one.optional = strings.Contains(options, "omit")
		}
		fields = append(fields, one)
	}
	return fields
}

func (f field) allows(text string) bool { return slices.Contains(f.enum, text) }

func (f field) bounds() string {
	if f.max == 0 {
		return ""
	}
	return fmt.Sprintf(" from %d to %d", f.min, f.max)
}

// enumOf are the values that a field can have, by its tag or by its type.
func enumOf(f reflect.StructField) []string {
	if list := f.Tag.Get("enum"); list != "" {
		return strings.Split(list, ",")
	}
	return words()[f.Type]
}
