package supplier

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"strconv"
	"time"

	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
)

const (
	cxmlType = `<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.014/cXML.dtd">`
	// medicalSupplies is UNSPSC's segment of medical equipment, accessories and supplies.
	medicalSupplies = "42000000"
	// noSecret is where the shared secret is filled in at sending: it is kept in no file.
	noSecret = "<SharedSecret></SharedSecret>"
)

// cxmlOrder is the order as a cXML OrderRequest. payloadID is the message's
// number: a repeated one tells the supplier that it is the same order.
func cxmlOrder(o reorder.Order, site hospital.Site, at time.Time, message string) []byte {
	money := func(minor int64) node { return say("Money", decimal(minor), "currency", o.Supplier.Currency) }
	address := func(name string) node {
		return in("Address", say("Name", name, "xml:lang", "en")).with("addressID", string(site.ID))
	}
	request := in("OrderRequest",
		in("OrderRequestHeader",
			in("Total", money(o.Total().Minor)),
			in("ShipTo", address(site.Name)),
			in("BillTo", address(site.Name)),
			inIf(o.Supplier.Account != "", "Comments").with("xml:lang", "en").saying(accountNote(o)),
		).with("orderID", o.Number, "orderDate", at.Format(time.RFC3339), "orderType", "regular", "type", "new"))
	for _, l := range o.Lines {
		request.kids = append(request.kids, in("ItemOut",
			in("ItemID", say("SupplierPartID", cmp.Or(l.Item.SupplierCode, l.Item.GTIN, string(l.Item.ID)))),
			in("ItemDetail",
				in("UnitPrice", money(l.Price)),
				say("Description", fmt.Sprintf("%s, pack of %d %s", l.Item.Name, l.Pack, l.Item.Unit), "xml:lang", "en"),
				say("UnitOfMeasure", "PK"),
				say("Classification", medicalSupplies, "domain", "UNSPSC")),
			say("Comments", "Deliver to "+l.Place.Name, "xml:lang", "en"),
		).with(cxmlLine(o, l)...))
	}
	root := in("cXML",
		in("Header",
			in("From", cxmlCredential(o.Supplier.Channel.OurID)),
			in("To", cxmlCredential(o.Supplier.Channel.TheirID)),
			in("Sender", cxmlCredential(o.Supplier.Channel.OurID, say("SharedSecret", "")), say("UserAgent", "Wardwatch"))),
		in("Request", request).with("deploymentMode", "production"),
	).with("payloadID", message, "timestamp", at.Format(time.RFC3339), "xml:lang", "en")
	var b bytes.Buffer
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + cxmlType + "\n")
	root.write(&b, 0)
	return b.Bytes()
}

// saying gives an element text.
func (n node) saying(text string) node { n.text = text; return n }

func cxmlLine(o reorder.Order, l reorder.Line) []string {
	attrs := []string{"quantity", strconv.FormatInt(l.Packs(), 10), "lineNumber", strconv.Itoa(l.No)}
	if !o.Expected.IsZero() {
		attrs = append(attrs, "requestedDeliveryDate", o.Expected.String())
	}
	return attrs
}

func cxmlCredential(id string, more ...node) node {
	scheme, number := party(id)
	return in("Credential", append([]node{say("Identity", number)}, more...)...).with("domain", scheme)
}

// withSecret is the file with the shared secret in it.
func withSecret(file []byte, secret string) []byte {
	return bytes.Replace(file, []byte(noSecret), []byte("<SharedSecret>"+escaped(secret)+"</SharedSecret>"), 1)
}

// cxmlAnswer is what a supplier says to a request.
type cxmlAnswer struct {
	Response struct {
		Status struct {
			Code int    `xml:"code,attr"`
			Text string `xml:"text,attr"`
		} `xml:"Status"`
	} `xml:"Response"`
}

// cxmlStatus is the status of a supplier's answer; false where it is none.
func cxmlStatus(answer []byte) (int, bool) {
	var a cxmlAnswer
	d := xml.NewDecoder(bytes.NewReader(answer))
	d.Strict = false
	err := d.Decode(&a)
	return a.Response.Status.Code, err == nil && a.Response.Status.Code != 0
}
