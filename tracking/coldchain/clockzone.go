package coldchain

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"wardwatch/tracking/hospital"
)

// offset is how a clock that is never moved is named: "UTC+1", "+01:00", "GMT-0530".
var offset = regexp.MustCompile(`^(?:UTC|GMT)? ?([+\-−])(\d{1,2})(?::?(\d{2}))?$`)

// furthest is the greatest offset from UTC that any place has, in hours.
const furthest = 14

// ClockZone is the zone of a device's own clock by what a person calls it: the name of
// a time zone, whose clocks are moved in spring and autumn, or an offset from UTC for a
// clock that nobody moves. Its String is understood again.
func ClockZone(name string) (*time.Location, error) {
	refused := hospital.Refuse(hospital.ErrInvalid, "There is no time zone of that name. Use one such as Europe/Berlin, or UTC+1 for a clock that nobody moves in spring and autumn.")
	if m := offset.FindStringSubmatch(name); m != nil {
		hours, _ := strconv.Atoi(m[2])
		minutes, _ := strconv.Atoi("0" + m[3])
		if hours > furthest || minutes > 59 {
			return nil, refused
		}
		sign, seconds := "+", hours*3600+minutes*60
		if m[1] != "+" && seconds != 0 {
			sign, seconds = "-", -seconds
		}
		return time.FixedZone(fmt.Sprintf("UTC%s%02d:%02d", sign, hours, minutes), seconds), nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" { // the server's own zone says nothing of a logger's clock
		return nil, refused
	}
	return zone, nil
}
