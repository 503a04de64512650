package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/tracking/hospital/audit/syslog"
	"wardwatch/tracking/ingest/modbus"
	"wardwatch/tracking/simulate"
	"wardwatch/web"
)

// FuzzBodies sends any body, as a form, as JSON, as a file or as nothing known, to every
// route that takes one, as somebody who may do everything: the house may refuse it, but
// nothing fails inside.
func FuzzBodies(f *testing.F) {
	h, log := wholeHouse(f)
	var taking []web.Route
	for _, r := range h.door.Routes() {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			taking = append(taking, r)
		}
	}
	kinds := []string{"application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=b", "application/scim+json", "text/plain", ""}
	f.Add(uint16(0), uint8(0), []byte("quantity=9223372036854775807&place=store&key=%00&at=2026-02-31&note=\xff"))
	f.Add(uint16(3), uint8(1), []byte(`{"reason":"on-it","version":-1,"items":[{}],"at":9e99}`))
	f.Add(uint16(7), uint8(2), []byte("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.csv\"\r\n\r\nid,name\r\n\"\r\n--b--\r\n"))
	f.Add(uint16(2), uint8(2), []byte(strings.Repeat("[", 5_000))) // a file without an end answered 500 where screens are linked
	f.Add(uint16(11), uint8(3), []byte(`{"Operations":[{"op":"replace","path":"a[b eq","value":[]}]}`))
	f.Add(uint16(13), uint8(4), []byte(strings.Repeat("[", 10_000)))
	var people atomic.Int64
	comes := func(t testing.TB) visitor { // what was sent may have signed her out, locked or disabled her
		return newVisitor(t, h, fmt.Sprintf("fuzzer-%d", people.Add(1)), hospital.Administrator, nil)
	}
	who := comes(f)
	f.Fuzz(func(t *testing.T, route uint16, kind uint8, body []byte) {
		r := taking[int(route)%len(taking)]
		log.Reset()
		answer := who.bring(placeOf(r), kinds[int(kind)%len(kinds)], body)
		if answer.Code == http.StatusSeeOther && strings.HasPrefix(answer.Header().Get("Location"), "/sign-in") || answer.Code == http.StatusUnauthorized || answer.Code == http.StatusTooManyRequests {
			skew, _ := skews.Load(h)
			skew.(*atomic.Int64).Add(int64(time.Hour))
			who = comes(t)
			answer = who.bring(placeOf(r), kinds[int(kind)%len(kinds)], body)
		}
		if answer.Code >= http.StatusInternalServerError {
			t.Errorf("%s %s answers %d: %s\n%s", r.Method, r.Path, answer.Code, answer.Body, log)
		}
	})
}

// bring posts a body of some kind.
func (v visitor) bring(path, kind string, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	r.Host = "127.0.0.1"
	r.Header.Set("Content-Type", kind)
	r.AddCookie(&http.Cookie{Name: "ward", Value: v.secret.Reveal()})
	answer := httptest.NewRecorder()
	v.house.door.ServeHTTP(answer, r)
	return answer
}

// FuzzReadDemand reads any history of use.
func FuzzReadDemand(f *testing.F) {
	f.Add("item,date,quantity\na,2026-01-01,3\na,2026-01-02,0\nb,2025-12,7\n")
	f.Add("quantity,item,date\n1e300,\"a\",0001-01-01\n2,a,9999-12-31\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := readDemand(strings.NewReader(text))
		if err == nil && (len(d.items) == 0 || len(d.items) != len(d.use)) {
			t.Errorf("%d items with %d histories", len(d.items), len(d.use))
		}
	})
}

// FuzzSettings reads what an operator sets at the command line or in the environment: what
// can't be is refused, what is taken says the same when it is written out and read again.
func FuzzSettings(f *testing.F) {
	for _, said := range []string{"nurse@ward-a+ward-b, pharmacist", "administrator", "nurse@+", "10.0.0.0/24", "::1", "::ffff:10.0.0.5/120",
		"12:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "0:", "2027-03-31", "2024-02-30", "2026-05", "2026-W53", "2024-W00", "small", "tls://log.example", "udp://[::1]:514", "tcp://:9", "tls://lo].example", "10.0.0.7:502/1?register=1&every=1m", "[::1]/7?framing=rtu"} {
		f.Add("ward-nurses", said)
	}
	f.Fuzz(func(t *testing.T, group, said string) {
		if roles, err := account.ParseRoleMap(map[string]string{group: said}); err == nil && (len(roles) == 0 || len(roles.Lines()) != len(roles)) {
			t.Errorf("%q for %q: %v", said, group, roles)
		}
		if proxies, err := web.ParseProxies([]string{said}); err == nil && (len(proxies) != 1 || !proxies[0].IsValid()) {
			t.Errorf("%q: %v", said, proxies)
		}
		if anchor, err := db.ParseAnchor(said); err == nil {
			if again, err := db.ParseAnchor(anchor.String()); err != nil || again.String() != anchor.String() {
				t.Errorf("%q: %v became %v, %v", said, anchor, again, err)
			}
		}
		if day, err := inventory.ParseDate(said); err == nil && day.String() != said {
			t.Errorf("%q: %v", said, day)
		}
		if network, address, err := syslog.Parse(said); err == nil {
			if host, _, err := net.SplitHostPort(address); err != nil || host == "" || network == "" {
				t.Errorf("%q: %s %s, %v", said, network, address, err)
			}
		}
		if period, err := coldchain.ParsePeriod(said, time.UTC); err == nil && period.Name() != said {
			t.Errorf("%q: %s", said, period.Name())
		}
		if size, err := simulate.ParseSize(said); err == nil && string(size) != said {
			t.Errorf("%q: %v", said, size)
		}
		if probe, err := modbus.ParseSetting(said); err == nil && (probe.Address == "" || probe.Every <= 0 || probe.Scale <= 0) {
			t.Errorf("%q: %+v", said, probe)
		}
	})
}
