package supplier

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
)

// confirmation is a cXML ConfirmationRequest.
type confirmation struct {
	PayloadID string   `xml:"payloadID,attr"`
	Secrets   []string `xml:"Header>Sender>Credential>SharedSecret"`
	Request   *struct {
		Header struct {
			Type     string   `xml:"type,attr"`
			ID       string   `xml:"confirmID,attr"`
			Comments []string `xml:"Comments"`
		} `xml:"ConfirmationHeader"`
		Order struct {
			ID string `xml:"orderID,attr"`
		} `xml:"OrderReference"`
		Items []struct {
			No     string       `xml:"lineNumber,attr"`
			Unit   string       `xml:"UnitOfMeasure"`
			Status []partStatus `xml:"ConfirmationStatus"`
		} `xml:"ConfirmationItem"`
	} `xml:"Request>ConfirmationRequest"`
}

// partStatus is what becomes of a part of a line.
type partStatus struct {
	Type     string     `xml:"type,attr"`
	Quantity string     `xml:"quantity,attr"`
	Delivery string     `xml:"deliveryDate,attr"`
	Shipment string     `xml:"shipmentDate,attr"`
	Unit     string     `xml:"UnitOfMeasure"`
	Price    []measured `xml:"UnitPrice>Money"`
	Detail   []measured `xml:"ItemIn>ItemDetail>UnitPrice>Money"`
	Comments []string   `xml:"Comments"`
}

// headers are the types of a ConfirmationHeader.
var headers = map[string]reorder.Says{"accept": reorder.SaysYes, "allDetail": reorder.SaysChanged, "detail": reorder.SaysChanged, "except": reorder.SaysChanged,
	"replace": reorder.SaysChanged, "backordered": reorder.SaysChanged, "reject": reorder.SaysNo, "requestToPay": reorder.SaysSeen}

// statuses are the types of a ConfirmationStatus.
var statuses = map[string]reorder.Says{"accept": reorder.SaysYes, "allDetail": reorder.SaysChanged, "detail": reorder.SaysChanged, "backordered": reorder.SaysChanged,
	"reject": reorder.SaysNo}

// SharedSecret is what a cXML message shows of who sends it; empty when it shows nothing.
func SharedSecret(file []byte) string {
	var c confirmation
	if len(file) > MaxAnswer || decode(file, &c) != nil || len(c.Secrets) == 0 {
		return ""
	}
	return strings.TrimSpace(c.Secrets[0])
}

func readConfirmation(file []byte) (r reorder.Reply, err error) {
	var c confirmation
	if err := decode(file, &c); err != nil {
		return r, err
	}
	if c.Request == nil {
		return r, unreadable("It is a cXML message, and no ConfirmationRequest.")
	}
	r = reorder.Reply{Format: inventory.CXML, Number: short(c.PayloadID), Order: short(c.Request.Order.ID), Reference: short(c.Request.Header.ID),
		Note: short(strings.Join(c.Request.Header.Comments, " "))}
	var known bool
	if r.Says, known = headers[strings.TrimSpace(c.Request.Header.Type)]; !known {
		return r, unreadable("%q is no type of a confirmation.", short(c.Request.Header.Type))
	}
	for _, item := range c.Request.Items {
		for _, status := range item.Status {
			if len(r.Lines) > maxAnswerLines {
				return r, nil
			}
			l, err := status.read(lineNo(item.No), item.Unit)
			if err != nil {
				return r, err
			}
			if currency := status.currency(); currency != "" {
				r.Currency = currency
			}
			if r.Lines, err = gather(r.Lines, l); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

func (s partStatus) money() (measured, bool) {
	for _, all := range [][]measured{s.Detail, s.Price} {
		if len(all) > 0 {
			return all[0], true
		}
	}
	return measured{}, false
}

func (s partStatus) currency() string {
	m, _ := s.money()
	return strings.TrimSpace(m.Money)
}

func (s partStatus) read(no int, unit string) (l reorder.ReplyLine, err error) {
	l = reorder.ReplyLine{No: no, Price: -1, Note: short(strings.Join(s.Comments, " "))}
	var known bool
	if l.Says, known = statuses[strings.TrimSpace(s.Type)]; !known {
		return l, unreadable("%q is no type of a status.", short(s.Type))
	}
	counted := measured{Text: s.Quantity, Unit: strings.TrimSpace(cmp.Or(s.Unit, unit))}
	if l.Quantity, l.Pieces, err = counted.quantity(); err != nil {
		return l, err
	}
	if l.Expected, err = dayOf(cmp.Or(s.Delivery, s.Shipment)); err != nil {
		return l, err
	}
	if strings.TrimSpace(s.Type) == "backordered" {
		l.Note = short(strings.TrimSpace(l.Note + " " + strconv.FormatInt(max(l.Quantity, 0), 10) + " later."))
	}
	if l.Says == reorder.SaysNo { // so many of them do not come
		if l.Quantity > 0 {
			l.Note = short(strings.TrimSpace(fmt.Sprintf("%s %d refused.", l.Note, l.Quantity)))
		}
		l.Quantity = -1
	}
	if price, said := s.money(); said {
		var exact bool
		if l.Price, exact = tenThousandths(price.Text); !exact {
			return l, unreadable("%q is no price.", short(price.Text))
		}
		l.Base, l.PerPiece = 1, l.Pieces
	}
	return l, nil
}
