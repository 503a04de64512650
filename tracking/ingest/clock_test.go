package ingest

import (
	"testing"
	"time"

	"wardwatch/tracking/hospital"
)

func TestAGatewaysClockIsCorrected(t *testing.T) {
	const gw = "gw-a"
	every := func(c *Clocks, n int, pause time.Duration, delay func(i int) time.Duration) (offset time.Duration) {
		for i := range n {
			received := morning.Add(time.Duration(i) * pause)
			offset = c.Offset(gw, received.Add(-delay(i)), received)
		}
		return offset
	}
	steady := func(d time.Duration) func(int) time.Duration { return func(int) time.Duration { return d } }
	for _, c := range []struct {
		name  string
		n     int
		pause time.Duration
		delay func(int) time.Duration
		want  time.Duration
	}{
		{"a good clock is left alone", 20, 5 * time.Second, steady(300 * time.Millisecond), 0},
		{"a clock that is behind is believed once it was so for long enough", 20, 5 * time.Second, steady(time.Hour), time.Hour},
		{"not before", 7, 5 * time.Second, steady(time.Hour), 0},
		{"nor when it was so for a moment only", 20, time.Second, steady(time.Hour), 0},
		{"a clock that is ahead is known at once", 1, time.Second, steady(-time.Hour), -time.Hour},
		{"a queue of late messages is no slow clock", 30, 5 * time.Second, func(i int) time.Duration { return time.Hour - time.Duration(i)*2*time.Minute }, 0},
		{"a clock that was never near is corrected too", 20, 5 * time.Second, steady(5 * 365 * 24 * time.Hour), 5 * 365 * 24 * time.Hour},
		{"the least delay counts, not the network's unrest", 40, 5 * time.Second, func(i int) time.Duration { return time.Hour + time.Duration(i%4)*time.Second }, time.Hour},
		{"at the limit of being ahead", 1, time.Second, steady(-MaxClockOffset), -MaxClockOffset},
		{"beyond it nothing is believed", 20, 5 * time.Second, steady(-MaxClockOffset - time.Second), 0},
	} {
		if got := every(NewClocks(nil), c.n, c.pause, c.delay); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestOneWildStampDoesNotMoveTheNextMessage(t *testing.T) {
	c := NewClocks(nil)
	if got := c.Offset("gw-a", morning.Add(3*time.Hour), morning); got != -3*time.Hour {
		t.Errorf("the wild one: %v", got)
	}
	if got := c.Offset("gw-a", morning, morning.Add(time.Second)); got != 0 {
		t.Errorf("the next: %v", got)
	}
}

func TestWhatWasLearnedServesMessagesWithoutATimeOfTheirOwn(t *testing.T) {
	c := NewClocks(map[hospital.GatewayID]time.Duration{"gw-a": -time.Minute})
	if got := c.Offset("gw-a", time.Time{}, morning); got != -time.Minute {
		t.Errorf("got %v", got)
	}
	if got := c.Offset("gw-b", time.Time{}, morning); got != 0 {
		t.Errorf("a stranger: %v", got)
	}
}

func TestTheOriginalStaysBesideTheCorrectedTime(t *testing.T) {
	w := &ward{}
	in, _ := open(t, w)
	_, err := send(t, in, "gw-a", body(`{"sent_at":"2026-05-04T13:00:00Z","readings":[{"sensor":"p","celsius":4,"at":"2026-05-04T12:59:58Z"},{"sensor":"q","celsius":4}]}`))
	if err != nil || len(w.readings) != 2 {
		t.Fatalf("%d readings, %v", len(w.readings), err)
	}
	p, q := w.readings[0], w.readings[1]
	if want := morning.Add(-2 * time.Second); !p.MeasuredAt.Equal(want) || p.DeviceAt.Hour() != 12 || !p.ReceivedAt.Equal(morning) {
		t.Errorf("corrected %v, device %v, received %v", p.MeasuredAt, p.DeviceAt, p.ReceivedAt)
	}
	if !q.MeasuredAt.Equal(morning) || !q.DeviceAt.IsZero() {
		t.Errorf("without a time of its own: %v, device %v", q.MeasuredAt, q.DeviceAt)
	}
}
