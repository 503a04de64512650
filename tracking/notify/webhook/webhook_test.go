package webhook

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"wardwatch/tracking/notify"
)

var at = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestAPostIsSignedAndNamesItsNotice(t *testing.T) {
	var got struct {
		header http.Header
		text   []byte
	}
	pager := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got.header = r.Header.Clone()
		got.text, _ = io.ReadAll(r.Body)
	}))
	defer pager.Close()
	poster := Poster{Secret: "s3cret", Now: func() time.Time { return at }}
	message := notify.Message{ID: 7, To: pager.URL, Subject: "Fridge: too warm", Alarm: notify.Alarm{ID: 3, Kind: "too warm", Text: "9.4 °C", Severity: notify.Serious}}
	if err := poster.Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	if want := Sign("s3cret", at, got.text); got.header.Get("X-Wardwatch-Signature") != want {
		t.Errorf("signature %q, want %q", got.header.Get("X-Wardwatch-Signature"), want)
	}
	if got.header.Get("Idempotency-Key") != "wardwatch-notice-7" {
		t.Errorf("key %q", got.header.Get("Idempotency-Key"))
	}
	var said map[string]any
	if err := json.Unmarshal(got.text, &said); err != nil || said["severity"] != "serious" || said["text"] != "9.4 °C" {
		t.Errorf("said %v, %v", said, err)
	}
}

func TestTheAnswerDecidesWhetherToTryAgain(t *testing.T) {
	for status, refused := range map[int]bool{200: false, 204: false, 302: true, 404: true, 410: true, 408: false, 429: false, 500: false, 503: false} {
		err := verdict(status)
		if (err == nil) != (status < 300) || errors.Is(err, notify.ErrRefused) != refused {
			t.Errorf("%d gave %v", status, err)
		}
	}
}
