package e2e

import (
	"testing"

	"wardwatch/tracking/hospital"
)

// TestTheInboxIsAnsweredByKeyboard: j goes to a proposal, d asks for the reason
// that declining needs, a approves, and u takes it back within the minute.
func TestTheInboxIsAnsweredByKeyboard(t *testing.T) {
	b := quiet(t).look(t, hospital.SupplyManager, desk)
	b.open("/orders/proposals")
	b.until("proposals wait", `!!document.querySelector('form[action$="/approve"]')`)
	// Keys that follow each other faster than a hand can are a scanner's.
	press := func(key string) {
		t.Helper()
		b.eval(`String(window.lastKey = performance.now())`)
		b.until("a hand's pause", `performance.now() - window.lastKey > 60`)
		b.press(key)
	}
	press("j")
	b.until("the first proposal is chosen", `!!document.querySelector("article[data-proposal].selected")`)
	first := b.eval(`document.querySelector("article.selected").dataset.proposal`)
	press("j")
	b.until("the next one is", `document.querySelector("article.selected").dataset.proposal !== "`+first+`"`)
	press("k")
	b.until("k goes back", `document.querySelector("article.selected").dataset.proposal === "`+first+`"`)
	press("d")
	b.until("declining asks for its reason", `document.activeElement.id === "why-`+first+`"`)
	b.eval(`document.activeElement.blur(), "left"`)
	waiting := b.eval(`String(document.querySelectorAll("article[data-proposal]").length)`)
	press("a")
	b.until("it is approved", `!!document.querySelector(".said") && /pproved/.test(document.querySelector(".said").innerText)`)
	b.until("it can be taken back, or waits for a second person", `!!document.querySelector('[data-key="u"]') || String(document.querySelectorAll("article[data-proposal]").length) === "`+waiting+`"`)
	if b.eval(`String(!!document.querySelector('[data-key="u"]'))`) == "true" {
		press("u")
		b.until("it waits again", `!!document.querySelector('article[data-proposal="`+first+`"]')`)
	}
}
