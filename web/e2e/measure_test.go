package e2e

import (
	"os"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"wardwatch/tracking/hospital"
)

const (
	// slowed is how many times slower than this machine a phone's processor is taken to be.
	slowed = 4
	// looks is how often each page is opened; the median counts.
	looks = 5
)

// feel is what a person waits for on a page, in ms.
type feel struct {
	Paint float64 // until something is there to read
	Touch float64 // from a touch until the screen answers it
}

// opened reads the paint; touched waits for the answer to the next touch.
const (
	opened  = `performance.getEntriesByName("first-contentful-paint")[0].startTime`
	listens = `window.touch = new Promise((done) => new PerformanceObserver((seen) => done(Math.max(...seen.getEntries().map((e) => e.duration)))).observe({type: "event", durationThreshold: 16})), true`
	touched = `Promise.race([window.touch, new Promise((done) => setTimeout(() => done(16), 1000))])`
)

// TestHowSoonPagesAnswer measures, and holds nothing: a loaded machine proves nothing.
// WARDWATCH_MEASURE=1 go test ./web/e2e -run HowSoon -v
func TestHowSoonPagesAnswer(t *testing.T) {
	if os.Getenv("WARDWATCH_MEASURE") == "" {
		t.Skip("SKIPPED: set WARDWATCH_MEASURE=1 to measure on a machine that does nothing else")
	}
	b := demo(t).look(t, hospital.SupplyManager, phone)
	b.do(emulation.SetCPUThrottlingRate(slowed))
	for _, path := range []string{"/", "/search?q=pump", "/floors/g", "/coldchain", "/fridges/f-01", "/alarms", "/stock", "/orders/proposals"} {
		var paints, touches []float64
		for range looks {
			b.open(path)
			var f feel
			b.until("it is painted", `performance.getEntriesByName("first-contentful-paint").length > 0`)
			b.evalInto(opened, &f.Paint)
			b.eval(listens)
			b.click(".topbar .menu summary")
			b.do(chromedp.Evaluate(touched, &f.Touch, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
			paints, touches = append(paints, f.Paint), append(touches, f.Touch)
		}
		slices.Sort(paints)
		slices.Sort(touches)
		t.Logf("%-20s painted after %3.0f ms, answers a touch within %3.0f ms", path, paints[looks/2], touches[looks-1])
	}
}
