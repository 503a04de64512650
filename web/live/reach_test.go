package live

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/views/words"
)

// board is a topic that tells of all units: a leaf for each that whoever listens reaches.
func board(units ...hospital.UnitID) Source {
	return Source{Prefix: "coldchain", Permission: hospital.SeeColdChain, Render: func(ctx context.Context, _ string) (all []Fragment, err error) {
		for _, unit := range units {
			if hospital.ReachOf(ctx, hospital.SeeColdChain).Has(unit) {
				all = append(all, Fragment{ID: string(unit), HTML: fmt.Sprintf(`<b id="%s">%d</b>`, unit, time.Now().UnixMilli())})
			}
		}
		return all, nil
	}}
}

func of(id hospital.PersonID, units ...hospital.UnitID) Audience {
	by := hospital.Actor{ID: id, Name: string(id), Roles: []hospital.Role{hospital.Nurse}}
	if units != nil {
		by.Limits = hospital.Limits{hospital.Nurse: units}
	}
	return Audience{Actor: by}
}

func TestWardANeverHearsWardB(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, stop := running(t, board("a", "b"))
		defer stop()
		pages := map[string]*page{}
		for name, audience := range map[string]Audience{"a": of("anna", "a"), "also a": of("ali", "a"), "b": of("bea", "b"), "all": of("olga")} {
			p := open(t, h, h.Cursor(), audience, "coldchain")
			defer p.close()
			p.reading()
			pages[name] = p
		}
		synctest.Wait()
		h.Changed("coldchain")
		time.Sleep(2 * Tick)
		synctest.Wait()
		for name, want := range map[string][2]bool{"a": {true, false}, "also a": {true, false}, "b": {false, true}, "all": {true, true}} {
			if got := [2]bool{pages[name].shown["a"] != "", pages[name].shown["b"] != ""}; got != want {
				t.Errorf("%s was shown %v", name, pages[name].shown)
			}
		}
		if c := h.Counts(); c.Rendered != 3 || c.Topics != 3 {
			t.Errorf("one rendering for each reach: %+v", c)
		}
	})
}

// A page that comes back hears what it missed, within its reach; asking is the same by poll.
func TestWhatWasMissedIsToldWithinReach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, stop := running(t, board("a", "b"))
		defer stop()
		stood := h.Cursor()
		h.Changed("coldchain")
		p := open(t, h, stood, of("anna", "a"), "coldchain")
		defer p.close()
		p.reading()
		time.Sleep(2 * Tick)
		synctest.Wait()
		if p.shown["a"] == "" || p.shown["b"] != "" {
			t.Errorf("shown %v", p.shown)
		}
		polled, err := h.news(t.Context(), of("bea", "b"), []string{"coldchain"}, stood)
		if err != nil || len(polled.Fragments) != 1 || polled.Fragments[0].ID != "b" {
			t.Errorf("polled %+v, %v", polled.Fragments, err)
		}
		if _, err := h.newFeed(of("anna", "a"), []string{"coldchain"}); err == nil {
			t.Error("who is limited is told names of everything that changes")
		}
	})
}

// One topic is rendered once for each language that somebody reads it in, not for each browser.
func TestEachLanguageIsWordedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, stop := running(t, Source{Prefix: "alarms", Permission: hospital.SeeEquipment, Render: func(context.Context, string) ([]Fragment, error) {
			return []Fragment{{ID: "bell", HTML: `<b id="bell" title="Alarms">No alarm is waiting.</b>`}}, nil
		}})
		defer stop()
		pages := map[string]*page{}
		for name, reader := range map[string]words.Reader{"en": {}, "de": {Language: words.German}, "also de": {Language: words.German}, "fahrenheit": {Language: words.German, Fahrenheit: true}, "twelve": {TwelveHours: true}} {
			audience := of(hospital.PersonID(name))
			audience.Reader = reader
			p := open(t, h, h.Cursor(), audience, "alarms")
			defer p.close()
			p.reading()
			pages[name] = p
		}
		synctest.Wait()
		h.Changed("alarms")
		time.Sleep(2 * Tick)
		synctest.Wait()
		german := `<b id="bell" title="Alarme">Kein Alarm wartet.</b>`
		for name, want := range map[string]string{"en": `<b id="bell" title="Alarms">No alarm is waiting.</b>`, "de": german, "also de": german, "fahrenheit": german, "twelve": `<b id="bell" title="Alarms">No alarm is waiting.</b>`} {
			if got := pages[name].shown["bell"]; got != want {
				t.Errorf("%s was shown %s", name, got)
			}
		}
		if c := h.Counts(); c.Rendered != 4 || c.Topics != 4 {
			t.Errorf("one rendering for each language and unit: %+v", c)
		}
	})
}
