package main

import (
	"context"
	"fmt"

	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
)

const (
	// budgetOfDemo is what the made-up hospital may spend in the quarter, in pence.
	budgetOfDemo = 6_000_000
	// everyWrong: of so many invoices one charges more than was agreed.
	everyWrong = 12
)

// allot sets the made-up hospital's budget of the quarter around the start.
func (s *shelves) allot(ctx context.Context) error {
	today := s.stock.Today(s.start)
	_, err := s.desk.SetBudget(ctx, s.actor(hospital.Administrator), reorder.Budget{Name: "This quarter", Currency: "GBP",
		From: today - 45, Until: today + 45, Amount: budgetOfDemo})
	return err
}

// charge enters the supplier's invoice for what came in of an order.
func (s *shelves) charge(ctx context.Context, number string) error {
	o, err := s.orders.FindOrder(ctx, number)
	if err != nil {
		return err
	}
	s.invoices++
	v := reorder.Invoice{Invoice: fmt.Sprintf("INV-%05d", 40211+37*s.invoices), Number: number, Day: s.stock.Today(s.clock.Now())}
	for i, l := range o.Lines {
		one := reorder.InvoiceLine{Line: l.ID, Packs: l.Received / l.Pack, Price: l.Price}
		if i == 0 && s.invoices%everyWrong == everyWrong/2 {
			one.Price += l.Price / 12
		}
		if one.Packs > 0 {
			v.Lines, v.Total = append(v.Lines, one), v.Total+one.Packs*one.Price
		}
	}
	_, err = s.desk.EnterInvoice(ctx, s.actor(hospital.SupplyManager), v)
	return err
}
