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
	s := demo(t)
	desk := s.look(t, hospital.Administrator, desk)
	desk.open("/admin/displays")
	desk.check("wall displays")
	desk.do(chromedp.SendKeys("#field-name", "Pharmacy wall", chromedp.ByQuery))
	desk.eval(`for (const tick of document.querySelectorAll("[name=board]")) tick.checked = true; document.querySelector("#field-turn").value = "5"`)
	desk.tap(`form[action="/admin/displays"] button.primary`)
	desk.until("its link is shown", `!!document.querySelector(".notice code")`)
	link := desk.eval(`new URL(document.querySelector(".notice code").innerText).pathname`)

	wall := s.look(t, "", screen{"wall", 1920, 1080, true})
	wall.tolerate = []string{"WebSocket connection", "401", "410"} // what it asks once its link has ended
	wall.open(link)
	wall.check("a display's first board")
	const board = `document.querySelector("[data-wall-board]:not([hidden])").dataset.wallBoard`
	if first := wall.eval(board); first != "coldchain" {
		t.Errorf("it begins with %s", first)
	}
	wall.until("the next board stands", board+` === "equipment"`)
	wall.check("the board of equipment")
	wall.until("and the next", board+` === "orders"`)
	wall.click("[data-wall-pause]")
	wall.check("the board of orders")
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
