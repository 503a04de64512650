package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"

	"wardwatch/tracking/hospital"
)

// TestAGatewayIsSetUpInThreeSteps: its token is made on its own page, entered in it, and
// the page says by itself that the gateway is heard.
func TestAGatewayIsSetUpInThreeSteps(t *testing.T) {
	s := demo(t)
	b := s.look(t, hospital.Administrator, desk)
	b.open("/admin/gateways")
	b.tap("#new-gateway summary")
	b.do(chromedp.SendKeys("#new-gateway-id", "AC:23:3F:00:00:FF", chromedp.ByQuery), chromedp.SendKeys("#new-gateway-name", "New on the ward", chromedp.ByQuery))
	b.eval(`for (const list of document.querySelectorAll("#new-gateway select")) list.value = list.options[list.options.length - 1].value`)
	b.tap("#new-gateway button.primary")
	b.until("its own page opens", `location.pathname.startsWith("/admin/gateways/")`)
	b.check("a gateway's own page")
	b.tap(`form[action$="/token"] button`)
	b.until("the token is shown", `!!document.querySelector("#token code")`)
	b.eval(mark)
	id, token := b.eval(`decodeURIComponent(location.pathname.split("/")[3])`), b.eval(`document.querySelector("#token code").innerText`)
	s.deliver(token, `{"sightings":[{"tag":"c0ffee0000aa","gateway":"`+id+`","rssi_dbm":-60}]}`)
	b.until("the page says that it is heard", `/working/i.test(document.querySelector("#heard").innerText) && Number(document.querySelector('#heard [id$="-sightings"]').innerText) >= 1`)
	if b.eval(unmarked) == "true" {
		t.Error("the page was loaded anew")
	}
}
