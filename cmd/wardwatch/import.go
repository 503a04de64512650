package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// databaseFlag is the one setting of a command that works on the database beside a running server.
type databaseFlag struct {
	DB string `name:"db" default:"sqlite:wardwatch.db" placeholder:"sqlite:PATH" help:"Where everything is kept."`
}

// withDatabase opens the database for one command. A server may be running on it.
func (f databaseFlag) withDatabase(p process, work func(context.Context, *db.DB) error) (err error) {
	d, err := db.Open(p.ctx, f.DB, db.Options{Log: newLog(p.stderr, slog.LevelWarn)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return work(p.ctx, d)
}

type importCommand struct {
	Hospital importHospitalCommand `cmd:"" help:"Take in a whole hospital from one JSON document: sites, rooms, gateways, equipment, fridges, suppliers, items, stock, people."`

	Assets    importAssetsCommand    `cmd:"" help:"Take in equipment from a CSV file."`
	ParLevels importParLevelsCommand `cmd:"" name:"par-levels" help:"Take in how much equipment units should have from a CSV file."`
	Items     importItemsCommand     `cmd:"" help:"Take in items from a CSV file."`
	Stock     importStockCommand     `cmd:"" help:"Book opening stock from a CSV file."`
	Suppliers importSuppliersCommand `cmd:"" help:"Take in suppliers from a CSV file."`
	Places    importPlacesCommand    `cmd:"" help:"Take in places where stock is kept from a CSV file."`
	People    importPeopleCommand    `cmd:"" help:"Take in people from a CSV file; passwords are never in it."`
	Use       importUseCommand       `cmd:"" help:"Take in what was used before, from a CSV file of item,place,date,quantity, so that use can be forecast from the first day."`
	Floorplan importFloorplanCommand `cmd:"" help:"Draw floors from GeoJSON or an IMDF archive: rooms with their outlines and doors."`
	Readings  importReadingsCommand  `cmd:"" help:"Take in the file of a temperature logger."`
}

type importCommandTable struct {
	databaseFlag `embed:""`
	File         string `arg:"" optional:"" help:"The CSV file, with a header; - reads standard input."`
	Apply        bool   `help:"Keep the changes. Without it the import is a dry run that says what would change."`
	Columns      bool   `help:"Print a header with every column and do nothing else."`
	All          bool   `help:"List the things that stay as they are, too."`
}

// The sections that can be taken in as CSV. What a file has no column for stays as it is.
type (
	importAssetsCommand struct {
		importCommandTable `embed:""`
	}
	importParLevelsCommand struct {
		importCommandTable `embed:""`
	}
	importItemsCommand struct {
		importCommandTable `embed:""`
	}
	importStockCommand struct {
		importCommandTable `embed:""`
	}
	importSuppliersCommand struct {
		importCommandTable `embed:""`
	}
	importPlacesCommand struct {
		importCommandTable `embed:""`
	}
	importPeopleCommand struct {
		importCommandTable `embed:""`
	}
)

// Run takes in assets.
func (c importAssetsCommand) Run(p process) error { return c.take(p, "assets") }

// Run takes in levels.
func (c importParLevelsCommand) Run(p process) error { return c.take(p, "par_levels") }

// Run takes in items.
func (c importItemsCommand) Run(p process) error { return c.take(p, "items") }

// Run books opening stock.
func (c importStockCommand) Run(p process) error { return c.take(p, "stock") }

// Run takes in suppliers.
func (c importSuppliersCommand) Run(p process) error { return c.take(p, "suppliers") }

// Run takes in places.
func (c importPlacesCommand) Run(p process) error { return c.take(p, "places") }

// Run takes in people.
func (c importPeopleCommand) Run(p process) error { return c.take(p, "people") }

func (c importCommandTable) take(p process, section string) error {
	table, ok := document.TableOf(section)
	if !ok {
		return fmt.Errorf("%s can't be written as CSV", section)
	}
	if c.Columns {
		_, err := fmt.Fprintln(p.stdout, table.Header())
		return err
	}
	if c.File == "" {
		return usageError{fmt.Errorf("name the file: wardwatch import %s FILE (or - for standard input)", section)}
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
		rows, err := readFile(p, c.File, func(from io.Reader) (document.Rows, error) { return table.Read(from, there) })
		if err != nil {
			return err
		}
		changes, err := kept.Import(ctx, hospital.Job("import"), rows.Document, c.Apply)
		if err != nil {
			return err
		}
		return importHospitalCommand{Apply: c.Apply, All: c.All}.report(p.stdout, rows.Changes(section, changes))
	})
}

type importHospitalCommand struct {
	databaseFlag `embed:""`
	File         string `arg:"" optional:"" help:"The document; - reads standard input."`
	Apply        bool   `help:"Keep the changes. Without it the import is a dry run that says what would change."`
	Schema       bool   `help:"Print the JSON Schema of the document and do nothing else."`
	All          bool   `help:"List the things that stay as they are, too."`
}

// Run takes in a document or says everything that is wrong with it.
func (c importHospitalCommand) Run(p process) error {
	if c.Schema {
		_, err := p.stdout.Write(document.Schema())
		return err
	}
	if c.File == "" {
		return usageError{errors.New("name the document: wardwatch import hospital FILE (or - for standard input)")}
	}
	doc, err := readFile(p, c.File, document.Read)
	if err != nil {
		return err
	}
	return c.withDatabase(p, func(ctx context.Context, d *db.DB) error {
		changes, err := db.Hospital{DB: d}.Import(ctx, hospital.Job("import"), doc, c.Apply)
		if err != nil {
			return err
		}
		return c.report(p.stdout, changes)
	})
}

// readFile reads a file, or standard input for -, and shows everything that is wrong with it.
func readFile[T any](p process, name string, read func(io.Reader) (T, error)) (content T, err error) {
	source := p.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return content, usageError{fmt.Errorf("the file can't be opened: %w", err)}
		}
		defer file.Close()
		source = file
	}
	content, err = read(source)
	faults, ok := errors.AsType[document.Faults](err)
	if !ok {
		return content, err
	}
	for _, fault := range faults {
		fmt.Fprintln(p.stderr, fault)
	}
	return content, fmt.Errorf("nothing was imported: %s named above; mend the file and import it again", plural(len(faults), "fault is", "faults are"))
}

// report lists what an import does, a line a thing, and sums it up in the last line.
func (c importHospitalCommand) report(to io.Writer, changes []document.Change) error {
	out := bufio.NewWriter(to)
	counts := map[string]int{}
	for _, change := range changes {
		counts[change.What]++
		if change.What != document.Same || c.All {
			fmt.Fprintf(out, "%-6s %s  %s\n", change.What, change.Path, change.Thing)
		}
	}
	verb, hint := "would be", "; this was a dry run, --apply keeps it"
	if c.Apply {
		verb, hint = "were", ""
	}
	fmt.Fprintf(out, "%d %s added, %d changed, %d are the same%s\n",
		counts[document.Add], verb, counts[document.Alter], counts[document.Same], hint)
	return out.Flush()
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

type exportCommand struct {
	Hospital exportHospitalCommand `cmd:"" help:"Write the stored hospital as a document that wardwatch import hospital takes."`
}

type exportHospitalCommand struct {
	databaseFlag `embed:""`
}

// Run writes the hospital to standard output.
func (c exportHospitalCommand) Run(p process) error {
	return c.withDatabase(p, func(ctx context.Context, d *db.DB) error {
		doc, err := db.Hospital{DB: d}.Describe(ctx, hospital.Job("export"))
		if err != nil {
			return err
		}
		encoder := json.NewEncoder(p.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(doc)
	})
}
