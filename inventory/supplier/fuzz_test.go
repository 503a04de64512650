package supplier

import (
	"testing"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
)

// FuzzAnswer judges anything that a supplier's server may answer.
func FuzzAnswer(f *testing.F) {
	f.Add(200, []byte(`<?xml version="1.0"?><cXML><Response><Status code="200" text="OK"/></Response></cXML>`))
	f.Add(200, []byte(`<!DOCTYPE a [<!ENTITY b "c">]><cXML><Response><Status code="&b;"/></Response></cXML>`))
	f.Add(409, []byte("<html>"))
	f.Fuzz(func(t *testing.T, status int, said []byte) {
		for _, format := range []inventory.Format{inventory.Peppol, inventory.CXML} {
			m := reorder.Mail{Attempts: 1, Channel: inventory.Channel{Format: format}}
			if err := judged(m, status, said); err == nil && status/100 != 2 {
				t.Errorf("%s: an answer of %d counts as taken", format, status)
			}
		}
	})
}
