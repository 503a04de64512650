package main

import (
	"bufio"
	"context"
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
	doc, err := readDocument(p, c.File)
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

func readDocument(p process, name string) (document.Document, error) {
	source := p.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return document.Document{}, usageError{fmt.Errorf("the document can't be opened: %w", err)}
		}
		defer file.Close()
		source = file
	}
	doc, err := document.Read(source)
	faults, ok := errors.AsType[document.Faults](err)
	if !ok {
		return doc, err
	}
	for _, fault := range faults {
		fmt.Fprintln(p.stderr, fault)
	}
	return doc, fmt.Errorf("nothing was imported: %s is named above; mend the document and import it again", plural(len(faults), "fault"))
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

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
