package web

import (
	"context"
	"fmt"
	"image/color"
	"net/url"
	"strings"

	"github.com/boombuler/barcode/qr"
	"github.com/labstack/echo/v4"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

// maxLabels is how many labels one sheet may have: eight pages of A4.
const maxLabels = 192

func (d *Door) labelRoutes() []route {
	if d.Equipment == nil {
		return nil
	}
	return []route{
		{get, "/assets/:id/label", hospital.SeeEquipment, d.assetLabel},
		{get, "/labels", hospital.SeeEquipment, d.labels},
	}
}

// assetLabel is one asset's label, to be printed and glued on.
func (d *Door) assetLabel(c echo.Context) error {
	hit, err := d.Equipment.Asset(c.Request().Context(), d.actor(c), tracking.AssetID(c.Param("id")))
	if err != nil {
		return err
	}
	return d.showLabels(c, views.LabelsPage{Title: "Label for " + hit.Asset.Name, Back: "/assets/" + url.PathEscape(string(hit.Asset.ID))},
		[]tracking.Asset{hit.Asset})
}

// labels is a sheet of labels, of a kind or a unit's equipment.
func (d *Door) labels(c echo.Context) error {
	page := views.LabelsPage{Title: "Labels", Kind: c.QueryParam("kind"), Unit: hospital.UnitID(c.QueryParam("unit")), After: c.QueryParam("after"),
		Units: d.Register.Current().Units, Sheet: true}
	ctx := c.Request().Context()
	var err error
	if page.Kinds, err = d.Equipment.Store.Kinds(ctx); err != nil {
		return err
	}
	assets, err := d.labelled(ctx, page)
	if err != nil {
		return err
	}
	if len(assets) > maxLabels {
		assets = assets[:maxLabels]
		page.More = string(assets[maxLabels-1].ID)
	}
	return d.showLabels(c, page, assets)
}

func (d *Door) labelled(ctx context.Context, page views.LabelsPage) ([]tracking.Asset, error) {
	if d.Lists == nil || page.Kind == "" && page.Unit == "" {
		return nil, nil
	}
	return d.Lists.Assets(ctx, tracking.Selection{Kind: page.Kind, Unit: page.Unit, After: tracking.AssetID(page.After)}, maxLabels+1)
}

func (d *Door) showLabels(c echo.Context, page views.LabelsPage, assets []tracking.Asset) error {
	for _, asset := range assets {
		path, side, err := qrPath(d.addressOf(c) + "/assets/" + url.PathEscape(string(asset.ID)))
		if err != nil {
			return err
		}
		page.Labels = append(page.Labels, views.Label{Asset: asset, Path: path, Side: side})
	}
	return d.show(c, page.Title, views.Labels(page))
}

// addressOf is the address of this house as a telephone can open it: the one that
// the hospital set, else the one that this request came to.
func (d *Door) addressOf(c echo.Context) string {
	if d.People != nil && d.People.PublicURL != "" {
		return strings.TrimSuffix(d.People.PublicURL, "/")
	}
	return c.Scheme() + "://" + c.Request().Host
}

// qrPath draws a QR code as the path of an SVG, one unit a module, with the quiet
// zone of four modules that ISO/IEC 18004 asks for; side is its width. Level M
// stays readable with a scratch of 15 %.
func qrPath(text string) (path string, side int, err error) {
	const quiet = 4
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", 0, err
	}
	var b strings.Builder
	size := code.Bounds().Dx()
	for y := range size {
		for x := 0; x < size; x++ {
			from := x
			for x < size && dark(code.At(x, y)) {
				x++
			}
			if x > from {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
			}
		}
	}
	return b.String(), size + 2*quiet, nil
}

// dark says whether a point of a black and white picture is black.
func dark(c color.Color) bool {
	r, _, _, _ := c.RGBA()
	return r < 0x8000
}
