package e2e

import (
	"context"
	"regexp"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"wardwatch/tracking/hospital"
)

var printedPage = regexp.MustCompile(`/Type\s*/Page\b`)

// TestEachRolesGuideFitsOnOnePage prints it as its reader would.
func TestEachRolesGuideFitsOnOnePage(t *testing.T) {
	s := visited(t)
	for _, role := range hospital.Roles() {
		b := s.look(t, role, desk)
		b.open("/")
		b.click(".topbar .menu summary")
		b.tap(`.topbar .menu a[href="/guide"]`)
		b.until("it is the role's own", `document.querySelector(".guide ol li")`)
		b.check("guide of a " + string(role))
		var pdf []byte
		b.do(chromedp.ActionFunc(func(ctx context.Context) (err error) {
			pdf, _, err = page.PrintToPDF().WithPreferCSSPageSize(true).Do(ctx)
			return err
		}))
		if pages := len(printedPage.FindAll(pdf, -1)); pages != 1 {
			t.Errorf("the guide of a %s takes %d pages", role, pages)
		}
	}
}
