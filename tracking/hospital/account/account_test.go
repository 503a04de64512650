package account_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
)

// lodge is a porter's lodge with a clock that the test sets.
type lodge struct {
	*account.Porter
	keys  *account.Keys
	db    *db.DB
	at    atomic.Int64
	mu    sync.Mutex
	told  []string
	admin hospital.Actor
}

var (
	ward     = account.Origin{Address: "10.0.0.7", Browser: "test"}
	elsewere = account.Origin{Address: "203.0.113.9", Browser: "test"}
)

const (
	good    = account.Secret("tiger-lamp-cloud-seven")
	another = account.Secret("kettle under violet snow")
)

func newLodge(t *testing.T) *lodge {
	t.Helper()
	l := &lodge{}
	l.at.Store(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).UnixMilli())
	l.db = dbtest.Open(t, db.Options{Now: l.now, Announce: func(topics []string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.told = append(l.told, topics...)
	}})
	store := db.Accounts{DB: l.db}
	porter, err := account.NewPorter(store, account.DefaultLimits(), l.now)
	if err != nil {
		t.Fatal(err)
	}
	l.Porter, l.keys = porter, account.NewKeys(store, l.now)
	l.admin = hospital.Actor{ID: "root", Name: "Root", Roles: []hospital.Role{hospital.Administrator}}
	return l
}

func (l *lodge) now() time.Time       { return time.UnixMilli(l.at.Load()).UTC() }
func (l *lodge) pass(d time.Duration) { l.at.Add(d.Milliseconds()) }

// nora has an account with the password good.
func (l *lodge) nora(t *testing.T) hospital.Person {
	t.Helper()
	person, link, err := l.Add(t.Context(), l.admin, hospital.Person{Name: "Nora Ode", Email: "Nora@Linden.example", Roles: []hospital.Role{hospital.Nurse}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Redeem(t.Context(), link, account.Newcomer{Password: good}, ward); err != nil {
		t.Fatal(err)
	}
	return person
}

func (l *lodge) signIn(t *testing.T, from account.Origin) account.Secret {
	t.Helper()
	secret, _, err := l.SignIn(t.Context(), " NORA@linden.example ", good, "", from)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func (l *lodge) isIn(t *testing.T, secret account.Secret) bool {
	t.Helper()
	_, err := l.WhoAsks(t.Context(), secret, false)
	if err != nil && !errors.Is(err, account.ErrSignedOut) {
		t.Fatal(err)
	}
	return err == nil
}

func (l *lodge) audit(t *testing.T) (whats []string) {
	t.Helper()
	rows, err := l.db.Query(t.Context(), `SELECT what || ' ' || on_thing FROM audit ORDER BY seq`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var what string
		if err := rows.Scan(&what); err != nil {
			t.Fatal(err)
		}
		whats = append(whats, what)
	}
	return whats
}

func TestTheFirstAdministratorComesInByAOneTimeLink(t *testing.T) {
	l := newLodge(t)
	older, needed, err := l.FirstLink(t.Context())
	if err != nil || !needed {
		t.Fatal(needed, err)
	}
	link, _, err := l.FirstLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Invited(t.Context(), older); !errors.Is(err, hospital.ErrUnknown) {
		t.Errorf("the older link still works: %v", err)
	}
	if _, first, err := l.Invited(t.Context(), link); err != nil || !first {
		t.Fatal(first, err)
	}
	session, person, err := l.Redeem(t.Context(), link, account.Newcomer{Name: " Ada Root ", Email: "Ada@Linden.example", Password: good}, ward)
	if err != nil {
		t.Fatal(err)
	}
	if person.ID != "ada" || person.Name != "Ada Root" || !slices.Equal(person.Roles, []hospital.Role{hospital.Administrator}) || !l.isIn(t, session) {
		t.Errorf("got %+v", person)
	}
	if _, _, err := l.Redeem(t.Context(), link, account.Newcomer{Name: "Eve", Email: "eve@linden.example", Password: another}, ward); !errors.Is(err, hospital.ErrUnknown) {
		t.Errorf("the link worked twice: %v", err)
	}
	if _, needed, err := l.FirstLink(t.Context()); err != nil || needed {
		t.Errorf("a second first link was made: %v", err)
	}
}

func TestTwoWhoOpenTheFirstLinkAtOnce(t *testing.T) {
	l := newLodge(t)
	link, _, err := l.FirstLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var won atomic.Int32
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			_, _, err := l.Redeem(t.Context(), link, account.Newcomer{Name: "Ada", Email: fmt.Sprintf("ada%d@linden.example", i), Password: good}, ward)
			if err == nil {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d became the first administrator", won.Load())
	}
}

func TestALinkGrowsOld(t *testing.T) {
	l := newLodge(t)
	_, link, err := l.Add(t.Context(), l.admin, hospital.Person{Name: "Nora", Email: "nora@linden.example", Roles: []hospital.Role{hospital.Nurse}})
	if err != nil {
		t.Fatal(err)
	}
	l.pass(24 * time.Hour)
	if _, _, err := l.Redeem(t.Context(), link, account.Newcomer{Password: good}, ward); !errors.Is(err, hospital.ErrUnknown) {
		t.Errorf("got %v", err)
	}
}

func TestSignInIsRecordedAndAnswersTheSameWhateverIsWrong(t *testing.T) {
	l := newLodge(t)
	l.nora(t)
	_, _, wrong := l.SignIn(t.Context(), "nora@linden.example", "not hers", "", elsewere)
	_, _, unknown := l.SignIn(t.Context(), "nobody@linden.example", good, "", elsewere)
	_, _, tooLong := l.SignIn(t.Context(), "nora@linden.example", account.Secret(strings.Repeat("x", 100_000)), "", elsewere)
	if !errors.Is(wrong, hospital.ErrInvalid) || wrong.Error() != unknown.Error() || wrong.Error() != tooLong.Error() {
		t.Errorf("wrong password: %v\nunknown account: %v\ntoo long: %v", wrong, unknown, tooLong)
	}
	secret, person, err := l.SignIn(t.Context(), "nora@linden.example", good, "", ward)
	if err != nil || person.ID != "nora" || !l.isIn(t, secret) {
		t.Fatal(person, err)
	}
	got := l.audit(t)
	want := []string{"account.sign-in-refused person/nora", "account.sign-in-refused person/unknown", "account.sign-in-refused person/nora", "account.sign-in person/nora"}
	if !slices.Equal(got[len(got)-4:], want) {
		t.Errorf("the trail ends with %q", got)
	}
}

func TestAnAccountWithoutAPasswordLetsNobodyIn(t *testing.T) {
	l := newLodge(t)
	if _, _, err := l.Add(t.Context(), l.admin, hospital.Person{Name: "Nora", Email: "nora@linden.example", Roles: []hospital.Role{hospital.Nurse}}); err != nil {
		t.Fatal(err)
	}
	for _, password := range []account.Secret{"", good} {
		if _, _, err := l.SignIn(t.Context(), "nora@linden.example", password, "", ward); !errors.Is(err, hospital.ErrInvalid) {
			t.Errorf("password %q: %v", password.Reveal(), err)
		}
	}
}

func TestSigningInAgainEndsTheSessionBefore(t *testing.T) {
	l := newLodge(t)
	l.nora(t)
	before := l.signIn(t, ward)
	after, _, err := l.SignIn(t.Context(), "nora@linden.example", good, before, ward)
	if err != nil {
		t.Fatal(err)
	}
	if l.isIn(t, before) || !l.isIn(t, after) || before == after {
		t.Error("the session before the sign-in is still good")
	}
}

func TestASessionEndsWhenNobodyUsesIt(t *testing.T) {
	l := newLodge(t)
	l.nora(t)
	secret := l.signIn(t, ward)
	for range 10 { // in use for 2 h 20 min
		l.pass(14 * time.Minute)
		if !l.isIn(t, secret) {
			t.Fatal("a session in use ended")
		}
	}
	l.pass(14 * time.Minute)
	if _, err := l.WhoAsks(t.Context(), secret, true); err != nil {
		t.Fatal("watching ended the session")
	}
	l.pass(time.Minute) // the look before was not a use
	if l.isIn(t, secret) {
		t.Error("a session that nobody used for 15 minutes is still good")
	}
}

func TestASessionEndsAfterAShift(t *testing.T) {
	l := newLodge(t)
	l.nora(t)
	secret := l.signIn(t, ward)
	for at := time.Duration(0); at < 12*time.Hour-10*time.Minute; at += 10 * time.Minute {
		l.pass(10 * time.Minute)
		if !l.isIn(t, secret) {
			t.Fatalf("ended after %s", at)
		}
	}
	l.pass(10 * time.Minute)
	if l.isIn(t, secret) {
		t.Error("a session of 12 hours is still good")
	}
	if err := l.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := l.db.QueryRow(t.Context(), `SELECT count(*) FROM sessions`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d sessions are kept, %v", n, err)
	}
}

func TestSigningOutEndsTheSessionAtOnce(t *testing.T) {
	l := newLodge(t)
	nora := l.nora(t)
	here, there := l.signIn(t, ward), l.signIn(t, elsewere)
	if err := l.SignOut(t.Context(), nora.Actor(), here); err != nil {
		t.Fatal(err)
	}
	if l.isIn(t, here) || !l.isIn(t, there) {
		t.Error("the wrong session ended")
	}
	third := l.signIn(t, ward)
	if err := l.SignOutElsewhere(t.Context(), nora.Actor(), third); err != nil {
		t.Fatal(err)
	}
	if l.isIn(t, there) || !l.isIn(t, third) {
		t.Error("signing out elsewhere ended the wrong sessions")
	}
	if !slices.Contains(l.told, account.Topic("nora")) {
		t.Error("open pages were not told")
	}
}

func TestChangingThePasswordEndsOtherSessions(t *testing.T) {
	l := newLodge(t)
	nora := l.nora(t)
	here, there := l.signIn(t, ward), l.signIn(t, elsewere)
	if err := l.ChangePassword(t.Context(), nora.Actor(), here, "wrong", another, ward); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("a wrong present password: %v", err)
	}
	if err := l.ChangePassword(t.Context(), nora.Actor(), here, good, "nora.ode1", ward); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("a password made of the name: %v", err)
	}
	if err := l.ChangePassword(t.Context(), nora.Actor(), here, good, another, ward); err != nil {
		t.Fatal(err)
	}
	if !l.isIn(t, here) || l.isIn(t, there) {
		t.Error("the wrong session ended")
	}
	if _, _, err := l.SignIn(t.Context(), "nora@linden.example", good, "", elsewere); err == nil {
		t.Error("the old password still works")
	}
	if _, _, err := l.SignIn(t.Context(), "nora@linden.example", another, "", ward); err != nil {
		t.Error(err)
	}
}

func TestADisabledAccountIsOutAtOnce(t *testing.T) {
	l := newLodge(t)
	nora := l.nora(t)
	secret := l.signIn(t, ward)
	if err := l.Disable(t.Context(), l.admin, nora.ID); err != nil {
		t.Fatal(err)
	}
	if l.isIn(t, secret) {
		t.Error("her session is still good")
	}
	if _, _, err := l.SignIn(t.Context(), "nora@linden.example", good, "", ward); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("she signed in: %v", err)
	}
	if _, err := l.Invite(t.Context(), l.admin, nora.ID); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("she was invited: %v", err)
	}
	if err := l.Enable(t.Context(), l.admin, nora.ID); err != nil {
		t.Fatal(err)
	}
	l.signIn(t, ward)
}

func TestOneAdministratorAlwaysStays(t *testing.T) {
	l := newLodge(t)
	link, _, _ := l.FirstLink(t.Context())
	_, ada, err := l.Redeem(t.Context(), link, account.Newcomer{Name: "Ada", Email: "ada@linden.example", Password: good}, ward)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Disable(t.Context(), l.admin, ada.ID); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("the last administrator was disabled: %v", err)
	}
	ada.Roles = []hospital.Role{hospital.Nurse}
	if err := l.Alter(t.Context(), l.admin, ada); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("the last administrator lost the role: %v", err)
	}
	if still, err := l.Person(t.Context(), l.admin, ada.ID); err != nil || !still.Actor().Is(hospital.Administrator) {
		t.Errorf("she is %+v, %v", still, err)
	}
}

func TestRolesTakeEffectAtOnce(t *testing.T) {
	l := newLodge(t)
	nora := l.nora(t)
	secret := l.signIn(t, ward)
	nora.Roles = []hospital.Role{hospital.Pharmacist}
	if err := l.Alter(t.Context(), l.admin, nora); err != nil {
		t.Fatal(err)
	}
	if who, err := l.WhoAsks(t.Context(), secret, false); err != nil || !who.Actor().May(hospital.DecideLots) {
		t.Errorf("she is %+v, %v", who, err)
	}
}

func TestOnlyWhoManagesPeopleMay(t *testing.T) {
	l := newLodge(t)
	nora := l.nora(t)
	by := nora.Actor()
	_, _, add := l.Add(t.Context(), by, hospital.Person{Name: "Eve", Email: "eve@linden.example", Roles: []hospital.Role{hospital.Administrator}})
	_, people := l.People(t.Context(), by)
	_, invite := l.Invite(t.Context(), by, nora.ID)
	_, _, token := l.keys.Add(t.Context(), by, "x", "gw-1")
	_, tokens := l.keys.Tokens(t.Context(), by)
	_, person := l.Person(t.Context(), by, nora.ID)
	for name, err := range map[string]error{"add": add, "people": people, "person": person, "invite": invite, "token": token, "tokens": tokens,
		"alter": l.Alter(t.Context(), by, nora), "disable": l.Disable(t.Context(), by, nora.ID), "enable": l.Enable(t.Context(), by, nora.ID),
		"rotate": func() error { _, _, err := l.keys.Rotate(t.Context(), by, "t", 0); return err }(),
		"revoke": l.keys.Revoke(t.Context(), by, "t")} {
		if !errors.Is(err, hospital.ErrForbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNamesakesGetIDsOfTheirOwn(t *testing.T) {
	l := newLodge(t)
	l.nora(t)
	second, _, err := l.Add(t.Context(), l.admin, hospital.Person{Name: "Nora Two", Email: "nora@oak.example", Roles: []hospital.Role{hospital.Nurse}})
	if err != nil || second.ID != "nora-2" {
		t.Errorf("got %s, %v", second.ID, err)
	}
	_, _, err = l.Add(t.Context(), l.admin, hospital.Person{Name: "Nora Three", Email: "NORA@linden.example", Roles: []hospital.Role{hospital.Nurse}})
	if !errors.Is(err, hospital.ErrInvalid) || !strings.Contains(hospital.Sentence(err), "belongs to nora") {
		t.Errorf("an address was given twice: %v", err)
	}
}

// Guessing at one account from one address is slowed, and the ward where she works goes on.
func TestGuessingIsSlowedAndTheWardGoesOn(t *testing.T) {
	l := newLodge(t)
	l.nora(t)
	guess := func() error {
		_, _, err := l.SignIn(t.Context(), "nora@linden.example", "guess", "", elsewere)
		return err
	}
	for i := range 6 {
		if err := guess(); !errors.Is(err, hospital.ErrInvalid) {
			t.Fatalf("guess %d: %v", i, err)
		}
	}
	err := guess()
	if !errors.Is(err, account.ErrTooMany) || hospital.Sentence(err) != "Too many attempts. Wait 2 seconds and try again." {
		t.Errorf("the seventh guess: %v", err)
	}
	if _, _, err := l.SignIn(t.Context(), "nora@linden.example", good, "", elsewere); !errors.Is(err, account.ErrTooMany) {
		t.Errorf("the right password is looked at while waiting: %v", err)
	}
	l.signIn(t, ward) // not affected
	l.pass(2 * time.Second)
	if err := guess(); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("after the wait: %v", err)
	}
	if err := guess(); hospital.Sentence(err) != "Too many attempts. Wait 4 seconds and try again." {
		t.Errorf("the wait should double: %v", err)
	}
	l.pass(time.Hour)
	l.signIn(t, elsewere) // never locked for good
}

func TestManyMachinesGuessingAtOneAccount(t *testing.T) {
	l := newLodge(t)
	l.nora(t)
	refused := 0
	for i := range 40 {
		_, _, err := l.SignIn(t.Context(), "nora@linden.example", "guess", "", account.Origin{Address: fmt.Sprintf("203.0.113.%d", i)})
		if errors.Is(err, account.ErrTooMany) {
			refused++
		}
	}
	if refused != 9 {
		t.Errorf("%d of 40 guesses were refused unseen", refused)
	}
	l.signIn(t, ward) // she signed in from here before
}

func TestManyGuessesAtOnceAreEachCounted(t *testing.T) {
	l := newLodge(t)
	l.nora(t)
	var looked atomic.Int32
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			for range 5 {
				if _, _, err := l.SignIn(t.Context(), "nora@linden.example", "guess", "", elsewere); errors.Is(err, hospital.ErrInvalid) {
					looked.Add(1)
				}
			}
		})
	}
	all.Wait()
	if looked.Load() > 6 || looked.Load() == 0 {
		t.Errorf("%d of 150 guesses were looked at", looked.Load())
	}
}

// A thousand wrong sign-ins a second from one place, to as many accounts, leave others alone.
func TestAFloodFromOnePlaceLeavesOthersAlone(t *testing.T) {
	l := newLodge(t)
	l.nora(t)
	var flood sync.WaitGroup
	var let, turnedAway atomic.Int64
	second := time.NewTicker(time.Millisecond)
	defer second.Stop()
	began, took := time.Now(), make(chan time.Duration, 1)
	for n := range 1000 {
		<-second.C
		flood.Go(func() {
			_, _, err := l.SignIn(t.Context(), fmt.Sprintf("x%d@linden.example", n), "guess", "", elsewere)
			if errors.Is(err, account.ErrTooMany) {
				turnedAway.Add(1)
			} else {
				let.Add(1)
			}
		})
		if n == 500 {
			flood.Go(func() {
				at := time.Now()
				l.signIn(t, ward)
				took <- time.Since(at)
			})
		}
	}
	flood.Wait()
	t.Logf("a flood of %s: %d were looked at, %d turned away; the ward's sign-in took %s", time.Since(began), let.Load(), turnedAway.Load(), <-took)
	if let.Load() > 60 {
		t.Errorf("%d guesses were looked at", let.Load())
	}
}

func TestSigningInWithTwoSteps(t *testing.T) {
	l := newLodge(t)
	nora := l.nora(t)
	by := nora.Actor()
	if err := l.BeginTwoStep(t.Context(), by, account.Again{Password: good}, ward); err != nil {
		t.Fatal(err)
	}
	l.signIn(t, ward) // not on yet
	second, err := l.TwoStep(t.Context(), by)
	if err != nil || second.On() {
		t.Fatalf("got %+v, %v", second, err)
	}
	if err := l.ConfirmTwoStep(t.Context(), by, "000000"); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("a wrong code: %v", err)
	}
	code := func() string { return account.CodeAt(second, l.now()) }
	if err := l.ConfirmTwoStep(t.Context(), by, code()); err != nil {
		t.Fatal(err)
	}
	if err := l.BeginTwoStep(t.Context(), by, account.Again{Password: good}, ward); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("another secret was made: %v", err)
	}

	waiting := func() account.Secret {
		t.Helper()
		secret, _, err := l.SignIn(t.Context(), "nora@linden.example", good, "", ward)
		if !errors.Is(err, account.ErrSecondStep) || l.isIn(t, secret) {
			t.Fatalf("the password alone: %v", err)
		}
		return secret
	}
	step := waiting()
	if _, _, err := l.SecondStep(t.Context(), step, code(), "", ward); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("the code that turned it on was taken again: %v", err)
	}
	l.pass(30 * time.Second)
	session, _, err := l.SecondStep(t.Context(), step, code(), "", ward)
	if err != nil || !l.isIn(t, session) {
		t.Fatalf("the right code: %v", err)
	}
	l.pass(30 * time.Second)
	if _, _, err := l.SecondStep(t.Context(), step, code(), "", ward); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("the same sign-in ended twice: %v", err)
	}

	step = waiting()
	for range 5 {
		if _, _, err := l.SecondStep(t.Context(), step, "000000", "", ward); !errors.Is(err, hospital.ErrInvalid) {
			t.Fatal(err)
		}
	}
	if _, _, err := l.SecondStep(t.Context(), step, code(), "", ward); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("after five wrong codes: %v", err)
	}
	step = waiting()
	l.pass(5*time.Minute + time.Second)
	if _, _, err := l.SecondStep(t.Context(), step, code(), "", ward); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("after five minutes: %v", err)
	}
	l.pass(time.Hour)

	link, err := l.Invite(t.Context(), l.admin, nora.ID) // a link sets the password and is no way round the phone
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Redeem(t.Context(), link, account.Newcomer{Password: good}, ward); !errors.Is(err, account.ErrSecondStep) {
		t.Errorf("a link: %v", err)
	}
	if err := l.EndTwoStep(t.Context(), by, "wrong", ward); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("turned off without the password: %v", err)
	}
	if err := l.ResetTwoStep(t.Context(), by, nora.ID, account.Again{}, ward); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse reset it: %v", err)
	}
	if has, err := l.HasTwoStep(t.Context(), l.admin, nora.ID); err != nil || !has {
		t.Error(has, err)
	}
	if err := l.EndTwoStep(t.Context(), by, good, ward); err != nil {
		t.Fatal(err)
	}
	l.signIn(t, ward)
}

// Who has the password must not guess codes without end.
func TestGuessingCodesIsSlowed(t *testing.T) {
	l := newLodge(t)
	nora := l.nora(t)
	if err := l.BeginTwoStep(t.Context(), nora.Actor(), account.Again{Password: good}, ward); err != nil {
		t.Fatal(err)
	}
	second, _ := l.TwoStep(t.Context(), nora.Actor())
	if err := l.ConfirmTwoStep(t.Context(), nora.Actor(), account.CodeAt(second, l.now())); err != nil {
		t.Fatal(err)
	}
	guesses := 0
	for range 20 {
		waiting, _, err := l.SignIn(t.Context(), "nora@linden.example", good, "", elsewere)
		if errors.Is(err, account.ErrTooMany) {
			break
		}
		for range 5 {
			_, _, _ = l.SecondStep(t.Context(), waiting, "000000", "", elsewere)
			guesses++
		}
	}
	if guesses > 30 {
		t.Errorf("%d codes were guessed without a wait", guesses)
	}
}

func TestTokensLetGatewaysIn(t *testing.T) {
	l := newLodge(t)
	token, secret, err := l.keys.Add(t.Context(), l.admin, "Ceiling, pharmacy", "gw-01")
	if err != nil {
		t.Fatal(err)
	}
	if gateway, err := l.keys.Check(t.Context(), secret.Reveal()); err != nil || gateway != "gw-01" {
		t.Fatal(gateway, err)
	}
	_, program, err := l.keys.Add(t.Context(), l.admin, "Middleware", "")
	if err != nil {
		t.Fatal(err)
	}
	if gateway, err := l.keys.Check(t.Context(), program.Reveal()); err != nil || gateway != "" {
		t.Fatal(gateway, err)
	}
	for _, bad := range []string{"", "ww_", secret.Reveal() + "x", secret.Reveal()[:20], strings.Repeat("ww_", 1000)} {
		if _, err := l.keys.Check(t.Context(), bad); !errors.Is(err, hospital.ErrForbidden) {
			t.Errorf("%.30q: %v", bad, err)
		}
	}
	all, err := l.keys.Tokens(t.Context(), l.admin)
	if err != nil || len(all) != 2 || !all[0].LastUsedAt.Equal(l.now()) {
		t.Errorf("tokens are %+v, %v", all, err)
	}
	if err := l.keys.Revoke(t.Context(), l.admin, token.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := l.keys.Check(t.Context(), secret.Reveal()); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a revoked token: %v", err)
	}
	if err := l.keys.Revoke(t.Context(), l.admin, "t-none"); !errors.Is(err, hospital.ErrUnknown) {
		t.Errorf("an unknown token: %v", err)
	}
}

func TestATokenIsReplacedWhileItsGatewayGoesOn(t *testing.T) {
	l := newLodge(t)
	old, oldSecret, err := l.keys.Add(t.Context(), l.admin, "Ceiling", "gw-01")
	if err != nil {
		t.Fatal(err)
	}
	fresh, newSecret, err := l.keys.Rotate(t.Context(), l.admin, old.ID, account.DefaultOverlap)
	if err != nil || fresh.Gateway != "gw-01" || fresh.Name != "Ceiling" || fresh.ID == old.ID {
		t.Fatalf("got %+v, %v", fresh, err)
	}
	good := func(secret account.Secret) bool {
		_, err := l.keys.Check(t.Context(), secret.Reveal())
		return err == nil
	}
	l.pass(24*time.Hour - time.Millisecond)
	if !good(oldSecret) || !good(newSecret) {
		t.Error("during the overlap both tokens should be good")
	}
	l.pass(time.Millisecond)
	if good(oldSecret) || !good(newSecret) {
		t.Error("after the overlap the new token alone should be good")
	}
	if _, _, err := l.keys.Rotate(t.Context(), l.admin, fresh.ID, 31*24*time.Hour); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("an endless overlap: %v", err)
	}
	if err := l.keys.Revoke(t.Context(), l.admin, fresh.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.keys.Rotate(t.Context(), l.admin, fresh.ID, 0); !errors.Is(err, hospital.ErrUnknown) {
		t.Errorf("a revoked token was replaced: %v", err)
	}
}

// Nothing that is stored lets anybody in, and nothing that is printed tells a secret.
func TestSecretsAreNeitherStoredNorPrinted(t *testing.T) {
	l := newLodge(t)
	l.nora(t)
	session := l.signIn(t, ward)
	_, token, err := l.keys.Add(t.Context(), l.admin, "x", "gw-01")
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"sessions", "tokens", "account_links", "passwords", "audit"} {
		rows, err := l.db.Query(t.Context(), `SELECT * FROM `+table)
		if err != nil {
			t.Fatal(err)
		}
		columns, _ := rows.Columns()
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				text := fmt.Sprint(*v.(*any))
				for _, secret := range []account.Secret{session, token, good} {
					if strings.Contains(text, secret.Reveal()) {
						t.Errorf("table %s holds a secret", table)
					}
				}
			}
		}
		rows.Close()
	}
	if got := fmt.Sprintf("%v %+v %#v %s", session, session, session, session); strings.Contains(got, session.Reveal()) {
		t.Error("a secret prints itself")
	}
}
