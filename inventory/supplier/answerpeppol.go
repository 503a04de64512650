package supplier

import (
	"fmt"
	"strings"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
)

// ublAnswer is an OrderResponse, of transaction T76.
type ublAnswer struct {
	ID        string    `xml:"ID"`
	Reference string    `xml:"SalesOrderID"`
	Code      string    `xml:"OrderResponseCode"`
	Notes     []string  `xml:"Note"`
	Currency  string    `xml:"DocumentCurrencyCode"`
	Order     string    `xml:"OrderReference>ID"`
	Promised  []ublDays `xml:"Delivery>PromisedDeliveryPeriod"`
	Lines     []struct {
		Item       ublLine  `xml:"LineItem"`
		Of         string   `xml:"OrderLineReference>LineID"`
		Substitute *ublLine `xml:"SellerSubstitutedLineItem"`
	} `xml:"OrderLine"`
}

type ublDays struct {
	Start string `xml:"StartDate"`
	End   string `xml:"EndDate"`
}

type ublLine struct {
	ID        string    `xml:"ID"`
	Notes     []string  `xml:"Note"`
	Status    string    `xml:"LineStatusCode"`
	Quantity  measured  `xml:"Quantity"`
	Backorder measured  `xml:"MaximumBackorderQuantity"`
	Promised  []ublDays `xml:"Delivery>PromisedDeliveryPeriod"`
	Price     measured  `xml:"Price>PriceAmount"`
	Base      measured  `xml:"Price>BaseQuantity"`
	Name      string    `xml:"Item>Name"`
}

// responses are UNCL 4343 of BIS 3, and UNCL 1225 of BIS 28A.
var responses = map[string]reorder.Says{"AB": reorder.SaysSeen, "AP": reorder.SaysYes, "CA": reorder.SaysChanged, "RE": reorder.SaysNo,
	"29": reorder.SaysYes, "30": reorder.SaysChanged, "27": reorder.SaysNo}

// lineResponses are the codes of UNCL 1229 that a line may have.
var lineResponses = map[string]reorder.Says{"1": reorder.SaysMore, "3": reorder.SaysChanged, "5": reorder.SaysYes, "7": reorder.SaysNo, "42": reorder.SaysYes}

func readUBL(file []byte) (reorder.Reply, error) {
	var u ublAnswer
	if err := decode(file, &u); err != nil {
		return reorder.Reply{}, err
	}
	r := reorder.Reply{Format: inventory.Peppol, Number: short(u.ID), Order: short(u.Order), Reference: short(u.Reference),
		Note: short(strings.Join(u.Notes, " ")), Currency: short(u.Currency)}
	var known bool
	if r.Says, known = responses[strings.TrimSpace(u.Code)]; !known {
		return r, unreadable("%q is no OrderResponseCode.", short(u.Code))
	}
	var err error
	if r.Expected, err = latest(u.Promised); err != nil {
		return r, err
	}
	for _, line := range u.Lines {
		l, err := line.Item.read(line.Of)
		if err != nil {
			return r, err
		}
		if line.Substitute != nil && line.Substitute.Name != "" {
			l.Note = short(strings.TrimSpace(l.Note + " Instead: " + line.Substitute.Name))
			l.Says, l.Quantity = reorder.SaysNo, -1 // another thing comes, and nothing of what was ordered
		}
		if l.Says == reorder.SaysMore {
			if l.No = lineNo(line.Of); l.No != 0 {
				l.Says = reorder.SaysChanged // a part of an ordered line
			}
		}
		if len(r.Lines) > maxAnswerLines {
			break
		}
		if r.Lines, err = gather(r.Lines, l); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (u ublLine) read(of string) (l reorder.ReplyLine, err error) {
	var known bool
	if l.Says, known = lineResponses[strings.TrimSpace(u.Status)]; !known {
		return l, unreadable("%q is no LineStatusCode.", short(u.Status))
	}
	if l.No = lineNo(of); l.No == 0 && l.Says != reorder.SaysMore {
		l.No = lineNo(u.ID)
	}
	l.Note = short(strings.Join(u.Notes, " "))
	if l.No == 0 || l.Says == reorder.SaysMore {
		l.Note = short(strings.TrimSpace(fmt.Sprintf("%s %s %s", u.Quantity.Text, u.Name, l.Note)))
	}
	if l.Quantity, l.Pieces, err = u.Quantity.quantity(); err != nil {
		return l, err
	}
	later, pieces, err := u.Backorder.quantity()
	if err != nil {
		return l, err
	}
	if later > 0 && pieces == l.Pieces && l.Quantity >= 0 {
		l.Quantity += later
		l.Note = short(strings.TrimSpace(fmt.Sprintf("%s %d later.", l.Note, later)))
	}
	if l.Expected, err = latest(u.Promised); err != nil {
		return l, err
	}
	return l, u.price(&l)
}

func (u ublLine) price(l *reorder.ReplyLine) error {
	l.Price = -1
	if strings.TrimSpace(u.Price.Text) == "" {
		return nil
	}
	var exact bool
	if l.Price, exact = tenThousandths(u.Price.Text); !exact {
		return unreadable("%q is no price.", short(u.Price.Text))
	}
	l.Base, l.PerPiece = 1, l.Pieces
	base, pieces, err := u.Base.quantity()
	if err != nil {
		return err
	}
	if base > 0 {
		l.Base = base
		if u.Base.Unit != "" {
			l.PerPiece = pieces
		}
	}
	return nil
}

// latest is the last day of the periods; zero for none.
func latest(periods []ublDays) (last inventory.Date, err error) {
	for _, p := range periods {
		for _, text := range []string{p.Start, p.End} {
			on, err := dayOf(text)
			if err != nil {
				return 0, err
			}
			last = max(last, on)
		}
	}
	return last, nil
}
