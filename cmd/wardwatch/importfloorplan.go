package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/hospital/floorplan"
)

type importFloorplanCommand struct {
	databaseFlag `embed:""`
	File         string `arg:"" help:"GeoJSON of one floor, or an IMDF archive (zip); - reads standard input."`
	Floor        string `placeholder:"ID" help:"Short name of the floor that a GeoJSON file draws; one that is there already gets its rooms drawn."`
	Name         string `help:"Name of the floor, where it is new."`
	Level        int    `help:"Level of the floor, where it is new; 0 is the ground floor."`
	Building     string `placeholder:"ID" help:"Building that the floors stand in; the hospital's only one when absent."`
	Apply        bool   `help:"Keep the changes. Without it the import is a dry run that says what would change."`
	All          bool   `help:"List the things that stay as they are, too."`
}

// Run takes in a floor plan or says everything that is wrong with it.
func (c importFloorplanCommand) Run(p process) error {
	data, err := readDrawing(p, c.File)
	if err != nil {
		return err
	}
	drawing, err := floorplan.Read(data, floorplan.Ask{Floor: c.Floor, Name: c.Name, Level: c.Level})
	if err != nil {
		return err
	}
	for _, floor := range drawing.Floors {
		if floor.ID == "" {
			return usageError{errors.New("say which floor the file draws: --floor ID")}
		}
		fmt.Fprintf(p.stderr, "floor %s: %.1f by %.1f metres, %s, %s\n", floor.ID, floor.Width, floor.Depth,
			plural(len(floor.Rooms), "room", "rooms"), plural(floor.Doors, "door", "doors"))
	}
	for _, note := range drawing.Notes {
		fmt.Fprintln(p.stderr, note)
	}
	return c.withDatabase(p, func(ctx context.Context, d *db.DB) error {
		kept := db.Hospital{DB: d}
		there, err := kept.Describe(ctx, hospital.Job("import"))
		if errors.Is(err, db.ErrEmpty) {
			return fmt.Errorf("%w; take one in first with wardwatch import hospital", err)
		}
		if err != nil {
			return err
		}
		if c.Building == "" && len(there.Buildings) == 1 {
			c.Building = string(there.Buildings[0].ID)
		}
		part, err := floorplan.Merge(drawing, hospital.BuildingID(c.Building), there)
		if faults, ok := errors.AsType[document.Faults](err); ok {
			for _, fault := range faults {
				fmt.Fprintln(p.stderr, fault)
			}
			return fmt.Errorf("nothing was imported: %s named above", plural(len(faults), "fault is", "faults are"))
		}
		if err != nil {
			return err
		}
		changes, err := kept.Import(ctx, hospital.Job("import"), part, c.Apply)
		if err != nil {
			return err
		}
		return importHospitalCommand{Apply: c.Apply, All: c.All}.report(p.stdout, changes)
	})
}

// readDrawing reads a file, or standard input for -, up to what a drawing may have.
func readDrawing(p process, name string) ([]byte, error) {
	from := p.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, usageError{fmt.Errorf("the file can't be opened: %w", err)}
		}
		defer file.Close()
		from = file
	}
	return io.ReadAll(io.LimitReader(from, floorplan.MaxBytes+1))
}
