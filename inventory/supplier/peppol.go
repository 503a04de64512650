package supplier

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"time"

	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
)

// Peppol BIS Ordering 3 names the transaction and the process so.
const (
	peppolTransaction = "urn:fdc:peppol.eu:poacc:trns:order:3"
	peppolProcess     = "urn:fdc:peppol.eu:poacc:bis:ordering:3" // an order, and an answer to it
	// A change is of Advanced Ordering; the order before it is not (PEPPOL-T114-R031).
	peppolChangeTransaction = "urn:fdc:peppol.eu:poacc:trns:order_change:3"
	peppolChangeProcess     = "urn:fdc:peppol.eu:poacc:bis:advanced_ordering:3"
	// orderType is "purchase order" of UN/CEFACT code list 1001.
	orderType = "220"
	// packUnit is "package" of UN/ECE Recommendation 21, as Recommendation 20 writes it.
	packUnit = "XPK"
	// gtinScheme is GS1's GTIN in the ISO 6523 list.
	gtinScheme = "0160"
)

// peppolOrder is the order as Peppol BIS Order 3 has it in UBL 2.1: elements in
// the schema's order, amounts in the order's currency, quantities in packs.
func peppolOrder(o reorder.Order, site hospital.Site, at time.Time) []byte {
	root := in("Order",
		say("cbc:CustomizationID", peppolTransaction),
		say("cbc:ProfileID", peppolProcess),
		say("cbc:ID", o.Number),
		say("cbc:IssueDate", at.Format(time.DateOnly)),
		say("cbc:IssueTime", at.Format(time.TimeOnly)),
		say("cbc:OrderTypeCode", orderType),
		sayIf("cbc:Note", accountNote(o)),
		say("cbc:DocumentCurrencyCode", o.Supplier.Currency))
	for _, l := range o.Lines {
		root.kids = append(root.kids, peppolLine(l, l.Packs(), "", o.Supplier.Currency))
	}
	return ubl(root, peppolParties(o, site, o.Total().Minor))
}

// peppolChange is the whole order as it is after a change, as Peppol's order change
// has it: each line with what became of it.
func peppolChange(o reorder.Order, site hospital.Site, at time.Time, c reorder.ChangeNote) []byte {
	root := in("OrderChange",
		say("cbc:CustomizationID", peppolChangeTransaction),
		say("cbc:ProfileID", peppolChangeProcess),
		say("cbc:ID", fmt.Sprintf("%s-change-%d", o.Number, c.No)),
		say("cbc:IssueDate", at.Format(time.DateOnly)),
		say("cbc:IssueTime", at.Format(time.TimeOnly)),
		say("cbc:SequenceNumberID", strconv.Itoa(c.No)),
		sayIf("cbc:Note", c.Why),
		say("cbc:DocumentCurrencyCode", o.Supplier.Currency),
		in("cac:OrderReference", say("cbc:ID", o.Number)))
	total := int64(0)
	for _, l := range o.Lines {
		packs, status := remaining(l)
		total += packs * l.Price
		root.kids = append(root.kids, peppolLine(l, packs, status, o.Supplier.Currency))
	}
	return ubl(root, peppolParties(o, site, total))
}

// remaining is what is to come of a line in all, in packs, with UNCL 1229 for what became of it.
func remaining(l reorder.Line) (packs int64, status string) {
	packs = (l.Ordered - l.Cancelled + l.Pack - 1) / max(l.Pack, 1)
	switch {
	case packs == 0:
		return 0, "2"
	case l.Cancelled > 0 || !l.Expected.IsZero():
		return packs, "3"
	}
	return packs, "4"
}

// peppolParties are who orders of whom, when it is wanted and what it is worth: what
// stands between the head and the lines.
func peppolParties(o reorder.Order, site hospital.Site, total int64) []node {
	currency := o.Supplier.Currency
	return []node{
		in("cac:BuyerCustomerParty", peppolParty(o.Supplier.Channel.OurID, site.Name, true)),
		in("cac:SellerSupplierParty", peppolParty(o.Supplier.Channel.TheirID, o.Supplier.Name, false)),
		inIf(!o.Expected.IsZero(), "cac:Delivery", in("cac:RequestedDeliveryPeriod", say("cbc:EndDate", o.Expected.String()))),
		in("cac:AnticipatedMonetaryTotal",
			say("cbc:LineExtensionAmount", decimal(total), "currencyID", currency),
			say("cbc:PayableAmount", decimal(total), "currencyID", currency)),
	}
}

// ubl writes a document of UBL 2.1 with its middle before its lines.
func ubl(root node, middle []node) []byte {
	head := slices.IndexFunc(root.kids, func(n node) bool { return n.name == "cac:OrderLine" })
	if head < 0 {
		head = len(root.kids)
	}
	root.kids = slices.Concat(root.kids[:head], middle, root.kids[head:])
	root = root.with("xmlns", "urn:oasis:names:specification:ubl:schema:xsd:"+root.name+"-2",
		"xmlns:cac", "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
		"xmlns:cbc", "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2")
	var b bytes.Buffer
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
	root.write(&b, 0)
	return b.Bytes()
}

// accountNote says our customer number, for which this profile has no place of its own.
func accountNote(o reorder.Order) string {
	if o.Supplier.Account == "" {
		return ""
	}
	return "Our customer number: " + o.Supplier.Account
}

func peppolParty(id, name string, buyer bool) node {
	scheme, number := party(id)
	return in("cac:Party",
		say("cbc:EndpointID", number, "schemeID", scheme),
		in("cac:PartyIdentification", say("cbc:ID", number, "schemeID", scheme)),
		inIf(buyer, "cac:PartyName", say("cbc:Name", name)),
		in("cac:PartyLegalEntity", say("cbc:RegistrationName", name)))
}

// peppolLine is a line of so many packs; status says what became of it, in a change.
func peppolLine(l reorder.Line, packs int64, status, currency string) node {
	return in("cac:OrderLine",
		say("cbc:Note", "Deliver to "+l.Place.Name),
		in("cac:LineItem",
			say("cbc:ID", strconv.Itoa(l.No)),
			sayIf("cbc:LineStatusCode", status),
			say("cbc:Quantity", strconv.FormatInt(packs, 10), "unitCode", packUnit),
			say("cbc:LineExtensionAmount", decimal(packs*l.Price), "currencyID", currency),
			say("cbc:PartialDeliveryIndicator", "true"),
			inIf(status != "" && !l.Expected.IsZero(), "cac:Delivery", in("cac:RequestedDeliveryPeriod", say("cbc:EndDate", l.Expected.String()))),
			in("cac:Price",
				say("cbc:PriceAmount", decimal(l.Price), "currencyID", currency),
				say("cbc:BaseQuantity", "1", "unitCode", packUnit)),
			in("cac:Item",
				say("cbc:Description", fmt.Sprintf("Pack of %d %s", l.Pack, l.Item.Unit)),
				say("cbc:Name", l.Item.Name),
				in("cac:BuyersItemIdentification", say("cbc:ID", string(l.Item.ID))),
				inIf(l.Item.SupplierCode != "", "cac:SellersItemIdentification", say("cbc:ID", l.Item.SupplierCode)),
				inIf(l.Item.GTIN != "", "cac:StandardItemIdentification", say("cbc:ID", l.Item.GTIN, "schemeID", gtinScheme)))))
}
