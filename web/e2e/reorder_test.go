package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"wardwatch/tracking/hospital"
)

// ticks names two boxes of the list: one, of the item that is nearest to its reorder point
// with nothing on its way, so that there is room to ask for more; and two, of the first,
// for which a proposal waits.
const ticks = `(() => {
	const number = (r, name) => parseFloat(r.querySelector("[data-label='" + name + "']").innerText)
	const room = [...document.querySelectorAll("tr[data-item]")].filter((r) => /In stock/.test(r.innerText) && isNaN(number(r, "On order")))
	room.sort((a, b) => number(a, "Usable") / number(a, "Reorder point") - number(b, "Usable") / number(b, "Reorder point"))
	room[0].querySelector("input").id = "one"
	document.querySelector("tr[data-item] input").id = "two"
})()`

// came reads what came of it, and goes to a proposal and back again.
func (b *tab) came(taps func(selector string)) {
	b.t.Helper()
	b.until("it says what was proposed", `location.pathname === "/stock/reorder" && !!document.querySelector("#made li, [aria-labelledby=made] li")`)
	b.until("and of what has a proposal, that one waits", `/A proposal waits already/.test(document.querySelector("main").innerText)`)
	taps(`main a[href*="#proposal-"]`)
	b.until("the proposal is shown", `location.pathname === "/orders/proposals" && !!document.querySelector(location.hash)`)
	b.do(chromedp.NavigateBack())
	b.until("the way back leads to what came of it", `location.pathname === "/stock/reorder" && /A proposal waits already/.test(document.querySelector("main").innerText)`)
}

// TestTickedItemsAreReordered by pointer on a telephone, where the button stays at hand
// below a long list.
func TestTickedItemsAreReordered(t *testing.T) {
	b := demo(t).look(t, hospital.SupplyManager, phone)
	b.open("/stock")
	b.eval(ticks)
	b.click("#one")
	b.until("the button stays at hand", `(() => { const r = document.querySelector("#reorder button").getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight })()`)
	b.check("the list with one ticked")
	b.click("#two")
	b.click("#reorder button")
	b.came(b.click)
	b.check("what came of a reorder")
}

// TestTickedItemsAreReorderedByKeyboard, and nothing ticked loses neither the list nor its filter.
func TestTickedItemsAreReorderedByKeyboard(t *testing.T) {
	b := demo(t).look(t, hospital.SupplyManager, desk)
	b.open("/stock?supplier=medisupply")
	b.reach("#reorder button")
	b.press(kb.Enter)
	b.until("it says what to do first", `location.search === "?supplier=medisupply" && /Tick what to reorder first/.test(document.body.innerText)`)
	b.open("/stock")
	b.eval(ticks)
	for _, box := range []string{"#two", "#one"} {
		b.reach(box)
		b.press(" ")
	}
	b.reach("#reorder button")
	b.press(kb.Enter)
	b.came(func(selector string) { b.reach(selector); b.press(kb.Enter) })
}

// TestTickedItemsAreReorderedWithoutScripts in the page, which the test's own do not need.
func TestTickedItemsAreReorderedWithoutScripts(t *testing.T) {
	b := demo(t).look(t, hospital.SupplyManager, desk)
	b.do(emulation.SetScriptExecutionDisabled(true), chromedp.Navigate(b.server.url+"/stock"))
	b.eval(ticks)
	b.click("#one")
	b.click("#two")
	b.click("#reorder button")
	b.came(b.click)
}
