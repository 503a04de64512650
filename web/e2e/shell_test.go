package e2e

import (
	"slices"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp/kb"

	"wardwatch/tracking/hospital"
)

// TestEveryPageOfTheRailCanBeUsedByEverybody walks through what each role's rail
// leads to, on every kind of screen.
func TestEveryPageOfTheRailCanBeUsedByEverybody(t *testing.T) {
	t.Parallel()
	s := visited(t)
	for _, role := range []hospital.Role{hospital.Nurse, hospital.Pharmacist, hospital.SupplyManager, hospital.Administrator} {
		t.Run(string(role), func(t *testing.T) {
			b := s.look(t, role, desk)
			b.open("/")
			var pages []string
			b.evalInto(`[...document.querySelectorAll(".rail a")].map((a) => a.getAttribute("href"))`, &pages)
			if len(pages) < 3 {
				t.Fatalf("the rail leads to %v only", pages)
			}
			for _, page := range pages {
				b.on(desk)
				b.open(page)
				b.check(page + " on " + desk.name)
				b.on(night) // the same page: the colours change, nothing is loaded
				b.checkFor(page+" on "+night.name, colours)
				b.on(tiny)
				b.mustFit(page + " on " + tiny.name)
				b.on(phone)
				b.open(page)
				b.check(page + " on " + phone.name)
			}
		})
	}
}

func TestKeyboardAlone(t *testing.T) {
	b := visited(t).look(t, hospital.Nurse, desk)
	b.open("/")
	b.until("the cursor stands in the search box", `document.activeElement.id === "q"`)
	b.press(kb.Escape)
	b.press("?")
	b.until("the list of keys opens", `document.getElementById("shortcuts").open`)
	b.press(kb.Escape)
	b.until("and closes", `!document.getElementById("shortcuts").open`)
	b.press("/")
	b.until("slash searches", `document.activeElement.id === "q"`)
	b.press(kb.Escape)
	b.eval(`Date.now = ((now) => () => now)(Date.now()), "no time passes between the two"`)
	b.press("g")
	b.press("c")
	b.until("g c goes to the cold chain", `location.pathname === "/coldchain"`)
}

func TestAPageThatIsCutOffSaysSinceWhen(t *testing.T) {
	s := demo(t)
	b := s.look(t, hospital.Nurse, desk)
	b.tolerate = []string{"WebSocket connection", "ERR_CONNECTION_REFUSED", "/live"}
	b.open("/")
	s.stop()
	b.until("the bar says so", `!document.getElementById("live-strip").hidden && /^Not updating since \d\d:\d\d/.test(document.getElementById("live-strip-text").textContent)`)
	b.until("the tab says so", `document.title.startsWith("(?) ")`)
	b.until("what is shown looks old", `getComputedStyle(document.querySelector("main")).filter.includes("grayscale")`)
}

func TestColoursAreRemembered(t *testing.T) {
	b := visited(t).look(t, hospital.Nurse, desk)
	b.open("/")
	b.click(".topbar .menu summary")
	b.click(`.menu button[value="dark"]`)
	b.until("the page is dark", `document.documentElement.dataset.theme === "dark" && location.pathname === "/"`)
	b.open("/")
	b.until("and stays dark", `document.documentElement.dataset.theme === "dark"`)
}

func TestAnotherRoleAnotherHouse(t *testing.T) {
	b := visited(t).look(t, hospital.Nurse, desk)
	b.open("/")
	b.until("a nurse has no orders", `!document.querySelector('.rail a[href="/orders"]')`)
	b.click(`.strip.demo button[value="supply_manager"]`)
	b.until("a supply manager has", `!!document.querySelector('.rail a[href="/orders"]')`)
	b.until("and is told so", `document.querySelector(".said").innerText.includes("Supply manager")`)
}

// TestALinkAloneInItsRowIsAsTallAsAFinger, and a pointer's at a desk. What counts is where it answers, not how it is drawn.
func TestALinkAloneInItsRowIsAsTallAsAFinger(t *testing.T) {
	const heights = `[...document.querySelectorAll("main .tap")].filter((a) => a.checkVisibility()).map((a) => {
		a.scrollIntoView({block: "center"});
		const box = a.getBoundingClientRect(), x = box.left + box.width / 2, answers = (y) => a.contains(document.elementFromPoint(x, y));
		let top = Math.round(box.top + box.height / 2), bottom = top;
		while (answers(top - 1)) top--;
		while (answers(bottom + 1)) bottom++;
		return bottom - top + 1; })`
	b := visited(t).look(t, hospital.BiomedicalEngineer, desk)
	for _, on := range []struct {
		screen screen
		finger bool
		least  int
	}{{desk, false, 24}, {phone, true, 44}} {
		b.on(on.screen)
		b.do(emulation.SetTouchEmulationEnabled(on.finger))
		b.open("/units")
		var tall []int
		b.evalInto(heights, &tall)
		if len(tall) == 0 || slices.Min(tall) < on.least {
			t.Errorf("on %s: links %v px tall, not %d", on.screen.name, tall, on.least)
		}
	}
}

// TestOnPaperEveryFigureStandsUnderItsTitle: a column that isn't printed goes with its title.
func TestOnPaperEveryFigureStandsUnderItsTitle(t *testing.T) {
	const shifted = `[...document.querySelectorAll("main table:has(thead)")].filter((table) => {
		const cells = (row) => [...row.cells].filter((c) => c.checkVisibility()).reduce((n, c) => n + c.colSpan, 0);
		const row = table.tBodies[0]?.rows[0];
		return row && table.checkVisibility() && row.cells.length === table.tHead.rows[0].cells.length && cells(row) !== cells(table.tHead.rows[0]); })
		.map((table) => table.caption?.innerText || table.tHead.innerText).join("; ")`
	b := visited(t).look(t, hospital.SupplyManager, desk)
	b.do(emulation.SetEmulatedMedia().WithMedia("print"))
	for _, page := range []string{"/stock", "/stock/expiring", "/stock/health", "/coldchain/compliance", "/orders/2026-0001", "/units/ed"} {
		b.open(page)
		if found := b.eval(shifted); found != "" {
			t.Errorf("%s: on paper the columns are shifted: %s", page, found)
		}
	}
}
