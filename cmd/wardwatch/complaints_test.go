package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// complaint is what users of other systems complain about, and the tests that show that it
// does not happen here: names by file.
type complaint struct {
	about string
	tests map[string][]string
}

// complaints are what users of other equipment trackers complain about most, in public
// threads, and the tests that show that it does not happen here: file, names.
var complaints = []complaint{
	{"1: a tag jumps between rooms", map[string][]string{
		"tracking/locate/complaints_test.go": {"TestComplaintATagJumpsBetweenRooms"},
		"tracking/locate/baselines_test.go":  {"TestFilterBeatsTheBaselines"}}},
	{"2: unknown where the last room was known", map[string][]string{
		"tracking/sweep_test.go": {"TestSilentTagDepartsAndItsPlaceIsKept"},
		"db/equipment_test.go":   {"TestLastPlaceSurvivesRestartAndAMonthOfSilence", "TestAgeAndConfidenceSurviveARestart"}}},
	{"3: calibration by standing there is impossible", map[string][]string{
		"tracking/locate/filter_test.go": {"TestTeachingTellsTwoRoomsApartThatGeometryCannot"},
		"db/equipment_test.go":           {"TestRoomIsTaughtAndTheLessonTakenBack"},
		"web/equipment_test.go":          {"TestEngineerTeachesARoom"}}},
	{"4: the wrong floor", map[string][]string{
		"tracking/locate/complaints_test.go": {"TestComplaintTheWrongFloor"},
		"tracking/locate/filter_test.go":     {"TestStrongReceiverBelowTheCeilingDoesNotWinAlone"}}},
	{"5: a confident wrong room outside the taught area", map[string][]string{
		"tracking/locate/filter_test.go": {"TestOutsideTheTaughtAreaIsUnknown"},
		"tracking/locate/calm_test.go":   {"TestStrangeTagIsTrustedNoFurtherThanAnUntaughtHouse"}}},
	{"6: a dead gateway is not seen", map[string][]string{
		"db/fence_test.go":               {"TestADeadGatewayRingsOnceForAllItsTagsAndReturns"},
		"tracking/sweep_test.go":         {"TestDeadGatewayIsToldOnceAndItsPumpIsNotCalledMissing"},
		"tracking/health/health_test.go": {"TestADeadGatewayIsOneTroubleAndNotOneForEveryTag"},
		"web/equipment_test.go":          {"TestOfflineGatewayIsNotALostPump"}}},
	{"7: views contradict one another", map[string][]string{
		"web/equipment_test.go": {"TestEveryViewAgreesOnWhereAPumpIs"}}},
	{"8: nobody asks the accelerometer", map[string][]string{
		"tracking/locate/complaints_test.go": {"TestComplaintNobodyAsksTheAccelerometer"},
		"tracking/locate/filter_test.go":     {"TestTagThatRestsIsHardlyMoved"},
		"db/motion_test.go":                  {"TestATagsCountOfMovementsReachesTheFilter"}}},
	{"9: how to begin is unclear", map[string][]string{
		"web/e2e/firstrun_test.go": {"TestFromAnEmptyHospitalToTheFirstOfEverything"}}},
	{"10: reads of the antenna next door", map[string][]string{
		"tracking/pure_test.go": {"TestCrossReadsAtAPortalDoNotMoveTheTag"}}},
	{"11: maintenance neither recurs nor is done for several at once", map[string][]string{
		"db/maintain_test.go": {"TestAYearsServiceIsDueDoneAndDueAgain", "TestARecallFindsARangeOfSerialsAndIsTickedOff"}}},
	{"12: no rooms below a place, no drawn fences", map[string][]string{
		"db/fence_test.go":             {"TestAPumpThatLeavesItsUnitRingsOnceAndIsOverWhenItIsBack"},
		"tracking/fence/fence_test.go": {"TestAFenceRingsAfterItsWaitAndIsOverAfterItsGrace"},
		"web/e2e/map_test.go":          {"TestARoomIsDrawnWithThePointer"}}},
	{"13: a gate moves nothing, there is no history and no round of a room", map[string][]string{
		"db/equipment_test.go":  {"TestPortalReadMovesAtOnce", "TestMovementsRefuseToBeRewritten"},
		"web/equipment_test.go": {"TestARoomIsCheckedByScanning"}}},
}

func TestEveryComplaintHasItsTest(t *testing.T) {
	for _, complaint := range slices.Concat(complaints, supplyComplaints, coldComplaints) {
		for file, tests := range complaint.tests {
			source, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(file)))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range tests {
				if !regexp.MustCompile(`(?m)^func ` + name + `\(t \*testing\.T\)`).Match(source) {
					t.Errorf("complaint %s: %s has no %s", complaint.about, file, name)
				}
			}
		}
	}
}
