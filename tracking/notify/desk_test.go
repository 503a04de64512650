package notify

import (
	"errors"
	"strings"
	"testing"
	"time"

	"wardwatch/tracking/hospital"
)

func TestWhatAnAnswerMayBe(t *testing.T) {
	for name, c := range map[string]struct {
		answer Answer
		want   error
	}{
		"preset reason":       {Answer{Reason: DoorOpen}, nil},
		"other with words":    {Answer{Reason: OtherReason, Note: "cleaning"}, nil},
		"longest note":        {Answer{Reason: Power, Note: strings.Repeat("a", maxNote)}, nil},
		"longest silence":     {Answer{Reason: Power, For: MaxSilence}, nil},
		"no reason":           {Answer{Note: "cleaning"}, ErrNoReason},
		"made-up reason":      {Answer{Reason: "because"}, ErrNoReason},
		"other without words": {Answer{Reason: OtherReason, Note: " \t"}, ErrNoReason},
		"note too long":       {Answer{Reason: Power, Note: strings.Repeat("a", maxNote+1)}, hospital.ErrInvalid},
		"silence too long":    {Answer{Reason: Power, For: MaxSilence + 1}, hospital.ErrInvalid},
		"silence backwards":   {Answer{Reason: Power, For: -1}, hospital.ErrInvalid},
	} {
		if err := c.answer.check(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheLifeOfAnAlarm(t *testing.T) {
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	ack := Acknowledgement{At: at, By: "p", Until: at.Add(time.Hour)}
	for name, c := range map[string]struct {
		alarm Alarm
		at    time.Time
		want  Life
		waits bool
	}{
		"raised":                     {Alarm{}, at, Active, true},
		"acknowledged":               {Alarm{Ack: ack}, at.Add(time.Hour - 1), Acknowledged, false},
		"silence over, still wrong":  {Alarm{Ack: ack}, at.Add(time.Hour), Active, true},
		"over before anybody saw it": {Alarm{ReturnedAt: at}, at, Returned, true},
		"over and seen":              {Alarm{Ack: ack, ReturnedAt: at}, at.Add(2 * time.Hour), Returned, false},
		"closed":                     {Alarm{Ack: ack, ReturnedAt: at, Closing: Closing{At: at}}, at, Closed, false},
	} {
		if got := c.alarm.Life(c.at); got != c.want || c.alarm.Waits(c.at) != c.waits {
			t.Errorf("%s: %s, waits %v", name, got, c.alarm.Waits(c.at))
		}
	}
}

func TestAPrecedentStandsBesideAndIsTheLast(t *testing.T) {
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	said := func(after time.Duration) Acknowledgement { return Acknowledgement{At: at.Add(after), Reason: Power} }
	place := map[string]string{"fridge/a": "ward", "fridge/b": "ward", "fridge/c": "ward", "fridge/far": "attic"}
	placeOf := func(a Alarm) string { return place[a.Subject] }
	open := []Alarm{{ID: 1, Subject: "fridge/a"}, {ID: 2, Subject: "fridge/b", Ack: said(0)}, {ID: 3, Subject: "fridge/c", Ack: said(1)},
		{ID: 4, Subject: "fridge/far", Ack: said(2)}, {ID: 5, Subject: "gateway/g", Ack: said(3)}, {ID: 6, Subject: "gateway/h"}, {ID: 7, Subject: "gateway/g"}}
	for alarm, want := range map[int]AlarmID{0: 3, 1: 3, 2: 2, 3: 0, 5: 0, 6: 5} {
		got := AlarmID(0)
		if precedent := open[alarm].Precedent(open, placeOf); precedent != nil {
			got = precedent.ID
		}
		if got != want {
			t.Errorf("alarm %d has precedent %d, want %d", open[alarm].ID, got, want)
		}
	}
}

func TestBackOffGrows(t *testing.T) {
	for tries := 1; tries < MaxTries; tries++ {
		if backOff(tries+1) != 2*backOff(tries) {
			t.Errorf("after %d tries %v, after one more %v", tries, backOff(tries), backOff(tries+1))
		}
	}
}
