package e2e

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"wardwatch/tracking/hospital"
)

// pictures is the folder in which pictures are kept; empty: none are made.
func pictures() string { return os.Getenv("WARDWATCH_SCREENSHOTS") }

// mostPictured bounds a walk; more pages than that in one role is a mistake of the walk.
const mostPictured = 400

// showing is one way in which a page is pictured.
type showing struct {
	name          string
	width, height int64
	colours       scheme
}

// pictured are every theme at the width of a desk and of a telephone.
func pictured() (all []showing) {
	for _, s := range schemes() {
		name := strings.NewReplacer(", ", "-", " ", "-").Replace(s.name)
		all = append(all, showing{"desk-" + name, desk.width, desk.height, s}, showing{"phone-" + name, phone.width, phone.height, s})
	}
	return all
}

// album is the folder's table of contents: who, which page, and how it looks.
type album struct{ rows []string }

// TestEveryPageAsAPicture draws every page of every role, in every theme, at both widths, and those to which no
// link leads: nothing found, not for this role, no connection, the walls, and an empty house from its first link on.
// It judges nothing: somebody has to look. index.html in the folder shows them side by side.
func TestEveryPageAsAPicture(t *testing.T) {
	if pictures() == "" {
		t.Skip("SKIPPED: pictures are made where WARDWATCH_SCREENSHOTS names a folder for them")
	}
	var kept album
	defer kept.write(t)
	s := demo(t)
	for _, role := range hospital.Roles() {
		b := s.look(t, role, desk)
		b.tolerate = []string{"403", "404"}
		for _, path := range []string{"/no/such/page", "/admin/people", "/search?q=zzzz", "/offline"} {
			b.picture(&kept, string(role), path)
		}
		b.pictureAll(&kept, string(role))
	}
	empty, link := house(t)
	b := empty.look(t, "", desk)
	b.picture(&kept, "nobody", "/sign-in")
	b.picture(&kept, "nobody", link)
	b.put(`input[name="name"]`, "Ada Root")
	b.put(`input[name="email"]`, "ada@linden.example")
	b.put(`input[name="password"]`, "tiger-lamp-cloud-seven")
	b.click(`main form button.primary`)
	b.until("she is in", `location.pathname === "/"`)
	b.pictureAll(&kept, "empty house")
}

// pictureAll follows the links from home on, one page of each shape.
func (b *tab) pictureAll(kept *album, who string) {
	b.t.Helper()
	seen, queue := map[string]bool{"/": true}, []string{"/"}
	for n := 0; len(queue) > 0; n++ {
		if n == mostPictured {
			b.t.Fatalf("%s sees more than %d pages", who, mostPictured)
		}
		b.picture(kept, who, queue[0])
		for _, next := range b.links() {
			path, _, _ := strings.Cut(next, "?")
			if at := shape(path); !seen[at] {
				seen[at] = true
				queue = append(queue, next)
			}
		}
		queue = queue[1:]
	}
}

// picture keeps how a page looks in each look. What is a file to keep is no page: the browser stays where it was.
func (b *tab) picture(kept *album, who, path string) {
	b.t.Helper()
	switch err := chromedp.Run(b.ctx, chromedp.Navigate(b.server.url+path)); {
	case err != nil && strings.Contains(err.Error(), "ERR_ABORTED"):
		return
	case err != nil:
		b.t.Fatalf("%s: %v", path, err)
	}
	b.until("page "+path+" is there", `document.readyState === "complete"`)
	name := strings.Trim(strings.NewReplacer("/", "-", "?", "-", "&", "-", "=", "-").Replace(path), "-")
	if name == "" {
		name = "home"
	}
	row := "<tr><th>" + html.EscapeString(who) + "<br>" + html.EscapeString(path)
	for _, l := range pictured() {
		b.do(emulation.SetDeviceMetricsOverride(l.width, l.height, 1, l.width < 500), emulation.SetEmulatedMedia().WithFeatures(l.colours.features))
		var png []byte
		b.do(chromedp.Evaluate("scrollTo(0, 0)", nil), chromedp.FullScreenshot(&png, 100))
		at := filepath.Join(strings.ReplaceAll(who, " ", "-"), l.name, name[:min(len(name), 80)]+".png")
		if err := os.MkdirAll(filepath.Dir(filepath.Join(pictures(), at)), 0o755); err != nil {
			b.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(pictures(), at), png, 0o644); err != nil {
			b.t.Fatal(err)
		}
		row += fmt.Sprintf(`<td><a href="%[1]s"><img src="%[1]s" alt="%s" width="%d" loading="lazy"></a>`, filepath.ToSlash(at), html.EscapeString(l.name), l.width/4)
	}
	kept.rows = append(kept.rows, row)
}

// write makes the page that shows all pictures side by side.
func (a *album) write(t *testing.T) {
	page := "<!DOCTYPE html><meta charset=utf-8><title>Every page</title><table><tr><th>page"
	for _, l := range pictured() {
		page += "<th>" + html.EscapeString(l.name)
	}
	if err := os.WriteFile(filepath.Join(pictures(), "index.html"), []byte(page+strings.Join(a.rows, "\n")+"</table>\n"), 0o644); err != nil {
		t.Error(err)
	}
	t.Logf("%d pages, %d pictures in %s", len(a.rows), len(a.rows)*len(pictured()), pictures())
}
