package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// readers is how many people ask for pages at once.
	readers = 8
	// askers is how many people they are in turn: one alone may search twenty times a second,
	// and is told to wait when she asks for more (see web/limits.go).
	askers = 100
)

// client asks over connections that stay.
var pageTransport = &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}

// measurePages: each page on its own, asked for by several people at once, beside
// the same bytes from a bare router.
func measurePages(ctx context.Context, r *run) error {
	size := r.Size
	size.Fridges, size.Browsers = min(size.Fridges, 20), max(size.Browsers, askers*socketsEach)
	m, err := r.hospital(ctx, size)
	if err != nil {
		return err
	}
	s, err := r.serve(ctx, m.path)
	if err != nil {
		return err
	}
	defer func() { _ = s.stop() }()
	if err := r.furnish(ctx, s, m); err != nil {
		return err
	}
	bare, err := r.bare(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = bare.stop() }()
	for _, page := range []struct{ name, path string }{
		{"home", "/"}, {"search", "/search?q=pump"}, {"floor", "/floors/" + string(m.rooms[0].Floor)}, {"asset", "/assets/" + m.assets[min(1, len(m.assets)-1)]},
		{"cold chain", "/coldchain"}, {"fridge", "/fridges/" + m.fridges[0]}, {"stock", "/stock"}, {"alarms", "/alarms"}} {
		if err := r.page(ctx, s, bare, m, page.name, page.path); err != nil {
			return err
		}
	}
	r.add(Row{What: "resident after it", Value: s.resident(), Unit: "MiB"})
	return nil
}

// furnish gives pages something to show: a day of each fridge, every tag seen.
func (r *run) furnish(ctx context.Context, s *server, m *measured) error {
	all, err := dialAll(ctx, s, m, sightConnections, readingWindow, &latencies{})
	if err != nil {
		return err
	}
	defer hangUp(all)
	p := &past{m: m, start: time.Now().Add(-time.Hour).UnixMilli(), sent: make([]int64, len(all)), of: len(all)}
	if _, err := p.pour(ctx, all, min(time.Second, r.For), 10*len(m.sensors)); err != nil {
		return err
	}
	f := &flood{m: m, messages: messagesOf(m, r.Size.Tags)}
	_, _, err = f.pour(ctx, all, min(3*time.Second, r.For), steadySightings)
	return err
}

// page measures one page and its bare twin.
func (r *run) page(ctx context.Context, s, bare *server, m *measured, name, path string) error {
	body, err := fetch(ctx, s.http+path, m.header(0))
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, bare.http+"/static", bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := pageTransport.RoundTrip(request)
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	ours, took, err := ask(ctx, s.http+path, m.header, r.For/2)
	if err != nil {
		return err
	}
	static, _, err := ask(ctx, bare.http+"/static", m.header, r.For/4)
	if err != nil {
		return err
	}
	title := fmt.Sprintf("%s page (%.0f kB)", name, float64(len(body))/1000)
	r.add(Row{What: title, Value: ours, Unit: "/s", Beside: static, BesideWhat: "the same bytes from a bare router", More: true})
	r.add(Row{What: title + fmt.Sprintf(", p99 of %d at once", readers), Value: took.at(0.99), Unit: "ms"})
	return nil
}

// fetch asks for a page once.
func fetch(ctx context.Context, url string, header http.Header) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	for name, value := range header {
		request.Header[name] = value
	}
	answer, err := pageTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s", url, answer.Status)
	}
	return body, err
}

// ask has several people at once ask for a page, again and again, each time as the next of a crowd.
func ask(ctx context.Context, url string, header func(person int) http.Header, length time.Duration) (perSecond float64, took *latencies, err error) {
	took = &latencies{}
	var next atomic.Int64
	errs := make(chan error, readers)
	var asking sync.WaitGroup
	begun := time.Now()
	for range readers {
		asking.Go(func() {
			for time.Since(begun) < length {
				at := time.Now()
				if _, err := fetch(ctx, url, header(int(next.Add(1)))); err != nil {
					errs <- err
					return
				}
				took.add(time.Since(at))
			}
		})
	}
	asking.Wait()
	select {
	case err := <-errs:
		return 0, nil, err
	default:
		return float64(took.n()) / time.Since(begun).Seconds(), took, nil
	}
}
