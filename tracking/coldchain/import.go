package coldchain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/upkeep"
)

const (
	// importBatch is how many readings of a file are judged at once, and told of.
	importBatch = 2000
	// importWhole is how many readings of a file share a transaction, so that a file that was
	// stopped, or has the wrong fridge, leaves nothing behind: one a minute for more than two
	// months, one every five minutes for a year. Live readings wait meanwhile, and must not
	// wait so long that they are refused: 600,000 take some three seconds, these half a
	// second. Of a longer file each such part is kept by itself.
	importWhole = 100_000
)

// LoggerFile is what a logger recorded, ready to be taken in.
type LoggerFile struct {
	// Serial is the logger; its readings are a stream of their own.
	Serial string
	// Zone is the zone that its clock's times were placed in; remembered for the next file.
	Zone   string
	Points []Point
	// Name is the file's own, for the audit trail.
	Name string
	// Layout is how its columns were chosen to be read, to be remembered; empty: nothing was.
	Layout string
	// Signs are what it tells beside its readings.
	Signs []Sign
	// Says is told how far the file is; nil: nobody is.
	Says upkeep.Says
}

// Imported is what became of a file.
type Imported struct {
	Accepted, Duplicates, Refused int
	// Reason is why the first refused reading was.
	Reason string
}

// Import takes a logger's file into the record of a fridge and judges it. The
// same file twice adds nothing. A logger that is new is attached to the fridge;
// one that watches another fridge is refused. Once ctx ends it stops, and nothing is
// kept but the parts of importWhole readings before the one that it stopped in.
func (m *Monitor) Import(ctx context.Context, by hospital.Actor, id FridgeID, file LoggerFile) (Imported, error) {
	if err := by.Need(hospital.ManageColdChain); err != nil {
		return Imported{}, err
	}
	if file.Serial == "" {
		return Imported{}, hospital.Refuse(hospital.ErrInvalid, "The file does not name its logger. Type the logger's serial number.")
	}
	points, pace := InOrder(file.Points), upkeep.NewPace(ctx, file.Says)
	err := pace.Begin("recording and judging readings", 1, 1, len(points))
	var all Imported
	for first := true; err == nil && (first || len(points) > 0); first = false {
		n := min(len(points), importWhole)
		part := file
		if part.Points = points[:n]; n < len(points) {
			part.Signs = nil // with the last part
		}
		points = points[n:]
		var done Imported
		if done, err = m.importPart(ctx, by, id, part, pace); err == nil {
			all = all.join(done)
		}
	}
	if err != nil {
		return all, fmt.Errorf("import %s into %s: %w", file.Name, id, err)
	}
	return all, nil
}

func (i Imported) join(o Imported) Imported {
	return Imported{i.Accepted + o.Accepted, i.Duplicates + o.Duplicates, i.Refused + o.Refused, cmp.Or(i.Reason, o.Reason)}
}

// importPart takes a part in, or leaves all as it was.
func (m *Monitor) importPart(ctx context.Context, by hospital.Actor, id FridgeID, file LoggerFile, pace *upkeep.Pace) (all Imported, err error) {
	signs := slices.Clone(file.Signs)
	for i := range signs {
		signs[i].Sensor = file.Serial
	}
	signs = m.news(signs)
	err = m.store.InTx(ctx, func(tx Tx) error {
		if err := m.attachLogger(ctx, tx, by, id, file); err != nil {
			return err
		}
		tx.IfUndone(m.forgetAll)
		m.mu.Lock()
		defer m.mu.Unlock()
		for points := file.Points; len(points) > 0; {
			n := min(len(points), importBatch)
			done, err := m.importSome(ctx, tx, file.Serial, points[:n])
			if err != nil {
				return err
			}
			all, points = all.join(done), points[n:]
			if err := pace.On(n); err != nil {
				return err
			}
		}
		for _, s := range signs {
			if err := m.sign(ctx, tx, s); err != nil {
				return err
			}
		}
		return nil
	})
	m.recent.forgetAll()
	return all, err
}

// LoggerLayout is how a logger's CSV files are to be read; empty when nobody has said.
func (m *Monitor) LoggerLayout(ctx context.Context, serial string) (string, error) {
	return m.store.LoggerLayout(ctx, serial)
}

func (m *Monitor) attachLogger(ctx context.Context, tx Tx, by hospital.Actor, id FridgeID, file LoggerFile) error {
	key := Reading{Sensor: file.Serial}.Key()
	fridge, err := tx.Fridge(ctx, id)
	if err != nil {
		return err
	}
	is, known, err := tx.SensorByKey(ctx, key)
	if err != nil {
		return err
	}
	if known && is.Fridge != id && is.Fridge != "" {
		other, err := tx.Fridge(ctx, is.Fridge)
		if err != nil && !errors.Is(err, ErrUnknownFridge) {
			return err
		}
		return hospital.Refuse(hospital.ErrInvalid, "Logger "+file.Serial+" belongs to "+other.Name+". Take the file in there.")
	}
	if file.Layout != "" {
		if err := tx.KeepLayout(ctx, by, file.Serial, file.Layout); err != nil {
			return err
		}
	}
	if known && is.Fridge == id && (is.Zone == file.Zone || file.Zone == "") {
		return nil
	}
	want := Sensor{Key: key, Name: is.Name, Fridge: fridge.ID, Judged: true, AttachedAt: tx.Now(), Logger: true, Zone: file.Zone}
	if known {
		want.Judged, want.Logger, want.AttachedAt = is.Judged, is.Logger, is.AttachedAt
	}
	if _, err := tx.Attach(ctx, want); err != nil {
		return err
	}
	return tx.Record(ctx, hospital.Deed{By: by, What: "logger.attach", On: id.Topic(), After: key.String()})
}

func (m *Monitor) importSome(ctx context.Context, tx Tx, serial string, points []Point) (done Imported, err error) {
	readings := make([]Reading, len(points))
	for i, p := range points {
		readings[i] = Reading{Sensor: serial, Temp: p.Temp, MeasuredAt: p.At, Source: "file"}
	}
	outcomes, _, err := m.observe(ctx, tx, readings)
	for _, outcome := range outcomes {
		switch outcome.Verdict {
		case Accepted:
			done.Accepted++
		case Duplicate:
			done.Duplicates++
		default:
			done.Refused++
			done.Reason = cmp.Or(done.Reason, outcome.Reason)
		}
	}
	return done, err
}

// LoggerZone is the zone that somebody said for a logger's clock; empty when nobody has.
func (m *Monitor) LoggerZone(ctx context.Context, serial string) (string, error) {
	s, err := m.store.Sensor(ctx, Reading{Sensor: serial}.Key())
	if errors.Is(err, ErrUnknownSensor) {
		return "", nil
	}
	return s.Zone, err
}

// Forget makes other processes on the same store load what this one has changed.
func (m *Monitor) Forget(ctx context.Context) error {
	return m.store.InTx(ctx, func(tx Tx) error { return tx.FridgesChanged(ctx) })
}

// zoneOf is the zone of a clock by its name; the site's own for an empty one.
func (m *Monitor) zoneOf(name string) (*time.Location, error) {
	if name == "" {
		return m.register.Current().Site.Location(), nil
	}
	return ClockZone(name)
}

// ZoneFor is the zone for a logger's clock: what the person said, else what was
// said before, else the site's own.
func (m *Monitor) ZoneFor(ctx context.Context, serial, said string) (*time.Location, error) {
	if said == "" && serial != "" {
		before, err := m.LoggerZone(ctx, serial)
		if err != nil {
			return nil, err
		}
		said = before
	}
	return m.zoneOf(said)
}
