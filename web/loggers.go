package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest/logger"
	"wardwatch/views"
)

// takeLoggerFile takes a file, the zone of the logger's clock, and its serial
// number where the file does not say.
func (d *Door) takeLoggerFile(c echo.Context) error {
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, maxLoggerFile)
	id := coldchain.FridgeID(c.Param("id"))
	form := views.FridgeForms{Zone: strings.TrimSpace(c.FormValue("zone")), Serial: strings.TrimSpace(c.FormValue("serial"))}
	done, err := d.importLoggerFile(c, id, form)
	if err != nil {
		sentence := loggerSentence(err)
		if sentence == "" {
			return err
		}
		form.FileError = sentence
		return d.showFridge(c, http.StatusUnprocessableEntity, &form)
	}
	d.say(c, importSaid(done))
	return d.seeOther(c, "/fridges/"+string(id)+"?period=month#chart")
}

func (d *Door) importLoggerFile(c echo.Context, id coldchain.FridgeID, form views.FridgeForms) (coldchain.Imported, error) {
	ctx := c.Request().Context()
	header, err := c.FormFile("file")
	if err != nil {
		return coldchain.Imported{}, err
	}
	file, err := header.Open()
	if err != nil {
		return coldchain.Imported{}, err
	}
	defer file.Close()
	recording, err := logger.Read(file)
	if err != nil {
		return coldchain.Imported{}, err
	}
	if recording.Serial == "" {
		recording.Serial = form.Serial
	}
	zone, err := d.ColdChain.ZoneFor(ctx, recording.Serial, form.Zone)
	if err != nil {
		return coldchain.Imported{}, err
	}
	return d.ColdChain.Import(ctx, d.actor(c), id, coldchain.LoggerFile{Serial: recording.Serial, Zone: zone.String(),
		Points: recording.In(zone).Rows, Name: header.Filename})
}

// loggerSentence says what a person can do about a file; empty when it is not the file's fault.
func loggerSentence(err error) string {
	switch {
	case errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart):
		return "Choose a file."
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
