package live

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"testing"

	"wardwatch/tracking/hospital"
)

// programs is a hub with a program that listens; nothing runs, so that each step is taken by hand.
func programs(t *testing.T, cursor string, asked ...string) (*Hub, *connection) {
	t.Helper()
	h := New(Options{}, newWard().source(), Source{Prefix: "orders", Permission: hospital.ApproveOrders})
	c, err := h.joinFeed(Audience{Actor: nurse}, asked, cursor)
	if err != nil {
		t.Fatal(err)
	}
	return h, c
}

func TestAProgramIsToldNamesOnceAndOnlyItsOwn(t *testing.T) {
	h, c := programs(t, "", "fridge/*")
	first, ok := c.takeTold()
	if !ok || len(first.Topics) != 0 || first.All || first.Cursor == "" {
		t.Errorf("first: %+v", first)
	}
	if _, ok := c.takeTold(); ok {
		t.Error("nothing changed, and it was told")
	}
	h.Changed("fridge/b", "fridge/a", "fridge/a", "orders")
	h.Changed("fridge/b")
	if got, ok := c.takeTold(); !ok || !slices.Equal(got.Topics, []string{"fridge/a", "fridge/b"}) {
		t.Errorf("changed: %+v", got)
	}
	h.leave(c)
	if h.Changed("fridge/a"); len(h.feeds) != 0 || len(h.connections) != 0 {
		t.Error("who has left is still told")
	}
}

func TestAProgramThatIsBehindIsToldToLookAnew(t *testing.T) {
	h, c := programs(t, "", "fridge/*")
	c.takeTold()
	for i := range maxPending {
		h.Changed(fmt.Sprint("fridge/", i))
	}
	if got, _ := c.takeTold(); got.All || len(got.Topics) != maxPending {
		t.Errorf("at the limit: all %v, %d topics", got.All, len(got.Topics))
	}
	for i := range maxPending + 1 {
		h.Changed(fmt.Sprint("fridge/", i))
	}
	if got, _ := c.takeTold(); !got.All || len(got.Topics) != 0 {
		t.Errorf("beyond the limit: all %v, %d topics", got.All, len(got.Topics))
	}
	h.Changed("fridge/1")
	if got, _ := c.takeTold(); got.All || len(got.Topics) != 1 {
		t.Errorf("afterwards: %+v", got)
	}
}

func TestAProgramThatComesBackIsToldWhatItMissed(t *testing.T) {
	h, c := programs(t, "", "fridge/*")
	stood, _ := c.takeTold()
	h.Changed("fridge/a")
	h.Changed("orders")
	back := func(cursor string) told {
		c, err := h.joinFeed(Audience{Actor: nurse}, []string{"fridge/*"}, cursor)
		if err != nil {
			t.Fatal(err)
		}
		defer h.leave(c)
		got, ok := c.takeTold()
		if !ok {
			t.Fatal("it was told nothing")
		}
		return got
	}
	if got := back(stood.Cursor); got.All || !slices.Equal(got.Topics, []string{"fridge/a"}) {
		t.Errorf("missed: %+v", got)
	}
	if got := back(h.Cursor()); got.All || len(got.Topics) != 0 {
		t.Errorf("nothing missed: %+v", got)
	}
	for _, cursor := range []string{"x", "other.3", stood.Cursor + "9999"} {
		if got := back(cursor); !got.All {
			t.Errorf("cursor %q: %+v", cursor, got)
		}
	}
}

func TestWhatAProgramMayListenTo(t *testing.T) {
	h := New(Options{}, newWard().source(), Source{Prefix: "orders", Permission: hospital.ApproveOrders})
	many := make([]string, MaxTopics+1)
	for i := range many {
		many[i] = fmt.Sprint("fridge/", i)
	}
	for _, c := range []struct {
		asked []string
		want  error
	}{
		{nil, ErrTopic}, {[]string{"weather"}, ErrTopic}, {[]string{"weather/*"}, ErrTopic}, {[]string{"orders"}, hospital.ErrForbidden},
		{[]string{"fridge/a", "orders"}, hospital.ErrForbidden}, {many, ErrTooMany}, {many[1:], nil}, {[]string{"fridge/*"}, nil},
	} {
		if _, err := h.newFeed(Audience{Actor: nurse}, c.asked); !errors.Is(err, c.want) {
			t.Errorf("%.40v: %v, want %v", c.asked, err, c.want)
		}
	}
	if err := h.Feed(httptest.NewRecorder(), httptest.NewRequest("GET", "/?topics=fridge/*", nil), Audience{Actor: nurse}); !errors.Is(err, ErrNoUpgrade) {
		t.Errorf("without an upgrade: %v", err)
	}
	for range MaxPerPerson {
		if _, err := h.joinFeed(Audience{Actor: nurse}, []string{"fridge/*"}, ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.joinFeed(Audience{Actor: nurse}, []string{"fridge/*"}, ""); !errors.Is(err, ErrTooMany) {
		t.Errorf("one connection too many: %v", err)
	}
}
