package document

import (
	"math"

	"wardwatch/tracking/hospital"
)

// ring is a regular polygon about (50, 50).
func ring(n int, radius float64) []hospital.Point {
	outline := make([]hospital.Point, n)
	for i := range n {
		angle := 2 * math.Pi * float64(i) / float64(n)
		outline[i] = hospital.Point{X: 50 + radius*math.Cos(angle), Y: 50 + radius*math.Sin(angle)}
	}
	return outline
}
