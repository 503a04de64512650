package e2e

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"wardwatch/tracking/hospital"
)

// pagesAtMost bounds one person's walk: who finds more walks in a circle.
const pagesAtMost = 160

var particular = regexp.MustCompile(`^[^/]*[\d.@_-][^/]*$|^(g|store|main)$`)

// shape is an address without what is particular to one thing: "/fridges/f-02" is "/fridges/*".
func shape(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if i > 1 && particular.MatchString(part) {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, "/")
}

// walk is what those who follow the links together have seen, and what is left to them.
type walk struct {
	mu       sync.Mutex
	more     *sync.Cond
	seen     map[string]bool // shapes that were opened
	queued   map[string]bool
	queue    []string
	visited  int
	underWay int // pages that somebody is looking at: they may lead to others
}

func newWalk(seen map[string]bool) *walk {
	w := &walk{seen: seen, queued: map[string]bool{}, queue: []string{"/"}}
	w.more = sync.NewCond(&w.mu)
	return w
}

// next is a page of a shape that nobody has seen, or "" once there are no more: it waits
// where one that another is looking at may lead on. Home is seen by each role.
func (w *walk) next() (path string, nth int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.visited < pagesAtMost {
		if len(w.queue) == 0 {
			if w.underWay == 0 {
				return "", 0
			}
			w.more.Wait()
			continue
		}
		path, w.queue = w.queue[0], w.queue[1:]
		if path != "/" && w.seen[shapeOf(path)] {
			continue
		}
		w.seen[shapeOf(path)] = path != "/"
		w.visited++
		w.underWay++
		return path, w.visited
	}
	return "", 0
}

// ledTo notes where a page led that was looked at.
func (w *walk) ledTo(links []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, link := range links {
		if of := shapeOf(link); of != "" && !w.seen[of] && !w.queued[of] {
			w.queued[of] = true
			w.queue = append(w.queue, link)
		}
	}
	w.underWay--
	w.more.Broadcast()
}

// soFar is how many pages were looked at.
func (w *walk) soFar() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.visited
}

// shapeOf is the shape of where a link leads, "" where it leads nowhere.
func shapeOf(link string) string {
	address, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return shape(address.Path)
}

// TestEveryLinkLeadsToAPageWithoutFault follows the links of the pages from home
// on, one page of each shape, as three people who see different parts of the house,
// each in two tabs.
func TestEveryLinkLeadsToAPageWithoutFault(t *testing.T) {
	t.Parallel()
	s := visited(t)
	seen := map[string]bool{}
	for _, role := range []hospital.Role{hospital.SupplyManager, hospital.Pharmacist, hospital.Administrator} {
		t.Run(string(role), func(t *testing.T) {
			w := newWalk(seen)
			for _, name := range []string{"in one tab", "in another"} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					b := s.look(t, role, desk)
					for b.lookAtNext(w) {
					}
					visited := w.soFar()
					if visited == pagesAtMost {
						t.Errorf("after %d pages there were still more", visited)
					}
					t.Logf("%d pages in both tabs, the heaviest here %s: %d bytes, %d of them scripts", visited, b.heaviest.where, b.heaviest.Page, b.heaviest.Scripts)
				})
			}
		})
	}
}

// lookAtNext looks at one page of the walk from all sides; false: there was none.
func (b *tab) lookAtNext(w *walk) bool {
	b.t.Helper()
	path, nth := w.next()
	if path == "" {
		return false
	}
	var links []string
	defer func() { w.ledTo(links) }() // also where the test ends here: the other tab waits
	b.on(desk)
	b.open(path)
	b.check(path)
	b.mustBeLight(path)
	b.mustStandOut(path, nth%2 == 0)
	for _, on := range append(between(), phone, tiny) {
		b.on(on)
		b.mustFit(path + " on " + on.name)
	}
	b.mustBeTouchable(path)
	links = b.links()
	return true
}

// links are the addresses of the page that lead to other pages of ours; those of the
// gallery's samples lead nowhere.
func (b *tab) links() []string {
	b.t.Helper()
	var all []string
	b.evalInto(`[...new Set([...document.querySelectorAll("a[href^='/']")].filter((a) => !a.hasAttribute("download") && !/\/sample-\d/.test(a.getAttribute("href"))).map((a) => a.getAttribute("href")))]`, &all)
	return slices.DeleteFunc(all, func(href string) bool {
		path, _, _ := strings.Cut(href, "?")
		return strings.HasPrefix(path, "/static/") || strings.HasSuffix(path, ".pdf") || strings.HasSuffix(path, ".csv") || strings.HasSuffix(path, ".xlsx") || strings.HasSuffix(path, ".json") || strings.HasSuffix(path, ".jsonl") || strings.HasPrefix(path, "/api/")
	})
}
