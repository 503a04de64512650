package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/views"
	"wardwatch/web/live"
)

// wallTopic follows from the cold chain's: the wall is drawn anew as a whole.
const wallTopic = "wall/coldchain"

func (d *Door) wallRoutes() []route {
	if d.ColdChain == nil {
		return nil
	}
	return []route{{get, "/wall/coldchain", hospital.SeeColdChain, d.wall}}
}

// wall is the cold chain for a display that nobody touches.
func (d *Door) wall(c echo.Context) error {
	tiles, err := d.fridgeTiles(c.Request().Context())
	if err != nil {
		return err
	}
	ctx := d.scene(c.Request().Context())
	page, err := d.frame(ctx, c, "Cold chain", []string{wallTopic})
	if err != nil {
		return err
	}
	page.Wall = true
	return d.write(c, http.StatusOK, ctx, views.Shell(page, views.Wall(tiles)))
}

func (d *Door) wallSources() []live.Source {
	if d.ColdChain == nil {
		return nil
	}
	return []live.Source{{Prefix: wallTopic, Permission: hospital.SeeColdChain, Every: boardEvery,
		Render: func(ctx context.Context, _ string) ([]live.Fragment, error) {
			tiles, err := d.fridgeTiles(ctx)
			if err != nil {
				return nil, err
			}
			return drawAll(ctx, leaf{"wall-counts", views.WallCounts(tiles)}, leaf{"wall-tiles", views.WallTiles(tiles)})
		}}}
}
