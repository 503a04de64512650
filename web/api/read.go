package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
)

// Limits of what is asked.
const (
	// MaxText is the longest value of a path or query, in characters.
	MaxText = 200
	// MaxBody is the longest body, in bytes: the API takes answers, not files.
	MaxBody = 64 << 10
)

var timeType = reflect.TypeFor[time.Time]()

// read fills a struct from the request: fields tagged path and query from there,
// those tagged json from the body. What the struct does not name is refused, so
// that a misspelt filter never silently means "everything".
func read(c echo.Context, into reflect.Value) error {
	fields := fieldsOf(into.Type())
	query := c.QueryParams()
	for name, values := range query {
		known := slices.ContainsFunc(fields, func(f field) bool { return f.where == inQuery && f.name == name })
		if !known {
			return wrong("There is no parameter %q here.", name)
		}
		if len(values) > 1 {
			return wrong("Give %s once.", name)
		}
	}
	if slices.ContainsFunc(fields, func(f field) bool { return f.where == inBody }) {
		if err := readBody(c, into.Addr().Interface()); err != nil {
			return err
		}
	}
	for _, f := range fields {
		text := query.Get(f.name)
		switch f.where {
		case inBody:
			continue
		case inPath:
			text = c.Param(f.name)
		}
		if text == "" && !f.optional {
			return wrong("Give %s.", f.name)
		}
		if err := set(into.FieldByIndex(f.Index), f, text); err != nil {
			return err
		}
	}
	return nil
}

func wrong(format string, args ...any) error {
	return echo.NewHTTPError(http.StatusBadRequest, fmt.Sprintf(format, args...))
}

// set reads a text into a field; an empty text leaves it as it is.
func set(target reflect.Value, f field, text string) error {
	if text == "" {
		return nil
	}
	if utf8.RuneCountInString(text) > MaxText && f.name != "cursor" || !utf8.ValidString(text) {
		return wrong("%s is too long or no text: %d characters are possible.", f.name, MaxText)
	}
	switch {
	case target.Type() == timeType:
		at, err := time.Parse(time.RFC3339, text)
		if err != nil || at.Year() < 1971 || at.Year() > 2200 {
			return wrong("%s is no time like 2026-03-31T08:00:00Z.", f.name)
		}
		target.Set(reflect.ValueOf(at.UTC()))
	case target.Kind() == reflect.String:
		if len(f.enum) > 0 && !f.allows(text) {
			return wrong("%s is one of %v.", f.name, f.enum)
		}
		target.SetString(text)
	case target.Kind() == reflect.Bool:
		yes, err := strconv.ParseBool(text)
		if err != nil {
			return wrong("%s is true or false.", f.name)
		}
		target.SetBool(yes)
	case target.CanInt():
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || f.max > 0 && (n < f.min || n > f.max) || n < 0 || target.OverflowInt(n) {
			return wrong("%s is a whole number%s.", f.name, f.bounds())
		}
		target.SetInt(n)
	default:
		return fmt.Errorf("no way to read %s into a %v", f.name, target.Type())
	}
	return nil
}

// readBody reads one JSON object.
func readBody(c echo.Context, into any) error {
	kind, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if err != nil || kind != echo.MIMEApplicationJSON {
		return echo.NewHTTPError(http.StatusUnsupportedMediaType, "Send the body as application/json.")
	}
	decoder := json.NewDecoder(http.MaxBytesReader(c.Response(), c.Request().Body, MaxBody))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(into)
	if err == nil {
		_, err = decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		err = errors.New("more than one value")
	}
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return echo.NewHTTPError(http.StatusRequestEntityTooLarge, "The body is too large.")
	}
	return wrong("The body is not the JSON object that is described for this operation: %v.", err)
}
