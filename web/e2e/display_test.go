package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"

	"wardwatch/tracking/hospital"
)

// TestADisplayTurnsItsBoardsAndGoesDark: an administrator makes its link, the display shows
// one board after the other without anybody near it, stands still when told to, starts its
// sound with one press, and is dark as soon as the link has ended.
func TestADisplayTurnsItsBoardsAndGoesDark(t *testing.T) {
	s := quiet(t) // an alarm would hold the board of fridges
	desk := s.look(t, hospital.Administrator, desk)
	desk.open("/admin/displays")
	desk.check("wall displays")
	desk.do(chromedp.SendKeys("#field-name", "Pharmacy wall", chromedp.ByQuery))
	desk.eval(`for (const tick of document.querySelectorAll("[name=board]")) tick.checked = true; document.querySelector("#field-turn").value = "5"; document.querySelector("#field-unit").value = "ed"`)
	desk.tap(`form[action="/admin/displays"] button.primary`)
	desk.until("its link is shown", `!!document.querySelector(".notice code")`)
	link := desk.eval(`new URL(document.querySelector(".notice code").innerText).pathname`)

	wall := s.look(t, "", screen{"wall", 1920, 1080, true})
	wall.tolerate = []string{"WebSocket connection", "401", "410"} // what it asks once its link has ended
	const board = `document.querySelector("[data-wall-board]:not([hidden])").dataset.wallBoard`
	// Which it begins with is noted while the page loads: the next stands five seconds later.
	wall.with(`addEventListener("DOMContentLoaded", () => { window.begins = document.querySelector("[data-wall-board]:not([hidden])")?.dataset.wallBoard })`)
	wall.open(link)
	if first := wall.eval(`window.begins`); first != "coldchain" {
		t.Errorf("it begins with %s", first)
	}
	wall.check("a display's first board")
	for _, next := range []string{"unit", "equipment", "orders"} {
		wall.until(next+" stand next, and are told to stand still", board+` === "`+next+`" && (document.querySelector("[data-wall-pause]").click(), true)`)
		wall.check("the board of " + next)
		if stands := wall.eval(board); stands != next {
			t.Errorf("told to stand still at %s, it shows %s", next, stands)
		}
		wall.click("[data-wall-pause]")
	}
	wall.click("[data-wall-start]")
	wall.until("its sound is on", `document.querySelector("[data-wall-start]").hidden`)
	if fits := wall.eval(`String(document.documentElement.scrollWidth <= innerWidth)`); fits != "true" {
		t.Error("it is wider than its screen")
	}
	desk.open("/admin/displays")
	desk.tap(`form[action$="/end"] button`)
	wall.until("it is dark at once", `document.body.classList.contains("is-off") && !document.querySelector("[data-fridge]")`)
	wall.do(chromedp.Reload())
	wall.until("and stays so", `/switched off/i.test(document.querySelector("h1").innerText)`)
}
