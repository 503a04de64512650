package hospital

import (
	"errors"
	"slices"
	"testing"
)

func TestHowFarAPermissionReaches(t *testing.T) {
	ofWardA := Actor{Name: "Nora", Roles: []Role{Nurse}, Limits: Limits{Nurse: {"b", "a", "b"}}}
	both := Actor{Name: "Petra", Roles: []Role{Nurse, Pharmacist}, Limits: Limits{Nurse: {"a"}}}
	boss := Actor{Name: "Ada", Roles: []Role{Administrator}, Limits: Limits{Administrator: {"a"}}}
	for _, c := range []struct {
		who  Actor
		p    Permission
		want string
	}{
		{ofWardA, SeeColdChain, "a,b"}, {ofWardA, SeeEquipment, "everywhere"}, {ofWardA, ApproveOrders, ""},
		{both, SeeColdChain, "everywhere"}, {both, DecideLots, "everywhere"},
		{boss, SeeStock, "a"}, {boss, ManagePeople, ""}, {boss, SeeAudit, ""}, {boss, ManageHospital, ""},
		{Job("night"), ManagePeople, "everywhere"},
	} {
		if got := c.who.Reach(c.p).String(); got != c.want {
			t.Errorf("%s may %s %q, want %q", c.who.Name, c.p, got, c.want)
		}
		if may := c.who.May(c.p); may != (c.want != "") {
			t.Errorf("%s may %s: %v", c.who.Name, c.p, may)
		}
	}
	for _, c := range []struct {
		who  Actor
		unit UnitID
		want error
	}{{ofWardA, "a", nil}, {ofWardA, "c", ErrUnknown}, {ofWardA, "", ErrUnknown}, {both, "c", nil}, {both, "", nil}, {Actor{}, "a", ErrForbidden}} {
		if err := c.who.NeedIn(SeeColdChain, c.unit); !errors.Is(err, c.want) {
			t.Errorf("%s in %q: %v", c.who.Name, c.unit, err)
		}
	}
	if err := ofWardA.NeedEverywhere(SeeColdChain); !errors.Is(err, ErrForbidden) {
		t.Errorf("everywhere: %v", err)
	}
}

// A limit never gives what the role alone does not.
func TestALimitOnlyTakesAway(t *testing.T) {
	for _, role := range Roles() {
		whole, limited := Actor{Roles: []Role{role}}, Actor{Roles: []Role{role}, Limits: Limits{role: {"a"}}}
		for _, p := range Permissions() {
			if limited.May(p) && !whole.May(p) {
				t.Errorf("the limited %s may %s", role, p)
			}
			if limited.May(p) && !slices.Contains(unitwise, p) {
				t.Errorf("the limited %s may %s, which concerns the whole hospital", role, p)
			}
		}
	}
}
