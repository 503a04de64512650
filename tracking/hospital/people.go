package hospital

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// What a caller can do about a refusal.
var (
	// ErrForbidden: this person may not do this. Ask somebody who may.
	ErrForbidden = errors.New("not permitted")
	// ErrStale: somebody changed it since it was shown. Look again.
	ErrStale = errors.New("changed by somebody else meanwhile")
	// ErrUnknown: there is no such thing here.
	ErrUnknown = errors.New("not found")
	// ErrInvalid: what was said can't be so; the wrapping sentence says why.
	ErrInvalid = errors.New("not valid")
)

// Role is what a person works as. It decides what she may do.
type Role string

// The roles of a hospital.
const (
	Nurse              Role = "nurse"
	Pharmacist         Role = "pharmacist"
	SupplyManager      Role = "supply_manager"
	BiomedicalEngineer Role = "biomedical_engineer"
	Administrator      Role = "administrator"
	Auditor            Role = "auditor"
)

// Roles lists every role, in the order pages show them.
func Roles() []Role {
	return []Role{Nurse, Pharmacist, SupplyManager, BiomedicalEngineer, Administrator, Auditor}
}

// display is what a screen on a wall works as. It is not among Roles: nobody can be given it.
const display Role = "display"

// Permission is one thing that a role may or may not do.
type Permission string

// Permissions. Those that begin with "see" change nothing.
const (
	SeeEquipment    Permission = "see equipment"
	MarkEquipment   Permission = "mark equipment"   // status, not here, I have it
	ManageEquipment Permission = "manage equipment" // assets, tags, service
	SeeColdChain    Permission = "see cold chain"
	Acknowledge     Permission = "acknowledge alarms"
	DecideLots      Permission = "decide lots" // release or discard what an excursion held
	ManageColdChain Permission = "manage cold chain"
	SeeStock        Permission = "see stock"
	UseStock        Permission = "use stock"   // use, move, return
	CountStock      Permission = "count stock" // count, adjust, discard
	ReceiveStock    Permission = "receive stock"
	ManageItems     Permission = "manage items"
	SeeOrders       Permission = "see orders"
	SeePrices       Permission = "see prices" // what an order costs; who orders and who checks, not who receives
	ApproveOrders   Permission = "approve orders"
	SeeDevices      Permission = "see devices"
	ManageDevices   Permission = "manage devices" // gateways, tags, tokens
	ManagePeople    Permission = "manage people"
	ManageHospital  Permission = "manage hospital" // import, floors, jobs
	SeeAudit        Permission = "see audit"
)

// Permissions lists every permission.
func Permissions() []Permission {
	return []Permission{SeeEquipment, MarkEquipment, ManageEquipment, SeeColdChain, Acknowledge, DecideLots,
		ManageColdChain, SeeStock, UseStock, CountStock, ReceiveStock, ManageItems, SeeOrders, SeePrices, ApproveOrders,
		SeeDevices, ManageDevices, ManagePeople, ManageHospital, SeeAudit}
}

var grants = map[Role][]Permission{
	Nurse: {SeeEquipment, MarkEquipment, SeeColdChain, Acknowledge, SeeStock, UseStock},
	Pharmacist: {SeeEquipment, MarkEquipment, SeeColdChain, Acknowledge, DecideLots, ManageColdChain,
		SeeStock, UseStock, CountStock, ReceiveStock, SeeOrders},
	SupplyManager: {SeeEquipment, SeeColdChain, SeeStock, UseStock, CountStock, ReceiveStock, ManageItems,
		SeeOrders, SeePrices, ApproveOrders},
	BiomedicalEngineer: {SeeEquipment, MarkEquipment, ManageEquipment, SeeColdChain, Acknowledge, SeeDevices,
		ManageDevices},
	// An administrator takes in whole documents, items and all; so she may enter one as well.
	Administrator: {SeeEquipment, SeeColdChain, SeeStock, ManageItems, SeeOrders, SeePrices, SeeDevices, ManageDevices, ManageEquipment,
		ManagePeople, ManageHospital, SeeAudit},
	Auditor: {SeeEquipment, SeeColdChain, SeeStock, SeeOrders, SeePrices, SeeDevices, SeeAudit},
	display: {SeeEquipment, SeeColdChain, SeeStock, SeeOrders},
}

// Person is a member of staff with an account. Wardwatch never follows where she is.
type Person struct {
	ID    PersonID
	Name  string
	Email string
	// Phone is where she wants text messages, as "+491701234567"; empty: none, or not asked for.
	Phone string
	Roles []Role
	// Limits are the units that her roles are limited to; nil: the whole hospital.
	Limits Limits
	// Unit is where she works today; empty until she says.
	Unit       UnitID
	DisabledAt time.Time // zero while the account is in use
	// EmergencyUntil is when her emergency access ends; zero when she has none.
	EmergencyUntil time.Time
	// StandsIn are colleagues in whose place she approves orders today.
	StandsIn []StandIn
	// MustEnrol is true while she has still to set up a second step that her role asks for.
	MustEnrol bool
	// Language is what she reads pages in, "en" or "de"; empty: as her browser asks for. It is known of who asks alone.
	Language string
	// Habits are how she likes pages shown; known of who asks alone.
	Habits Habits
}

// Habits are how a person likes pages to be shown, beside their language. The zero Habits
// are the hospital's.
type Habits struct {
	Degrees string // "C" or "F": what is shown; empty: as the site has it
	Clock   string // "12": hours with AM and PM; empty: 24 hours
	Letters string // "larger" or "largest"; empty: as the browser has them
}

// Known says whether pages can be shown so.
func (h Habits) Known() bool {
	return slices.Contains([]string{"", "C", "F"}, h.Degrees) && slices.Contains([]string{"", "12"}, h.Clock) &&
		slices.Contains([]string{"", "larger", "largest"}, h.Letters)
}

// Actor is who does something: a signed-in person, a job or a device.
type Actor struct {
	ID    PersonID
	Name  string
	Roles []Role
	// Limits are the units that the roles are limited to; see Reach.
	Limits Limits
	Unit   UnitID
	// EmergencyUntil is when the person's emergency access ends; zero when she has none.
	EmergencyUntil time.Time
	// StandsIn are colleagues in whose place the person approves orders today.
	StandsIn []StandIn
	// MustEnrol is true of who has still to set up the second step that her role asks for:
	// until then she may do nothing.
	MustEnrol bool
	// Owner answers for what a program does: whoever made its token. Empty for people.
	Owner PersonID
	// Language is what the person reads pages in; empty: as her browser asks for.
	Language string
	// Habits are how the person likes pages shown.
	Habits Habits
	job    bool
}

// Job is the actor that a scheduled task acts as; it may do everything and is named in the audit trail.
func Job(name string) Actor {
	return Actor{ID: PersonID("job:" + name), Name: name, job: true}
}

// Onlooker is a screen on a wall: it sees fridges, equipment, stock and orders, of one unit
// or, where unit is empty, of the whole hospital, and changes nothing.
func Onlooker(id PersonID, name string, unit UnitID) Actor {
	actor := Actor{ID: id, Name: name, Roles: []Role{display}}
	if unit != "" {
		actor.Limits = Limits{display: {unit}}
	}
	return actor
}

// Answers is the person who answers for what the actor does. Where two people
// have to agree, two actors for whom the same person answers are one.
func (a Actor) Answers() PersonID {
	if a.Owner != "" {
		return a.Owner
	}
	return a.ID
}

// Actor is the person as one who acts.
func (p Person) Actor() Actor {
	return Actor{ID: p.ID, Name: p.Name, Roles: p.Roles, Limits: p.Limits, Unit: p.Unit, EmergencyUntil: p.EmergencyUntil, StandsIn: p.StandsIn, MustEnrol: p.MustEnrol, Language: p.Language, Habits: p.Habits}
}

// May says whether the actor has the permission, somewhere at least: see Reach.
func (a Actor) May(p Permission) bool {
	reach := a.Reach(p)
	return reach.Everywhere || len(reach.Units) > 0
}

// Need is nil when the actor has the permission, else an ErrForbidden that names it.
func (a Actor) Need(p Permission) error {
	if a.May(p) {
		return nil
	}
	return fmt.Errorf("%s may not %s: %w", a.Name, p, ErrForbidden)
}

// Is says whether the actor works as the role.
func (a Actor) Is(role Role) bool { return slices.Contains(a.Roles, role) }

// Deed is one line of the audit trail: who did what to which thing, and why.
// It is written in the transaction of the change that it tells of.
type Deed struct {
	By Actor
	// What is a short verb with its subject: "alarm.acknowledge", "order.approve".
	What string
	// On names the thing as its page does: "fridge/f-03", "order/2026-0007".
	On string
	// Why is the reason that the person gave; may be empty.
	Why string
	// Before and After are small JSON objects of what changed; may be empty.
	Before, After string
}
