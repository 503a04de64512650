package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/simulate"
)

// TestAScannerAloneReceivesUsesMovesAndCounts: on a telephone's screen, with the cards
// and the codes of boxes and nothing else. No finger touches the page.
func TestAScannerAloneReceivesUsesMovesAndCounts(t *testing.T) {
	needBrowser(t)
	items := simulate.Draw(simulate.Small).Items
	i := slices.IndexFunc(items, func(item simulate.Item) bool { return item.Place == "central-store" && item.GTIN != "" })
	if i < 0 {
		t.Fatal("the made-up central store has no item with a GTIN")
	}
	item, box := items[i], "01"+items[i].GTIN+"10G77E"
	b := demo(t).look(t, hospital.SupplyManager, phone)
	b.open("/stock/scan")
	scan := func(code string, says ...string) {
		t.Helper()
		b.until("the cursor stands in the box", `document.activeElement.id === "scan-code" && document.activeElement.value === ""`)
		b.eval(mark)
		b.press(code + kb.Enter)
		b.until("the page came back after "+code, unmarked+` && document.readyState === "complete"`)
		for _, word := range says {
			b.until(fmt.Sprintf("after %s it says %q", code, word), fmt.Sprintf(`document.querySelector("main, .said") && document.body.innerText.includes(%q)`, word))
		}
	}
	scan("WW-DO-RECEIVE", "What is scanned now is received")
	scan("WW-AT-central-store", "Place: ")
	scan("WW-N-20", "Quantity: 20")
	scan(box+"17301231", "Received: 20 ", "lot G77E", "eparator") // the scanner swallowed the separator after the lot
	b.check("received by the scanner")
	scan("WW-DO-USE", "is used")
	scan("WW-N-3", "Quantity: 3")
	scan(box, "Used: 3 ")
	scan("WW-DO-MOVE", "is moved")
	scan("WW-TO-pharmacy-shelf", "Move to: ")
	scan("WW-N-5", "Quantity: 5")
	scan(box, "Moved: 5 ")
	scan("WW-DO-COUNT", "is counted")
	scan("WW-N-11", "Quantity: 11")
	scan("WW-WHY-1", "Reason: ")
	scan(box, "Counted: 11 ")
	if b.taps != 0 {
		t.Errorf("%d taps", b.taps)
	}
	b.open("/stock/" + item.ID)
	b.until("the shelves hold what was scanned", `(() => {
		const rows = [...document.querySelectorAll("main tr")].map((r) => r.innerText.replace(/\s+/g, " ")).filter((r) => r.includes("G77E"));
		return rows.some((r) => /\b11\b/.test(r)) && rows.some((r) => /\b5\b/.test(r));
	})()`)
}
