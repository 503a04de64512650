package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"wardwatch/tracking/hospital"
)

// TestEveryChartCanBeRead: each has a table that says the same, and says the row that the
// pointer or the arrow keys stand on.
func TestEveryChartCanBeRead(t *testing.T) {
	b := visited(t).look(t, hospital.SupplyManager, desk)
	for _, page := range []string{"/fridges/f-02", "/stock/health", "/stock/usage", "/orders/proposals"} {
		b.open(page)
		const charts = `[...document.querySelectorAll("svg.chart:not(.spark):not([aria-hidden])")]`
		if without := b.eval(charts + `.filter((c) => !(c.closest("[data-chart]") || c.closest("main")).querySelector("table")).length`); without != "0" {
			t.Errorf("%s: %s charts without a table", page, without)
		}
		b.until(page+" has a chart that can be read", `!!document.querySelector("svg.chart[role=slider]")`)
		b.do(chromedp.Focus("svg.chart[role=slider]", chromedp.ByQuery))
		const said = `document.querySelector(".chart-said").innerText`
		last := b.eval(said)
		b.press(kb.Home)
		first := b.eval(said)
		if first == "" || last == "" || first == last {
			t.Errorf("%s: the keys read %q, then %q", page, last, first)
		}
		if spoken := b.eval(`document.querySelector("svg.chart[role=slider]").getAttribute("aria-valuetext")`); spoken != first {
			t.Errorf("%s: a screen reader hears %q for %q", page, spoken, first)
		}
		var at struct{ X, Y float64 }
		b.evalInto(`(() => { const c = document.querySelector("svg.chart[role=slider]"); c.scrollIntoView({block: "center"}); const r = c.getBoundingClientRect(); return {x: r.right - 4, y: r.top + r.height / 2} })()`, &at)
		b.do(chromedp.MouseEvent("mouseMoved", at.X, at.Y))
		b.until(page+fmt.Sprintf(": the pointer reads %q", last), fmt.Sprintf(said+" !== %q", first))
		b.check(page + " with its chart read")
	}
}

// TestAFloorIsDrawnLarger, and shows where things stood.
func TestAFloorIsDrawnLarger(t *testing.T) {
	b := visited(t).look(t, hospital.Nurse, phone)
	b.open("/floors")
	b.tap("main .list a, main a.tile")
	b.until("a plan is shown", `!!document.querySelector("svg.plan[role=group]")`)
	const width = `String(document.querySelector("svg.plan[role=group]").getBoundingClientRect().width)`
	before := b.eval(width)
	b.tap(`nav[aria-label="How it is drawn"] a.button`)
	b.until("it is larger", `Number(`+width+`) > 1.2 * `+before)
	b.mustFit("a floor drawn larger")
	b.click(`nav[aria-label="How it is drawn"] .chip:last-child`)
	b.until("rooms are shaded", `!!document.querySelector(".plan .heat-4") && !!document.querySelector('[aria-label="What the shades mean"]')`)
	b.check("where things stood")
}
