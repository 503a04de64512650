package web

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"
)

const (
	get  = http.MethodGet
	post = http.MethodPost
	head = http.MethodHead
)

// routes is the table of every route, one block a subject. The third column is
// who may pass; a route without it keeps the server from starting.
func (d *Door) routes() []route {
	return slices.Concat(
		d.healthRoutes(),
		d.screenRoutes(),
		d.workerRoutes(),
		d.errandRoutes(),
		d.importRoutes(),
		d.wallRoutes(),
		d.displayRoutes(),
		d.stockRoutes(),
		d.stockHealthRoutes(),
		d.stockScanRoutes(),
		d.binRoutes(),
		d.storeroomRoutes(),
		d.masterRoutes(),
		d.orderRoutes(),
		d.levelRoutes(),
		d.budgetRoutes(),
		d.paperRoutes(),
		d.answerRoutes(),
		d.priceRoutes(),
		d.transferRoutes(),
		d.recallRoutes(),
		d.surgeRoutes(),
		d.demoRoutes(),
		d.coldChainRoutes(),
		d.complianceRoutes(),
		d.profileRoutes(),
		d.probeRoutes(),
		d.tripRoutes(),
		d.loggerRoutes(),
		d.phoneRoutes(),
		d.ladderRoutes(),
		d.caseRoutes(),
		d.readingAgeRoutes(),
		d.lotRoutes(),
		d.deliveryRoutes(),
		d.fridgeAssetRoutes(),
		d.equipmentRoutes(),
		d.labelRoutes(),
		d.unitRoutes(),
		d.maintainRoutes(),
		d.floorRoutes(),
		d.teachRoutes(),
		d.roundRoutes(),
		d.fenceRoutes(),
		d.fleetRoutes(),
		d.drawRoutes(),
		d.peopleRoutes(),
		d.adminRoutes(),
		d.ingestRoutes(),
		d.programmeRoutes(),
		d.deviceRoutes(),
		d.setupRoutes(),
		d.firstRunRoutes(),
		d.apiRoutes(),
		d.fileRoutes(),
	)
}

func (d *Door) healthRoutes() []route {
	return []route{
		{get, "/healthz", Public, d.healthz},
		{get, "/readyz", Public, d.readyz},
		{get, "/metrics", ByToken, d.metrics},
		{get, "/version", Public, d.version},
	}
}

func (d *Door) screenRoutes() []route {
	return []route{
		{get, "/static/*", Public, echo.WrapHandler(d.static)},
		{head, "/static/*", Public, echo.WrapHandler(d.static)},
		{get, "/live", SignedIn, d.listen},
		{get, "/live.json", SignedIn, d.poll},
		{post, "/me/theme", Public, d.chooseTheme},
		{post, "/me/language", Public, d.chooseLanguage},
		{get, "/", SignedIn, d.home},
		{get, "/scan", SignedIn, d.scan},
		{get, "/guide", SignedIn, d.guide},
	}
}
