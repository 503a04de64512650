package views

import "wardwatch/tracking/hospital"

// guide is one role's page: what she comes for, each in a few steps.
type guide struct {
	role  hospital.Role
	about string
	tasks []guideTask
}

type guideTask struct {
	name  string
	href  string
	steps []string
}

var (
	taskAlarm = guideTask{"An alarm rings", "/alarms", []string{
		"Go to the fridge. Do not use what stands in it.",
		"See the alarm, Acknowledge, tap a reason. You may do so while it is still warm; it stops ringing for everybody.",
		"It stays open until the fridge is back in range and somebody has written what was done."}}
	taskScan = guideTask{"You hold a scanner or a telephone", "/scan", []string{
		"Scan on any page: a tag opens the piece, a box opens the item, an order number the order.",
		"Scan and book, under Inventory, uses, moves, counts and receives with the scanner alone."}}
)

// guides are the roles' pages. Each fits on one printed side.
func guides() []guide {
	return []guide{nurseGuide(), pharmacistGuide(), supplyGuide(), biomedGuide(), administratorGuide(), auditorGuide()}
}

func nurseGuide() guide {
	return guide{hospital.Nurse, "Find what you need, and say what you see.", []guideTask{
		{"Find the nearest free pump", "/search", []string{
			"Tap the kind on the home page, or type it. The nearest free one stands first, with room, floor and age.",
			"“Probably” means that two rooms are likely: the second is named beside it.",
			"Set your unit under your name: “nearest” counts from there."}},
		{"Say what you see", "/search", []string{
			"Open the piece: I have it, It is free, Needs cleaning, Not here, Broken.",
			"What you say counts more than the radio, and teaches it."}},
		taskAlarm, taskScan,
		{"Take from stock", "/stock", []string{
			"Scan the box, say how many. What expires first is named; what is on hold can't be taken."}},
		{"Tasks on the home page", "/units", []string{
			"“Take 2 pumps from Store B”: carry them; the task closes by itself when their tags arrive."}},
	}}
}

func pharmacistGuide() guide {
	return guide{hospital.Pharmacist, "Every dose was kept right, or here is what happened.", []guideTask{
		taskAlarm,
		{"Lots on hold", "/holds", []string{
			"Each lot says how much of its stability budget is left. Past it, it can't be released.",
			"Release or discard each with a reason. Your hospital may ask for a second person and a signature.",
			"Emergency move names the nearest cold fridge with room."}},
		{"Every workday", "/coldchain/due", []string{
			"Open each fridge, look at its lowest and highest since the last check, I have checked this fridge.",
			"Out of range? Say what was done about it."}},
		{"A case for the inspector", "/coldchain", []string{
			"Open the excursion: known and possible time, chart, lots, decisions, signatures.",
			"Case as PDF has it all on paper. The month report stands on the fridge's page."}},
		{"Defrosting, cleaning, stocktaking", "/coldchain", []string{
			"Plan an opening on the fridge's page: 15 to 60 minutes without a siren. It ends by itself; freezing still rings."}},
		taskScan,
	}}
}

func supplyGuide() guide {
	return guide{hospital.SupplyManager, "Proposals with their reasons; you decide.", []guideTask{
		{"Approve a proposal", "/orders/proposals", []string{
			"Each says how many, why in words and figures, what it costs and what happens if you wait.",
			"Approve, change with a reason, decline with a reason, or put off. Undo within a minute.",
			"Keys: j and k move, a approves."}},
		{"Carry before you buy", "/stock/transfers", []string{
			"What stands too much elsewhere, or would expire there, is offered first."}},
		{"Send, receive, close", "/orders", []string{
			"One order a supplier. Send it; late ones are listed.",
			"Receive in parts with lot and expiry; scan the box to fill them in. Close short what will not come."}},
		{"Levels that no longer fit", "/orders/levels", []string{
			"A changed level is proposed with what it would have done on your own past weeks. You set it, or keep it."}},
		{"A recall", "/stock/recalls", []string{
			"By lot or item: where it is now, where it went, tick off. Recalled stock can't be used."}},
		taskScan,
	}}
}

func biomedGuide() guide {
	return guide{hospital.BiomedicalEngineer, "What is due, where it is, and the shortest way round.", []guideTask{
		{"What is due", "/maintenance", []string{
			"Due lists each piece with its room now and a way through the floors.",
			"Record work: calibrations take a certificate and your signature."}},
		{"Repairs and recalls", "/maintenance/repairs", []string{
			"What was marked as broken stands under Repairs. Recalls find by model, serial number or lot; tick off each."}},
		{"Tags", "/maintenance/tags", []string{
			"Scan the tag, scan the piece. Unknown tags that were heard stand under Devices."}},
		{"A room is often wrong", "/floors", []string{
			"Open the room, Teach this room: stand in it with a tag for a minute. What got better is shown; undo it if not."}},
		{"Gateways", "/admin/gateways", []string{
			"Offline, clock wrong, quiet: the worklist says what to do first. A dead gateway is one alarm, and names what it leaves blind."}},
		{"The fleet", "/fleet", []string{
			"Use, idle pieces, losses, and how many are enough, with the evidence."}},
	}}
}

func administratorGuide() guide {
	return guide{hospital.Administrator, "Who may do what, and how the house is.", []guideTask{
		{"A new colleague", "/admin/people", []string{
			"Add somebody: roles, and the units they are for. A one-time link lets them set a password.",
			"Leavers: deactivate. Their sessions and open pages end at once."}},
		{"A new gateway", "/admin/gateways", []string{
			"Make a token, enter it in the gateway with this server's address, and see it under Devices within a minute."}},
		{"What nobody knows yet", "/admin/devices", []string{
			"Tags and probes that were heard and belong to nothing: adopt or dismiss them."}},
		{"Backups", "/admin/backups", []string{
			"A copy each night, tried by restoring it. Keep one elsewhere: the key with it, not beside it."}},
		{"How the house is", "/admin/health", []string{
			"Health, Jobs and Notices: what failed says so, and what to do."}},
		{"Somebody asks what happened", "/admin/audit", []string{
			"Search by person, deed, thing or day; export with a signed checkpoint."}},
	}}
}

func auditorGuide() guide {
	return guide{hospital.Auditor, "You see everything and change nothing.", []guideTask{
		{"Who did what", "/admin/audit", []string{
			"Search by person, deed, thing or day. Each line is chained to the one before.",
			"Keep a signed checkpoint outside: wardwatch verify finds one altered, missing or moved line."}},
		{"A case", "/coldchain", []string{
			"What happened, which lots, who decided, with which signature. Case as PDF."}},
		{"A month of a fridge", "/coldchain", []string{
			"On the fridge's page: month report as PDF or CSV, daily checks, missed ones too."}},
		{"An order", "/orders", []string{
			"From its reason and figures over approvals and changes to each receipt."}},
	}}
}
