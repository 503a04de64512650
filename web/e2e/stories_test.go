package e2e

import (
	"testing"

	"wardwatch/tracking/hospital"
)

// mark lets a story notice that a page was loaded anew.
const (
	mark     = `window.storyMark = "still the same page"`
	unmarked = `window.storyMark !== "still the same page"`
)

// TestAPumpMovesOnAnOpenMap: nobody touches the page, and a dot changes its room.
func TestAPumpMovesOnAnOpenMap(t *testing.T) {
	b := demo(t, "--speed", "30").look(t, hospital.Nurse, desk)
	b.open("/floors")
	var floors []string
	b.evalInto(`[...document.querySelectorAll('main a[href^="/floors/"]')].map((a) => a.getAttribute("href"))`, &floors)
	if len(floors) == 0 {
		t.Fatal("there is no floor")
	}
	b.open(floors[len(floors)-1])
	b.until("equipment is on the map", `document.querySelectorAll(".plan .dot[data-asset]").length > 0`)
	b.eval(mark)
	b.eval(`window.storyRooms = Object.fromEntries([...document.querySelectorAll(".plan .dot[data-asset]")].map((d) => [d.dataset.asset, d.dataset.in])), "noted"`)
	b.untilWithin(storyTime, "something moved to another room", `[...document.querySelectorAll(".plan .dot[data-asset]")].some((d) => window.storyRooms[d.dataset.asset] && window.storyRooms[d.dataset.asset] !== d.dataset.in)`)
	if b.eval(unmarked) == "true" {
		t.Error("the page was loaded anew")
	}
}

// TestAnAlarmAppearsAndIsAcknowledged: a nurse has the home page open when a
// fridge has been too warm for too long.
func TestAnAlarmAppearsAndIsAcknowledged(t *testing.T) {
	s := demo(t)
	board := s.look(t, hospital.Pharmacist, desk)
	board.open("/coldchain")
	b := s.look(t, hospital.Nurse, phone)
	b.open("/")
	b.eval(mark)
	b.untilWithin(storyTime, "the strip tells of an alarm", `!!document.querySelector("#alarm-strip .strip")`)
	b.until("the bell counts it", `Number(document.querySelector("#bell .badge").textContent) >= 1`)
	b.until("the tab tells it", `/^\(\d+\) /.test(document.title)`)
	b.until("a screen reader is told", `document.getElementById("announce-alarm").textContent.length > 10`)
	if b.eval(unmarked) == "true" {
		t.Error("the page was loaded anew")
	}
	board.until("the board, which nobody touches, says which fridge it is", `/too warm/i.test(document.querySelector(".tile.fridge .tile-face.is-alarm").innerText)`)
	board.rings()
	b.check("home with an alarm")
	b.tap("#alarm-strip a.button")
	b.until("the inbox opens", `location.pathname.startsWith("/alarms") && !!document.querySelector("[data-alarm] .sheet summary")`)
	b.check("alarm inbox")
	b.tap("[data-alarm] .sheet summary")
	b.until("the sheet offers reasons", `!!document.querySelector("[data-alarm] .sheet[open] [name=reason]")`)
	b.check("acknowledge sheet")
	b.tap(`[data-alarm] .sheet[open] button[name="reason"]`)
	b.until("it is said", `!!document.querySelector(".said") && document.querySelector(".said").innerText.includes("Acknowledged")`)
	if b.taps > 3 {
		t.Errorf("acknowledging with a reason took %d taps; 3 are allowed", b.taps)
	}
	b.open("/alarms?tab=acknowledged")
	b.until("it stands under acknowledged, with the name of who did it", `document.querySelector("[data-alarm]").innerText.includes("acknowledged")`)
}

// TestAProposalIsApprovedSentAndReceived: a supply manager follows an order from
// its reason to the shelf.
func TestAProposalIsApprovedSentAndReceived(t *testing.T) {
	b := demo(t).look(t, hospital.SupplyManager, desk)
	b.open("/orders/proposals")
	b.until("proposals wait", `!!document.querySelector('form[action$="/approve"]')`)
	b.check("proposals")
	// The last one is the least urgent; it needs no second person.
	last := `[...document.querySelectorAll('form[action$="/approve"]')].filter((f) => !f.closest("article").innerText.includes("two people")).at(-1)`
	approved := b.eval(last + `.getAttribute("action")`)
	b.eval(last + `.querySelector("button.primary").click(), "approved"`)
	b.until("it is said", `!!document.querySelector(".said") && /on order \d{4}-\d{4}/.test(document.querySelector(".said").innerText)`)
	b.until("it waits no more", "!document.querySelector('form[action=\""+approved+"\"]')")
	number := b.eval(`document.querySelector(".said").innerText.match(/\d{4}-\d{4}/)[0]`)
	b.open("/orders/" + number)
	b.check("draft order")
	b.click(`form[action$="/send"] button`)
	b.until("it is sent", `!!document.querySelector('form[action$="/receive"]')`)
	b.check("sent order")
	b.eval(`[...document.querySelectorAll('form[action$="/receive"] fieldset')].forEach((line) => {
		line.querySelector('[name^="quantity-"]').value = line.querySelector("legend").innerText.match(/: ([\d,.]+)/)[1].replace(/\D/g, "");
		line.querySelector('[name^="lot-"]').value = "E2E-7";
		line.querySelector('[name^="expiry-"]').value = new Date(Date.now() + 400 * 86400000).toISOString().slice(0, 10);
	}), "typed"`)
	b.click(`form[action$="/receive"] button.primary`)
	b.until("the order is closed", `!document.querySelector('form[action$="/receive"]') && document.querySelector("main").innerText.includes("Closed")`)
	b.check("closed order")
	b.open("/orders/" + number)
	item := b.eval(`document.querySelector('main table a[href^="/stock/"]').getAttribute("href")`)
	b.open(item)
	b.until("the lot stands on the shelf", `document.querySelector("main").innerText.includes("E2E-7")`)
	b.check("item")
}

// TestTheWallTellsOfAnAlarmAndOfBeingCutOff: nobody touches it.
func TestTheWallTellsOfAnAlarmAndOfBeingCutOff(t *testing.T) {
	s := demo(t)
	b := s.look(t, hospital.Nurse, screen{"wall", 1920, 1080, true})
	b.tolerate = []string{"WebSocket connection", "ERR_CONNECTION_REFUSED", "/live"}
	b.open("/wall/coldchain")
	b.check("wall")
	if height := b.eval(`String(document.documentElement.scrollHeight <= innerHeight)`); height != "true" {
		t.Error("the fridges of a hospital do not fit on one display")
	}
	b.untilWithin(storyTime, "the worst stands first, in alarm", `document.querySelector(".wall-tile").classList.contains("is-alarm")`)
	b.until("the strip names it", `document.querySelector("#alarm-strip strong").innerText.includes(document.querySelector(".wall-tile strong").innerText)`)
	b.check("wall with an alarm")
	s.stop()
	b.until("it greys", `getComputedStyle(document.querySelector("main")).filter.includes("grayscale")`)
	b.until("and says since when", `!document.getElementById("live-strip").hidden`)
}

// rings switches the sound on in the inbox and hears it, since an alarm waits.
func (b *tab) rings() {
	b.t.Helper()
	b.open("/alarms")
	b.eval(`window.tones = 0; window.AudioContext = class {
		currentTime = 0; destination = {};
		createOscillator() { return { frequency: {}, connect: (next) => next, start() { window.tones++ }, stop() {} } }
		createGain() { return { gain: { setValueAtTime() {}, exponentialRampToValueAtTime() {} }, connect: (next) => next } }
	}; "stubbed"`)
	b.click("[data-sound]")
	b.until("it rings", `window.tones >= 3 && document.querySelector("[data-sound]").getAttribute("aria-pressed") === "true"`)
	b.until("it says so", `document.querySelector("[data-sound]").innerText.trim() === "Sound is on"`)
	b.click("[data-sound]")
	b.until("it says that it is off", `document.querySelector("[data-sound]").innerText.trim() === "Sound is off"`)
}
