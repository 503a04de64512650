package health

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

// Job is one thing to mend, and where.
type Job struct {
	// What is wrong in two or three words, Do what to do about it.
	What, Do string
	// Subject is the thing's topic: "gateway/g-17", "asset/p-001".
	Subject string
	Name    string
	Room    hospital.RoomID
	Since   time.Time // when it was last well; zero for never
	// Near says how far it is from where somebody stands; empty when nobody said.
	Near string
	// Causes is how many others are well once this is mended.
	Causes int
	metres float64
	rank   int
}

// ClockWarning is how far a gateway's clock may be off before somebody should look.
const ClockWarning = time.Minute

// Worklist is what to mend, the nearest first; where nobody said where she
// stands, what mends most comes first.
func Worklist(d Devices, walk tracking.Walk, at time.Time) []Job {
	var jobs []Job
	for _, g := range d.Gateways {
		if job, needed := g.job(at); needed {
			jobs = append(jobs, job)
		}
	}
	for _, t := range d.Tags {
		if job, needed := t.job(at); needed {
			jobs = append(jobs, job)
		}
	}
	for i := range jobs {
		jobs[i].Near = walk.Reason(jobs[i].Room)
		metres, known := walk.Metres(jobs[i].Room)
		if !known {
			metres = 1e6
		}
		jobs[i].metres = metres
	}
	slices.SortStableFunc(jobs, func(a, b Job) int {
		return cmp.Or(cmp.Compare(a.metres, b.metres), cmp.Compare(a.rank, b.rank), cmp.Compare(b.Causes, a.Causes), cmp.Compare(a.Name, b.Name))
	})
	return jobs
}

func (g Gateway) job(at time.Time) (Job, bool) {
	job := Job{Subject: "gateway/" + string(g.ID), Name: g.Gateway.Name, Room: g.Room, Since: g.LastHeard, Causes: g.Tags}
	switch {
	case g.LastHeard.IsZero():
		job.What, job.Do, job.rank = "Gateway never heard", "Plug it in, and give it its token.", 2
	case at.Sub(g.LastHeard) > tracking.QuietGateway:
		job.What, job.Do = "Gateway silent", "Look at its power, its cable and its network."
	case g.Offset.Abs() > ClockWarning:
		job.What, job.Do, job.rank = "Gateway's clock wrong", fmt.Sprintf("Set its time server; its clock is %s off.", g.Offset.Abs().Round(time.Second)), 3
		job.Causes = 0
	default:
		return Job{}, false
	}
	return job, true
}

func (t Tag) job(at time.Time) (Job, bool) {
	job := Job{Subject: t.subject(), Name: t.Name, Room: t.Place.Room, Since: t.Place.SeenAt}
	switch {
	case t.Silence == tracking.FlatBattery:
		job.What, job.Do, job.rank = "Tag battery empty", "Replace the tag's battery.", 1
	case t.HasBattery && t.Place.BatteryPct <= LowBatteryPct && t.Silence != tracking.GatewayOffline:
		job.What, job.Do, job.rank = fmt.Sprintf("Tag battery %d %%", t.Place.BatteryPct), "Replace the tag's battery.", 4
	case t.Silence == tracking.TagSilent && at.Sub(t.Place.SeenAt) > SilentAfter:
		job.What, job.Do, job.rank = "Tag silent", "Look for the piece where it was heard last; is the tag still on it?", 1
	case t.Silence == tracking.NeverHeard:
		job.What, job.Do, job.rank = "Tag never heard", "Is it switched on, and is its number right?", 5
	default:
		return Job{}, false
	}
	return job, true
}
