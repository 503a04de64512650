package document

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"wardwatch/tracking/hospital"
)

// MaxBytes is the largest document that is read; a campus of 20,000 assets needs a fifth of it.
const MaxBytes = 32 << 20

// Fault is one thing that is wrong with a document.
type Fault struct {
	Path string // JSON pointer, "/rooms/3/floor"; empty for the whole document
	Line int    // 1 is the first; 0 where there is none
	Says string // a sentence
}

func (f Fault) String() string { return f.Where() + ": " + f.Says }

// Where is the place of the fault as a person finds it.
func (f Fault) Where() string {
	path := cmp.Or(f.Path, "the document")
	if f.Line > 0 {
		return fmt.Sprintf("%s (line %d)", path, f.Line)
	}
	return path
}

// Faults is everything that is wrong with a document, from its top to its end.
// It is a hospital.ErrInvalid.
type Faults []Fault

func (f Faults) Error() string {
	switch len(f) {
	case 0:
		return "the document has no fault"
	case 1:
		return f[0].String()
	}
	return fmt.Sprintf("%d faults, the first: %s", len(f), f[0])
}

// Unwrap makes Faults an ErrInvalid.
func (f Faults) Unwrap() error { return hospital.ErrInvalid }

// Read takes in a document. The error is Faults when the document is at fault,
// anything else when it could not be read.
func Read(r io.Reader) (Document, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return Document{}, fmt.Errorf("read hospital document: %w", err)
	}
	if len(data) > MaxBytes {
		return Document{}, Faults{{Says: fmt.Sprintf("It is larger than %d MB.", MaxBytes>>20)}}
	}
	return Parse(data)
}

// Parse is Read for bytes in memory; it does not look at MaxBytes.
func Parse(data []byte) (Document, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if faults := syntax(data); len(faults) > 0 {
		return Document{}, faults
	}
	faults, err := shape(data)
	if err != nil {
		return Document{}, err
	}
	var doc Document
	err = json.Unmarshal(data, &doc)
	wrong, partly := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case err != nil && !partly:
		return Document{}, fmt.Errorf("decode hospital document: %w", err)
	case partly && len(faults) == 0: // 3.0 is whole to the schema, not to Go
		return Document{}, Faults{{Path: "/" + strings.ReplaceAll(wrong.Field, ".", "/"), Line: lineAt(data, wrong.Offset),
			Says: "Write the whole number without a fraction or an exponent: 3, not 3.0."}}
	}
	// A value of a wrong type was named by its shape and is left empty here, and
	// what is empty refers to nothing: all else is still looked at.
	faults = append(faults, doc.check()...)
	if len(faults) > 0 {
		return Document{}, inOrder(data, faults)
	}
	return doc, nil
}

// syntax finds what keeps a text from being one plain JSON value.
func syntax(data []byte) Faults {
	if !utf8.Valid(data) {
		return Faults{{Says: "It is not UTF-8 text."}}
	}
	var faults Faults
	err := walk(data, func(v visit) {
		if v.fault != "" {
			faults = append(faults, Fault{Path: v.pointer, Line: lineAt(data, v.offset), Says: v.fault})
		}
	})
	if wrong, ok := errors.AsType[*syntaxError](err); ok {
		faults = append(faults, Fault{Line: lineAt(data, wrong.offset), Says: wrong.says})
	}
	return faults
}

// inOrder gives each fault the line that its path begins on and puts them in the
// order of the document. The same fault is named once.
func inOrder(data []byte, faults Faults) Faults {
	lines := make(map[string]int, len(faults))
	for _, f := range faults {
		lines[f.Path] = 0
	}
	_ = walk(data, func(v visit) { // the syntax was looked at before
		if line, wanted := lines[v.pointer]; wanted && line == 0 {
			lines[v.pointer] = lineAt(data, v.offset)
		}
	})
	for i := range faults {
		faults[i].Line = lines[faults[i].Path]
	}
	slices.SortStableFunc(faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), comparePaths(a.Path, b.Path))
	})
	return slices.Compact(faults)
}

// comparePaths orders "/rooms/2" before "/rooms/10".
func comparePaths(a, b string) int {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	for i := range min(len(as), len(bs)) {
		byLength := 0
		if isIndex(as[i]) && isIndex(bs[i]) {
			byLength = cmp.Compare(len(as[i]), len(bs[i]))
		}
		if c := cmp.Or(byLength, cmp.Compare(as[i], bs[i])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(as), len(bs))
}

func isIndex(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func lineAt(data []byte, offset int64) int {
	end := min(int(offset), len(data))
	return 1 + bytes.Count(data[:end], []byte{'\n'})
}
