package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"wardwatch/tracking/hospital"
)

// TestARoomIsDrawnWithThePointer: an administrator clicks round a room on the plan,
// takes a corner back, names it and saves; it stands on the map.
func TestARoomIsDrawnWithThePointer(t *testing.T) {
	s := quiet(t) // an alarm's strip would move the plan while somebody points at it
	b := s.look(t, hospital.Administrator, desk)
	floor := b.firstFloor()
	b.open(floor + "/draw")
	box := `document.querySelector("svg.drawing").getBoundingClientRect()`
	b.eval(`document.querySelector("svg.drawing").scrollIntoView({block: "center"}), "seen"`)
	clickAt := func(right, down float64) {
		var at []float64
		b.evalInto(fmt.Sprintf(`(() => { const r = %s; return [r.left + r.width * %g, r.top + r.height * %g]; })()`, box, right, down), &at)
		b.do(chromedp.MouseClickXY(at[0], at[1]))
	}
	corners := func(n int) string {
		return fmt.Sprintf(`document.querySelector("#field-corners").value.split("\n").filter(Boolean).length === %d`, n)
	}
	// The first corner is typed: a click on a room while there is none opens that room.
	b.eval(`document.querySelector("#field-corners").value = "1 1", document.querySelector("#field-corners").dispatchEvent(new Event("input", {bubbles: true})), "typed"`)
	for i, at := range [][2]float64{{0.06, 0.1}, {0.06, 0.2}, {0.02, 0.2}, {0.3, 0.6}} {
		clickAt(at[0], at[1])
		b.until("the click is a corner", corners(i+2))
	}
	b.click("[data-drawing-undo]")
	b.until("the last corner is away", corners(4))
	b.until("the outline is drawn", `document.querySelector(".draft").getAttribute("points").split(" ").length === 4`)
	b.eval(`document.querySelector('input[name="name"]').value = "Drawn by hand", "named"`)
	b.eval(`[...document.querySelectorAll("main button.primary")].find((e) => e.innerText.trim() === "Save the room").id = "save", "found"`)
	b.click("#save")
	b.until("the room is kept", `location.search.includes("room=") && /Drawn by hand/.test(document.querySelector("main").innerText)`)
	b.open(floor)
	b.until("it stands on the map", `[...document.querySelectorAll("svg.plan polygon title, svg.plan a")].some((e) => (e.textContent + (e.getAttribute("aria-label") || "")).includes("Drawn by hand"))`)
}

// TestTheReplaySliderTurnsTheClockBack: the plan follows the slider without a new page.
func TestTheReplaySliderTurnsTheClockBack(t *testing.T) {
	s := visited(t)
	b := s.look(t, hospital.Nurse, desk)
	b.open(b.firstFloor() + "/replay")
	b.eval(mark)
	before := b.text(`#replay [role=status]`)
	b.eval(`document.querySelector("#replay-minute").focus(), "there"`)
	b.eval(`(() => { const s = document.querySelector("#replay-minute"); s.value = Number(s.value) >= 720 ? 300 : 900; s.dispatchEvent(new Event("input", {bubbles: true})); })(), "moved"`)
	b.until("another minute is shown", fmt.Sprintf(`document.querySelector("#replay [role=status]").innerText !== %q`, before))
	b.until("its plan is there", `!!document.querySelector("#replay svg.plan polygon")`)
	if b.eval(unmarked) == "true" {
		t.Error("the page was loaded anew")
	}
}

// firstFloor is the address of the floor that the list names last: the ground floor.
func (b *tab) firstFloor() string {
	b.t.Helper()
	b.open("/floors")
	var floors []string
	b.evalInto(`[...document.querySelectorAll('main a[href^="/floors/"]')].map((a) => a.getAttribute("href"))`, &floors)
	if len(floors) == 0 {
		b.t.Fatal("there is no floor")
	}
	return floors[len(floors)-1]
}
