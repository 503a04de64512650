package policy

const (
	// surgeWeeks is how many weeks before the last are needed to know what is usual,
	// surgePast how many are looked at.
	surgeWeeks, surgePast = 8, 26
	// surgeChance is how likely a week without any cause stays under the limit.
	surgeChance = 0.999
	// surgeShare and surgeLeast are how far above the usual it must be to matter.
	surgeShare, surgeLeast = 1.5, 5
)

// Surge is a week's use beside the weeks before it.
type Surge struct {
	Used     float64
	Expected float64
	Most     float64 // what chance explains: 99.9 % of such weeks stay at or under it
}

// SurgeOf compares the last seven days with the weeks before them; days are the
// use of each day, oldest first. It is true where use is beyond what chance
// explains: above the 99.9 % point of counts that scatter as those weeks did, by
// half and by five at least. Use that has always been this uneven is no surge.
func SurgeOf(days []float64) (Surge, bool) {
	if len(days) < daysOfWeek*(surgeWeeks+1) {
		return Surge{}, false
	}
	last := len(days) - daysOfWeek
	weeks := Weekly(days[max(last-daysOfWeek*surgePast, 0):last])
	mean, squares := averageOf(weeks, len(weeks)), 0.0
	for _, y := range weeks {
		squares += (y - mean) * (y - mean)
	}
	s := Surge{Expected: mean}
	for _, y := range days[last:] {
		s.Used += max(y, 0)
	}
	s.Most = NegativeBinomialQuantile(mean, max(squares/float64(len(weeks)), mean), surgeChance)
	return s, s.Used > s.Most && s.Used >= surgeShare*mean && s.Used-mean >= surgeLeast
}

// Began is for how many days the use has been above the usual, three days taken
// together, today backwards; at least 1.
func (s Surge) Began(days []float64) int {
	usual := s.Expected / daysOfWeek * 3
	for n := 1; n+3 <= len(days); n++ {
		sum := 0.0
		for _, y := range days[len(days)-n-3 : len(days)-n] {
			sum += max(y, 0)
		}
		if sum <= usual*surgeShare {
			return n
		}
	}
	return len(days)
}
