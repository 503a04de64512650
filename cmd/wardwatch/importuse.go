package main

import (
	"context"
	"errors"
	"fmt"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
)

type importUseCommand struct {
	databaseFlag `embed:""`
	File         string `arg:"" optional:"" help:"The CSV file, with the header item,place,date,quantity; - reads standard input."`
	Apply        bool   `help:"Keep it. Without it the import is a dry run that says what is new."`
}

// Run takes in past use, or says what is wrong with it.
func (c importUseCommand) Run(p process) error {
	if c.File == "" {
		return usageError{errors.New("name the file: wardwatch import use FILE (or - for standard input)")}
	}
	all, err := readFile(p, c.File, inventory.ReadPastUse)
	if err != nil {
		return err
	}
	return c.withDatabase(p, func(ctx context.Context, d *db.DB) error {
		fresh, err := db.Stock{DB: d}.ImportPastUse(ctx, hospital.Job("import"), all, c.Apply)
		if err != nil {
			return err
		}
		said := "%d of %d days of use are new. This was a dry run: add --apply to keep them.\n"
		if c.Apply {
			said = "%d of %d days of use were taken in.\n"
		}
		_, err = fmt.Fprintf(p.stdout, said, fresh, len(all))
		return err
	})
}
