package web

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"

	"github.com/labstack/echo/v4"

	"wardwatch/views"
)

const (
	workerPath  = "/sw.js"
	offlinePath = "/offline"
)

func (d *Door) workerRoutes() []route {
	return []route{
		{get, workerPath, Public, d.worker},
		{get, offlinePath, Public, d.offline},
	}
}

// offline is the page that stands in where the server can't be reached. It knows nobody.
func (d *Door) offline(c echo.Context) error {
	ctx := d.scene(c.Request().Context())
	page := views.Page{Title: "No connection", Site: d.Register.Current().Site, Theme: theme(c), Version: d.Version}
	return d.write(c, http.StatusOK, ctx, views.Shell(page, views.Offline()))
}

// shellFiles are what the offline page is made of, beside itself.
var shellFiles = []string{"css/app.css", "vendor/icons.svg", "vendor/htmx.min.js", "js/ui.js", "js/live.js", "js/offline.js", "img/icon.svg", "img/icon-stale.svg"}

// worker is the service worker of this build: another build's has another version, and takes
// its place with the next page.
func (d *Door) worker(c echo.Context) error {
	shell := []string{offlinePath}
	for _, name := range shellFiles {
		shell = append(shell, d.static.URL(name))
	}
	list, err := json.Marshal(shell)
	if err != nil {
		return err
	}
	sum := fnv.New64a()
	fmt.Fprint(sum, d.Version, d.Register.Current().Site.Name, list)
	body, err := d.static.Text("js/worker.js")
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "no-cache")
	text := fmt.Sprintf("const version = \"wardwatch-%x\";\nconst shell = %s;\n%s", sum.Sum64(), list, body)
	return c.Blob(http.StatusOK, "text/javascript; charset=utf-8", []byte(text))
}
