package e2e

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wardwatch/tracking/hospital"
)

// pagesAtMost bounds the walk.
const pagesAtMost = 80

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

// TestEveryLinkLeadsToAPageWithoutFault follows the links of the pages from home
// on, one page of each shape, as three people who see different parts of the house.
func TestEveryLinkLeadsToAPageWithoutFault(t *testing.T) {
	t.Parallel()
	s := visited(t)
	seen := map[string]bool{}
	for _, role := range []hospital.Role{hospital.SupplyManager, hospital.Pharmacist, hospital.Administrator} {
		t.Run(string(role), func(t *testing.T) {
			b := s.look(t, role, desk)
			queue, queued := []string{"/"}, map[string]bool{}
			visited := 0
			for len(queue) > 0 && visited < pagesAtMost {
				path := queue[0]
				queue = queue[1:]
				if address, err := url.Parse(path); err == nil && path != "/" {
					if seen[shape(address.Path)] {
						continue
					}
					seen[shape(address.Path)] = true
				}
				b.on(desk)
				b.open(path)
				visited++
				b.check(path)
				b.mustBeLight(path)
				b.mustStandOut(path, visited%2 == 0)
				for _, on := range append(between(), phone, tiny) {
					b.on(on)
					b.mustFit(path + " on " + on.name)
				}
				b.mustBeTouchable(path)
				for _, next := range b.links() {
					if address, err := url.Parse(next); err == nil && !seen[shape(address.Path)] && !queued[shape(address.Path)] {
						queued[shape(address.Path)] = true
						queue = append(queue, next)
					}
				}
			}
			t.Logf("%d pages, the heaviest %s: %d bytes, %d of them scripts", visited, b.heaviest.where, b.heaviest.Page, b.heaviest.Scripts)
		})
	}
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
