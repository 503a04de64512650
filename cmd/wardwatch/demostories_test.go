package main

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"wardwatch/tracking/hospital"
)

// storyTime is how long a story of the demo may take to happen on a machine that has much else to do.
const storyTime = 5 * time.Minute

// page is a page of the demo as somebody in a role sees it.
func (d *runningDemo) page(t *testing.T, role hospital.Role, path string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.http+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Cookie", "wardwatch-demo-role="+string(role))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", path, answer.Status, err)
	}
	return string(body)
}

// until looks at a page, each time that something of its topics changes, until it shows what is awaited.
func (d *runningDemo) until(t *testing.T, role hospital.Role, topics, path, what string, shows func(page string) bool) {
	t.Helper()
	header := http.Header{"Cookie": {"wardwatch-demo-role=" + string(role)}, "Origin": {d.http}}
	socket, answer, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(d.http, "http")+"/live?topics="+topics, header)
	if err != nil {
		t.Fatalf("listen to %s: %v (%v)", topics, err, answer)
	}
	defer socket.Close()
	_ = socket.SetReadDeadline(time.Now().Add(storyTime))
	for !shows(d.page(t, role, path)) {
		if _, _, err := socket.ReadMessage(); err != nil {
			t.Fatalf("%s did not happen within %v (%v); the log: %s", what, storyTime, err, d.said)
		}
	}
}

var placeLine = regexp.MustCompile(`>([^<>]+) · (Ground|First) floor`)

// placeOn is the first place that an asset's page names: where the asset is.
func placeOn(page string) string {
	if found := placeLine.FindStringSubmatch(page); found != nil {
		return found[1]
	}
	return ""
}

// pull presses a button of the demo's strip.
func (d *runningDemo) pull(t *testing.T, lever string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.http+"/demo/lever", strings.NewReader("lever="+lever))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", d.http)
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther {
		body, _ := io.ReadAll(answer.Body)
		t.Errorf("lever %s: %s %s", lever, answer.Status, body)
	}
}

// A visitor makes things happen: a gateway is cut, a fridge fails, the clock hurries.
// When the demo ends, nothing of it is left.
func TestVisitorsMakeThingsHappen(t *testing.T) {
	t.Parallel()
	d := startDemo(t, "--size", "small")
	if ready := d.page(t, hospital.Nurse, "/readyz"); !strings.Contains(ready, "ready") {
		t.Errorf("/readyz answers %s", ready)
	}
	d.pull(t, "gateway")
	d.until(t, hospital.BiomedicalEngineer, "gateways", "/admin/gateways", "the cut gateway's last will", func(page string) bool {
		return strings.Contains(page, "Offline")
	})
	d.pull(t, "fridge")
	d.pull(t, "speed")
	if page := d.page(t, hospital.Nurse, "/"); !strings.Contains(page, "clock × 60") {
		t.Error("the strip does not say that the clock runs faster")
	}
	d.end(t)
}

// rangAfterHalfAMinute looks at when the story's excursion was confirmed, by the
// readings' own time: about thirty seconds of the hospital's clock after the start, which
// was before the program said that it was ready.
func (d *runningDemo) rangAfterHalfAMinute(t *testing.T, before, ready time.Time) {
	t.Helper()
	var list struct {
		Items []struct {
			Fridge      string
			ConfirmedAt time.Time `json:"confirmed_at"`
		}
	}
	if err := json.Unmarshal([]byte(d.page(t, hospital.Pharmacist, "/api/v1/excursions")), &list); err != nil {
		t.Fatal(err)
	}
	for _, e := range list.Items {
		// It is mended after nine of the hospital's minutes, which a slow machine's look may miss.
		if e.Fridge == demoStory().Fridge && e.ConfirmedAt.After(before) {
			// Readings come every ten seconds, and the world steps by fifteen at this speed. Where the
			// machine stood still for so long that the world left readings out, it rings with the next one.
			leftOut := strings.Contains(d.said.String(), "can't keep up with its clock")
			if e.ConfirmedAt.Before(before.Add(5*time.Second)) || e.ConfirmedAt.After(ready.Add(50*time.Second)) && !leftOut {
				t.Errorf("the fridge rang %v after the demo was started", e.ConfirmedAt.Sub(before))
			}
			return
		}
	}
	t.Errorf("%s had no excursion: %+v", demoStory().Fridge, list.Items)
}

// The stories that a newcomer is promised, through the very pages: a pump changes
// rooms, a fridge rings, its lots are held, reorders wait.
func TestTheDemoTellsItsStories(t *testing.T) {
	t.Parallel()
	before := time.Now()
	d := startDemo(t, "--size", "small", "--speed", "30", "--seed", "5")
	ready := time.Now()
	if home := d.page(t, hospital.Nurse, "/"); !strings.Contains(home, "Infusion pump") || !strings.Contains(home, "clock × 30") {
		t.Error("home does not offer infusion pumps, or not say that the clock is fast")
	}
	first := placeOn(d.page(t, hospital.Nurse, "/assets/p-001"))
	if first == "" {
		t.Fatal("nobody knows where the first pump is")
	}
	d.until(t, hospital.Nurse, "asset/p-001", "/assets/p-001", "a walk of the first pump", func(page string) bool { return placeOn(page) != first })
	d.until(t, hospital.Nurse, "alarms", "/alarms", "the fridge's alarm", func(page string) bool {
		return strings.Contains(page, "Vaccine fridge B") && strings.Contains(page, "Too warm")
	})
	d.rangAfterHalfAMinute(t, before, ready)
	d.until(t, hospital.Pharmacist, "stock,coldchain", "/holds", "the hold on the fridge's lots", func(page string) bool {
		return strings.Contains(page, "Influenza vaccine") && strings.Contains(page, "wait for a decision")
	})
	d.until(t, hospital.SupplyManager, "proposals", "/orders/proposals", "the reorder of what is held", func(page string) bool {
		return strings.Contains(page, "Influenza vaccine") && strings.Contains(page, "held since excursion")
	})
	d.end(t)
}
