package simulate

import (
	"math"
	"reflect"
	"testing"
	"time"
)

func TestAMonthsUseIsAboutWhatTheCatalogueSays(t *testing.T) {
	d := Draw(Hospital)
	demand, used := NewDemand(d, 5, noon), map[string]int64{}
	for day := range 28 {
		for _, u := range demand.Day(noon.AddDate(0, 0, day)) {
			used[u.Item] += u.Quantity
		}
	}
	for _, item := range d.Items {
		if want := item.Daily * 28 * 0.92; want > 40 && math.Abs(float64(used[item.ID])-want) > want/4 {
			t.Errorf("%s: %d used in four weeks, about %.0f expected", item.Name, used[item.ID], want)
		}
	}
}

func TestUseRepeatsWithItsSeed(t *testing.T) {
	run := func(seed uint64) []Use {
		demand := NewDemand(Draw(Small), seed, noon)
		return append(demand.Day(noon), demand.Until(noon.Add(time.Hour))...)
	}
	if !reflect.DeepEqual(run(3), run(3)) {
		t.Error("seed 3 used two different amounts")
	}
	if reflect.DeepEqual(run(3), run(4)) {
		t.Error("seeds 3 and 4 used the same")
	}
}

// Taking by taking or an hour at once: the same is used.
func TestUseDoesNotDependOnHowOftenOneAsks(t *testing.T) {
	once := NewDemand(Draw(Small), 3, noon).Until(noon.Add(time.Hour))
	often, demand := []Use(nil), NewDemand(Draw(Small), 3, noon)
	for minute := range 61 {
		often = append(often, demand.Until(noon.Add(time.Duration(minute)*time.Minute))...)
	}
	if !reflect.DeepEqual(once, often) || len(once) == 0 {
		t.Errorf("%d takings at once, %d minute by minute", len(once), len(often))
	}
}
