package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"wardwatch/tracking/hospital"
)

// boxes are those that a story ticks, as ticks names them.
var boxes = []string{"#tick-0", "#tick-1", "#tick-2", "#tick-3", "#tick-4", "#tick-5", "#tick-6", "#tick-7"}

// ticks names eight boxes of the list: of its first item, for which a proposal waits, and of
// the seven that are nearest above their reorder point with nothing on its way. Of one or
// another of these there may be enough, or a proposal meanwhile; not of all.
const ticks = `(() => {
	const number = (r, name) => parseFloat(r.querySelector("[data-label='" + name + "']").innerText)
	const over = (r) => number(r, "Usable") / number(r, "Reorder point")
	const rows = [...document.querySelectorAll("tr[data-item]")], room = rows.filter((r) => over(r) > 1 && isNaN(number(r, "On order")))
	room.sort((a, b) => over(a) - over(b))
	;[rows[0], ...room.slice(0, 7)].sort((a, b) => rows.indexOf(a) - rows.indexOf(b)).forEach((r, i) => r.querySelector("input").id = "tick-" + i)
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
	b := quiet(t).look(t, hospital.SupplyManager, phone)
	b.open("/stock")
	b.eval(ticks)
	b.click(boxes[0])
	b.until("the button stays at hand", `(() => { const r = document.querySelector("#reorder button").getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight })()`)
	b.check("the list with one ticked")
	for _, box := range boxes[1:] {
		b.click(box)
	}
	b.click("#reorder button")
	b.came(b.click)
	b.check("what came of a reorder")
}

// TestTickedItemsAreReorderedByKeyboard, and nothing ticked loses neither the list nor its filter.
func TestTickedItemsAreReorderedByKeyboard(t *testing.T) {
	b := quiet(t).look(t, hospital.SupplyManager, desk)
	b.open("/stock?supplier=medisupply")
	b.reach(all("#reorder button"))
	b.press(kb.Enter)
	b.until("it says what to do first", `location.search === "?supplier=medisupply" && /Tick what to reorder first/.test(document.body.innerText)`)
	b.open("/stock")
	b.eval(ticks)
	for _, box := range boxes {
		b.reach(all(box))
		b.press(" ")
	}
	b.reach(all("#reorder button"))
	b.press(kb.Enter)
	b.came(func(selector string) { b.reach(all(selector)); b.press(kb.Enter) })
}

// TestTickedItemsAreReorderedWithoutScripts in the page, which the test's own do not need.
func TestTickedItemsAreReorderedWithoutScripts(t *testing.T) {
	b := quiet(t).look(t, hospital.SupplyManager, desk)
	b.do(emulation.SetScriptExecutionDisabled(true), chromedp.Navigate(b.server.url+"/stock"))
	b.eval(ticks)
	plain := func(selector string) { b.do(chromedp.Click(selector, chromedp.ByQuery)) }
	for _, box := range boxes {
		plain(box)
	}
	plain("#reorder button")
	b.came(plain)
}

// TestAnAnswerToAnotherVersionComesBackInSight: somebody changed the proposal meanwhile. The page
// opens at the sentence that says so, above what was typed, and not at its head; without scripts too.
func TestAnAnswerToAnotherVersionComesBackInSight(t *testing.T) {
	s := demo(t)
	for name, without := range map[string]bool{"with scripts": false, "without": true} {
		t.Run(name, func(t *testing.T) {
			b := s.look(t, hospital.SupplyManager, phone)
			b.tolerate = []string{"409"} // the answer that comes too late
			b.do(emulation.SetScriptExecutionDisabled(without), chromedp.Navigate(s.url+"/orders/proposals"))
			b.until("proposals wait", `document.readyState === "complete" && document.querySelectorAll('form[action$="/approve"]').length > 3`)
			b.eval(`(() => {
				const f = document.querySelectorAll('form[action$="/approve"]')[2]
				f.version.value = 99 // as if this page were older than a colleague's change
				f.why.value = "typed at length"
				f.querySelector("button.primary").id = "late"
			})()`)
			b.do(chromedp.ScrollIntoView("#late", chromedp.ByQuery), chromedp.Click("#late", chromedp.ByQuery))
			b.until("it comes back in sight, with what was typed", `(() => {
				const said = [...document.querySelectorAll("main form .notice")].find((e) => /changed since you opened it/.test(e.innerText)), r = said && said.getBoundingClientRect()
				return said && document.activeElement === said && r.top >= 0 && r.bottom <= innerHeight && said.closest("form").why.value === "typed at length"
			})()`)
		})
	}
}

// TestProposalsAreAnsweredByKeysAlone: Escape leads out of a field back to its card, with what
// was typed, so that the card's keys work again; what was said of it has the focus then, and
// the next key goes on from there.
func TestProposalsAreAnsweredByKeysAlone(t *testing.T) {
	b := quiet(t).look(t, hospital.SupplyManager, desk)
	b.open("/orders/proposals")
	b.press("j")
	b.press("d")
	b.until("a reason is asked for", `document.activeElement.name === "why"`)
	b.press("enough of it")
	b.press(kb.Escape)
	b.until("Escape leads back to the card", `document.activeElement.closest("[data-row]") && !document.activeElement.matches("input")`)
	b.eval(mark)
	b.press("d")
	b.until("it is declined, and that has the focus", unmarked+` && document.activeElement.matches(".said")`)
	b.press(kb.Tab)
	b.until("the keyboard goes on below", `!!document.activeElement.closest("main")`)
}
