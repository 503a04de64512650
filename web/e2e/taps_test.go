package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"wardwatch/tracking/hospital"
)

// task is one of the commonest things that people do, and how many taps it may take
// from their home page on. What is typed or scanned is no tap.
type task struct {
	name string
	as   hospital.Role
	taps int
	do   func(*tab)
}

// tasks are the commonest; an alarm's acknowledgement has a story of its own, because
// one has to wait for the alarm.
func tasks() []task {
	return []task{
		{"the nearest free pump", hospital.Nurse, 2, func(b *tab) {
			b.tap(`#free a.tile[href*="infusion"]`)
			b.until("the nearest free one says its room and how long ago", `/free/i.test(document.querySelector("a.hit[data-first]").innerText) && /floor/i.test(document.querySelector("a.hit[data-first]").innerText)`)
			b.until("it is told from the unit she signed in at", `/by distance from 2 East medical/.test(document.querySelector("main").innerText)`)
			b.tap(`a.hit[data-first]`)
			b.until("the piece is shown", `location.pathname.startsWith("/assets/")`)
		}},
		{"I have it", hospital.Nurse, 3, func(b *tab) {
			b.tap(`#free a.tile[href*="infusion"]`)
			b.tap(`a.hit[data-first]`)
			b.tapNamed("I have it")
			b.until("it is hers", `/in use/i.test(document.querySelector("main").innerText)`)
		}},
		{"it needs cleaning", hospital.Nurse, 3, func(b *tab) {
			b.tap(`#free a.tile[href*="infusion"]`)
			b.tap(`a.hit[data-first]`)
			b.tapNamed("Needs cleaning")
			b.until("it says so", `/needs cleaning/i.test(document.querySelector("main").innerText)`)
		}},
		{"it is not here", hospital.Nurse, 3, func(b *tab) {
			b.tap(`#free a.tile[href*="infusion"]`)
			b.tap(`a.hit[data-first]`)
			b.until("it says how sure that is, and by what", `/% sure, heard by \d+ gateway/.test(document.querySelector("main").innerText) || /seen by a person|read in the room/i.test(document.querySelector("main").innerText)`)
			b.tapNamed("Not here")
			b.until("others are warned", `/Not found there/.test(document.querySelector("main").innerText)`)
		}},
		{"it is broken", hospital.Nurse, 4, func(b *tab) {
			b.tap(`#free a.tile[href*="infusion"]`)
			b.tap(`a.hit[data-first]`)
			b.tap(`#broken > summary`)
			b.tap(`#broken button.danger`)
			b.until("the workshop will know", `/broken, said/i.test(document.querySelector("main").innerText)`)
		}},
		{"a room checked by scanning", hospital.Nurse, 5, func(b *tab) {
			b.tap(`a[href="/floors"]`) // in the rail, or on a telephone below
			b.tap(`main a.tile[href^="/floors/"]`)
			b.tap(`main a.list-link[href^="/rooms/"]`)
			b.tap(`main a[href$="/round"]`)
			b.until("the box waits for a scan", `document.activeElement && document.activeElement.name === "code"`)
			b.scan("p-003")
			b.until("the piece is on the list", `!!document.querySelector('input[name=seen][value="p-003"]')`)
			b.tap(`button[value=note]`)
			b.until("it is noted", `/noted: 1 piece is here/i.test((document.querySelector(".said") || {innerText: ""}).innerText)`)
		}},
		{"a pump by its label", hospital.Nurse, 0, func(b *tab) {
			b.scan("p-003")
			b.until("the piece is shown", `location.pathname === "/assets/p-003"`)
		}},
		{"a pump by the first letters of its name", hospital.Nurse, 1, func(b *tab) {
			b.types("infus")
			b.tap(`#answers a[href^="/assets/"]`)
			b.until("the piece is shown", `location.pathname.startsWith("/assets/")`)
		}},
		{"a fridge's last day", hospital.Pharmacist, 2, func(b *tab) {
			b.tap(`#cold-summary a[href="/coldchain"]`)
			b.tap(`a.tile.fridge`)
			b.until("its chart is there", `!!document.querySelector("main svg")`)
		}},
		{"a fridge's daily check", hospital.Pharmacist, 3, func(b *tab) {
			b.tap(`#cold-summary a[href="/coldchain"]`)
			b.tap(`a.tile.fridge[data-fridge="f-01"]`)
			b.tap(`form[action$="/checks"] button`)
			b.until("it is noted", `!!document.querySelector(".said")`)
		}},
		{"what expires next", hospital.Pharmacist, 1, func(b *tab) {
			b.tap(`#supplies a[href="/stock?show=expiring"]`)
			b.until("the list is there", `location.search === "?show=expiring"`)
		}},
		{"a proposal approved", hospital.SupplyManager, 2, func(b *tab) {
			b.tap(`#supplies a[href="/orders/proposals"]`)
			b.until("proposals wait", `!!document.querySelector('form[action$="/approve"]')`)
			b.tapOn(approvable("two people"))
			b.until("it is on an order", `/on order \d{4}-\d{4}/.test((document.querySelector(".said") || {innerText: ""}).innerText)`)
		}},
		{"an order on its way", hospital.SupplyManager, 2, func(b *tab) {
			b.tap(`.rail a[href="/orders"], .tabbar a[href="/orders"]`)
			b.tap(`main table a[href^="/orders/2"]`)
			b.until("its lines are there", `/^\/orders\/\d{4}-\d{4}$/.test(location.pathname)`)
		}},
		{"an item by its code", hospital.SupplyManager, 0, func(b *tab) {
			b.scan("i-015")
			b.until("the item is shown", `location.pathname.startsWith("/stock/") && /i-015/.test(location.pathname)`)
		}},
		{"a lot by its number", hospital.Pharmacist, 1, func(b *tab) {
			b.scan("l25")
			b.tap(`a.list-link[href^="/stock/"]`)
			b.until("its item is shown", `location.pathname.startsWith("/stock/") && /L25/.test(document.querySelector("main").innerText)`)
		}},
		{"a colleague's account", hospital.Administrator, 1, func(b *tab) {
			b.scan("lindqvist")
			b.tap(`a.list-link[href^="/admin/people/"]`)
			b.until("it is shown", `location.pathname.startsWith("/admin/people/")`)
		}},
	}
}

// TestTheCommonestTasksTakeFewTaps does each from the home page, and counts.
func TestTheCommonestTasksTakeFewTaps(t *testing.T) {
	s := demo(t)
	screens := map[hospital.Role]screen{hospital.Nurse: phone, hospital.Pharmacist: phone, hospital.SupplyManager: desk, hospital.Administrator: desk}
	for _, one := range tasks() {
		t.Run(one.name, func(t *testing.T) {
			b := s.look(t, one.as, screens[one.as])
			b.open("/")
			one.do(b)
			if b.taps > one.taps {
				t.Errorf("it took %d taps; %d are allowed", b.taps, one.taps)
			}
			t.Logf("%s: %d taps", one.as, b.taps)
		})
	}
}

// tap is click, counted, once the thing is there.
func (b *tab) tap(selector string) {
	b.t.Helper()
	b.tapOn(all(selector))
}

// tapOn is clickOn, counted, once the thing is there.
func (b *tab) tapOn(some string) {
	b.t.Helper()
	b.until("there is "+some, `document.readyState === "complete" && `+some+`.some((e) => e.offsetParent)`)
	b.taps++
	if b.byKeys {
		b.reach(some)
		b.press(kb.Enter)
		return
	}
	b.clickOn(some)
}

// farthest is how many times somebody presses Tab before she gives up.
const farthest = 150

// reach goes to one of some things with the Tab key alone. It must be seen there: with a ring round it,
// and not behind what sticks to the edges (WCAG 2.4.7, 2.4.11).
func (b *tab) reach(some string) {
	b.t.Helper()
	at := fmt.Sprintf(`(() => { const e = document.activeElement; if (!e || !%s.includes(e) || !e.offsetParent) return "further"
		const r = e.getBoundingClientRect(), s = getComputedStyle(e), top = document.elementFromPoint(r.left + Math.min(r.width, innerWidth) / 2, r.top + Math.min(r.height / 2, 20))
		return (parseFloat(s.outlineWidth) >= 2 && s.outlineStyle !== "none" ? "" : "no ring ") + (e.contains(top) || top && top.contains(e) ? "" : "covered by " + (top ? top.className : "nothing")) })()`, some)
	for range farthest {
		switch found := b.eval(at); found {
		case "further":
			b.press(kb.Tab)
		case "":
			return
		default:
			b.t.Errorf("%s has the focus and can't be seen: %s", some, found)
			return
		}
	}
	b.t.Fatalf("%d times Tab do not lead to %s", farthest, some)
}

// TestTheCommonestTasksByKeyboardAlone does each again, and no pointer is touched.
func TestTheCommonestTasksByKeyboardAlone(t *testing.T) {
	s := demo(t)
	for _, one := range tasks() {
		t.Run(one.name, func(t *testing.T) {
			b := s.look(t, one.as, desk)
			b.byKeys = true
			b.open("/")
			one.do(b)
		})
	}
}

// tapNamed taps the button with a name.
func (b *tab) tapNamed(name string) {
	b.t.Helper()
	b.tapOn(all("main button") + fmt.Sprintf(`.filter((e) => e.innerText.trim() === %q)`, name))
}

// approvable are the buttons of proposals that want one person's yes, and do not say that they want two.
func approvable(two string) string {
	return all(`form[action$="/approve"]`) + fmt.Sprintf(`.filter((f) => !f.closest("article").innerText.includes(%q)).map((f) => f.querySelector("button.primary"))`, two)
}

// types waits for the box in which the cursor will stand, and types.
func (b *tab) types(text string) {
	b.t.Helper()
	b.until("the cursor stands in a box", `document.activeElement.matches("input")`)
	b.press(text)
}

// scan types what a hand scanner reads.
func (b *tab) scan(code string) {
	b.t.Helper()
	b.types(code + kb.Enter)
}
