package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest/logger"
	"wardwatch/tracking/notify"
)

// importReadingsCommand takes the file of a temperature logger into a fridge's record.
type importReadingsCommand struct {
	databaseFlag `embed:""`
	File         string `arg:"" help:"The logger's file: Berlinger Fridge-tag or Q-tag, or CSV with a time and a temperature; - reads standard input."`
	Fridge       string `required:"" placeholder:"ID" help:"The fridge that the logger stood in."`
	Serial       string `help:"The logger's serial number, where the file does not say."`
	Zone         string `help:"Time zone of the logger's own clock; else what was said before, else the site's."`
	Apply        bool   `help:"Keep the readings. Without it the file is only read and told of."`
}

// Run reads the file, and with --apply records and judges it.
func (c importReadingsCommand) Run(p process) error {
	recording, err := readFile(p, c.File, func(from io.Reader) (logger.Recording, error) { return logger.Read(from) })
	if err != nil {
		return err
	}
	if recording.Serial == "" {
		recording.Serial = c.Serial
	}
	return c.withDatabase(p, func(ctx context.Context, d *db.DB) error {
		return c.take(ctx, p, d, recording)
	})
}

func (c importReadingsCommand) take(ctx context.Context, p process, d *db.DB, recording logger.Recording) error {
	directory, err := db.Hospital{DB: d}.Load(ctx)
	if err != nil {
		return err
	}
	// What a file tells is past: it opens cases in the inbox and rings nobody's phone.
	monitor := coldchain.NewMonitor(db.Fridges{DB: d}, notify.Ladder{}, hospital.NewRegister(directory))
	zone, err := monitor.ZoneFor(ctx, recording.Serial, c.Zone)
	if err != nil {
		return err
	}
	points := recording.In(zone).Rows
	if len(points) == 0 {
		return fmt.Errorf("%s holds no readings, only the device's daily summaries; see wardwatch excursions", c.File)
	}
	from, to := points[0].At.In(zone), points[len(points)-1].At.In(zone)
	fmt.Fprintf(p.stdout, "logger %s: %d readings from %s to %s, %d rows skipped\n", recording.Serial, len(points),
		from.Format(time.RFC3339), to.Format(time.RFC3339), recording.Skipped)
	for _, fault := range recording.Faults {
		fmt.Fprintln(p.stdout, " ", fault)
	}
	if !c.Apply {
		fmt.Fprintln(p.stdout, "dry run: nothing was kept; add --apply to keep it")
		return nil
	}
	done, err := monitor.Import(ctx, hospital.Job("import"), coldchain.FridgeID(c.Fridge),
		coldchain.LoggerFile{Serial: recording.Serial, Zone: zone.String(), Points: points, Name: c.File})
	if err != nil {
		return err
	}
	if err := monitor.Forget(ctx); err != nil { // a running server must look again
		return err
	}
	fmt.Fprintf(p.stdout, "%d taken in, %d there already, %d refused %s\n", done.Accepted, done.Duplicates, done.Refused, done.Reason)
	return nil
}
