package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/hospital/floorplan"
	"wardwatch/tracking/hospital/upkeep"
	"wardwatch/views"
)

// What comes into the house as a file (the whole hospital, a table of things, a floor's
// plan, past use) is looked at first: the page says what it would change, or everything that
// is wrong with it, and it is taken in when somebody has seen that. Both are errands: a long
// one says how far it is, and can be stopped.

const (
	importsPath = "/admin/imports"
	// maxImportForm is the largest form that brings a file: the file and what stands around it.
	maxImportForm = floorplan.MaxBytes + 64<<10
	// maxChangesShown is how many lines a page names; it counts the others.
	maxChangesShown = 50
	// maxFaultsKept is how many faults of one file wait to be kept as a file themselves.
	maxFaultsKept = 10_000
)

func (d *Door) importRoutes() []route {
	if d.Administration == nil {
		return nil
	}
	return []route{
		{get, importsPath, hospital.ManageHospital, d.imports},
		{post, importsPath, hospital.ManageHospital, d.lookAtImport},
		{get, importsPath + "/:upload", hospital.ManageHospital, d.importPreview},
		{post, importsPath + "/:upload", hospital.ManageHospital, d.takeImport},
		{get, importsPath + "/:upload/faults.csv", hospital.ManageHospital, d.importFaults},
	}
}

// importAsk is what a file does not say of itself.
type importAsk struct {
	kind     string // one of views.ImportKinds
	floor    floorplan.Ask
	building hospital.BuildingID
}

func (d *Door) imports(c echo.Context) error {
	return d.showImports(c, http.StatusOK, views.ImportForm{Kind: c.QueryParam("kind")})
}

func (d *Door) showImports(c echo.Context, status int, form views.ImportForm) error {
	return d.showAs(c, status, "Imports", views.Imports(form, d.Register.Current().Buildings, d.lately(c, importsPath)))
}

// lookAtImport reads a file and tries what it would change.
func (d *Door) lookAtImport(c echo.Context) error {
	c.Request().Body = http.MaxBytesReader(c.Response(), c.Request().Body, maxImportForm)
	file, err := d.importUpload(c)
	form := views.ImportForm{Kind: file.ask.kind, Floor: file.ask.floor.Floor, FloorName: file.ask.floor.Name, Building: string(file.ask.building)}
	if status, wrong := formFault(err); wrong != "" {
		form.Wrong = wrong
		return d.showImports(c, status, form)
	}
	if err != nil {
		return err
	}
	by := d.actor(c)
	return d.undertake(c, longWork{Task: upkeep.Task{Title: "Look at a file", Of: file.name, Back: importsPath}, work: func(ctx context.Context, says upkeep.Says) (upkeep.Outcome, error) {
		look, err := d.tryImport(ctx, by, file, false, says)
		if err != nil {
			return upkeep.Outcome{}, err
		}
		file.look = look
		return upkeep.Outcome{Href: importsPath + "/" + d.uploads.put(file)}, nil
	}})
}

// importUpload is the file as the form sends it.
func (d *Door) importUpload(c echo.Context) (upload, error) {
	header, err := c.FormFile("file")
	level, _ := strconv.Atoi(c.FormValue("level")) // no number is the ground floor
	ask := importAsk{kind: c.FormValue("kind"), building: hospital.BuildingID(c.FormValue("building")),
		floor: floorplan.Ask{Floor: strings.TrimSpace(c.FormValue("floor")), Name: strings.TrimSpace(c.FormValue("name")), Level: level}}
	kept := upload{ask: ask, by: d.actor(c).ID, at: d.Now()}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return kept, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("The file is larger than %d MB.", tooLarge.Limit>>20))
	}
	if err != nil {
		return kept, hospital.Refuse(hospital.ErrInvalid, "Choose a file.")
	}
	if !slices.ContainsFunc(views.ImportKinds(), func(k views.ImportKind) bool { return k.ID == ask.kind }) {
		return kept, hospital.Refuse(hospital.ErrInvalid, "Say what the file holds.")
	}
	file, err := header.Open()
	if err != nil {
		return kept, err
	}
	defer file.Close()
	kept.name = header.Filename
	kept.data, err = io.ReadAll(file)
	return kept, err
}

// tryImport reads a file and applies it, or only tries to. What is wrong with the file is
// part of the answer; an error is something else, such as upkeep.ErrStopped.
func (d *Door) tryImport(ctx context.Context, by hospital.Actor, file upload, apply bool, says upkeep.Says) (look views.ImportLook, err error) {
	if file.ask.kind == "use" {
		look, err = d.tryPastUse(ctx, by, file, apply, says)
	} else {
		look, err = d.tryDocument(ctx, by, file, apply, says)
	}
	if ctx.Err() != nil || err == nil {
		return look, err
	}
	faults, is := errors.AsType[document.Faults](err)
	switch {
	case is:
		look.FaultCount = len(faults)
		look.Faults = slices.Clone(faults[:min(len(faults), maxFaultsKept)])
	case hospital.Sentence(err) != "":
		look.FaultCount, look.Sentence = 1, hospital.Sentence(err)
	case errors.Is(err, inventory.ErrUnknownItem), errors.Is(err, inventory.ErrUnknownPlace):
		look.FaultCount, look.Sentence = 1, "It names an item or a place that nobody knows here. Take those in first."
	case errors.Is(err, floorplan.ErrDrawing):
		look.FaultCount, look.Sentence = 1, "This is no plan that can be read: GeoJSON of one floor, or an IMDF archive."
	default:
		return look, err
	}
	return look, nil
}

func (d *Door) tryPastUse(ctx context.Context, by hospital.Actor, file upload, apply bool, says upkeep.Says) (look views.ImportLook, err error) {
	all, err := inventory.ReadPastUse(upkeep.Reading(ctx, says, file.data, 2))
	if err != nil {
		return look, err
	}
	look.Added, err = d.Administration.Document.ImportUse(ctx, by, all, apply, says.After(1))
	look.Same = len(all) - look.Added
	return look, err
}

func (d *Door) tryDocument(ctx context.Context, by hospital.Actor, file upload, apply bool, says upkeep.Says) (look views.ImportLook, err error) {
	rows, notes, err := d.readImport(ctx, by, file, says)
	if look.Notes = notes; err != nil {
		return look, err
	}
	changes, err := d.Administration.Document.Import(ctx, by, rows.Document, apply, says.After(1))
	if rows.Lines != nil {
		changes = rows.Changes(file.ask.kind, changes)
	}
	for _, change := range changes {
		switch change.What {
		case document.Same:
			look.Same++
			continue
		case document.Add:
			look.Added++
		default:
			look.Changed++
		}
		if len(look.Changes) < maxChangesShown {
			look.Changes = append(look.Changes, change)
		}
	}
	return look, err
}

// readImport is the part of the hospital's document that a file brings. Its Lines are nil
// where the file has no rows.
func (d *Door) readImport(ctx context.Context, by hospital.Actor, file upload, says upkeep.Says) (rows document.Rows, notes []string, err error) {
	from := upkeep.Reading(ctx, says, file.data, 1+document.ImportSteps)
	if file.ask.kind == "hospital" {
		rows.Document, err = document.Read(from)
		return rows, nil, err
	}
	there, err := d.Administration.Document.Describe(ctx, by)
	if err != nil {
		return rows, nil, err
	}
	if file.ask.kind == "floorplan" {
		rows.Document, notes, err = drawnPart(file, there)
		return rows, notes, err
	}
	table, _ := document.TableOf(file.ask.kind) // the form's kinds were looked at
	rows, err = table.Read(from, there)
	return rows, nil, err
}

// drawnPart is what a plan changes of the hospital that there is.
func drawnPart(file upload, there document.Document) (document.Document, []string, error) {
	drawing, err := floorplan.Read(file.data, file.ask.floor)
	if err != nil {
		return document.Document{}, nil, err
	}
	building := file.ask.building
	if building == "" && len(there.Buildings) == 1 {
		building = there.Buildings[0].ID
	}
	for _, floor := range drawing.Floors {
		if floor.ID == "" {
			return document.Document{}, nil, hospital.Refuse(hospital.ErrInvalid, "Say which floor the file draws.")
		}
	}
	part, err := floorplan.Merge(drawing, building, there)
	return part, drawing.Notes, err
}

// waitingImport is the file that a preview is about.
func (d *Door) waitingImport(c echo.Context) (upload, error) {
	file, there := d.uploads.get(c.Param("upload"), d.actor(c).ID, d.Now())
	if !there || file.ask.kind == "" {
		return upload{}, hospital.Refuse(hospital.ErrUnknown, "This file waits no longer. Choose it again under Imports.")
	}
	return file, nil
}

func (d *Door) importPreview(c echo.Context) error {
	file, err := d.waitingImport(c)
	if err != nil {
		return err
	}
	return d.show(c, "Import", views.ImportPreview(c.Param("upload"), file.name, file.ask.kind, file.look))
}

// importFaults are all faults of a file as a file: whoever mends it goes through them beside it.
func (d *Door) importFaults(c echo.Context) error {
	file, err := d.waitingImport(c)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	rows, err := newCSV(&text, "where", "what is wrong")
	if err != nil {
		return err
	}
	for _, fault := range file.look.Faults {
		if err := rows.Write(plainRow(fault.Where(), fault.Says)); err != nil {
			return err
		}
	}
	rows.Flush()
	return d.file(c, rows.Error(), "faults.csv", "text/csv; charset=utf-8", text.Bytes())
}

// takeImport takes in what was looked at.
func (d *Door) takeImport(c echo.Context) error {
	file, err := d.waitingImport(c)
	if err != nil {
		return err
	}
	by, id := d.actor(c), c.Param("upload")
	return d.undertake(c, longWork{Task: upkeep.Task{Title: "Take in a file", Of: file.name, Back: importsPath + "/" + id}, work: func(ctx context.Context, says upkeep.Says) (upkeep.Outcome, error) {
		look, err := d.tryImport(ctx, by, file, true, says)
		if err != nil {
			return upkeep.Outcome{}, err
		}
		if look.FaultCount > 0 { // somebody changed what it refers to, since it was looked at
			file.look = look
			return upkeep.Outcome{Href: importsPath + "/" + d.uploads.put(file)}, nil
		}
		d.uploads.forget(id)
		return upkeep.Outcome{Href: importsPath, Said: fmt.Sprintf("Taken in: %d added, %d changed, %d as they were.", look.Added, look.Changed, look.Same)}, nil
	}})
}
