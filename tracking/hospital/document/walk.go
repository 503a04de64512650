package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Limits of what a document's text may look like, whatever it says.
const (
	maxDepth       = 16 // a well-formed document needs 6
	maxNumberChars = 24 // 1e999999999 is eleven characters that cost gigabytes
	maxExponent    = 2
)

// visit is one value that walk came by.
type visit struct {
	pointer string
	offset  int64
	fault   string // why the text of the value is refused; empty: it is not
}

// syntaxError says where a text stops being JSON.
type syntaxError struct {
	offset int64
	says   string
}

func (e *syntaxError) Error() string { return e.says }

// walker reads a text token by token, which is the only way to see a key twice.
type walker struct {
	data    []byte
	decoder *json.Decoder
	see     func(visit)
}

// walk calls see for every value of a text, from the top to the end.
func walk(data []byte, see func(visit)) error {
	w := &walker{data: data, decoder: json.NewDecoder(bytes.NewReader(data)), see: see}
	w.decoder.UseNumber()
	if err := w.value("", 0); err != nil {
		return w.wrong(err)
	}
	if _, err := w.decoder.Token(); !errors.Is(err, io.EOF) {
		return &syntaxError{w.decoder.InputOffset(), "There is something after the end of the document."}
	}
	return nil
}

func (w *walker) wrong(err error) error {
	if said, ok := errors.AsType[*syntaxError](err); ok {
		return said
	}
	if bad, ok := errors.AsType[*json.SyntaxError](err); ok {
		return &syntaxError{bad.Offset, "It is not JSON from here on: " + bad.Error() + "."}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &syntaxError{int64(len(w.data)), "It ends too early: a bracket or brace is not closed."}
	}
	return &syntaxError{w.decoder.InputOffset(), "It is not JSON from here on: " + err.Error() + "."}
}

// start is the offset at which the next token begins.
func (w *walker) start() int64 {
	at := w.decoder.InputOffset()
	for at < int64(len(w.data)) && strings.IndexByte(" \t\r\n,:", w.data[at]) >= 0 {
		at++
	}
	return at
}

func (w *walker) value(pointer string, depth int) error {
	if depth > maxDepth {
		return &syntaxError{w.start(), fmt.Sprintf("It is nested deeper than %d levels.", maxDepth)}
	}
	at := w.start()
	token, err := w.decoder.Token()
	if err != nil {
		return err
	}
	fault := ""
	if n, ok := token.(json.Number); ok {
		fault = numberFault(n.String())
	}
	w.see(visit{pointer, at, fault})
	switch token {
	case json.Delim('{'):
		return w.object(pointer, depth)
	case json.Delim('['):
		return w.array(pointer, depth)
	}
	return nil
}

func (w *walker) object(pointer string, depth int) error {
	seen := make(map[string]bool)
	for w.decoder.More() {
		at := w.start()
		token, err := w.decoder.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string) // inside an object More answers for a key
		if seen[key] {
			w.see(visit{pointer + "/" + escape(key), at, fmt.Sprintf("%q is said twice here.", key)})
		}
		seen[key] = true
		if err := w.value(pointer+"/"+escape(key), depth+1); err != nil {
			return err
		}
	}
	_, err := w.decoder.Token()
	return err
}

func (w *walker) array(pointer string, depth int) error {
	for i := 0; w.decoder.More(); i++ {
		if err := w.value(pointer+"/"+strconv.Itoa(i), depth+1); err != nil {
			return err
		}
	}
	_, err := w.decoder.Token()
	return err
}

func numberFault(n string) string {
	_, exponent, _ := strings.Cut(strings.ToLower(n), "e")
	if len(n) > maxNumberChars || len(strings.Trim(exponent, "+-")) > maxExponent {
		return "The number is too long; nothing in a hospital needs it."
	}
	return ""
}

// escape is RFC 6901 §3.
func escape(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

// pointer is the JSON pointer of a path.
func pointer(path []string) string {
	var b strings.Builder
	for _, step := range path {
		b.WriteByte('/')
		b.WriteString(escape(step))
	}
	return b.String()
}
