package simulate

import (
	"fmt"
	"time"

	"wardwatch/tracking/hospital/document"
)

// papers adds what the made-up workshop knows of an asset: its batch, its last
// service somewhere in the last year, and of two ventilators that they are rented.
func (a Asset) papers(doc document.Asset, today time.Time) document.Asset {
	day := func(days int) document.Date {
		return document.Date(today.AddDate(0, 0, days).Format(time.DateOnly))
	}
	doc.Lot = fmt.Sprintf("20%d-%02d", 22+a.Number%3, 1+a.Number*5%12)
	doc.LastService = day(-(a.Number * 13 % 380))
	switch a.ID {
	case "v-001":
		doc.RentedFrom, doc.DueBack = "Medirent", day(-2)
	case "v-003":
		doc.RentedFrom, doc.DueBack = "Medirent", day(9)
	}
	return doc
}
