package ingest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest/gateway"
)

const (
	// ClockWarning is how far a gateway's clock may be off before somebody should look.
	ClockWarning = time.Minute
	// pageOfRefusals and shownStrangers are how much one page lists.
	pageOfRefusals = 50
	shownStrangers = 100
	// maxGatewayName is the longest name of a gateway, in characters.
	maxGatewayName = 80
	// noticedWithin is how long an adoption waits for the house to know the gateway.
	noticedWithin = 2 * time.Second
)

// What a person can do about a refusal at the desk.
var (
	// ErrUnknownGateway: there is no gateway of this id.
	ErrUnknownGateway = fmt.Errorf("gateway: %w", hospital.ErrUnknown)
	// ErrUnknownStranger: no such device is listed for adoption; perhaps somebody was faster.
	ErrUnknownStranger = fmt.Errorf("unknown device: %w", hospital.ErrUnknown)
)

// DeskStore is what the desk needs of storage. Package db satisfies it.
type DeskStore interface {
	GatewayStates(ctx context.Context) ([]GatewayState, error)
	// Strangers are those that nobody has enrolled or dismissed, those heard last first.
	Strangers(ctx context.Context, kind StrangerKind, limit int) ([]Stranger, error)
	// Refusals are the newest before the one with id before; 0: from the newest.
	Refusals(ctx context.Context, before int64, limit int) ([]Refusal, error)
	StrangeSensors(ctx context.Context) ([]coldchain.StrangeSensor, error)
	Fridges(ctx context.Context) ([]coldchain.Fridge, error)
	Change(ctx context.Context, change func(DeskTx) error) error
}

// DeskTx is a change to devices in progress.
type DeskTx interface {
	Announce(topics ...string)
	Record(ctx context.Context, deed hospital.Deed) error
	// Stranger is one that is listed; ErrUnknownStranger when there is none.
	Stranger(ctx context.Context, kind StrangerKind, id string) (Stranger, error)
	// Dismiss takes a stranger off the list for as long as it is remembered.
	Dismiss(ctx context.Context, kind StrangerKind, id string) error
	// Adopted takes a stranger off the list for good.
	Adopted(ctx context.Context, kind StrangerKind, id string) error
	AddGateway(ctx context.Context, g hospital.Gateway) error
	AddAlias(ctx context.Context, name, id hospital.GatewayID, by hospital.PersonID) error
	// Enrol gives an asset a tag; ErrUnknown when there is no such asset, ErrInvalid
	// when another asset bears the tag.
	Enrol(ctx context.Context, tag string, asset tracking.AssetID) error
}

// AdoptsSensors makes a sensor watch a fridge; *coldchain.Monitor does.
type AdoptsSensors interface {
	Adopt(ctx context.Context, by hospital.Actor, key coldchain.SensorKey, id coldchain.FridgeID) error
}

// Desk is where an administrator looks after devices.
type Desk struct {
	Store    DeskStore
	Book     *Book
	Register *hospital.Register
	// Sensors may be nil: then sensors are listed but can't be adopted.
	Sensors AdoptsSensors
	Now     func() time.Time
}

// Condition says how a gateway does, in one word.
type Condition string

// The conditions, those that need somebody first.
const (
	SilentGateway  Condition = "silent"
	OfflineGateway Condition = "offline" // it, or its connection's last will, said so
	WrongClock     Condition = "clock wrong"
	NeverHeard     Condition = "never heard"
	Working        Condition = "working"
)

// GatewayLine is a gateway of the hospital with what its messages tell of it.
type GatewayLine struct {
	hospital.Gateway
	State     GatewayState
	Condition Condition
	// Aliases are its other names.
	Aliases []hospital.GatewayID
}

// ConditionOf judges a gateway by what was heard of it.
func ConditionOf(s GatewayState, now time.Time) Condition {
	switch {
	case s.LastHeard.IsZero():
		return NeverHeard
	case s.Status == gateway.Offline:
		return OfflineGateway
	case now.Sub(s.LastHeard) > tracking.QuietGateway:
		return SilentGateway
	case s.Offset.Abs() > ClockWarning:
		return WrongClock
	}
	return Working
}

// Gateways lists the hospital's gateways, those that need somebody first.
func (d *Desk) Gateways(ctx context.Context, by hospital.Actor) ([]GatewayLine, error) {
	if err := by.Need(hospital.SeeDevices); err != nil {
		return nil, err
	}
	states, err := d.Store.GatewayStates(ctx)
	if err != nil {
		return nil, fmt.Errorf("list gateways: %w", err)
	}
	known := map[hospital.GatewayID]GatewayState{}
	for _, s := range states {
		known[s.ID] = s
	}
	aliases := d.Book.otherNames()
	now := d.Now()
	var lines []GatewayLine
	for _, g := range d.Register.Current().Gateways {
		s := known[g.ID]
		lines = append(lines, GatewayLine{Gateway: g, State: s, Condition: ConditionOf(s, now), Aliases: aliases[g.ID]})
	}
	order := []Condition{OfflineGateway, SilentGateway, WrongClock, NeverHeard, Working}
	slices.SortStableFunc(lines, func(a, b GatewayLine) int {
		return cmp.Compare(slices.Index(order, a.Condition), slices.Index(order, b.Condition))
	})
	return lines, nil
}

// Unknown is every device that speaks but that nobody has enrolled.
type Unknown struct {
	Gateways []Stranger
	Tags     []Stranger
	Sensors  []coldchain.StrangeSensor
	// Fridges are offered to those who adopt a sensor.
	Fridges []coldchain.Fridge
}

// Count is how many devices wait.
func (u Unknown) Count() int { return len(u.Gateways) + len(u.Tags) + len(u.Sensors) }

// Unknown lists what waits for adoption, of each kind those heard last.
func (d *Desk) Unknown(ctx context.Context, by hospital.Actor) (u Unknown, err error) {
	if err := by.Need(hospital.SeeDevices); err != nil {
		return u, err
	}
	for _, part := range []struct {
		kind StrangerKind
		into *[]Stranger
	}{{GatewayStranger, &u.Gateways}, {TagStranger, &u.Tags}} {
		if *part.into, err = d.Store.Strangers(ctx, part.kind, shownStrangers); err != nil {
			return u, fmt.Errorf("list unknown devices: %w", err)
		}
	}
	if u.Sensors, err = d.Store.StrangeSensors(ctx); err != nil {
		return u, fmt.Errorf("list unknown sensors: %w", err)
	}
	u.Sensors = u.Sensors[:min(len(u.Sensors), shownStrangers)]
	if u.Fridges, err = d.Store.Fridges(ctx); err != nil {
		return u, fmt.Errorf("list unknown sensors: %w", err)
	}
	return u, nil
}

// Refused lists what was not taken in, newest first, from before the refusal with
// that id; 0: from the newest. Older is where the next page begins, 0 when this is the last.
func (d *Desk) Refused(ctx context.Context, by hospital.Actor, before int64) (page []Refusal, older int64, err error) {
	if err := by.Need(hospital.SeeDevices); err != nil {
		return nil, 0, err
	}
	page, err = d.Store.Refusals(ctx, before, pageOfRefusals+1)
	if err != nil {
		return nil, 0, fmt.Errorf("list refusals: %w", err)
	}
	if len(page) > pageOfRefusals {
		page = page[:pageOfRefusals]
		older = page[pageOfRefusals-1].ID
	}
	return page, older, nil
}

// AdoptGateway makes an unknown gateway one of the hospital's. It still needs a token.
func (d *Desk) AdoptGateway(ctx context.Context, by hospital.Actor, g hospital.Gateway) error {
	if err := by.Need(hospital.ManageDevices); err != nil {
		return err
	}
	g.Name, g.ID = strings.TrimSpace(g.Name), hospital.GatewayID(gateway.Identity(string(g.ID))) // as its messages will name it
	if err := d.fit(g); err != nil {
		return err
	}
	err := d.change(ctx, "adopt gateway "+string(g.ID), func(tx DeskTx) error {
		if err := tx.AddGateway(ctx, g); err != nil {
			return err
		}
		if err := tx.Adopted(ctx, GatewayStranger, string(g.ID)); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "gateway.adopt", On: "gateway/" + string(g.ID),
			After: jsonOf(map[string]string{"name": g.Name, "make": g.Make, "room": string(g.Room)})})
	})
	if err != nil {
		return err
	}
	// Its page is asked for next; the change stands even if the house is slow to notice.
	soon, cancel := context.WithTimeout(ctx, noticedWithin)
	defer cancel()
	_ = d.Register.Await(soon, func(now *hospital.Directory) bool { _, known := now.Gateway(g.ID); return known })
	return nil
}

func (d *Desk) fit(g hospital.Gateway) error {
	directory := d.Register.Current()
	switch {
	case !hospital.FitsID(string(g.ID)):
		return hospital.Refuse(hospital.ErrInvalid, "A gateway's id has 1 to 64 letters, digits, dots, dashes and underscores. Enter one that calls itself otherwise under such an id first; then say that this is another name of it.")
	case g.Name == "" || utf8.RuneCountInString(g.Name) > maxGatewayName || strings.ContainsFunc(g.Name, unicode.IsControl):
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Give the gateway a name of 1 to %d characters.", maxGatewayName))
	case !slices.Contains(gateway.Formats(), gateway.Format(g.Make)):
		return hospital.Refuse(hospital.ErrInvalid, "Choose the make from the list.")
	}
	if _, taken := directory.Gateway(g.ID); taken {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Gateway %s is the hospital's already.", g.ID))
	}
	if _, ok := directory.Room(g.Room); !ok && g.Room != "" {
		return hospital.Refuse(hospital.ErrInvalid, "There is no such room. Choose one from the list.")
	}
	return nil
}

// NameGateway makes the name that an unknown gateway uses another name of one that
// the hospital has: many put their address into their messages.
func (d *Desk) NameGateway(ctx context.Context, by hospital.Actor, name, id hospital.GatewayID) error {
	if err := by.Need(hospital.ManageDevices); err != nil {
		return err
	}
	directory := d.Register.Current()
	if _, ok := directory.Gateway(id); !ok {
		return ErrUnknownGateway
	}
	if _, taken := directory.Gateway(name); taken || name == "" || len(name) > gateway.MaxName {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("%s can't be another gateway's name: it is a gateway of its own.", name))
	}
	err := d.change(ctx, "name gateway "+string(id), func(tx DeskTx) error {
		if err := tx.AddAlias(ctx, name, id, by.ID); err != nil {
			return err
		}
		if err := tx.Adopted(ctx, GatewayStranger, string(name)); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "gateway.alias", On: "gateway/" + string(id), After: jsonOf(map[string]string{"name": string(name)})})
	})
	if err == nil {
		d.Book.alias(name, id)
	}
	return err
}

// AdoptTag gives an asset a tag that was heard.
func (d *Desk) AdoptTag(ctx context.Context, by hospital.Actor, tag string, asset tracking.AssetID) error {
	if err := by.Need(hospital.ManageDevices); err != nil {
		return err
	}
	tag = gateway.Identity(tag)
	if !hospital.FitsTag(tag) {
		return hospital.Refuse(hospital.ErrInvalid, "This is no tag's identity: a MAC address, iBeacon, Eddystone or EPC.")
	}
	return d.change(ctx, "adopt tag "+tag, func(tx DeskTx) error {
		if err := tx.Enrol(ctx, tag, asset); err != nil {
			return err
		}
		if err := tx.Adopted(ctx, TagStranger, tag); err != nil {
			return err
		}
		tx.Announce("asset/" + string(asset))
		return tx.Record(ctx, hospital.Deed{By: by, What: "tag.adopt", On: "asset/" + string(asset), After: jsonOf(map[string]string{"tag": tag})})
	})
}

// AdoptSensor makes a sensor that was heard watch a fridge.
func (d *Desk) AdoptSensor(ctx context.Context, by hospital.Actor, key coldchain.SensorKey, fridge coldchain.FridgeID) error {
	if err := by.Need(hospital.ManageDevices); err != nil {
		return err
	}
	if d.Sensors == nil {
		return hospital.Refuse(hospital.ErrInvalid, "Sensors can't be adopted here.")
	}
	return d.Sensors.Adopt(ctx, by, key, fridge)
}

// Dismiss takes an unknown gateway or tag off the list: it is not the hospital's.
func (d *Desk) Dismiss(ctx context.Context, by hospital.Actor, kind StrangerKind, id string) error {
	if err := by.Need(hospital.ManageDevices); err != nil {
		return err
	}
	return d.change(ctx, "dismiss "+string(kind)+" "+id, func(tx DeskTx) error {
		if _, err := tx.Stranger(ctx, kind, id); err != nil {
			return err
		}
		if err := tx.Dismiss(ctx, kind, id); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: string(kind) + ".dismiss", On: string(kind) + "/" + id})
	})
}

func (d *Desk) change(ctx context.Context, deed string, change func(DeskTx) error) error {
	err := d.Store.Change(ctx, func(tx DeskTx) error {
		tx.Announce("devices", "gateways")
		return change(tx)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", deed, err)
	}
	return nil
}

func jsonOf(facts map[string]string) string {
	b, err := json.Marshal(facts)
	if err != nil {
		return "{}" // a map of strings can always be written
	}
	return string(b)
}

// otherNames are the aliases of each gateway, sorted.
func (b *Book) otherNames() map[hospital.GatewayID][]hospital.GatewayID {
	b.mu.Lock()
	defer b.mu.Unlock()
	names := map[hospital.GatewayID][]hospital.GatewayID{}
	for name, id := range b.aliases {
		names[id] = append(names[id], name)
	}
	for _, list := range names {
		slices.Sort(list)
	}
	return names
}
