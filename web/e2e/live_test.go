package e2e

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"wardwatch/tracking/hospital"
)

// fake stands in for the browser's sockets, so that a test can end them in every way.
const fake = `window.sockets = []
window.WebSocket = class {
	constructor(url) { this.url = String(url); sockets.push(this); if (window.refused) setTimeout(() => this.onclose({ code: 1006 })) }
	close() { this.closed = true }
	say(message) { this.onmessage({ data: JSON.stringify(message) }) }
	end(code) { this.onclose({ code }) }
}
`

// with lets a script run before every page of the tab.
func (b *tab) with(script string) {
	b.t.Helper()
	b.do(chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(script).Do(ctx)
		return err
	}))
}

// TestAPageComesBackFromEveryEnding: whatever code its socket ends with, and when it never ends but
// is silent, the page asks for a new one, from where it stood. What was typed and what has the
// focus is not touched, and what came meanwhile is shown when the focus has left.
func TestAPageComesBackFromEveryEnding(t *testing.T) {
	b := visited(t).look(t, hospital.Nurse, desk)
	b.with(fake)
	b.do(chromedp.Navigate(b.server.url + "/"))
	b.until("it listens", `window.sockets && sockets.length === 1 && !!sockets[0].onmessage`)
	b.eval(`sockets[0].say({now: Date.now(), every: 600000, cursor: "b.7"}), "said"`)
	for n, code := range []int{1000, 1001, 1005, 1006, 1011, 1012, 1013} {
		b.eval(fmt.Sprintf(`sockets.at(-1).end(%d), "ended"`, code))
		b.until(fmt.Sprintf("after %d it asks again, from where it stood", code), fmt.Sprintf(`sockets.length === %d && /since=b\.7/.test(sockets.at(-1).url)`, n+2))
		b.eval(`sockets.at(-1).say({now: Date.now()}), "said"`)
		b.until("it is live", `document.body.dataset.liveState === "live"`)
	}
	b.eval(`window.before = sockets.length, sockets.at(-1).say({now: Date.now(), every: 200}), "said"`)
	b.until("a socket that is silent is given up", `sockets.length > before && sockets[before - 1].closed`)
	b.eval(`sockets.at(-1).say({now: Date.now(), every: 600000}), "said"`)

	b.eval(`(() => { const d = document.createElement("div"); d.id = "held"; d.innerHTML = "<input id='typed'><b>old</b>"; document.querySelector("main").append(d)
		document.getElementById("typed").focus(); document.getElementById("typed").value = "half a wo" })(), "there"`)
	b.eval(`sockets.at(-1).say({cursor: "b.8", frags: [{id: "held", html: "<div id='held'><b>new</b></div>"}]}), "said"`)
	if kept := b.eval(`document.activeElement.id + " " + document.getElementById("typed").value`); kept != "typed half a wo" {
		t.Errorf("an update took away what was typed: %q", kept)
	}
	b.eval(`document.getElementById("typed").blur(), "left"`)
	b.until("and is shown once the focus has left", `document.getElementById("held").innerText === "new"`)

	b.eval(`sockets.at(-1).say({version: "another"}), "said"`)
	b.until("a page of another build offers to load anew, and does not by itself", `/updated/.test(document.getElementById("live-strip-text").innerText) && document.getElementById("held").innerText === "new"`)
	b.eval(`Object.defineProperty(document, "hidden", {get: () => window.away}); window.away = true; sockets.at(-1).end(1006); "away"`)
	if state := b.eval(`document.body.dataset.liveState`); state != "paused" {
		t.Errorf("nobody looks, and it is %s", state)
	}
	b.eval(`window.before = sockets.length, window.away = false, document.dispatchEvent(new Event("visibilitychange")), "back"`)
	b.until("it asks at once when somebody looks again", `sockets.length > before`)
}

// TestWhereSocketsAreRefusedAPageAsks: a proxy that lets no socket through costs seconds, not the truth.
func TestWhereSocketsAreRefusedAPageAsks(t *testing.T) {
	b := visited(t).look(t, hospital.Nurse, desk)
	b.with("window.refused = true\n" + fake)
	b.with(`Math.random = () => 0`)
	b.do(chromedp.Navigate(b.server.url + "/"))
	b.until("it polls", `performance.getEntriesByType("resource").some((r) => r.name.includes("/live.json"))`)
	b.until("and is live", `document.body.dataset.liveState === "live" && sockets.length >= 5`)
}
