package coldchain

import (
	"testing"
	"time"
)

// Most loggers' clocks are never moved, so their zone is an offset; what is remembered of
// one is understood again.
func TestTheZoneOfADevicesClock(t *testing.T) {
	winter, summer := time.Date(2031, 1, 5, 12, 0, 0, 0, time.UTC), time.Date(2031, 7, 5, 12, 0, 0, 0, time.UTC)
	for name, want := range map[string][2]string{
		"Europe/Berlin": {"13:00", "14:00"}, "UTC": {"12:00", "12:00"}, "UTC+1": {"13:00", "13:00"}, "+01:00": {"13:00", "13:00"},
		"GMT-5": {"07:00", "07:00"}, "UTC +0530": {"17:30", "17:30"}, "−03:30": {"08:30", "08:30"}, "UTC-00:00": {"12:00", "12:00"},
	} {
		zone, err := ClockZone(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := ClockZone(zone.String())
		if err != nil || again.String() != zone.String() {
			t.Errorf("%s is remembered as %s, which is %v, %v", name, zone, again, err)
			continue
		}
		if got := [2]string{winter.In(again).Format("15:04"), summer.In(again).Format("15:04")}; got != want {
			t.Errorf("%s: noon is %v, want %v", name, got, want)
		}
	}
	for _, name := range []string{"Berlin", "Local", "UTC+15", "+1:75", "UTC+", "+1:5", "1", "../zoneinfo"} {
		if zone, err := ClockZone(name); err == nil {
			t.Errorf("%q is %v", name, zone)
		}
	}
}
