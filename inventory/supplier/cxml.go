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
	lines := make([]node, len(o.Lines))
	for i, l := range o.Lines {
		lines[i] = cxmlItem(o, l, l.Packs())
	}
	head := cxmlHead(o, site, at, o.Total().Minor, accountNote(o)).with("orderID", o.Number, "orderDate", at.Format(time.RFC3339), "orderType", "regular", "type", "new")
	return cxmlRequest(o, at, message, in("OrderRequest", append([]node{head}, lines...)...))
}

// cxmlChange is the order as it is after a change: an OrderRequest of the type
// "update", or "delete" where nothing is to come any more, that names the message
// before it.
func cxmlChange(o reorder.Order, site hospital.Site, at time.Time, c reorder.ChangeNote) []byte {
	total, kind, lines := int64(0), "delete", []node{}
	for _, l := range o.Lines {
		if packs, _ := remaining(l); packs > 0 {
			kind, total = "update", total+packs*l.Price
			lines = append(lines, cxmlItem(o, l, packs))
		}
	}
	head := cxmlHead(o, site, at, total, c.Why).with("orderID", o.Number, "orderVersion", strconv.Itoa(c.No+1), "orderDate", at.Format(time.RFC3339), "orderType", "regular", "type", kind)
	head.kids = append(head.kids, in("DocumentReference").with("payloadID", c.Of))
	if kind == "delete" { // the form wants an item all the same
		for _, l := range o.Lines {
			lines = append(lines, cxmlItem(o, l, 0))
		}
	}
	return cxmlRequest(o, at, c.Message, in("OrderRequest", append([]node{head}, lines...)...))
}

func cxmlMoney(o reorder.Order, minor int64) node {
	return say("Money", decimal(minor), "currency", o.Supplier.Currency)
}

// cxmlHead is an OrderRequestHeader, with a comment where there is one.
func cxmlHead(o reorder.Order, site hospital.Site, at time.Time, total int64, comment string) node {
	address := in("Address", say("Name", site.Name, "xml:lang", "en")).with("addressID", string(site.ID))
	return in("OrderRequestHeader",
		in("Total", cxmlMoney(o, total)),
		in("ShipTo", address),
		in("BillTo", address),
		inIf(comment != "", "Comments").with("xml:lang", "en").saying(comment))
}

// cxmlItem is a line of so many packs.
func cxmlItem(o reorder.Order, l reorder.Line, packs int64) node {
	return in("ItemOut",
		in("ItemID", say("SupplierPartID", cmp.Or(l.Item.SupplierCode, l.Item.GTIN, string(l.Item.ID)))),
		in("ItemDetail",
			in("UnitPrice", cxmlMoney(o, l.Price)),
			say("Description", fmt.Sprintf("%s, pack of %d %s", l.Item.Name, l.Pack, l.Item.Unit), "xml:lang", "en"),
			say("UnitOfMeasure", "PK"),
			say("Classification", medicalSupplies, "domain", "UNSPSC")),
		say("Comments", "Deliver to "+l.Place.Name, "xml:lang", "en"),
	).with(cxmlLine(o, l, packs)...)
}

func cxmlRequest(o reorder.Order, at time.Time, message string, request node) []byte {
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

func cxmlLine(o reorder.Order, l reorder.Line, packs int64) []string {
	attrs := []string{"quantity", strconv.FormatInt(packs, 10), "lineNumber", strconv.Itoa(l.No)}
	if wanted := o.ExpectedOf(l); !wanted.IsZero() {
		attrs = append(attrs, "requestedDeliveryDate", wanted.String())
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
