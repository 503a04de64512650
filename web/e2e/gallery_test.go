package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"

	"wardwatch/tracking/hospital"
)

// scheme is a way in which a device or a person asks for colours.
type scheme struct {
	name     string
	features []*emulation.MediaFeature
	axe      string
}

func asks(name, value string) *emulation.MediaFeature {
	return &emulation.MediaFeature{Name: name, Value: value}
}

// enhanced is axe's check for a contrast of 7:1 (WCAG 1.4.6).
const enhanced = `["color-contrast-enhanced", "color-contrast"]`

func schemes() []scheme {
	return []scheme{
		{"light", []*emulation.MediaFeature{asks("prefers-color-scheme", "light")}, everything},
		{"dark", []*emulation.MediaFeature{asks("prefers-color-scheme", "dark")}, colours},
		{"high contrast, light", []*emulation.MediaFeature{asks("prefers-color-scheme", "light"), asks("prefers-contrast", "more")}, enhanced},
		{"high contrast, dark", []*emulation.MediaFeature{asks("prefers-color-scheme", "dark"), asks("prefers-contrast", "more")}, enhanced},
	}
}

// painted tells how each element of a specimen that has a class is painted: what a person
// would see, and nothing of fonts or sizes, which differ from machine to machine.
const painted = `[...document.querySelectorAll("[data-specimen]")].flatMap((s) => {
	const seen = new Set()
	return [...s.querySelectorAll(".specimen-body [class]")].flatMap((e) => {
		const name = s.dataset.specimen + " " + e.tagName.toLowerCase() + "." + [...e.classList].sort().join(".")
		if (seen.has(name) || e.closest("svg") && e.tagName !== "svg" && !e.classList.length) return []
		seen.add(name)
		const c = getComputedStyle(e)
		return [[name, c.color, c.backgroundColor, c.borderTopStyle === "none" ? "no edge" : c.borderTopWidth + " " + c.borderTopStyle + " " + c.borderTopColor,
			e instanceof SVGElement ? c.fill + " " + c.stroke : "", c.fontWeight].join(" | ")]
	})
}).join("\n")`

// withoutEdge names what has no edge once the device forces its colours and fills are gone.
const withoutEdge = `[...document.querySelectorAll(".status, .badge, .card, .tile, .strip, .button:not(.quiet)")].filter((e) => parseFloat(getComputedStyle(e).borderTopWidth) < 1).map((e) => e.className).join(", ")`

// mustStandOut looks at the page as it is for those who ask for more contrast: every text
// stands out 7:1, and with forced colours everything that is a form of its own has an edge.
func (b *tab) mustStandOut(where string, dark bool) {
	b.t.Helper()
	s := schemes()[2]
	if dark {
		s = schemes()[3]
	}
	b.do(emulation.SetEmulatedMedia().WithFeatures(s.features))
	b.checkFor(where+", "+s.name, s.axe)
	b.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{asks("forced-colors", "active")}))
	if bare := b.eval(withoutEdge); bare != "" {
		b.t.Errorf("%s: where the device forces its colours, these have no edge: %s", where, bare)
	}
}

const paintedKept = "testdata/gallery.txt"

// TestTheGalleryInEveryColourScheme: no component fails axe in any scheme, and each is painted
// as it was when somebody last looked. WARDWATCH_LOOKS=keep keeps how they look now.
func TestTheGalleryInEveryColourScheme(t *testing.T) {
	b := visited(t).look(t, hospital.Nurse, desk)
	b.open("/gallery")
	var now strings.Builder
	for _, s := range schemes() {
		b.do(emulation.SetEmulatedMedia().WithFeatures(s.features))
		b.checkFor("the gallery, "+s.name, s.axe)
		now.WriteString("== " + s.name + "\n" + b.eval(painted) + "\n")
	}
	b.do(emulation.SetEmulatedMedia().WithMedia("print"))
	now.WriteString("== on paper\n" + b.eval(painted) + "\n")
	b.compare(now.String())
	b.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{asks("forced-colors", "active")}))
	if bare := b.eval(withoutEdge); bare != "" {
		t.Errorf("where the device forces its colours, these have no edge: %s", bare)
	}
	b.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{asks("prefers-reduced-motion", "reduce")}))
	if moving := b.eval(`document.getAnimations().length`); moving != "0" {
		t.Errorf("%s animations for who asked for less motion", moving)
	}
	b.on(tiny)
	b.mustFit("the gallery, zoomed to 320")
}

// compare holds how the gallery is painted against what is kept.
func (b *tab) compare(now string) {
	b.t.Helper()
	if os.Getenv("WARDWATCH_LOOKS") == "keep" {
		if err := os.WriteFile(paintedKept, []byte(now), 0o644); err != nil {
			b.t.Fatal(err)
		}
		return
	}
	kept, err := os.ReadFile(paintedKept)
	if err != nil {
		b.t.Fatal(err)
	}
	before, after := strings.Split(string(kept), "\n"), strings.Split(now, "\n")
	told := 0
	for i := range max(len(before), len(after)) {
		was, is := line(before, i), line(after, i)
		if was != is && told < 10 {
			told++
			b.t.Errorf("looks other than it did (WARDWATCH_LOOKS=keep once somebody has looked):\n  was %s\n  is  %s", was, is)
		}
	}
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}

// TestZoomedFarIn: with the window zoomed to 400 % a screen of 1280 × 1024 has 320 × 256 left,
// and what sticks to its edges must not cover it; text alone grows to 200 %, and spaced wide it
// still fits (WCAG 1.4.4, 1.4.10, 1.4.12).
func TestZoomedFarIn(t *testing.T) {
	b := visited(t).look(t, hospital.Pharmacist, desk)
	// A wide table may make the page scroll; no text may be cut off.
	const cut = `[...document.querySelectorAll("main *")].filter((e) => ["hidden", "clip"].includes(getComputedStyle(e).overflowX) && e.scrollWidth > e.clientWidth + 2 && !e.closest(".visually-hidden, svg, thead")).map((e) => e.className + ": " + e.innerText.slice(0, 40)).join("; ")`
	const spaced = `document.body.style.cssText = "line-height: 1.5; letter-spacing: .12em; word-spacing: .16em"`
	for _, page := range []string{"/", "/coldchain", "/alarms", "/stock", "/orders", "/floors", "/fridges/f-02"} {
		b.on(screen{"zoomed to 400 %", 320, 256, false})
		b.open(page)
		b.mustFit(page + " at 400 %")
		if left := b.eval(`innerHeight - [...document.querySelectorAll(".topbar, .bottombar")].filter((e) => ["fixed", "sticky"].includes(getComputedStyle(e).position)).reduce((n, e) => n + e.offsetHeight, 0)`); left != "256" {
			t.Errorf("%s at 400 %%: %s of 256 px are left between what sticks", page, left)
		}
		b.on(screen{"zoomed to 200 %", 640, 512, false})
		b.mustFit(page + " at 200 %")
		b.on(desk)
		b.eval(`document.documentElement.style.fontSize = "200%"`)
		if lost := b.eval(cut); lost != "" {
			t.Errorf("%s with text at 200 %%: cut off are %s", page, lost)
		}
		b.eval(`document.documentElement.style.fontSize = ""; ` + spaced)
		if lost := b.eval(cut); lost != "" {
			t.Errorf("%s spaced wide: cut off are %s", page, lost)
		}
	}
}
