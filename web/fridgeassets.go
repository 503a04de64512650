package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

func (d *Door) fridgeAssetRoutes() []route {
	return []route{
		{get, "/coldchain/due", hospital.SeeColdChain, d.coldDue},
		{get, "/fridges/:id/asset", hospital.SeeColdChain, d.fridgeAsset},
		{post, "/fridges/:id/asset", hospital.ManageColdChain, d.setFridgeFacts},
		{post, papersPath, hospital.ManageColdChain, d.addFridgePaper},
		{get, "/fridges/:id/papers/:paper/file", hospital.SeeColdChain, d.fridgePaperFile},
	}
}

// coldDue lists what waits to be done about fridges.
func (d *Door) coldDue(c echo.Context) error {
	missing, err := d.ColdChain.MissingChecks(c.Request().Context(), d.Now())
	if err != nil {
		return err
	}
	missed, err := d.ColdChain.MissedChecks(c.Request().Context(), d.Now())
	if err != nil {
		return err
	}
	assets, err := d.ColdChain.Assets(c.Request().Context())
	if err != nil {
		return err
	}
	unproven, err := d.ColdChain.Unproven(c.Request().Context())
	if err != nil {
		return err
	}
	return d.show(c, "Due", views.ColdDuePage(views.ColdDue{Missing: missing, Missed: missed, Assets: assets, Unproven: unproven, Today: d.localNow()}))
}

func (d *Door) localNow() time.Time { return d.Now().In(d.Register.Current().Site.Location()) }

func (d *Door) fridgeAsset(c echo.Context) error {
	return d.showFridgeAsset(c, http.StatusOK, nil)
}

// showFridgeAsset is a fridge as an asset, with forms that came back; nil when none did.
func (d *Door) showFridgeAsset(c echo.Context, status int, back *views.AssetForms) error {
	a, err := d.ColdChain.Asset(c.Request().Context(), coldchain.FridgeID(c.Param("id")))
	if err != nil {
		return err
	}
	forms := views.AssetForms{PQS: a.Facts.PQS, Backup: a.Facts.BackupLogger, Done: d.localNow().Format(time.DateOnly)}
	if a.Facts.Litres > 0 {
		forms.Litres = strconv.Itoa(a.Facts.Litres)
	}
	if a.Facts.Units > 0 {
		forms.Units = strconv.Itoa(a.Facts.Units)
	}
	if a.Facts.HoldOver > 0 {
		forms.HoldOver = strconv.FormatFloat(a.Facts.HoldOver.Hours(), 'f', -1, 64)
	}
	if back != nil {
		forms = *back
	}
	return d.showAs(c, status, a.Fridge.Name, views.FridgeAssetPage(a, forms, d.actor(c), d.localNow()))
}

func (d *Door) setFridgeFacts(c echo.Context) error {
	forms := views.AssetForms{PQS: c.FormValue("pqs"), Litres: c.FormValue("litres"), Units: c.FormValue("units"), HoldOver: c.FormValue("holdover"), Backup: c.FormValue("backup")}
	t, n := &typing{}, &numbers{}
	facts := coldchain.Facts{PQS: forms.PQS, BackupLogger: forms.Backup, HoldOver: 60 * n.minutes("Hold-over time", forms.HoldOver)}
	if strings.TrimSpace(forms.Litres) != "" {
		facts.Litres = t.number("Litres", forms.Litres)
	}
	if strings.TrimSpace(forms.Units) != "" {
		facts.Units = t.number("Room", forms.Units)
	}
	err := errors.Join(t.err, n.err)
	if err == nil {
		err = d.ColdChain.SetFacts(c.Request().Context(), d.actor(c), coldchain.FridgeID(c.Param("id")), facts)
	}
	if errors.Is(err, hospital.ErrInvalid) {
		var status int
		status, forms.FactsError = outcome(err)
		return d.showFridgeAsset(c, status, &forms)
	}
	if err != nil {
		return err
	}
	d.say(c, "Saved.")
	return d.seeOther(c, "/fridges/"+c.Param("id")+"/asset")
}

func (d *Door) addFridgePaper(c echo.Context) error {
	c.Request().Body = http.MaxBytesReader(c.Response(), c.Request().Body, maxPaperForm)
	file, wrongFile := paperFileOf(c)
	forms := views.AssetForms{Kind: c.FormValue("kind"), Device: c.FormValue("device"), Done: c.FormValue("done"), Due: c.FormValue("due"),
		Number: c.FormValue("number"), Note: c.FormValue("note")}
	paper := coldchain.Paper{Kind: coldchain.PaperKind(forms.Kind), Device: forms.Device, Done: forms.Done, Due: forms.Due, Number: forms.Number, Note: forms.Note}
	paper.File = file
	err := wrongFile
	if err == nil {
		err = d.ColdChain.AddPaper(c.Request().Context(), d.actor(c), coldchain.FridgeID(c.Param("id")), paper)
	}
	if errors.Is(err, hospital.ErrInvalid) {
		var status int
		status, forms.PaperError = outcome(err)
		return d.showFridgeAsset(c, status, &forms)
	}
	if err != nil {
		return err
	}
	d.say(c, "Kept.")
	return d.seeOther(c, "/fridges/"+c.Param("id")+"/asset")
}

// papersPath takes a paper with its file, deliveriesPath a logger's file.
const papersPath, deliveriesPath = "/fridges/:id/papers", "/deliveries"

// maxPaperForm bounds the form of a paper with its file, in bytes.
const maxPaperForm = coldchain.MaxPaperFile + 64<<10

// paperFileOf is the file of a paper; nil when none was chosen.
func paperFileOf(c echo.Context) (*coldchain.PaperFile, error) {
	header, err := c.FormFile("file")
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("The file is larger than %d MB. Save it smaller.", coldchain.MaxPaperFile>>20))
	}
	if err != nil || header.Size == 0 {
		return nil, nil // a paper need not have one
	}
	file, err := header.Open()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, coldchain.MaxPaperFile+1))
	if err != nil {
		return nil, err
	}
	kept, err := coldchain.NewPaperFile(header.Filename, data)
	return &kept, err
}

// fridgePaperFile is a certificate as it was uploaded.
func (d *Door) fridgePaperFile(c echo.Context) error {
	paper, err := strconv.ParseInt(c.Param("paper"), 10, 64)
	if err != nil {
		return coldchain.ErrNoPaperFile
	}
	file, err := d.ColdChain.PaperFile(c.Request().Context(), coldchain.FridgeID(c.Param("id")), paper)
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}))
	return c.Blob(http.StatusOK, file.MediaType, file.Bytes)
}
