package supplier

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
)

// Peppol BIS Ordering 3 names the transaction and the process so.
const (
	peppolTransaction = "urn:fdc:peppol.eu:poacc:trns:order:3"
	peppolProcess     = "urn:fdc:peppol.eu:poacc:bis:order_only:3"
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
	currency := o.Supplier.Currency
	root := in("Order",
		say("cbc:CustomizationID", peppolTransaction),
		say("cbc:ProfileID", peppolProcess),
		say("cbc:ID", o.Number),
		say("cbc:IssueDate", at.Format(time.DateOnly)),
		say("cbc:IssueTime", at.Format(time.TimeOnly)),
		say("cbc:OrderTypeCode", orderType),
		sayIf("cbc:Note", accountNote(o)),
		say("cbc:DocumentCurrencyCode", currency),
		in("cac:BuyerCustomerParty", peppolParty(o.Supplier.Channel.OurID, site.Name, true)),
		in("cac:SellerSupplierParty", peppolParty(o.Supplier.Channel.TheirID, o.Supplier.Name, false)),
		inIf(!o.Expected.IsZero(), "cac:Delivery", in("cac:RequestedDeliveryPeriod", say("cbc:EndDate", o.Expected.String()))),
		in("cac:AnticipatedMonetaryTotal",
			say("cbc:LineExtensionAmount", decimal(o.Total().Minor), "currencyID", currency),
			say("cbc:PayableAmount", decimal(o.Total().Minor), "currencyID", currency)),
	).with("xmlns", "urn:oasis:names:specification:ubl:schema:xsd:Order-2",
		"xmlns:cac", "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
		"xmlns:cbc", "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2")
	for _, l := range o.Lines {
		root.kids = append(root.kids, peppolLine(l, currency))
	}
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

func peppolLine(l reorder.Line, currency string) node {
	return in("cac:OrderLine",
		say("cbc:Note", "Deliver to "+l.Place.Name),
		in("cac:LineItem",
			say("cbc:ID", strconv.Itoa(l.No)),
			say("cbc:Quantity", strconv.FormatInt(l.Packs(), 10), "unitCode", packUnit),
			say("cbc:LineExtensionAmount", decimal(l.Cost()), "currencyID", currency),
			say("cbc:PartialDeliveryIndicator", "true"),
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
