package document

import (
	"strings"
	"testing"
)

// Each fault of a cold chain's configuration is named by its path.
func TestFaultsOfTheColdChainAreNamedByTheirPath(t *testing.T) {
	const head = `{"format":"wardwatch-hospital/1","site":{"id":"a","name":"A","zone":"UTC"},`
	profile := func(change string) string {
		return strings.NewReplacer("CHANGE", change).Replace(head + `"temperature_profiles":[{"id":"own","name":"Own","low_celsius":2,"high_celsius":8,"interval_minutes":5,"silent_after_minutes":20,"source":"us",` +
			`"rules":[{"name":"warm","direction":"too warm","limit_celsius":8,"minutes":15}CHANGE]}]}`)
	}
	ladder := func(shifts string) string { return head + `"ladder":{"silence_minutes":60,"shifts":[` + shifts + `]}}` }
	const told = `"rungs":[{"after_minutes":0,"roles":["nurse"]}]`
	for name, c := range map[string]struct{ text, want string }{
		"a profile that nobody knows": {head + `"fridges":[{"id":"f","name":"F","profile":"warm"}]}`, `/fridges/0/profile (line 1): There is no temperature profile "warm"`},
		"an item's storage too":       {head + `"items":[{"id":"i","name":"I","unit_of_issue":"dose","pack":1,"storage":"cool"}]}`, `/items/0/storage (line 1): There is no temperature profile "cool"`},
		"an item that hides a page":   {head + `"items":[{"id":"reorder","name":"I","unit_of_issue":"dose","pack":1}]}`, `/items/0/id (line 1): A page of ours has this short name. Choose another.`},
		"a ready-made one's name":     {strings.Replace(profile(""), `"own"`, `"freezer"`, 1), `/temperature_profiles/0/id (line 1): "freezer" is a ready-made profile`},
		"limits the wrong way round":  {strings.Replace(profile(""), `"low_celsius":2`, `"low_celsius":9`, 1), "/temperature_profiles/0/high_celsius"},
		"two rules of a name":         {profile(`,{"name":"warm","direction":"too cold","limit_celsius":2,"minutes":15}`), "/temperature_profiles/0/rules/1/name"},
		"a window too short":          {profile(`,{"name":"all","direction":"too warm","limit_celsius":8,"minutes":90,"mode":"cumulative","window_hours":1}`), "/temperature_profiles/0/rules/1/window_hours"},
		"no such direction":           {profile(`,{"name":"x","direction":"up","limit_celsius":8,"minutes":90}`), `/temperature_profiles/0/rules/1/direction (line 1): It must be one of "too warm", "too cold", not "up"`},
		"too few years":               {head + `"cold_chain":{"keep_years":2}}`, "/cold_chain/keep_years (line 1): It must be at least 3, not 2."},
		"a certificate due too soon":  {head + `"fridges":[{"id":"f","name":"F","profile":"freezer","calibrations":[{"done":"2026-05-01","due":"2026-05-01","certificate":"1","note":"x"}]}]}`, "/fridges/0/calibrations/0/due"},
		"a rung that tells nobody":    {ladder(`{"name":"Always","rungs":[{"after_minutes":0}]}`), "/ladder/shifts/0/rungs/0 (line 1): It tells nobody."},
		"a first rung that waits":     {ladder(`{"name":"Always","rungs":[{"after_minutes":5,"roles":["nurse"]}]}`), "/ladder/shifts/0/rungs/0/after_minutes"},
		"two shifts of a name":        {ladder(`{"name":"A","days":["monday"],` + told + `},{"name":"A",` + told + `}`), "/ladder/shifts/1/name"},
		"a shift without days":        {ladder(`{"name":"A",` + told + `},{"name":"B",` + told + `}`), "/ladder/shifts/0 (line 1): It has no days."},
		"no time of day":              {ladder(`{"name":"A","from":"8am",` + told + `}`), `/ladder/shifts/0/from (line 1): "8am" is not written as it must be: a time of day, as 08:30.`},
	} {
		if _, err := Parse([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if _, err := Parse([]byte(profile(""))); err != nil {
		t.Error(err)
	}
}
