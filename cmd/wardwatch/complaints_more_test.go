package main

// supplyComplaints are those of people who order and count with other systems.
var supplyComplaints = []complaint{
	{"stock 1: every run orders again", map[string][]string{
		"db/complaints_test.go":                   {"TestComplaintEveryRunOrdersAgain"},
		"db/orders_test.go":                       {"TestNothingIsLostDoubledOrOrderedTwice"},
		"inventory/reorder/policy/policy_test.go": {"TestAskingAgainAdvisesNothing"},
		"inventory/reorder/policy/refill_test.go": {"TestNoKindOrdersTwice"},
		"inventory/reorder/policy/choice_test.go": {"TestTheLevelOfAChoiceHoldsTheInvariant"}}},
	{"stock 2: quantities that nobody can order, units that don't convert", map[string][]string{
		"db/complaints_test.go":                   {"TestComplaintQuantitiesThatNobodyCanOrder"},
		"inventory/reorder/policy/policy_test.go": {"TestRoundingToPacks"},
		"inventory/packing_test.go":               {"TestPacksAreWholeUnitsOrRefused", "TestNoPackIsEverRounded"}}},
	{"stock 3: nobody knows why it was ordered", map[string][]string{
		"db/complaints_test.go":                   {"TestComplaintNobodyKnowsWhyItWasOrdered"},
		"inventory/reorder/policy/policy_test.go": {"TestSentenceRecomputesToTheQuantity"},
		"inventory/reorder/policy/refill_test.go": {"TestAKanbanSaysWhyInFiguresThatRecompute"}}},
	{"stock 4: negative stock and races", map[string][]string{
		"db/complaints_test.go": {"TestComplaintScannersThatLoseOrDouble"},
		"db/stock_test.go":      {"TestTheLastBoxIsTakenOnce", "TestARequestSentTwiceActsOnce", "TestTheLedgerRefusesToBeRewritten"}}},
	{"stock 5: expired stock is counted or given out, and can't be thrown away", map[string][]string{
		"db/complaints_test.go":                   {"TestComplaintExpiredStockIsCountedOrGivenOut"},
		"inventory/reorder/policy/policy_test.go": {"TestWhatIsHeldExpiredOrWillExpireDoesNotCount"}}},
	{"stock 6: what expires first is not taken first", map[string][]string{
		"inventory/ledger_test.go": {"TestPickingTheFirstToExpire", "TestExpiryAtTheEdgesOfTheDay"},
		"db/stock_test.go":         {"TestTheFirstToExpireGoesFirstAndExpiredStockNever"}}},
	{"stock 7: the day begins at the wrong hour, a clock change skips or repeats a run", map[string][]string{
		"db/complaints_test.go":       {"TestComplaintTheDayBeginsAtTheWrongHour"},
		"cmd/wardwatch/main_test.go":  {"TestADailyJobRunsOnceADayThroughClockChanges"},
		"cmd/wardwatch/clock_test.go": {"TestTheNightsTheClockIsMoved"},
		"inventory/calendar_test.go":  {"TestOrdersAreTakenUntilTheCutOff"}}},
	{"stock 8: receipts leave orders hanging", map[string][]string{
		"db/complaints_test.go": {"TestComplaintReceiptsLeaveOrdersHanging"},
		"db/orders_test.go":     {"TestFromLowStockToAClosedOrder", "TestClosingShortLetsTheDeskProposeTheRest"}}},
	{"stock 9: approvals at the boundary, twice, and of one's own", map[string][]string{
		"db/complaints_test.go": {"TestComplaintApprovalsThatOnePersonCanGiveTwice"},
		"db/orders_test.go":     {"TestAmountsAtTheLimit", "TestWhoAsksDoesNotApprove", "TestProgramsOfOneOwnerAreOneApprover", "TestWhatOneButtonApprovedOneButtonTakesBack"},
		"db/budgets_test.go":    {"TestABudgetToTheCent"}}},
	{"stock 10: two screens tell two figures", map[string][]string{
		"db/complaints_test.go": {"TestComplaintTwoScreensTellTwoFigures"},
		"db/dashboards_test.go": {"TestHowStockStoodIsKeptADayAtATime"}}},
	{"stock, next: scans lose their separators, low stock is not seen, a recalled lot is not found", map[string][]string{
		"db/complaints_test.go":     {"TestComplaintScansThatLoseTheirSeparators"},
		"tracking/gs1/gs1_test.go":  {"TestScannersThatSpoilTheSeparator"},
		"tracking/gs1/lint_test.go": {"TestPublishedChecks"},
		"db/recalls_test.go":        {"TestARecalledLotIsHeldWhereverItLies", "TestARecallIsDoneWhenEveryShelfIsTickedOff"}}},
}

// coldComplaints are those of people who watch fridges with other systems.
var coldComplaints = []complaint{
	{"cold 1: what goes on can't be acknowledged, a lost sensor rings for ever", map[string][]string{
		"db/coldchain_test.go":  {"TestAWarmFridgeRingsIsAcknowledgedReturnsAndIsClosed", "TestProbeFallsSilentOvernight"},
		"db/coldrecord_test.go": {"TestAnExcursionEndsHonestlyWhenItsProbeIsTakenOff"}}},
	{"cold 2: gaps, and times that nobody measured", map[string][]string{
		"tracking/coldchain/fold_test.go": {"TestAGapNeverClearsAndIsReportedAsPossible", "TestAnyOrderOfArrivalGivesTheExcursionsOfOneReplay"},
		"db/coldchain_test.go":            {"TestDataThatComesWhenItIsOverOpensACaseWithoutASiren", "TestABacklogThatEndsInAWarmFridgeRings"}}},
	{"cold 3: local times, clock changes and the logger's zone", map[string][]string{
		"tracking/coldchain/days_test.go":       {"TestADayOfAClockChangeHasItsOwnLength", "TestDaysLoseNoMoment"},
		"tracking/coldchain/clockzone_test.go":  {"TestTheZoneOfADevicesClock"},
		"tracking/ingest/logger/logger_test.go": {"TestALoggersOwnClockIsPlacedInItsZone", "TestTheHourThatComesTwiceIsKeptTwice"}}},
	{"cold 4: floods of alarms", map[string][]string{
		"db/coldchain_test.go": {"TestADeadGatewayRaisesOneAlarmThatNamesItsFridges"}}},
	{"cold 5: a compressor's cycle rings", map[string][]string{
		"tracking/coldchain/fold_test.go": {"TestASawtoothAroundTheLimitIsOneExcursion", "TestADoorDoesNotRingButAWarmHourDoes"}}},
	{"cold 6: a silent or stuck sensor is not seen, or never clears", map[string][]string{
		"db/coldchain_test.go":               {"TestProbeFallsSilentOvernight"},
		"db/coldrecord_test.go":              {"TestAProbeThatStandsStillIsFlaggedUntilItMovesAndRingsNobody", "TestADeviceThatRepeatsItsReadingIsFlagged"},
		"tracking/coldchain/suspect_test.go": {"TestReadingsThatLookLikeAFaultAreFlagged"}}},
	{"cold 7: frost is read as thousands of degrees", map[string][]string{
		"tracking/ingest/ble/formats_test.go":     {"TestEveryFormatHasGoldenBytesAndAFrostyOne"},
		"tracking/ingest/ble/ble_test.go":         {"TestAdvertsSayWhatTheirFormatsPromise"},
		"tracking/ingest/lorawan/lorawan_test.go": {"TestPayloadsSayWhatTheirMakersPromise"},
		"tracking/ingest/gateway/gateway_test.go": {"TestEveryFormatHasGoldenBytes"}}},
	{"cold 8: an acknowledgement without a word", map[string][]string{
		"tracking/notify/desk_test.go": {"TestWhatAnAnswerMayBe"},
		"web/coldchain_test.go":        {"TestWhoMayAnswerAnAlarm"}}},
	{"cold 9: an acknowledgement does not stop the chain, no step from text to text", map[string][]string{
		"db/alarms_test.go": {"TestTheLadderClimbsUntilSomebodyAcknowledges", "TestAcknowledgingStopsWhatIsBeingSent"},
		"db/rotas_test.go":  {"TestAnAnswerByLinkStopsTheLadderForEverybody"}}},
	{"cold 10: a fridge that is opened on purpose rings, or stays quiet for ever", map[string][]string{
		"db/coldchain_test.go":  {"TestAFridgeOpenedOnPurposeRingsOnceTheTimeIsUp"},
		"web/coldchain_test.go": {"TestAFridgeIsOpenedOnPurpose"}}},
	{"cold, next: chart and record disagree", map[string][]string{
		"db/coldchain_test.go":  {"TestTheStoredExcursionsAreThoseOfOneReplay"},
		"web/coldchain_test.go": {"TestLiveLeavesAreThePagesOwn"}}},
}
