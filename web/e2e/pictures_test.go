package e2e

import (
	"context"
	"fmt"
	"html"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"wardwatch/tracking/hospital"
)

// pictures is the folder in which pictures are kept; empty: none are made.
func pictures() string { return os.Getenv("WARDWATCH_SCREENSHOTS") }

// mostPictured bounds a walk; more pages than that in one role is a mistake of the walk.
const mostPictured = 400

// pictureTime is how long a role's walk may take: it waits for nobody, on a machine with much else to do.
const pictureTime = 50 * time.Minute

// showing is one way in which a page is pictured.
type showing struct {
	name    string
	screen  screen
	colours scheme
}

// pictured are every theme at the width of a desk and of a telephone; all of one width come
// together, since a page is laid out anew for each.
func pictured() (all []showing) {
	for _, on := range []screen{desk, phone} {
		for _, s := range schemes() {
			all = append(all, showing{on.name + "-" + strings.NewReplacer(", ", "-", " ", "-").Replace(s.name), on, s})
		}
	}
	return all
}

// album is the folder's table of contents: who, which page, and how it looks.
type album struct {
	mu   sync.Mutex
	rows map[string][]string // by who looked
}

// emptyHouse is who walks through a house that nobody has set up.
const emptyHouse = "empty house"

// TestEveryPageAsAPicture draws every page of every role, in every theme, at both widths, and those to which no
// link leads: nothing found, not for this role, no connection, the walls, and an empty house from its first link on.
// It judges nothing: somebody has to look. index.html in the folder shows them side by side. Roles walk side by side too.
func TestEveryPageAsAPicture(t *testing.T) {
	if pictures() == "" {
		t.Skip("SKIPPED: pictures are made where WARDWATCH_SCREENSHOTS names a folder for them")
	}
	kept, began := album{rows: map[string][]string{}}, time.Now()
	s := demo(t)
	t.Run("every role", func(t *testing.T) {
		for _, role := range hospital.Roles() {
			t.Run(string(role), func(t *testing.T) {
				t.Parallel()
				b := s.lookFor(t, pictureTime, role, desk)
				b.tolerate = []string{"403", "404"}
				for _, path := range []string{"/no/such/page", "/admin/people", "/search?q=zzzz", "/offline"} {
					b.picture(&kept, string(role), path)
				}
				b.pictureAll(&kept, string(role))
			})
		}
		t.Run(emptyHouse, func(t *testing.T) {
			t.Parallel()
			pictureEmptyHouse(t, &kept)
		})
	})
	kept.write(t, time.Since(began))
}

// pictureEmptyHouse walks from the first administrator's link on.
func pictureEmptyHouse(t *testing.T, kept *album) {
	empty, link := house(t)
	b := empty.lookFor(t, pictureTime, "", desk)
	b.picture(kept, emptyHouse, "/sign-in")
	b.picture(kept, emptyHouse, link)
	b.on(desk)
	b.put(`input[name="name"]`, "Ada Root")
	b.put(`input[name="email"]`, "ada@linden.example")
	b.put(`input[name="password"]`, "tiger-lamp-cloud-seven")
	b.click(`main form button.primary`)
	b.until("she is in", `location.pathname === "/"`)
	b.pictureAll(kept, emptyHouse)
}

// lookOf is a page's shape, also where what is particular to one thing is a name without a number.
func lookOf(address string) string {
	if folder, name := path.Split(address); (folder == "/units/" || folder == "/profiles/") && name != "new" {
		return folder + "*"
	}
	return shape(address)
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
			address, _, _ := strings.Cut(next, "?")
			address, _, _ = strings.Cut(address, "#")
			if at := lookOf(address); !seen[at] {
				seen[at] = true
				queue = append(queue, next)
			}
		}
		queue = queue[1:]
	}
}

// picture keeps how a page looks in each look. What is a file to keep is no page: the browser stays where it was.
func (b *tab) picture(kept *album, who, address string) {
	b.t.Helper()
	switch err := chromedp.Run(b.ctx, chromedp.Navigate(b.server.url+address)); {
	case err != nil && strings.Contains(err.Error(), "ERR_ABORTED"):
		return
	case err != nil:
		b.t.Fatalf("%s: %v", address, err)
	}
	b.until("page "+address+" is there", `document.readyState === "complete"`)
	row, wide := "<tr><th>"+html.EscapeString(who)+"<br>"+html.EscapeString(address), ""
	for _, l := range pictured() {
		if l.screen.name != wide {
			wide = l.screen.name
			b.unfold(l.screen)
		}
		at := filepath.Join(strings.ReplaceAll(who, " ", "-"), l.name, pictureName(address))
		if err := b.shoot(l.colours, filepath.Join(pictures(), at)); err != nil {
			b.t.Fatalf("%s, %s: %v", address, l.name, err)
		}
		row += fmt.Sprintf(`<td><a href="%[1]s"><img src="%[1]s" alt="%s" width="%d" loading="lazy"></a>`, filepath.ToSlash(at), html.EscapeString(l.name), l.screen.width/4)
	}
	kept.mu.Lock()
	defer kept.mu.Unlock()
	kept.rows[who] = append(kept.rows[who], row)
}

// pictureName is a file's name made of a page's address.
func pictureName(address string) string {
	name := strings.Trim(strings.NewReplacer("/", "-", "?", "-", "&", "-", "=", "-").Replace(address), "-")
	if name == "" {
		name = "home"
	}
	return name[:min(len(name), 80)] + ".png"
}

// tallest is how much of a page is pictured, in pixels: the browser paints no more at once.
const tallest = 16_000

// unfold makes the screen as high as the page is at its width, so that what stands at the
// foot of the screen covers nothing.
func (b *tab) unfold(on screen) {
	b.t.Helper()
	var high int64
	b.do(emulation.SetDeviceMetricsOverride(on.width, on.height, 1, on.width < 500),
		chromedp.Evaluate("scrollTo(0, 0); document.documentElement.scrollHeight", &high))
	b.do(emulation.SetDeviceMetricsOverride(on.width, max(on.height, min(high, tallest)), 1, on.width < 500))
}

// shoot writes the page, which is unfolded, as it looks in some colours.
func (b *tab) shoot(colours scheme, into string) error {
	var png []byte
	err := chromedp.Run(b.ctx, emulation.SetEmulatedMedia().WithFeatures(colours.features), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		png, err = page.CaptureScreenshot().WithOptimizeForSpeed(true).Do(ctx)
		return err
	}))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(into), 0o755); err != nil {
		return err
	}
	return os.WriteFile(into, png, 0o644)
}

// write makes the page that shows all pictures side by side.
func (a *album) write(t *testing.T, took time.Duration) {
	all := "<!DOCTYPE html><meta charset=utf-8><title>Every page</title><table><tr><th>page"
	for _, l := range pictured() {
		all += "<th>" + html.EscapeString(l.name)
	}
	pages := 0
	for _, who := range slices.Sorted(maps.Keys(a.rows)) {
		all += strings.Join(a.rows[who], "\n") + "\n"
		pages += len(a.rows[who])
		t.Logf("%s: %d pages", who, len(a.rows[who]))
	}
	if err := os.WriteFile(filepath.Join(pictures(), "index.html"), []byte(all+"</table>\n"), 0o644); err != nil {
		t.Error(err)
	}
	t.Logf("%d pages, %d pictures in %s, in %s", pages, pages*len(pictured()), pictures(), took.Round(time.Second))
}
