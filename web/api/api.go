package api

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/fence"
	"wardwatch/tracking/fleet"
	"wardwatch/tracking/health"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/audit"
	"wardwatch/tracking/maintain"
	"wardwatch/tracking/notify"
	"wardwatch/tracking/parlevel"
)

// Lists reads long lists part by part: at most limit lines after the one that the
// selection names. Package db satisfies it.
type Lists interface {
	Assets(ctx context.Context, s tracking.Selection, limit int) ([]tracking.Asset, error)
	RoomCounts(ctx context.Context) ([]tracking.RoomCount, error)
	Moments(ctx context.Context, id tracking.AssetID, before tracking.Moment, limit int) ([]tracking.Moment, error)
	Readings(ctx context.Context, ask coldchain.ReadingQuery, limit int) ([]coldchain.Recorded, error)
	Excursions(ctx context.Context, ask coldchain.ExcursionQuery, limit int) ([]coldchain.Excursion, error)
	Excursion(ctx context.Context, id coldchain.ExcursionID) (coldchain.Excursion, error)
	Forewarnings(ctx context.Context, ask coldchain.ForewarningQuery, limit int) ([]coldchain.Forewarning, error)
	Alarms(ctx context.Context, s notify.Selection, limit int) ([]notify.Alarm, error)
	Proposals(ctx context.Context, s reorder.Selection, limit int) ([]reorder.Proposal, error)
	Orders(ctx context.Context, s reorder.OrderSelection, limit int) ([]reorder.Order, error)
	Items(ctx context.Context, s inventory.ItemSelection, limit int) ([]inventory.Line, error)
	Lots(ctx context.Context, s inventory.LotSelection, limit int) ([]inventory.Shelved, error)
	Ledger(ctx context.Context, s inventory.LedgerSelection, limit int) ([]inventory.Entry, error)
}

// API is what programs may ask. A part that is nil has no operations.
type API struct {
	Lists     Lists
	Register  *hospital.Register
	Equipment *tracking.Equipment
	Fleet     *fleet.Desk
	Levels    *parlevel.Desk
	Service   *maintain.Desk
	Fences    *fence.Guard
	Health    *health.Keeper
	ColdChain *coldchain.Monitor
	Alarms    *notify.Desk
	Stock     *inventory.Stock
	Desk      *reorder.Desk
	Storeroom *inventory.Storeroom
	Trail     *audit.Trail
	Now       func() time.Time
	// Actor is who asks.
	Actor func(echo.Context) hospital.Actor
	// Live answers with the websocket of what changed.
	Live echo.HandlerFunc
	// Version names the build.
	Version string
}

// None is an operation that reads nothing from the request.
type None struct{}

// Day is a day of the hospital's calendar: "2027-03-31"; empty for none.
type Day string

func dayOf(d inventory.Date) Day { return Day(d.String()) }
