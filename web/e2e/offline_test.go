package e2e

import (
	"net/url"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"

	"wardwatch/tracking/hospital"
)

// TestWithoutAConnectionNothingOldLooksNew: the server goes away. The open page stays with what
// was typed; a page that is opened now says that there is no connection, and since when; it comes
// back by itself with the server. What the worker keeps is no page and no answer.
func TestWithoutAConnectionNothingOldLooksNew(t *testing.T) {
	s, link := house(t)
	b := s.look(t, "", desk)
	b.tolerate = []string{"WebSocket", "ERR_CONNECTION_REFUSED", "/live", "Failed to load", "net::"}
	b.open(link)
	b.put(`input[name="name"]`, "Ada Root")
	b.put(`input[name="email"]`, "ada@linden.example")
	b.put(`input[name="password"]`, "tiger-lamp-cloud-seven")
	b.click(`main form button.primary`)
	b.until("she is in", `location.pathname === "/"`)
	b.untilWorker()
	b.open("/admin/start")
	kept := b.awaits(`caches.keys().then(async (names) => (await Promise.all(names.map(async (n) => (await (await caches.open(n)).keys()).map((r) => new URL(r.url).pathname)))).flat().filter((p) => p !== "/offline" && !p.startsWith("/static/")).join(" "))`)
	if kept != "" {
		t.Errorf("the worker keeps %s", kept)
	}
	b.put("#start-house-site", "Linden, half typed")
	b.eval(`(() => { const Socket = WebSocket; window.failed = 0; window.states = [];
		window.WebSocket = class extends Socket { constructor(...to) { super(...to); this.addEventListener("close", () => window.failed++); } };
		new MutationObserver(() => window.states.push(document.body.dataset.liveState)).observe(document.body, {attributeFilter: ["data-live-state"]}); return "" })()`)
	s.stop()
	b.until("the page looks old", `["stale", "offline"].includes(document.body.dataset.liveState)`)
	b.eval(`window.failed = 0; ""`)
	b.until("it has tried again in vain", `window.failed > 0`)
	if states := b.eval(`window.states.slice(window.states.findIndex((s) => s !== "reconnecting")).join(" ")`); strings.Contains(states, "reconnecting") || states == "" {
		t.Errorf("a try to connect makes an old page look new: %s", states)
	}
	b.click(`form[action="/admin/start/house"] button.primary`)
	// Its required fields are empty, and the browser says so first.
	b.eval(`for (const f of document.querySelectorAll("#step-house [required]")) if (!f.value) f.value = "x"; "filled"`)
	b.click(`form[action="/admin/start/house"] button.primary`)
	b.until("the form is not sent, and says so", `/^Not sent/.test((document.getElementById("not-sent") || {textContent: ""}).textContent)`)
	b.click(`.rail a[href="/coldchain"]`)
	b.until("the page stays", `/This page stays/.test(document.getElementById("not-sent").textContent) && document.querySelector("#start-house-site").value === "Linden, half typed"`)
	b.check("a page without a connection")

	b.do(chromedp.Navigate(s.url + "/coldchain"))
	b.until("a page opened now says since when", `/^No connection since \d\d:\d\d/.test(document.getElementById("offline-since").textContent)`)
	b.check("the offline page")
	if shown := b.eval(`document.querySelectorAll("[data-fridge], .rail").length`); shown != "0" {
		t.Error("the offline page shows old things")
	}
	at, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	s.again(at.Port())
	b.until("it comes back by itself", `!document.getElementById("offline-since") && location.pathname === "/coldchain"`)
}

// TestAFormIsNotSentIntoADeadConnection: the server hears nothing any more, and the page does not
// know it yet. What is sent stays on the page, with what was typed; once the server is back the
// same button sends it, once.
func TestAFormIsNotSentIntoADeadConnection(t *testing.T) {
	s := quiet(t)
	b := s.look(t, hospital.Pharmacist, desk)
	b.tolerate = []string{"422", "/live", "ERR_TIMED_OUT"}
	b.open("/stock/scan")
	b.put(`input[name="quantity"]`, "5")
	b.put(`input[name="code"]`, "no code at all")
	b.eval(mark)
	if err := s.command.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	b.click("main form button")
	b.until("it is not sent, and says so", `/^Not sent/.test((document.getElementById("not-sent") || {textContent: ""}).textContent)`)
	if b.eval(unmarked) == "true" || b.eval(`document.querySelector('input[name="code"]').value`) != "no code at all" {
		t.Error("what was typed is gone")
	}
	if err := s.command.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	b.click("main form button")
	b.until("it is sent, and answered", unmarked+` && !!document.querySelector("main .notice.is-warning:not(#not-sent)") && document.querySelector('input[name="quantity"]').value === "5"`)
}
