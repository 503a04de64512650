package api

import (
	"slices"

	"wardwatch/tracking/hospital"
)

// Operations is the table of all that programs may ask, with who may.
func (a *API) Operations() []Operation {
	return slices.Concat(a.equipmentRoutes(), a.serviceRoutes(), a.coldChainRoutes(), a.stockRoutes(), a.orderRoutes(), a.supplyRoutes(), a.auditRoutes(), a.liveRoutes())
}

func (a *API) equipmentRoutes() []Operation {
	if a.Equipment == nil || a.Lists == nil {
		return nil
	}
	see := hospital.SeeEquipment
	return []Operation{
		does(a, get, "/places", see, "The floors and rooms, with how many assets were last seen in each.", a.places),
		does(a, get, "/assets", see, "Assets in the order of their numbers, with where they are.", a.assets),
		does(a, get, "/assets/search", see, "Finds assets by words of their kind, name, number or tag, the nearest first.", a.search),
		does(a, get, "/assets/nearest", see, "The nearest free assets of a kind.", a.nearest),
		does(a, get, "/assets/:id", see, "One asset with where it is.", a.asset),
		does(a, get, "/assets/:id/history", see, "What happened to an asset, the newest first.", a.history),
		does(a, post, "/assets/:id/status", hospital.MarkEquipment, "Sets an asset's status.", a.mark),
	}
}

func (a *API) coldChainRoutes() []Operation {
	if a.ColdChain == nil || a.Alarms == nil || a.Lists == nil {
		return nil
	}
	see := hospital.SeeColdChain
	return []Operation{
		does(a, get, "/fridges", see, "All fridges with how they stand, the worst first.", a.fridges),
		does(a, get, "/fridges/:id", see, "One fridge with how it stands.", a.fridge),
		does(a, get, "/readings", see, "A fridge's readings, one probe after the other, the oldest first.", a.readings),
		does(a, get, "/excursions", see, "Excursions, the last found first, withdrawn ones included.", a.excursions),
		does(a, get, "/excursions/:id", see, "One excursion.", a.excursion),
		does(a, get, "/forewarnings", see, "Crossings of limits that were foretold, with what became of them, the last said first.", a.forewarnings),
		does(a, get, "/forewarnings/track", see, "How often a fridge's forewarnings came true.", a.track),
		does(a, get, "/alarms", see, "Alarms, the last raised first.", a.alarms),
		does(a, get, "/alarms/:id", see, "One alarm and who was told of it.", a.alarm),
		does(a, post, "/alarms/:id/acknowledge", hospital.Acknowledge, "Says that somebody has seen the alarm and why it is.", a.acknowledge),
		does(a, post, "/alarms/:id/close", hospital.Acknowledge, "Ends an alarm whose trouble is over.", a.closeAlarm),
	}
}

func (a *API) stockRoutes() []Operation {
	if a.Stock == nil || a.Lists == nil {
		return nil
	}
	see := hospital.SeeStock
	return []Operation{
		does(a, get, "/stock", see, "Items in the order of their identifiers, with what is held of them.", a.items),
		does(a, get, "/stock/:item", see, "One item, with its lots and what the reorder desk expects.", a.item),
		does(a, get, "/stock/:item/ledger", see, "How an item came and went, the newest movement first.", a.ledger),
		does(a, get, "/lots", see, "What lies where, by lot and place.", a.lots),
		does(a, get, "/excursions/:id/lots", see, "The lots that an excursion put on hold, with their minutes in each band of their stability budget.", a.exposures),
		does(a, get, "/holds", see, "Lots that an excursion keeps from use until a pharmacist decides, the oldest first.", a.holds),
	}
}

func (a *API) orderRoutes() []Operation {
	if a.Desk == nil || a.Lists == nil {
		return nil
	}
	return []Operation{
		does(a, get, "/proposals", hospital.SeeOrders, "Proposals to reorder, the last raised first.", a.proposals),
		does(a, get, "/proposals/:id", hospital.SeeOrders, "One proposal with its reason.", a.proposal),
		does(a, post, "/proposals/:id/approve", hospital.ApproveOrders, "Lets a proposal go into the supplier's draft order.", a.approve),
		does(a, post, "/proposals/:id/change", hospital.ApproveOrders, "Gives a waiting proposal another quantity.", a.change),
		does(a, post, "/proposals/:id/decline", hospital.ApproveOrders, "Closes a proposal; nothing is ordered.", a.decline),
		does(a, post, "/proposals/:id/undo", hospital.ApproveOrders, "Takes one's own decision of the last minute back: the proposal waits again.", a.undo),
		does(a, post, "/proposals/approve-all", hospital.ApproveOrders, "Approves several proposals, each in its own right.", a.approveAll),
		does(a, post, "/proposals/together/:mark/undo", hospital.ApproveOrders, "Takes back, within a minute, what one has approved in one go.", a.undoTogether),
		does(a, get, "/orders", hospital.SeeOrders, "Orders with their lines, the last number first.", a.orders),
		does(a, get, "/orders/late", hospital.SeeOrders, "Lines of orders that should have come by now, the longest late first.", a.lateLines),
		does(a, get, "/suppliers", hospital.SeeOrders, "How suppliers did in the last 365 days, by name.", a.suppliers),
		does(a, get, "/orders/:number", hospital.SeeOrders, "One order with its lines.", a.order),
	}
}

func (a *API) auditRoutes() []Operation {
	if a.Trail == nil {
		return nil
	}
	return []Operation{
		does(a, get, "/audit", hospital.SeeAudit, "Who did what, when, to which thing and why, the newest first.", a.audit),
	}
}
