package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// The scanner below walks JSON in place, because decoding dominates the cost of a
// sighting. documentsOf checks the whole text once; what comes after may rely on
// it being well formed, and so needs no error of its own.

// documentsOf splits a text into its JSON values: usually one; a stream has one a
// line, and some readers join them without any space.
func documentsOf(body []byte) ([][]byte, error) {
	var documents [][]byte
	for at := skipSpace(body, 0); at < len(body); at = skipSpace(body, at) {
		end, err := valueEnd(body, at, 0)
		if err != nil {
			return nil, err
		}
		if len(documents) == MaxRecords {
			return nil, ErrTooMany
		}
		documents = append(documents, body[at:end])
		at = end
	}
	if len(documents) == 0 {
		return nil, ErrEmpty
	}
	return documents, nil
}

func broken(at int, what string) error {
	return fmt.Errorf("%w: %s at byte %d", ErrNotJSON, what, at)
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// valueEnd checks the value that begins at i and says where it ends.
func valueEnd(b []byte, i, depth int) (int, error) {
	if i >= len(b) {
		return i, broken(i, "it ends too early")
	}
	if depth > MaxDepth {
		return i, fmt.Errorf("%w: nested deeper than %d", ErrNotJSON, MaxDepth)
	}
	switch c := b[i]; {
	case c == '{':
		return containerEnd(b, i, depth, '}')
	case c == '[':
		return containerEnd(b, i, depth, ']')
	case c == '"':
		return stringEnd(b, i)
	case c == '-' || c >= '0' && c <= '9':
		return numberEnd(b, i)
	case c == 't':
		return wordEnd(b, i, "true")
	case c == 'f':
		return wordEnd(b, i, "false")
	case c == 'n':
		return wordEnd(b, i, "null")
	}
	return i, broken(i, "an unexpected character")
}

func containerEnd(b []byte, i, depth int, closing byte) (int, error) {
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == closing {
		return i + 1, nil
	}
	for {
		var err error
		if closing == '}' {
			if i, err = keyEnd(b, i); err != nil {
				return i, err
			}
		}
		if i, err = valueEnd(b, i, depth+1); err != nil {
			return i, err
		}
		i = skipSpace(b, i)
		if i >= len(b) {
			return i, broken(i, "it ends too early")
		}
		if b[i] == closing {
			return i + 1, nil
		}
		if b[i] != ',' {
			return i, broken(i, "a comma is missing")
		}
		i = skipSpace(b, i+1)
	}
}

// keyEnd checks a member's name and says where its value begins.
func keyEnd(b []byte, i int) (int, error) {
	if i >= len(b) {
		return i, broken(i, "it ends too early")
	}
	if b[i] != '"' {
		return i, broken(i, "a name in quotes is missing")
	}
	i, err := stringEnd(b, i)
	if err != nil {
		return i, err
	}
	i = skipSpace(b, i)
	if i >= len(b) || b[i] != ':' {
		return i, broken(i, "a colon is missing")
	}
	return skipSpace(b, i+1), nil
}

func stringEnd(b []byte, i int) (int, error) {
	for j := i + 1; j < len(b); j++ {
		switch c := b[j]; {
		case c == '"':
			return j + 1, nil
		case c < 0x20:
			return j, broken(j, "a control character in a text")
		case c == '\\':
			size := escapeSize(b[j:])
			if size == 0 {
				return j, broken(j, "a wrong escape in a text")
			}
			j += size - 1
		}
	}
	return len(b), broken(len(b), "it ends inside a text")
}

// escapeSize is the length of the escape at the start of b, 0 when it is none.
func escapeSize(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	if b[1] != 'u' {
		if bytes.IndexByte([]byte(`"\/bfnrt`), b[1]) < 0 {
			return 0
		}
		return 2
	}
	if len(b) < 6 {
		return 0
	}
	for _, c := range b[2:6] {
		if hexValue(c) < 0 {
			return 0
		}
	}
	return 6
}

func numberEnd(b []byte, i int) (int, error) {
	start := i
	if b[i] == '-' {
		i++
	}
	whole := digitsEnd(b, i)
	if whole == i || whole > i+1 && b[i] == '0' {
		return i, broken(start, "a wrong number")
	}
	i = whole
	if i < len(b) && b[i] == '.' {
		end := digitsEnd(b, i+1)
		if end == i+1 {
			return i, broken(start, "a wrong number")
		}
		i = end
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		end := digitsEnd(b, i)
		if end == i {
			return i, broken(start, "a wrong number")
		}
		i = end
	}
	return i, nil
}

func digitsEnd(b []byte, i int) int {
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return i
}

func wordEnd(b []byte, i int, word string) (int, error) {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return i, broken(i, "an unexpected character")
	}
	return i + len(word), nil
}

// skipValue is valueEnd without its checks, for text that has passed them.
func skipValue(b []byte, i int) int {
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		depth := 0
		for ; i < len(b); i++ {
			switch b[i] {
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			case '"':
				i = skipString(b, i) - 1
			}
		}
		return i
	}
	for i < len(b) && b[i] != ',' && b[i] != '}' && b[i] != ']' && b[i] > ' ' {
		i++
	}
	return i
}

func skipString(b []byte, i int) int {
	if end := bytes.IndexByte(b[i+1:], '"'); end >= 0 && bytes.IndexByte(b[i+1:i+1+end], '\\') < 0 {
		return i + end + 2
	}
	for j := i + 1; j < len(b); j++ {
		if b[j] == '\\' {
			j++
		} else if b[j] == '"' {
			return j + 1
		}
	}
	return len(b)
}

// kindOf is the first byte of a value: '{' '[' '"' 't' 'f' 'n', or '0' for a number.
func kindOf(raw []byte) byte {
	if len(raw) == 0 {
		return 'n'
	}
	if raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9' {
		return '0'
	}
	return raw[0]
}

// members calls use with every member of an object, in the text's order; none when
// raw is no object. Names with escapes are given as they are written.
func members(raw []byte, use func(key, value []byte)) {
	if kindOf(raw) != '{' {
		return
	}
	for i := skipSpace(raw, 1); i < len(raw) && raw[i] == '"'; {
		end := skipString(raw, i)
		key := raw[i+1 : end-1]
		i = skipSpace(raw, skipSpace(raw, end)+1)
		after := skipValue(raw, i)
		use(key, raw[i:after])
		i = skipSpace(raw, after)
		if i < len(raw) && raw[i] == ',' {
			i = skipSpace(raw, i+1)
		}
	}
}

// member is one member of an object; nil when there is none.
func member(raw []byte, name string) []byte {
	var found []byte
	members(raw, func(key, value []byte) {
		if found == nil && string(key) == name {
			found = value
		}
	})
	return found
}

// elements calls use with every element of an array until it returns an error.
func elements(raw []byte, use func(i int, value []byte) error) error {
	if kindOf(raw) != '[' {
		return ErrWrongShape
	}
	n := 0
	for i := skipSpace(raw, 1); i < len(raw) && raw[i] != ']'; n++ {
		after := skipValue(raw, i)
		if err := use(n, raw[i:after]); err != nil {
			return err
		}
		i = skipSpace(raw, after)
		if i < len(raw) && raw[i] == ',' {
			i = skipSpace(raw, i+1)
		}
	}
	return nil
}

// text is a string value; false when raw is something else.
func text(raw []byte) (string, bool) {
	b, ok := textBytes(raw)
	return string(b), ok
}

// textBytes is a string value as bytes that the caller must not keep.
func textBytes(raw []byte) ([]byte, bool) {
	if kindOf(raw) != '"' || len(raw) < 2 {
		return nil, false
	}
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner, true
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, false
	}
	return []byte(s), true
}

// number is a number, or a text that holds one; false when it is neither or not finite.
func number(raw []byte) (float64, bool) {
	if kindOf(raw) == '"' {
		raw, _ = textBytes(raw)
		raw = bytes.TrimSpace(raw)
	} else if kindOf(raw) != '0' {
		return 0, false
	}
	if n, ok := smallInt(raw); ok {
		return float64(n), true
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

// smallInt spares the common case the detour by a string.
func smallInt(raw []byte) (int, bool) {
	negative := len(raw) > 1 && raw[0] == '-'
	if negative {
		raw = raw[1:]
	}
	if len(raw) == 0 || len(raw) > 15 {
		return 0, false
	}
	n := 0
	for _, c := range raw {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}

// boolean is true or false; the second result is false when raw is neither.
func boolean(raw []byte) (value, ok bool) {
	switch string(raw) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

func isNull(raw []byte) bool { return kindOf(raw) == 'n' }

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
