package api

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"
)

// Limits of what one answer holds.
const (
	// DefaultLimit is how many lines a part of a list has when nobody says.
	DefaultLimit = 100
	// MaxLimit is the most lines that one part may have.
	MaxLimit = 1000
	// maxCursor is the longest cursor that we make, and more than any identifier needs.
	maxCursor = 600
)

// Part is which part of a long list is asked for.
type Part struct {
	Cursor string `query:"cursor" doc:"Where the part begins: the value of next in the part before. Absent: at the beginning."`
	Limit  int    `query:"limit" min:"1" max:"1000" doc:"The most lines to answer with; 100 when absent."`
}

func (p Part) limit() int {
	if p.Limit == 0 {
		return DefaultLimit
	}
	return min(p.Limit, MaxLimit)
}

// List is one part of a long list.
type List[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"The cursor of the next part; absent when this is the last."`
}

// listOf makes a part of rows of which one more was read than is told, so that it
// is known whether there is another part. key names a line within its list.
func listOf[T, W any](p Part, list string, rows []T, key func(T) []string, wire func(T) W) List[W] {
	part := List[W]{Items: []W{}}
	if len(rows) > p.limit() {
		rows = rows[:p.limit()]
		part.Next = cursorOf(list, key(rows[len(rows)-1])...)
	}
	for _, row := range rows {
		part.Items = append(part.Items, wire(row))
	}
	return part
}

// cursorOf names a line of a list. It is opaque: programs hand it back as it is.
func cursorOf(list string, key ...string) string {
	text, err := json.Marshal(append([]string{list}, key...))
	if err != nil { // strings always encode
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

var errCursor = echo.NewHTTPError(http.StatusBadRequest, "This cursor is not one of this list. Begin again without one.")

// keysOf reads a cursor of a list into its keys; they stay as they are for no cursor.
func keysOf(cursor, list string, into ...any) error {
	if cursor == "" {
		return nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	var keys []string
	if err != nil || len(cursor) > maxCursor || json.Unmarshal(text, &keys) != nil {
		return errCursor
	}
	if len(keys) != len(into)+1 || keys[0] != list {
		return errCursor
	}
	for i, key := range keys[1:] {
		switch to := into[i].(type) {
		case *string:
			*to = key
		case *int64:
			if *to, err = strconv.ParseInt(key, 10, 64); err != nil || *to < 0 {
				return errCursor
			}
		default:
			return errCursor
		}
	}
	return nil
}

func number[N ~int64](n N) string { return strconv.FormatInt(int64(n), 10) }
