package e2e

import (
	"testing"

	"wardwatch/tracking/hospital"
)

// TestAUnitsBoardFollowsThePumpThatIsMarked: the station screen and the wall tell at once, without
// loading anew, that a pump waits to be cleaned; the board fits a telephone, the wall has nothing to press but what starts its sound.
func TestAUnitsBoardFollowsThePumpThatIsMarked(t *testing.T) {
	s := quiet(t)
	wide, small, wall := s.look(t, hospital.Nurse, desk), s.look(t, hospital.Nurse, phone), s.look(t, hospital.Nurse, screen{"wall", 1920, 1080, true})
	small.open("/units/medical")
	small.check("a unit's board on a telephone")
	wide.open("/units/medical")
	wide.check("a unit's board")
	wall.open("/units/medical?wall=1")
	wall.check("a unit's board on a wall")
	if pressed := wall.eval(`String([...document.querySelectorAll("body :is(a:not(.skip), button:not([data-wall-start]), form)")].filter((e) => e.checkVisibility()).length)`); pressed != "0" {
		t.Errorf("%s things can be pressed on a wall", pressed)
	}
	for _, b := range []*tab{small, wide, wall} {
		b.until("it is live", `document.body.dataset.liveState === "live"`)
		b.eval(`window.before = "the same page"`)
	}

	pump := small.awaits(`fetch("/search?q=infusion+pump&unit=medical&status=free").then((r) => r.text()).then((text) =>
		new DOMParser().parseFromString(text, "text/html").querySelector('main a[href^="/assets/"]').getAttribute("href"))`)
	small.awaits(`fetch("` + pump + `/status", {method: "POST", body: new URLSearchParams({status: "needs_cleaning"})}).then((r) => String(r.status))`)
	waits := `!!document.querySelector('#unit-medical-dirty a[href="` + pump + `"]') && window.before === "the same page"`
	small.until("the telephone names the pump", waits)
	wide.until("the desk names the pump", waits)
	wall.until("the wall counts it", `/to clean/.test(document.querySelector("#unit-medical-wall .wall-counts").innerText) && window.before === "the same page"`)
	for _, b := range []*tab{small, wide, wall} {
		b.mustFit("after the change")
	}
}
