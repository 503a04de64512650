package inventory

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"wardwatch/tracking/hospital"
)

// PastUse is what a place used of an item on a day before Wardwatch kept its ledger.
type PastUse struct {
	Item     ItemID
	Place    PlaceID
	Day      Date
	Quantity int64
}

// maxPastUse is how many lines of past use are read at once.
const maxPastUse = 2_000_000

// ReadPastUse reads CSV with the header item,place,date,quantity in any order;
// dates are 2026-01-31, quantities whole units of issue. Lines of the same item,
// place and day are summed. The refusal names the line.
func ReadPastUse(from io.Reader) ([]PastUse, error) {
	reader := csv.NewReader(from)
	reader.ReuseRecord = true
	header, err := reader.Read()
	if err != nil {
		return nil, hospital.Refuse(hospital.ErrInvalid, "The file is empty or no CSV. Begin it with item,place,date,quantity.")
	}
	var at [4]int
	for i, name := range []string{"item", "place", "date", "quantity"} {
		if at[i] = column(header, name); at[i] < 0 {
			return nil, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("The header lacks the column %q; it must name item, place, date and quantity.", name))
		}
	}
	type spotDay struct {
		item  ItemID
		place PlaceID
		day   Date
	}
	var all []PastUse
	known := map[spotDay]int{}
	for line := 2; ; line++ {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		var use PastUse
		if err == nil {
			use, err = pastUse(record[at[0]], record[at[1]], record[at[2]], record[at[3]])
		}
		if err != nil {
			return nil, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Line %d: %s.", line, err))
		}
		key := spotDay{use.Item, use.Place, use.Day}
		if i, again := known[key]; again {
			all[i].Quantity += use.Quantity
			continue
		}
		if len(all) == maxPastUse {
			return nil, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("The file has more than %d days of use; split it.", maxPastUse))
		}
		known[key] = len(all)
		all = append(all, use)
	}
}

func column(header []string, name string) int {
	for i, h := range header {
		if strings.EqualFold(strings.TrimSpace(strings.TrimPrefix(h, "\ufeff")), name) {
			return i
		}
	}
	return -1
}

func pastUse(item, place, date, quantity string) (PastUse, error) {
	day, err := ParseDate(strings.TrimSpace(date))
	if err != nil || day.IsZero() {
		return PastUse{}, fmt.Errorf("%q is no date like 2026-01-31", date)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(quantity), 10, 64)
	if err != nil || n < 0 || n > MaxQuantity {
		return PastUse{}, fmt.Errorf("%q is no quantity; give a whole number of units, 0 or more", quantity)
	}
	return PastUse{Item: ItemID(strings.Clone(strings.TrimSpace(item))), Place: PlaceID(strings.Clone(strings.TrimSpace(place))), Day: day, Quantity: n}, nil
}
