package e2e

import (
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// What a first visit may weigh, in bytes as sent, and how far it may shift while it is
// laid out. A floor plan may weigh more.
const (
	heaviestPage    = 60_000
	heaviestScripts = 30_000
	largestShift    = 0.05
)

// weight is what a page took to load.
type weight struct {
	Page, Scripts int     // bytes as sent
	Shift         float64 // the sum of its layout shifts
	Plan          bool
	where         string
}

// weigh reads what the browser measured while the page was loaded.
const weigh = `new Promise((done) => {
	let shift = 0
	new PerformanceObserver((seen) => { for (const e of seen.getEntries()) if (!e.hadRecentInput) shift += e.value }).observe({type: "layout-shift", buffered: true})
	const parts = performance.getEntriesByType("resource").filter((r) => ["link", "script", "img", "css"].includes(r.initiatorType))
	const sum = (all) => all.reduce((n, r) => n + r.encodedBodySize, 0)
	requestAnimationFrame(() => requestAnimationFrame(() => done({
		page: performance.getEntriesByType("navigation")[0].encodedBodySize + sum(parts),
		scripts: sum(parts.filter((r) => r.initiatorType === "script")),
		shift, plan: !!document.querySelector(".plan")})))
})`

func (b *tab) weigh() (w weight) {
	b.t.Helper()
	b.do(chromedp.Evaluate(weigh, &w, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return w
}

// loads is how often a page that shifts is loaded in all.
const loads = 10

// mustBeLight judges the page at a path, which is open. Where it shifts it is loaded again:
// a busy machine paints a page in parts as it arrives, and only what shifts by itself does
// so each time.
func (b *tab) mustBeLight(where string) {
	b.t.Helper()
	w := b.weigh()
	for range loads - 1 {
		if w.Shift > largestShift {
			b.open(where)
			w.Shift = min(w.Shift, b.weigh().Shift)
		}
	}
	if w.where = where; w.Page > b.heaviest.Page && !w.Plan {
		b.heaviest = w
	}
	if w.Page == 0 || w.Scripts == 0 {
		b.t.Errorf("%s: nothing was weighed: %+v", where, w)
	}
	if w.Page > heaviestPage && !w.Plan {
		b.t.Errorf("%s: the first visit takes %d bytes, %d are allowed", where, w.Page, heaviestPage)
	}
	if w.Scripts > heaviestScripts {
		b.t.Errorf("%s: its scripts take %d bytes, %d are allowed", where, w.Scripts, heaviestScripts)
	}
	if w.Shift > largestShift {
		b.t.Errorf("%s: while it is laid out it shifts by %.3f, %.2f is allowed", where, w.Shift, largestShift)
	}
}
