package api

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"pgregory.net/rapid"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital/audit"
	"wardwatch/tracking/notify"
)

func TestACursorComesBackAsItWent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list, id := rapid.String().Draw(t, "list"), rapid.StringN(0, 60, 100).Draw(t, "id")
		seq := rapid.Int64Range(0, 1<<62).Draw(t, "seq")
		var gotID string
		var gotSeq int64
		if err := keysOf(cursorOf(list, id, number(seq)), list, &gotID, &gotSeq); err != nil {
			t.Fatal(err)
		}
		if want := strings.ToValidUTF8(id, "\ufffd"); gotID != want || gotSeq != seq {
			t.Fatalf("%q %d came back as %q %d", id, seq, gotID, gotSeq)
		}
		if err := keysOf(cursorOf(list, id, number(seq)), list+"s", &gotID, &gotSeq); err == nil {
			t.Fatal("another list took it")
		}
	})
}

func TestCursorsThatAreNone(t *testing.T) {
	var id string
	var n int64
	for _, cursor := range []string{"!", "AAAA", base64.RawURLEncoding.EncodeToString([]byte(`["a"]`)), cursorOf("a", "1", "2"), cursorOf("b", "1"),
		base64.RawURLEncoding.EncodeToString([]byte(`{"a":1}`)), strings.Repeat("A", maxCursor+1)} {
		if err := keysOf(cursor, "a", &id); err != errCursor {
			t.Errorf("%.40q: %v", cursor, err)
		}
	}
	for _, key := range []string{"", "x", "-1", "1e3", "9223372036854775808"} {
		if err := keysOf(cursorOf("a", key), "a", &n); err != errCursor {
			t.Errorf("number %q: %v", key, err)
		}
	}
	if long := cursorOf("a", strings.Repeat("k", MaxText)); len(long) > maxCursor {
		t.Errorf("the cursor of the longest identifier has %d characters", len(long))
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(cursorOf("assets", "P-001"))
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, cursor string) {
		var id string
		if err := keysOf(cursor, "assets", &id); err == nil && cursor != "" {
			var again string
			if err := keysOf(cursorOf("assets", id), "assets", &again); err != nil || again != id {
				t.Errorf("%q: %q came back as %q, %v", cursor, id, again, err)
			}
		}
	})
}

func TestAPartEndsWhereTheNextBegins(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3} {
		rows := []int64{9, 8, 7, 6}[:n]
		part := listOf(Part{Limit: 2}, "list", rows, func(n int64) []string { return []string{number(n)} }, func(n int64) int64 { return n })
		if want := min(n, 2); len(part.Items) != want || (part.Next != "") != (n > 2) {
			t.Errorf("of %d: %+v", n, part)
		}
	}
	if (Part{}).limit() != DefaultLimit || (Part{Limit: MaxLimit}).limit() != MaxLimit {
		t.Error("limits")
	}
}

// What stands in the path can't be written by the body as well.
func TestAPathIsNotOfTheBody(t *testing.T) {
	a := &API{Lists: struct{ Lists }{}, Equipment: &tracking.Equipment{}, ColdChain: &coldchain.Monitor{}, Alarms: &notify.Desk{},
		Stock: &inventory.Stock{}, Desk: &reorder.Desk{}, Trail: &audit.Trail{}}
	operations := a.Operations()
	if len(operations) < 25 {
		t.Fatalf("only %d operations", len(operations))
	}
	for _, o := range operations {
		for _, f := range reflect.VisibleFields(o.in) {
			if f.Tag.Get(inPath) != "" && f.Tag.Get("json") != "-" {
				t.Errorf("%s %s: %s of the path can be written by the body", o.Method, o.Path, f.Name)
			}
		}
		for _, step := range strings.Split(o.Path, "/") {
			name, isParameter := strings.CutPrefix(step, ":")
			if isParameter && !hasField(o.in, inPath, name) {
				t.Errorf("%s %s: nobody reads %s", o.Method, o.Path, name)
			}
		}
	}
}

func hasField(t reflect.Type, where, name string) bool {
	for _, f := range fieldsOf(t) {
		if f.where == where && f.name == name {
			return true
		}
	}
	return false
}

// FuzzRead reads any query into every kind of field that there is.
func FuzzRead(f *testing.F) {
	f.Add("fridge=f-01&from=2026-05-04T11:30:00Z&limit=3")
	f.Add("fridge=%ff&limit=99999999999999999999")
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.RawQuery = query
		c := echo.New().NewContext(r, httptest.NewRecorder())
		var in ReadingsIn
		err := read(c, reflect.ValueOf(&in).Elem())
		if refused, ok := errors.AsType[*echo.HTTPError](err); err != nil && (!ok || refused.Code != http.StatusBadRequest) {
			t.Errorf("%q: %v", query, err)
		}
		if err == nil && (in.Fridge == "" || in.limit() < 1 || in.limit() > MaxLimit) {
			t.Errorf("%q was read as %+v", query, in)
		}
	})
}

func TestTagsOfContent(t *testing.T) {
	tag := tagOf([]byte("a"))
	if tag == tagOf([]byte("b")) || tag[0] != '"' {
		t.Errorf("tag %s", tag)
	}
	for header, want := range map[string]bool{"": false, `"x"`: false, tag: true, "W/" + tag: true, `"x", ` + tag: true, "*": true, strings.Trim(tag, `"`): false} {
		if shown(header, tag) != want {
			t.Errorf("If-None-Match %q: %v", header, !want)
		}
	}
}
