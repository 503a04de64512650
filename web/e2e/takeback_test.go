package e2e

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"wardwatch/tracking/hospital"
)

// TestAWrongLineIsTakenBackByKeyboard: a use that was mistyped is booked, found in the ledger
// and taken back with the keyboard alone; a line that was not booked by hand says how it is put right.
func TestAWrongLineIsTakenBackByKeyboard(t *testing.T) {
	b := quiet(t).look(t, hospital.SupplyManager, desk)
	b.tolerate = []string{"422"} // the form that is refused
	b.open("/stock/i-028")
	b.reach(all("#use-quantity"))
	b.press("1")
	b.press(kb.Enter)
	b.until("the use is booked", `document.readyState === "complete" && /1 taken/.test(document.body.innerText)`)
	b.until("lines that hang together with more say how they are put right", `/put right/.test(document.querySelector("#put-right li").textContent)`)
	b.eval(`document.querySelector("tr[id^=line-] details").id = "wrong"`)
	b.reach(all("#wrong > summary"))
	b.press(kb.Enter)
	b.reach(all("#wrong input[name=why]"))
	b.check("a line that is taken back")
	b.press(" ")
	b.press(kb.Enter)
	b.until("the refusal stands in the form, with the focus", `document.readyState === "complete" && /Say what was wrong/.test(document.activeElement.innerText) && document.activeElement.closest("details[open]") !== null`)
	b.eval(`document.activeElement.closest("details").id = "wrong"`)
	b.reach(all("#wrong input[name=why]"))
	b.press("mistyped")
	b.press(kb.Enter)
	b.until("the line names itself as taken back, and the newest one what it does", `(() => {
		const said = [...document.querySelectorAll("[data-label=What]")].slice(0, 2).map((e) => e.innerText)
		return /takes line \d+ back/.test(said[0]) && /was taken back by line \d+/.test(said[1])
	})()`)
}
