package document

import (
	"fmt"
	"strings"
)

// refills checks that each place is spoken of once, be it by a level or by how it is
// refilled, and that what is consigned belongs to one supplier. What a kind of refilling
// asks for, the importer says.
func (c *checker) refills(i int, item Item) {
	levelled, seen, consigned := make(set), make(set), make(set)
	for _, level := range item.Levels {
		levelled[level.Place] = true
	}
	for j, r := range item.Refills {
		c.known(c.placeIDs, "place", r.Place, "items", i, "refills", j, "place")
		switch {
		case levelled[r.Place]:
			c.say(fmt.Sprintf("Place %q has a level for this item; say it here or there.", r.Place), "items", i, "refills", j, "place")
		case seen[r.Place]:
			c.say(fmt.Sprintf("How place %q is refilled stands here already.", r.Place), "items", i, "refills", j, "place")
		}
		seen[r.Place] = true
	}
	for j, one := range item.Consigned {
		c.known(c.placeIDs, "place", one.Place, "items", i, "consigned", j, "place")
		c.known(c.suppliers, "supplier", one.Supplier, "items", i, "consigned", j, "supplier")
		if consigned[one.Place] {
			c.say(fmt.Sprintf("What lies at %q belongs to one supplier.", one.Place), "items", i, "consigned", j, "place")
		}
		consigned[one.Place] = true
	}
}

func (c *checker) packs(i int, item Item) {
	seen := make(set)
	for j, p := range item.Packs {
		name := strings.ToLower(strings.TrimSpace(p.Name))
		if seen[name] {
			c.say(fmt.Sprintf("This item has a pack %q already.", name), "items", i, "packs", j, "name")
		}
		seen[name] = true
		if p.GTIN != "" && !gtinHolds(p.GTIN) {
			c.say(fmt.Sprintf("The check digit of %q is wrong; one digit was mistyped.", p.GTIN), "items", i, "packs", j, "gtin")
		}
	}
}

// budgets checks that no day of a unit is budgeted twice in one currency.
func (c *checker) budgets() {
	for i, b := range c.doc.Budgets {
		c.known(c.units, "unit", string(b.Unit), "budgets", i, "unit")
		if b.Until < b.From {
			c.say("The last day comes after the first.", "budgets", i, "until")
		}
		for _, other := range c.doc.Budgets[:i] {
			if other.Unit == b.Unit && other.Currency == b.Currency && other.From <= b.Until && b.From <= other.Until {
				c.say(fmt.Sprintf("%q covers a part of that period already.", other.Name), "budgets", i, "from")
				break
			}
		}
	}
}
