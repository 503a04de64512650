package web

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/web/api"
)

// crowded is a door that makes one page at once, with a page that waits to be told how to go
// on, one that does not, and a form.
func crowded(t *testing.T) (d *Door, begun, goOn chan struct{}) {
	t.Helper()
	begun, goOn = make(chan struct{}), make(chan struct{})
	slow := func(c echo.Context) error {
		begun <- struct{}{}
		<-goOn
		if err := fine(c); err != nil {
			return err
		}
		begun <- struct{}{} // its first bytes are out
		<-goOn
		return nil
	}
	d = newDoor(t, hospital.Actor{ID: "n", Name: "Nora"}, true, route{get, "/x-slow", SignedIn, slow},
		route{get, "/x-page", SignedIn, fine}, route{post, "/x-page", SignedIn, fine}, route{get, "/x-open", Public, fine},
		route{get, "/x-file.csv", SignedIn, fine}, route{get, api.Root + "/x-list", SignedIn, fine}, route{get, "/x-news.json", SignedIn, fine})
	d.lanes = lanes{people: make(turns, 1), programs: make(turns, 1)}
	return d, begun, goOn
}

func TestInACrowdPagesWaitForTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, begun, goOn := crowded(t)
		slow := make(chan int)
		go func() { slow <- ask(d, get, "/x-slow").Code }()
		<-begun
		for _, r := range []struct{ method, path string }{{post, "/x-page"}, {get, "/x-open"}, {get, "/healthz"}, {get, "/x-file.csv"}, {get, api.Root + "/x-list"}} {
			if w := ask(d, r.method, r.path); w.Code != http.StatusOK {
				t.Errorf("%s %s waits for a page's turn: %d", r.method, r.path, w.Code)
			}
		}
		second := make(chan int)
		go func() { second <- ask(d, get, "/x-news.json").Code }()
		synctest.Wait()
		select {
		case <-second:
			t.Fatal("two pages were made at once")
		default:
		}
		goOn <- struct{}{}
		<-begun // the first page is sent to somebody who reads slowly
		if code := <-second; code != http.StatusOK {
			t.Errorf("the next page answers %d", code)
		}
		goOn <- struct{}{}
		if code := <-slow; code != http.StatusOK {
			t.Errorf("the first page answers %d", code)
		}
		if w := ask(d, get, "/x-page"); w.Code != http.StatusOK {
			t.Errorf("a turn was not given back: %d", w.Code)
		}
	})
}

func TestWhoWaitsTooLongIsToldToTryAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, begun, goOn := crowded(t)
		slow := make(chan int)
		go func() { slow <- ask(d, get, "/x-slow").Code }()
		<-begun
		at := time.Now()
		w := ask(d, get, "/x-page")
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || time.Since(at) != longestTurn {
			t.Errorf("it answers %d, come back in %q s, after %s", w.Code, w.Header().Get("Retry-After"), time.Since(at))
		}
		goOn <- struct{}{}
		<-begun
		goOn <- struct{}{}
		<-slow
	})
}

// Whoever leaves while she waits is no failure; what fails of itself is one, whoever has left.
func TestAReaderWhoLeavesIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, begun, goOn := crowded(t)
		var logged bytes.Buffer
		d.Log = slog.New(slog.NewTextHandler(&logged, nil))
		broken := func(c echo.Context) error {
			if c.QueryParam("kept") == "" {
				return context.Canceled // an upstream's, and the reader waits
			}
			<-c.Request().Context().Done()
			return errors.New("the disk is gone")
		}
		if err := d.hang([]route{{get, "/x-broken", Public, broken}}); err != nil {
			t.Fatal(err)
		}
		slow := make(chan int)
		go func() { slow <- ask(d, get, "/x-slow").Code }()
		<-begun
		leaves := func(path string) int {
			ctx, leave := context.WithCancel(t.Context())
			w := httptest.NewRecorder()
			answered := make(chan struct{})
			go func() {
				d.ServeHTTP(w, httptest.NewRequestWithContext(ctx, get, path, nil))
				close(answered)
			}()
			synctest.Wait()
			leave()
			<-answered
			return w.Code
		}
		if code := leaves("/x-page"); code != statusLeft || logged.Len() > 0 {
			t.Errorf("a page whose reader left: %d, %s", code, &logged)
		}
		if leaves("/x-broken?kept=yes"); !strings.Contains(logged.String(), "the disk is gone") {
			t.Errorf("what broke while its reader left: %s", &logged)
		}
		logged.Reset()
		if w := ask(d, get, "/x-broken"); w.Code != http.StatusInternalServerError || !strings.Contains(logged.String(), "request failed") {
			t.Errorf("what was cancelled before a reader who waits: %d, %s", w.Code, &logged)
		}
		goOn <- struct{}{}
		<-begun
		goOn <- struct{}{}
		<-slow
	})
}

func TestATurnIsGivenBackOnce(t *testing.T) {
	one := make(turns, 1)
	done, err := one.take(context.Background(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	gone, leave := context.WithCancel(context.Background())
	leave()
	if _, err := one.take(gone, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever has gone waits: %v", err)
	}
	done()
	done()
	if len(one) != 0 {
		t.Error("the turn was not given back")
	}
	if done, err = one.take(context.Background(), time.Hour); err != nil {
		t.Fatal(err)
	}
	done()
}
