package views

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"wardwatch/inventory/reorder"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

var (
	noon  = time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)
	scene = Scene{Zone: must(time.LoadLocation("Europe/Dublin")), Now: noon}
)

func must(zone *time.Location, err error) *time.Location {
	if err != nil {
		panic(err)
	}
	return zone
}

func draw(t *testing.T, c templ.Component) string {
	t.Helper()
	var out bytes.Buffer
	if err := c.Render(WithScene(t.Context(), scene), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func everyone(roles ...hospital.Role) hospital.Actor {
	return hospital.Actor{ID: "x", Name: "Xenia <b>Ypsilon</b>", Roles: roles}
}

func fullPage(roles ...hospital.Role) Page {
	return Page{
		Title: "Cold chain", Nav: NavColdChain, Actor: everyone(roles...), Site: hospital.Site{Name: "St. Test's", Zone: "Europe/Dublin"},
		Units: []hospital.Unit{{ID: "4w", Name: "4 West"}}, Topics: []string{"coldchain", "alarms"}, Cursor: "b.7", Alarms: 2, Proposals: 3,
		Worst: &AlarmLine{Level: Alarm, Text: "Fridge <2> is too warm", Href: "/alarms/2", Since: noon.Add(-time.Hour)},
		Said:  "Done.", Demo: &Demo{Roles: []hospital.Role{hospital.Nurse}, Action: "/demo/role", Speed: 60}, Version: "v1",
	}
}

// faults lists what no page may have: inline style or script, an id twice, a
// field without a label, a picture or button without a name.
func faults(t *testing.T, page string) (found []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	ids, labels := map[string]int{}, map[string]bool{}
	var fields []string
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		attrs := map[string]string{}
		for _, a := range n.Attr {
			attrs[a.Key] = a.Val
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") || strings.HasPrefix(a.Val, "javascript:") {
				found = append(found, n.Data+" has "+a.Key+"="+a.Val)
			}
		}
		if id, ok := attrs["id"]; ok {
			if ids[id]++; ids[id] > 1 || id == "" {
				found = append(found, "id "+id+" is used again")
			}
		}
		switch n.Data {
		case "label":
			labels[attrs["for"]] = true
		case "input", "select", "textarea":
			if kind := attrs["type"]; kind != "hidden" && kind != "radio" && kind != "checkbox" {
				fields = append(fields, attrs["id"])
			}
		case "script":
			if attrs["src"] == "" || n.FirstChild != nil {
				found = append(found, "inline script")
			}
		case "style":
			if n.Type == html.ElementNode {
				found = append(found, "inline style sheet")
			}
		}
		for child := range n.ChildNodes() {
			walk(child)
		}
	}
	walk(root)
	for _, id := range fields {
		if id == "" || !labels[id] {
			found = append(found, "field "+id+" has no label")
		}
	}
	return found
}

func TestPagesHaveNoFaults(t *testing.T) {
	home := Home(HomeProps{Actor: everyone(hospital.Pharmacist), Now: noon, Start: true, Tour: true, Kinds: []KindFree{{Kind: "infusion pump", Key: "p", Free: 0, Total: 3}},
		Fridges: []coldchain.Standing{{Fridge: coldchain.Fridge{ID: "f", Name: "F <1>"}, Condition: coldchain.OutOfRange, Last: coldchain.Point{At: noon, Temp: 9400}}, {Condition: coldchain.InRange}},
		Stock:   &StockLine{Low: 1, MayApprove: true}})
	bodies := map[string]templ.Component{
		"home": home, "failure": FailurePage(Failure{Status: 500, Sentence: "No.", Reference: "R1", SignedIn: true}),
		"scan": ScanPage(true),
		"form": templ.Join(Field(FieldProps{Name: "a", Label: "A", Error: "No.", Hint: "H"}), TextArea(FieldProps{Name: "b", Label: "B"}, 3),
			Select(FieldProps{Name: "c", Label: "C", Value: "2"}, []Option{{"1", "One"}, {"2", "Two"}}),
			Choices(FieldProps{Name: "d", Label: "D"}, []Option{{"1", "One"}}), Tick(FieldProps{Name: "e", Label: "E", Value: "on"}, true)),
	}
	for name, body := range bodies {
		for who, page := range map[string]Page{"everybody": fullPage(hospital.Roles()...), "nurse": fullPage(hospital.Nurse), "stranger": {Title: "Sign in"}, "wall": {Title: "Wall", Wall: true, Actor: everyone(hospital.Nurse)}} {
			if name == "home" || name == "scan" {
				page.OwnSearch = true // its search box takes the place of the bar's
			}
			for _, fault := range faults(t, draw(t, Shell(page, body))) {
				t.Errorf("%s for %s: %s", name, who, fault)
			}
		}
	}
}

func TestTheRailShowsWhatARoleMaySee(t *testing.T) {
	for role, want := range map[hospital.Role]map[string]bool{
		hospital.Nurse:         {"/coldchain": true, "/stock": true, "/orders": false, "/admin/gateways": false, "/admin/audit": false},
		hospital.SupplyManager: {"/orders": true, "/stock": true, "/admin/people": false},
		hospital.Administrator: {"/admin/people": true, "/admin/gateways": true, "/admin/audit": true},
		hospital.Auditor:       {"/admin/audit": true, "/admin/people": false},
	} {
		page := draw(t, Shell(fullPage(role), Text("body")))
		for href, shown := range want {
			if got := strings.Contains(page, `href="`+href+`"`); got != shown {
				t.Errorf("%s sees %s: %v", role, href, got)
			}
		}
	}
	if page := draw(t, Shell(Page{Title: "Sign in"}, Text("body"))); strings.Contains(page, "rail") || strings.Contains(page, "/search") {
		t.Error("a stranger is shown the rail or the search box")
	}
}

func TestThePageCarriesItsState(t *testing.T) {
	page := draw(t, Shell(fullPage(hospital.Nurse), Text("<script>body</script>")))
	for _, want := range []string{
		"<title>(2) Cold chain – St. Test&#39;s</title>", `data-live="/live?topics=coldchain,alarms"`, `data-live-cursor="b.7"`, `data-speed="60"`,
		`data-zone="Europe/Dublin"`, `aria-current="page"`, "Fridge &lt;2&gt; is too warm", "and 1 other alarm", "Xenia &lt;b&gt;", "&lt;script&gt;body",
		`id="announce-polite"`, `id="announce-alarm"`, "Skip to content", "icon-alarm.svg",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

func TestClockSaysNoMoreThanNeeded(t *testing.T) {
	ctx := WithScene(context.Background(), scene)
	// At noon UTC of this day Dublin has just gone over to summer time.
	for at, want := range map[time.Time]string{
		noon.Add(-time.Hour):                           "12:00",
		time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC):  "00:30",
		time.Date(2026, 3, 28, 23, 59, 0, 0, time.UTC): "Sat 23:59",
		noon.AddDate(0, 0, -6):                         "Mon 12:00",
		noon.AddDate(0, 0, -7):                         "22 Mar 12:00",
		noon.AddDate(-1, 0, 0):                         "29 Mar 2025 12:00",
		noon.AddDate(0, 0, 1):                          "30 Mar 13:00",
		{}:                                             "never",
	} {
		if got := Clock(ctx, at); got != want {
			t.Errorf("%v: %q, want %q", at, got, want)
		}
	}
	if got := Full(ctx, noon); got != "29 Mar 2026 13:00:00 IST" {
		t.Errorf("full: %q", got)
	}
}

func TestNumbersAsPeopleReadThem(t *testing.T) {
	for milli, want := range map[int64]string{4250: "4.3 °C", 0: "0.0 °C", -49: "0.0 °C", -50: "−0.1 °C", -18040: "−18.0 °C", 7999: "8.0 °C"} {
		if got := Celsius(milli); got != want {
			t.Errorf("%d: %q, want %q", milli, got, want)
		}
	}
	for age, want := range map[time.Duration]string{-time.Minute: "now", 9 * time.Second: "now", 10 * time.Second: "10 s", 59 * time.Second: "59 s",
		time.Minute: "1 min", 59 * time.Minute: "59 min", time.Hour: "1 h", 47 * time.Hour: "47 h", 48 * time.Hour: "2 days"} {
		if got := Ago(age); got != want {
			t.Errorf("%v: %q, want %q", age, got, want)
		}
	}
	if Plural(1, "lot", "lots") != "1 lot" || Plural(0, "lot", "lots") != "0 lots" {
		t.Error("plural")
	}
}

func TestASignatureOfWhatWasChangedSinceIsVoid(t *testing.T) {
	was, _ := hospital.ContentOf("ten boxes")
	is, _ := hospital.ContentOf("eleven boxes")
	signed := []hospital.Signature{{ID: "sig-1", Meaning: hospital.Approved, Name: "Faye <b>Marsh</b>", Content: was,
		At: time.Date(2026, 7, 1, 22, 30, 0, 0, time.UTC), Local: "2026-07-02T00:30:00+02:00", Zone: "Europe/Berlin"}}
	html := draw(t, Signatures(signed, was))
	for _, want := range []string{"Approved", "Faye &lt;b&gt;Marsh", "2026-07-02 00:30:00+02:00 Europe/Berlin (2026-07-01 22:30:00 UTC)", "Signed"} {
		if !strings.Contains(html, want) {
			t.Errorf("%q is not in %s", want, html)
		}
	}
	if html = draw(t, Signatures(signed, is)); !strings.Contains(html, "Void: changed since") {
		t.Errorf("a void signature looks good: %s", html)
	}
}

// With one alarm its card names it, below; with more, the line says which is new.
func TestTheOnlyAlarmIsNamedOnItsCardAlone(t *testing.T) {
	newest := &notify.Alarm{ID: 7, Name: "Vaccine fridge B", Kind: "too warm", RaisedAt: noon}
	if one := draw(t, AlarmNews(newest, 1)); strings.Contains(one, newest.Name) || !strings.Contains(one, "One alarm waits") || !strings.Contains(one, "#alarm-7") {
		t.Errorf("of one alarm it says %s", one)
	}
	if two := draw(t, AlarmNews(newest, 2)); !strings.Contains(two, newest.Name) || !strings.Contains(two, "2 alarms wait") {
		t.Errorf("of two it says %s", two)
	}
}

// A fridge stands in a list of one unit as it does on the home page, but for its room.
func TestAFridgeIsOneLineWhereverItIsListed(t *testing.T) {
	warm := coldchain.Standing{Condition: coldchain.NoProbe}
	warm.Fridge.ID, warm.Fridge.Name, warm.Room.Name = "f-1", "Vaccine fridge B", "Vaccine room"
	line := draw(t, fridgeLine(warm, ""))
	if !strings.Contains(line, "/fridges/f-1") || !strings.Contains(line, "never heard") {
		t.Errorf("a fridge that was never heard: %s", line)
	}
	if unit := draw(t, UnitFridges("ed", []coldchain.Standing{warm})); !strings.Contains(unit, line) {
		t.Errorf("the unit's board draws it otherwise: %s", unit)
	}
	if home := draw(t, ColdSummary([]coldchain.Standing{warm})); !strings.Contains(home, draw(t, fridgeLine(warm, "Vaccine room"))) {
		t.Errorf("home draws it otherwise: %s", home)
	}
}

func TestTheBoundsOfAForecastHaveTheSameDecimals(t *testing.T) {
	for want, p := range map[string]reorder.Proposal{
		"between 0.0 and 2.4 ":   {PerDay: 1, SDPerDay: 0.85},
		"between 0.00 and 0.75 ": {PerDay: 0.25, SDPerDay: 0.304},
		"between 8 and 25 ":      {PerDay: 16.4, SDPerDay: 5},
	} {
		if words := demandWords(p); !strings.Contains(words, want) {
			t.Errorf("%q does not say %q", words, want)
		}
	}
}
