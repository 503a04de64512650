package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/coldchain/report"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

func (d *Door) lotRoutes() []route {
	if d.Stock == nil || d.ColdChain == nil {
		return nil
	}
	return []route{
		{get, "/lots/:lot", hospital.SeeStock, d.lot},
		{post, "/lots/:lot/clock", hospital.UseStock, d.startClock},
		{get, "/lots/:lot/label.pdf", hospital.SeeStock, d.clockLabel},
		{get, "/lots/:lot/history.pdf", hospital.SeeStock, d.lotPaper},
		{get, "/lots/:lot/history.csv", hospital.SeeStock, d.lotTable},
		{get, "/stock/:item/keeping", hospital.SeeColdChain, d.keeping},
		{post, "/stock/:item/keeping", hospital.ManageColdChain, d.saveKeeping},
		{get, "/coldchain/budgets", hospital.SeeColdChain, d.budgets},
	}
}

// histories tells what lots went through, for one answer.
func (d *Door) histories() *inventory.Histories {
	return &inventory.Histories{Store: d.Stock.Store, Thermometer: d.ColdChain, Now: d.Now()}
}

func (d *Door) lot(c echo.Context) error {
	return d.showLot(c, http.StatusOK, views.ClockForm{})
}

func (d *Door) showLot(c echo.Context, status int, form views.ClockForm) error {
	page, err := d.lotPage(c)
	if err != nil {
		return err
	}
	page.Form, page.Key, page.Actor = form, rand.Text(), d.actor(c)
	return d.showAs(c, status, "Lot "+page.Lot.Number, views.LotDetail(page), "stock")
}

// lotPage is everything about a lot.
func (d *Door) lotPage(c echo.Context) (p views.LotPage, err error) {
	ctx, store, id := c.Request().Context(), d.Stock.Store, inventory.LotID(c.Param("lot"))
	if p.Lot, err = store.LotByID(ctx, id); err != nil {
		return p, err
	}
	if p.Item, err = store.FindItem(ctx, p.Lot.Item); err != nil {
		return p, err
	}
	versions, err := store.Keepings(ctx, p.Lot.Item)
	if err != nil {
		return p, err
	}
	p.Now = d.Now()
	p.Keeping, p.Today = p.Item.KeepingAt(versions, p.Now), d.Stock.Today(p.Now)
	clock, part, err := store.ClockOf(ctx, id)
	if err != nil {
		return p, err
	}
	if part {
		p.Clock = &clock
	}
	if p.Parts, err = store.PartsOf(ctx, id); err != nil {
		return p, err
	}
	return p, d.lotStory(ctx, &p)
}

// lotStory is where a lot stood, what it went through there and what is left of it.
func (d *Door) lotStory(ctx context.Context, p *views.LotPage) error {
	places, err := d.Stock.Store.Places(ctx)
	if err != nil {
		return err
	}
	p.Places = map[inventory.PlaceID]string{}
	for _, place := range places {
		p.Places[place.ID] = place.Name
	}
	told := d.histories()
	if p.Movements, err = told.Moved(ctx, p.Lot.ID); err != nil {
		return err
	}
	if err := d.lotStays(ctx, told, p); err != nil {
		return err
	}
	whole := wholeHospital(ctx) // what is left is told of all that happened, wherever that was
	budget := d.histories()
	if err := d.lotExcursions(whole, budget, p); err != nil {
		return err
	}
	all, err := d.Stock.Store.Balances(ctx, p.Lot.Item)
	if err != nil {
		return err
	}
	for _, b := range all {
		if b.Lot.ID != p.Lot.ID {
			continue
		}
		went, err := budget.Went(whole, b.Lot.ID, b.Place, p.Now)
		if err != nil {
			return err
		}
		p.Lies = append(p.Lies, views.LotLies{Balance: b, PlaceName: p.Places[b.Place], Budget: inventory.Charge(p.Keeping.Bands, went)})
	}
	return nil
}

func (d *Door) lotStays(ctx context.Context, told *inventory.Histories, p *views.LotPage) error {
	for _, stay := range inventory.Stays(p.Movements) {
		name, within := p.Places[stay.Place]
		if !within {
			continue // a place of units that she does not see
		}
		one := views.LotStay{Stay: stay, PlaceName: name}
		var err error
		if one.Fridge, err = told.Fridge(ctx, stay.Place); err != nil {
			return err
		}
		if one.Spells, err = told.Spells(ctx, stay, p.Now); err != nil {
			return err
		}
		one.Charged = inventory.Charge(p.Keeping.Bands, one.Spells)
		until := stay.To
		if until.IsZero() {
			until = p.Now
		}
		if one.Fridge != "" {
			if one.Sum, err = d.ColdChain.Summed(ctx, one.Fridge, stay.From, until); err != nil {
				return err
			}
		}
		p.Stays = append(p.Stays, one)
	}
	return nil
}

// lotExcursions are the excursions of the fridges that the lot stood in, while it did.
func (d *Door) lotExcursions(ctx context.Context, told *inventory.Histories, p *views.LotPage) error {
	seen := map[coldchain.ExcursionID]bool{}
	for _, stay := range p.Stays {
		if stay.Fridge == "" {
			continue
		}
		all, err := d.ColdChain.Excursions(ctx, stay.Fridge, maxExcursions)
		if err != nil {
			return err
		}
		for _, e := range all {
			ended := e.End
			if ended.IsZero() {
				ended = p.Now
			}
			if seen[e.ID] || e.Withdrawn || !e.Start.Before(stayEnd(stay, p.Now)) || !ended.After(stay.From) {
				continue
			}
			seen[e.ID] = true
			at := ended
			if end := stayEnd(stay, p.Now); end.Before(at) {
				at = end
			}
			went, err := told.Went(ctx, p.Lot.ID, stay.Place, at)
			if err != nil {
				return err
			}
			p.Excursions = append(p.Excursions, views.LotExcursion{Excursion: e, FridgeName: stay.PlaceName,
				Before: inventory.Charge(p.Keeping.Bands, inventory.Until(went, e.Start)), After: inventory.Charge(p.Keeping.Bands, went)})
		}
	}
	return nil
}

func stayEnd(s views.LotStay, now time.Time) time.Time {
	if s.To.IsZero() {
		return now
	}
	return s.To
}

// startClock starts a beyond-use clock on a part of a lot.
func (d *Door) startClock(c echo.Context) error {
	form := views.ClockForm{Kind: c.FormValue("kind"), Place: c.FormValue("place"), Quantity: c.FormValue("quantity"), At: c.FormValue("at"), Why: c.FormValue("why")}
	lot, err := d.readClock(c, form)
	if err == nil {
		d.say(c, "The clock runs.")
		return d.seeOther(c, views.LotHref(lot.ID))
	}
	status, sentence, back := comesBack(err)
	if !back {
		return err
	}
	form.Error = sentence
	return d.showLot(c, status, form)
}

func (d *Door) readClock(c echo.Context, form views.ClockForm) (lot inventory.Lot, err error) {
	ctx := c.Request().Context()
	whole, err := d.Stock.Store.LotByID(ctx, inventory.LotID(c.Param("lot")))
	if err != nil {
		return lot, err
	}
	quantity, err := wholeNumber(form.Quantity)
	if err != nil {
		return lot, err
	}
	at, err := d.localTime(form.At)
	if err != nil {
		return lot, err
	}
	return d.Stock.StartClock(ctx, d.actor(c), inventory.Starting{Kind: inventory.ClockKind(form.Kind), At: at,
		Taking: inventory.Taking{Item: whole.Item, Lot: whole.ID, Place: inventory.PlaceID(form.Place), Quantity: quantity, Why: strings.TrimSpace(form.Why), Key: c.FormValue("key")}})
}

// clockLabel is the label of what was opened, thawed or mixed: one for each unit that
// lies there, at most maxClockLabels.
func (d *Door) clockLabel(c echo.Context) error {
	ctx, id := c.Request().Context(), inventory.LotID(c.Param("lot"))
	lot, err := d.Stock.Store.LotByID(ctx, id)
	if err != nil {
		return err
	}
	clock, runs, err := d.Stock.Store.ClockOf(ctx, id)
	if err == nil && !runs {
		err = hospital.Refuse(inventory.ErrUnknownLot, "No clock runs on this lot: it has not been opened or thawed.")
	}
	if err != nil {
		return err
	}
	item, err := d.Stock.Store.FindItem(ctx, lot.Item)
	if err != nil {
		return err
	}
	all, err := d.Stock.Store.Balances(ctx, lot.Item)
	if err != nil {
		return err
	}
	label := report.ClockLabel{Item: item.Name, Lot: lot.Printed(), Done: string(clock.Kind), DoneAt: clock.StartedAt, UseBy: clock.UseBy, By: clock.By,
		Link: d.addressOf(c) + views.LotHref(id)}
	for _, b := range all {
		if b.Lot.ID == id {
			label.Copies += int(min(b.OnHand(), maxClockLabels))
		}
	}
	label.Copies = min(max(label.Copies, 1), maxClockLabels)
	paper, err := report.ClockLabels(label, d.paper(c))
	return d.file(c, err, "use-by-"+string(id)+".pdf", "application/pdf", paper)
}

// maxClockLabels is how many labels of one lot are printed at once.
const maxClockLabels = 50

// typedTime is how a field for a time writes it, by the site's clock.
const typedTime = "2006-01-02T15:04"

// localTime is what was typed into a field for a time of the site; zero for nothing.
func (d *Door) localTime(typed string) (time.Time, error) {
	if strings.TrimSpace(typed) == "" {
		return time.Time{}, nil
	}
	at, err := time.ParseInLocation(typedTime, typed, d.Register.Current().Site.Location())
	if err != nil {
		return at, hospital.Refuse(hospital.ErrInvalid, "The time can't be read. Write it as 2026-05-04T14:30, or leave it empty.")
	}
	return at, nil
}

// keeping is how a product keeps.
func (d *Door) keeping(c echo.Context) error { return d.showKeeping(c, http.StatusOK, nil) }

func (d *Door) showKeeping(c echo.Context, status int, back *views.KeepingForm) error {
	ctx := c.Request().Context()
	p := views.KeepingPage{Actor: d.actor(c), Zone: d.Register.Current().Site.Zone, At: d.Now()}
	var err error
	if p.Item, err = d.Stock.Store.FindItem(ctx, inventory.ItemID(c.Param("item"))); err != nil {
		return err
	}
	if p.Versions, err = d.Stock.Store.Keepings(ctx, p.Item.ID); err != nil {
		return err
	}
	p.Now = p.Item.KeepingAt(p.Versions, p.At)
	last := p.Now
	if n := len(p.Versions); n > 0 {
		last = p.Versions[n-1].Keeping
	}
	p.Form = views.KeepingFormOf(last)
	if back != nil {
		p.Form = *back
	}
	if n := len(p.Form.Bands); n < inventory.MaxBands && (n == 0 || p.Form.Bands[n-1] != views.BandForm{}) { // room for another
		p.Form.Bands = append(p.Form.Bands, views.BandForm{})
	}
	return d.showAs(c, status, "How "+p.Item.Name+" keeps", views.KeepingDetail(p))
}

func (d *Door) saveKeeping(c echo.Context) error {
	form, err := typedKeeping(c)
	if err != nil {
		return err
	}
	keeping, err := readKeeping(form)
	var from time.Time
	if err == nil {
		from, err = d.localTime(form.From)
	}
	if err == nil {
		_, err = d.Stock.SaveKeeping(c.Request().Context(), d.actor(c), inventory.ItemID(c.Param("item")), keeping, from, form.Why)
	}
	if errors.Is(err, hospital.ErrInvalid) {
		var status int
		status, form.Error = outcome(err)
		return d.showKeeping(c, status, &form)
	}
	if err != nil {
		return err
	}
	d.say(c, "Saved.")
	return d.seeOther(c, "/stock/"+c.Param("item")+"/keeping")
}

// typedKeeping is the form as it was typed; bands without anything in them are left out.
func typedKeeping(c echo.Context) (views.KeepingForm, error) {
	typed, err := c.FormParams()
	if err != nil {
		return views.KeepingForm{}, hospital.Refuse(hospital.ErrInvalid, "The form could not be read.")
	}
	value := func(name string, i int) string {
		if i >= len(typed[name]) {
			return ""
		}
		return strings.TrimSpace(typed[name][i])
	}
	form := views.KeepingForm{From: c.FormValue("from"), Why: c.FormValue("why")}
	for i := range min(len(typed["band-hours"]), inventory.MaxBands+1) {
		one := views.BandForm{From: value("band-from", i), To: value("band-to", i), Hours: value("band-hours", i), Single: value("band-single", i),
			Then: value("band-then", i), Source: value("band-source", i)}
		if one.Hours != "" || one.Source != "" {
			form.Bands = append(form.Bands, one)
		}
	}
	for i := range min(len(typed["clock-kind"]), inventory.MaxClocks) {
		form.Clocks = append(form.Clocks, views.RunForm{Kind: value("clock-kind", i), Hours: value("clock-hours", i), Source: value("clock-source", i)})
	}
	return form, nil
}

// readKeeping is what was typed as a keeping: a band or clock without hours is dropped.
func readKeeping(form views.KeepingForm) (k inventory.Keeping, err error) {
	n := &numbers{}
	for i, b := range form.Bands {
		if b.Hours == "" {
			continue
		}
		label := fmt.Sprintf("Band %d", i+1)
		k.Bands = append(k.Bands, inventory.Stability{FromCelsius: n.read(label+", from", b.From), ToCelsius: n.read(label+", to", b.To),
			Hours: n.read(label+", hours", b.Hours), Source: b.Source, Single: b.Single != "", Then: inventory.Then(b.Then)})
	}
	for _, c := range form.Clocks {
		if c.Hours != "" {
			k.Clocks = append(k.Clocks, inventory.BeyondUse{Kind: inventory.ClockKind(c.Kind), Hours: n.read("Clock “"+c.Kind+"”, hours", c.Hours), Source: c.Source})
		}
	}
	return k, n.err
}

// budgets lists how everything that is kept cold keeps.
func (d *Door) budgets(c echo.Context) error {
	items, err := d.Stock.Store.ColdItems(c.Request().Context())
	if err != nil {
		return err
	}
	ids := make([]inventory.ItemID, len(items))
	for i, item := range items {
		ids[i] = item.ID
	}
	all, err := d.Stock.Store.Keepings(c.Request().Context(), ids...)
	if err != nil {
		return err
	}
	versions := map[inventory.ItemID][]inventory.KeepingVersion{}
	for _, v := range all {
		versions[v.Item] = append(versions[v.Item], v)
	}
	now := map[inventory.ItemID]inventory.Keeping{}
	for _, item := range items {
		now[item.ID] = item.KeepingAt(versions[item.ID], d.Now())
	}
	return d.show(c, "How products keep", views.BudgetsPage(items, now))
}

// lotPaper is a lot's history as a PDF.
func (d *Door) lotPaper(c echo.Context) error {
	p, err := d.lotPage(c)
	if err != nil {
		return err
	}
	h := report.LotHistory{Item: p.Item.Name, Lot: p.Lot.Number, Expiry: p.Lot.Expiry.String(), Keeping: views.KeepingSaid(p.Keeping)}
	for _, b := range p.Lies {
		h.Left = append(h.Left, report.LotLeft{Place: b.PlaceName, Quantity: views.Quantity(b.OnHand(), p.Item.Unit), Held: b.Held > 0, Budget: b.Budget.Said()})
	}
	for _, s := range p.Stays {
		one := report.LotStay{Place: s.PlaceName, From: s.From, To: s.To, Sum: s.Sum, Measured: s.Fridge != "", Charged: s.Charged.Said()}
		one.Out, one.Unknown = s.Out()
		for _, spell := range s.Spells {
			one.Spells = append(one.Spells, spell.Outside)
		}
		h.Stays = append(h.Stays, one)
	}
	for _, e := range p.Excursions {
		h.Excursions = append(h.Excursions, report.LotExcursion{Excursion: e.Excursion, Fridge: e.FridgeName, Before: e.Before.Said(), After: e.After.Said()})
	}
	paper, err := report.LotPaper(h, d.paper(c))
	return d.file(c, err, "lot-"+string(p.Lot.ID)+".pdf", "application/pdf", paper)
}

// lotTable is a lot's history as one row for each time that it was out of range or not measured.
func (d *Door) lotTable(c echo.Context) error {
	p, err := d.lotPage(c)
	if err != nil {
		return err
	}
	zone := d.Register.Current().Site.Location()
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	rows := [][]string{{"item", "lot", "place", "fridge", "from", "to", "minutes", "state", "celsius"}}
	for _, s := range p.Stays {
		until := stayEnd(s, p.Now)
		rows = append(rows, plainRow(p.Item.Name, p.Lot.Number, s.PlaceName, string(s.Fridge), s.From.In(zone).Format(time.RFC3339),
			until.In(zone).Format(time.RFC3339), minutesCell(until.Sub(s.From)), "stood there", ""))
		for _, spell := range s.Spells {
			state, celsius := "not measured", ""
			if spell.Beyond {
				celsius = strconv.FormatFloat(spell.Temp.Celsius(), 'f', 2, 64)
				state = "out of range"
				if !spell.Known {
					state = "not measured beside a time out of range"
				}
			}
			rows = append(rows, append(plainRow(p.Item.Name, p.Lot.Number, s.PlaceName, string(s.Fridge), spell.From.In(zone).Format(time.RFC3339),
				spell.To.In(zone).Format(time.RFC3339), minutesCell(spell.To.Sub(spell.From)), state), celsius))
		}
	}
	err = w.WriteAll(rows)
	return d.file(c, err, "lot-"+string(p.Lot.ID)+".csv", "text/csv; charset=utf-8", out.Bytes())
}

func minutesCell(d time.Duration) string { return strconv.FormatFloat(d.Minutes(), 'f', 1, 64) }

// wholeHospital is ctx for sums that must count all that happened, whoever asks.
func wholeHospital(ctx context.Context) context.Context {
	return hospital.LookingWithin(ctx, hospital.Reach{Everywhere: true})
}

// weigh tells held lots' budgets minute by minute.
func (d *Door) weigh(ctx context.Context, held []inventory.HeldLot) error {
	if d.ColdChain == nil {
		return nil
	}
	return d.histories().WeighAll(wholeHospital(ctx), held, d.ColdChain)
}
