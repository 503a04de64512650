package web

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/upkeep"
	"wardwatch/tracking/ingest/logger"
	"wardwatch/views"
)

// A logger's file is dropped on its fridge's page. What a device's files say in a way of
// its own, its clock's zone and a CSV's columns, is asked in a dialogue once and remembered;
// the next file of the device is taken in as it is dropped.

func (d *Door) loggerRoutes() []route {
	return []route{
		{get, loggerPath + "/:upload", hospital.ManageColdChain, d.loggerDialogue},
		{post, loggerPath + "/:upload", hospital.ManageColdChain, d.takeLoggerUpload},
	}
}

// takeLoggerFile takes a file: into the record when its device is known, else to the dialogue.
func (d *Door) takeLoggerFile(c echo.Context) error {
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, maxLoggerFile)
	id := coldchain.FridgeID(c.Param("id"))
	form := views.FridgeForms{Zone: strings.TrimSpace(c.FormValue("zone")), Serial: strings.TrimSpace(c.FormValue("serial"))}
	file, err := d.readUpload(c, id, form)
	if err != nil {
		return d.loggerFailed(c, form)(err)
	}
	by := d.actor(c)
	return d.undertake(c, longWork{Task: upkeep.Task{Title: "Take in a file", Of: file.name, Back: "/fridges/" + string(id), InParts: true}, failed: d.loggerFailed(c, form), work: func(ctx context.Context, says upkeep.Says) (upkeep.Outcome, error) {
		reading, err := d.readLogger(ctx, file, nil, says)
		if err == nil && reading.ask {
			return upkeep.Outcome{Href: "/fridges/" + string(id) + "/readings/" + d.uploads.put(file)}, nil
		}
		if err != nil {
			return upkeep.Outcome{}, err
		}
		return d.importReading(ctx, by, file, reading, says)
	}})
}

// loggerFailed answers with the fridge's page where the file is at fault.
func (d *Door) loggerFailed(c echo.Context, form views.FridgeForms) func(error) error {
	return func(err error) error {
		if form.FileError = loggerSentence(err); form.FileError == "" {
			return err
		}
		return d.showFridge(c, http.StatusUnprocessableEntity, &form)
	}
}

func (d *Door) readUpload(c echo.Context, id coldchain.FridgeID, form views.FridgeForms) (upload, error) {
	header, err := c.FormFile("file")
	if err != nil {
		return upload{}, err
	}
	file, err := header.Open()
	if err != nil {
		return upload{}, err
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	return upload{by: d.actor(c).ID, fridge: id, name: header.Filename, serial: form.Serial, zone: form.Zone, data: data, at: d.Now()}, err
}

// loggerSteps are reading a file, and recording and judging what it says.
const loggerSteps = 2

// loggerReading is a file as it reads with what is known of its device.
type loggerReading struct {
	recording logger.Recording
	zone      *time.Location
	layout    string // as it is to be remembered; empty for files whose layout is fixed
	// ask is set where a person must say something first.
	ask bool
}

// loggerChoice is what a person said in the dialogue.
type loggerChoice struct {
	serial, zone string
	layout       logger.Layout
}

// readLogger reads a file by what the person said, else by what was said before.
func (d *Door) readLogger(ctx context.Context, file upload, said *loggerChoice, says upkeep.Says) (loggerReading, error) {
	var r loggerReading
	var err error
	isCSV := logger.IsCSV(file.data[:min(len(file.data), 512)])
	serial, zone := file.serial, file.zone
	if said != nil {
		serial, zone = said.serial, said.zone
	}
	switch {
	case !isCSV:
		r.recording, err = logger.Read(upkeep.Reading(ctx, says, file.data, loggerSteps))
	case said != nil:
		r.recording, err = logger.ReadAs(upkeep.Reading(ctx, says, file.data, loggerSteps), said.layout)
		r.layout = said.layout.String()
	default:
		return d.readRemembered(ctx, file, says)
	}
	if err != nil {
		return r, err
	}
	if r.recording.Serial == "" {
		r.recording.Serial = serial
	}
	return r, d.placeReading(ctx, &r, zone, said != nil)
}

// readRemembered reads a CSV by the layout that was chosen for its device, or asks.
func (d *Door) readRemembered(ctx context.Context, file upload, says upkeep.Says) (r loggerReading, err error) {
	if _, err := logger.Look(bytes.NewReader(file.data)); err != nil {
		return r, err
	}
	if file.serial != "" {
		if r.layout, err = d.ColdChain.LoggerLayout(ctx, file.serial); err != nil {
			return r, err
		}
	}
	layout, err := logger.ParseLayout(r.layout)
	if err != nil {
		return loggerReading{ask: true}, nil
	}
	if r.recording, err = logger.ReadAs(upkeep.Reading(ctx, says, file.data, loggerSteps), layout); err != nil {
		return loggerReading{ask: true}, context.Cause(ctx) // the device writes otherwise now
	}
	r.recording.Serial = file.serial
	return r, d.placeReading(ctx, &r, file.zone, false)
}

// placeReading finds the zone of the device's clock; it is to be asked for when nobody has said.
func (d *Door) placeReading(ctx context.Context, r *loggerReading, zone string, answered bool) error {
	before, err := d.ColdChain.LoggerZone(ctx, r.recording.Serial)
	if err != nil {
		return err
	}
	r.ask = r.recording.Serial == "" || r.recording.Local && zone == "" && before == "" && !answered
	r.zone, err = d.ColdChain.ZoneFor(ctx, r.recording.Serial, zone)
	return err
}

func (d *Door) importReading(ctx context.Context, by hospital.Actor, file upload, r loggerReading, says upkeep.Says) (upkeep.Outcome, error) {
	placed := r.recording.In(r.zone)
	done, err := d.ColdChain.Import(ctx, by, file.fridge, coldchain.LoggerFile{Serial: placed.Serial, Zone: r.zone.String(),
		Points: placed.Rows, Name: file.name, Layout: r.layout, Signs: placed.Signs(r.zone), Says: says.After(1)})
	if kept := done.Accepted + done.Duplicates; errors.Is(err, upkeep.ErrStopped) && kept > 0 {
		err = hospital.Refuse(hospital.ErrStale, fmt.Sprintf("Stopped. The first %d readings of this long file are in the record and stay there. Choose the file again to take in the others.", kept))
	}
	return upkeep.Outcome{Said: importSaid(done), Href: "/fridges/" + string(file.fridge) + "?period=month#chart"}, err
}

// waiting is the file that a dialogue is about.
func (d *Door) waiting(c echo.Context) (upload, error) {
	file, there := d.uploads.get(c.Param("upload"), d.actor(c).ID, d.Now())
	if !there || file.fridge != coldchain.FridgeID(c.Param("id")) {
		return upload{}, hospital.Refuse(hospital.ErrUnknown, "This file waits no longer. Choose it again on the fridge's page.")
	}
	return file, nil
}

// loggerDialogue shows how a file would read; what was chosen stands in the query.
func (d *Door) loggerDialogue(c echo.Context) error {
	file, err := d.waiting(c)
	if err != nil {
		return err
	}
	props, err := d.dialogueOf(c, file, c.QueryParam("clock") != "")
	if err != nil {
		return err
	}
	return d.show(c, "Logger file", views.LoggerDialogue(props))
}

// takeLoggerUpload takes the file in as it was chosen to be read.
func (d *Door) takeLoggerUpload(c echo.Context) error {
	file, err := d.waiting(c)
	if err != nil {
		return err
	}
	said, err := chosenIn(c)
	if err != nil {
		return d.dialogueFailed(c, file)(err)
	}
	file.serial, file.zone = cmp.Or(said.serial, file.serial), said.zone
	said.serial = file.serial
	by, id := d.actor(c), c.Param("upload")
	here := "/fridges/" + string(file.fridge) + "/readings/" + id
	return d.undertake(c, longWork{Task: upkeep.Task{Title: "Take in a file", Of: file.name, Back: here, InParts: true}, failed: d.dialogueFailed(c, file), work: func(ctx context.Context, says upkeep.Says) (upkeep.Outcome, error) {
		r, err := d.readLogger(ctx, file, &said, says)
		if err == nil && r.ask {
			err = hospital.Refuse(hospital.ErrInvalid, "Type the logger's serial number.")
		}
		if err != nil {
			return upkeep.Outcome{}, err
		}
		done, err := d.importReading(ctx, by, file, r, says)
		if err == nil {
			d.uploads.forget(id)
		}
		return done, err
	}})
}

// dialogueFailed answers with the dialogue where the file, or what was chosen, is at fault.
func (d *Door) dialogueFailed(c echo.Context, file upload) func(error) error {
	return func(err error) error {
		sentence := loggerSentence(err)
		if sentence == "" {
			return err
		}
		props, failed := d.dialogueOf(c, file, true)
		if failed != nil {
			return failed
		}
		props.Error = sentence
		return d.showAs(c, http.StatusUnprocessableEntity, "Logger file", views.LoggerDialogue(props))
	}
}

// chosenIn is what the dialogue's form says.
func chosenIn(c echo.Context) (loggerChoice, error) {
	said := loggerChoice{serial: strings.TrimSpace(c.FormValue("serial")), zone: strings.TrimSpace(c.FormValue("zone"))}
	said.layout = logger.Layout{Clock: c.FormValue("clock"), Fahrenheit: c.FormValue("unit") == "F", Comma: c.FormValue("comma") == "yes"}
	for _, column := range []struct {
		name string
		into *int
	}{{"time", &said.layout.Time}, {"time_of_day", &said.layout.TimeOfDay}, {"temp", &said.layout.Temp}} {
		n, err := strconv.Atoi(c.FormValue(column.name))
		if err != nil {
			n = -1
		}
		*column.into = n
	}
	return said, nil
}

// dialogueOf is the dialogue with a preview; before anything was chosen, with what can be guessed.
func (d *Door) dialogueOf(c echo.Context, file upload, answered bool) (views.LoggerDialogueProps, error) {
	site := d.Register.Current().Site
	p := views.LoggerDialogueProps{Fridge: file.fridge, Upload: c.Param("upload"), Name: file.name, Serial: file.serial, Zone: file.zone, Clocks: logger.Clocks(), SiteZone: site.Location()}
	if p.Zone == "" {
		p.Zone = site.Zone
	}
	said := loggerChoice{serial: p.Serial, zone: p.Zone}
	if logger.IsCSV(file.data[:min(len(file.data), 512)]) {
		table, err := logger.Look(bytes.NewReader(file.data))
		if err != nil {
			return p, hospital.Refuse(hospital.ErrInvalid, loggerSentence(err))
		}
		p.Table, said.layout = &table, table.Guess
	}
	if answered {
		var err error
		if said, err = chosenIn(c); err != nil {
			return p, err
		}
	}
	p.Layout, p.Serial, p.Zone = said.layout, said.serial, said.zone
	r, err := d.readLogger(c.Request().Context(), file, &said, nil)
	if err != nil {
		if p.Error = loggerSentence(err); p.Error == "" {
			return p, err
		}
		return p, nil
	}
	p.FileSerial = p.Table == nil && r.recording.Serial != ""
	p.Serial, p.Local = r.recording.Serial, r.recording.Local
	p.Recording = r.recording.In(r.zone)
	return p, nil
}

// loggerSentence says what a person can do about a file; empty when it is not the file's fault.
func loggerSentence(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart):
		return "Choose a file."
	case errors.Is(err, logger.ErrLayout):
		return "No row has a time and a temperature in these columns. Choose others, or another way to write times."
	case errors.Is(err, logger.ErrFormat):
		return "This is not a file of a logger that Wardwatch reads. Export it as text or CSV with a time and a temperature."
	case errors.Is(err, logger.ErrTooLarge):
		return "The file is too large."
	case errors.Is(err, hospital.ErrInvalid):
		return hospital.Sentence(err)
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return "The file is too large."
	}
	return ""
}

func importSaid(done coldchain.Imported) string {
	said := fmt.Sprintf("%s taken in.", views.Plural(done.Accepted, "reading", "readings"))
	if done.Duplicates > 0 {
		said += fmt.Sprintf(" %d were there already.", done.Duplicates)
	}
	if done.Refused > 0 {
		said += fmt.Sprintf(" %d were refused: %s.", done.Refused, done.Reason)
	}
	return said
}
