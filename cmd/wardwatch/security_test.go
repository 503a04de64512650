package main

import (
	"go/ast"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// checklist is what a hospital's security officer asks for, each line with the
// tests that hold it. The numbers are those of the checklist's lines; what follows
// them is asked for beside it. A line without a test is open, and the note says why.
var checklist = []struct {
	item  string
	tests []string
	note  string
}{
	{"1 sessions: 256 random bits, kept here as a hash, in a cookie that is hard to steal", []string{"TestTheCookieIsHardToSteal", "TestSecretsAreNeitherStoredNorPrinted"}, ""},
	{"2 sessions: a new one at sign-in, the old one is dead", []string{"TestSigningInAgainEndsTheSessionBefore"}, ""},
	{"3 sessions: signing out ends them here and closes open pages within seconds", []string{"TestSigningOutEndsTheSessionAtOnce", "TestOpenPagesCloseWithTheSession"}, ""},
	{"4 sessions: 15 minutes idle, 12 hours at most", []string{"TestASessionEndsWhenNobodyUsesIt", "TestASessionEndsAfterAShift", "TestAnIdleBrowserIsSignedOut", "TestALockedBrowserKeepsWhatWasTyped"}, ""},
	{"5 accounts: disabling ends sessions at once", []string{"TestADisabledAccountIsOutAtOnce"}, ""},
	{"6 passwords: 8 to 128 characters of any kind, none that is common or made of names", []string{"TestPasswordRules", "TestAPasswordIsKnownAgainHoweverItIsComposed"}, ""},
	{"7 passwords: argon2id at OWASP's cost, hashed anew when it rises, few at once", []string{"TestStoredPasswordsOfOtherCosts", "TestACrowdCannotExhaustTheMemory", "FuzzStoredPassword"}, ""},
	{"8 sign-in: one answer whatever is wrong; guessing is slowed, nobody is locked out", []string{"TestSignInIsRecordedAndAnswersTheSameWhateverIsWrong", "TestGuessingIsSlowedAndTheWardGoesOn", "TestManyMachinesGuessingAtOneAccount", "TestAFloodFromOnePlaceLeavesOthersAlone"}, ""},
	{"9 sign-in: a second step, each code once; passkeys; asked of the roles that the site says", []string{"TestSigningInWithTwoSteps", "TestGuessingCodesIsSlowed", "TestCodesAreThoseOfTheStandard", "TestSigningInWithAPasskey", "TestForgedPasskeysAreRefused", "TestWhoLacksTheSecondStepCanDoNothingButSetItUp", "TestAPasskeyAndTheLockInARealBrowser"}, ""},
	{"10 first start: no default account, a one-time link", []string{"TestTheFirstAdministratorComesInByAOneTimeLink", "TestTwoWhoOpenTheFirstLinkAtOnce", "TestALinkGrowsOld"}, ""},
	{"11 single sign-on by OpenID Connect", []string{"TestSigningInWithTheHospitalsAccount", "TestForgedTokensAreRefused", "TestAnAnswerIsOfThisBrowsersQuestion", "TestWhatGroupsMean"}, ""},
	{"12 who one is, again, for signatures and for changing how one signs in: by password, passkey or the hospital's own account", []string{"TestWhoHasNoPasswordHereConfirmsAtTheProvider", "TestAPasskeyConfirmsInPlaceOfThePassword", "TestAnotherAddressTakesThePasswordAgain", "TestTheSecondStepOnThePages", "TestSigningTakesThePasswordAgain", "TestSigningTakesTheCodeTooWhereSheHasOne", "TestChangingThePasswordEndsOtherSessions"}, ""},
	{"13 changes only by POST, and from our own pages", []string{"TestNoGetWrites", "TestAnotherSitesFormIsRefused"}, ""},
	{"14 a strict content security policy", []string{"TestEveryAnswerCarriesItsArmour"}, ""},
	{"15 HSTS for a year, nosniff, no-store and the other headers", []string{"TestEveryAnswerCarriesItsArmour", "TestPagesOverHTTPSComeBackOverHTTPSAlone"}, ""},
	{"16 each answer says what it is, texts with their charset", []string{"TestHostileNamesStayTextOnEveryScreen"}, ""},
	{"17 what people and devices say stays text, on every screen", []string{"TestHostileNamesStayTextOnEveryScreen", "TestHostileNamesStayText", "TestMarksThatTurnTheReadingDirectionAreShown"}, ""},
	{"18 no cell of a spreadsheet is a formula", []string{"TestHostileNamesStayTextOnEveryScreen", "TestTheTrailIsTakenAwayAsAFile"}, ""},
	{"19 live pages: own origin; without one a browser is refused", []string{"TestAnotherSitesPageMayNotListen", "TestAProgramWithATokenNeedsNoOrigin"}, ""},
	{"20 live pages: the session is asked again, roles take effect", []string{"TestAnEndedSessionEndsItsConnection", "TestOpenPagesCloseWithTheSession", "TestRolesTakeEffectAtOnce"}, ""},
	{"21 live pages: few a person, slow readers cost nobody", []string{"TestOnePersonHoldsSoManyConnections", "TestAReaderThatDoesNotReadIsDroppedAndCostsNobody"}, ""},
	{"22 live pages: each hears what her ward may", []string{"TestWardANeverHearsWardB", "TestWhoMayListenToWhat"}, ""},
	{"23 every route names its permission and is tried with every role", []string{"TestARouteWithoutPermissionKeepsTheServerFromStarting", "TestEveryRouteWithEveryRole", "TestWhatIsPublicIsListed"}, ""},
	{"24 another ward's things are not found", []string{"TestWhatIsOfAnotherWardIsNotFound", "TestWhoWorksInOneWardNeverReadsAnothers", "TestEveryTableOfAUnitIsNarrowed"}, ""},
	{"25 prices are told to those who buy and those who check; forms are typed, so nothing is assigned by chance", []string{"TestPricesAreToldToThoseWhoBuyAndThoseWhoCheck", "TestBodiesThatAreNone"}, ""},
	{"26 whoever asks for an order does not approve it; amounts are held at the limit", []string{"TestWhoAsksDoesNotApprove", "TestAmountsAtTheLimit"}, ""},
	{"27 emergency access", []string{"TestEmergencyAccess", "TestEmergencyAccessEndsByItselfAndIsReviewedByAnother"}, ""},
	{"28 gateways: a token each, hashed, shown once, revocable at once", []string{"TestTokensLetGatewaysIn", "TestTokensAreShownOnce", "TestARevokedTokenEndsTheConnection", "TestAStolenGatewayTokenReadsNothingSpeaksForNobodyElseAndFillsNoMemory"}, ""},
	{"29 gateways: client certificates, strangers refused, their end is warned of", []string{"TestAClientCertificateLetsItsGatewayInAndNobodyElse", "TestGatewaysSpeakOverTLSUntilTheirCertificateIsBlocked", "TestACertificateThatEndsSoonRings"}, ""},
	{"30 gateways: tokens are replaced with an overlap", []string{"TestATokenIsReplacedWhileItsGatewayGoesOn"}, ""},
	{"31 gateways: each publishes under its own name, none listens", []string{"TestAGatewayPublishesUnderItsOwnNameAlone", "TestNobodyHearsWhatGatewaysSay", "TestAClientIDCanNotBeTakenOverByAnotherGateway", "TestStrangersAreTurnedAwayAndListed", "TestAPacketWithoutEndEndsItsConnectionAndIsNoted"}, ""},
	{"32 gateways: duplicates are known again, wild clocks are corrected, the original is kept", []string{"TestADuplicateIsRecognisedAndCanBeReadAbout", "TestAGatewaysClockIsCorrected", "TestTheOriginalStaysBesideTheCorrectedTime"}, ""},
	{"33 limits for each who asks, with Retry-After, and before decoding", []string{"TestAskingTooOftenCostsWhoAsksAlone", "TestTheMemoryOfWhoAskedIsBounded", "TestTheLimitsHoldAtTheirEdges", "TestAStolenGatewayTokenReadsNothingSpeaksForNobodyElseAndFillsNoMemory"}, ""},
	{"34 strict parsing: one bad record costs itself alone, imports are bounded, every parser is fuzzed", []string{"TestOneBadRecordCostsItsNeighboursNothing", "TestSizeIsLimited", "TestTextThatIsNoDocument", "TestEveryFaultIsNamedWithItsPath", "FuzzParse", "FuzzTable", "TestEveryParserAtTheDoorIsFuzzed"}, ""},
	{"35 what is posted outside is signed with its time", []string{"TestAPostIsSignedAndNamesItsNotice"}, "the address is the operator's own setting, not a user's"},
	{"36 programs: a token does what its role may and no more; one that signs is let in by each statement once, for this house, for five minutes", []string{"TestATokenIsLetInForWhatItsRoleMayAndNoMore", "TestAProgramSignsForItselfAndIsLetInForFiveMinutes", "TestForgedAssertionsAreRefused", "TestWhichKeysAProgramMayHave", "FuzzAssertion", "FuzzKeys"}, ""},
	{"37 audit: append-only by trigger", []string{"TestSQLitePassesTheExercise", "TestVerifyNamesWhatIsWrong", "TestEveryRecordIsAppendOnly"}, ""},
	{"38 audit: chained, its end signed; verify finds a row that was altered, removed or moved", []string{"TestVerifyNamesWhatIsWrong", "TestAnAnchorShowsATrailThatWasCutShort", "TestACheckpointKeptOutsideFindsATrailThatWasWrittenAnew"}, ""},
	{"39 signatures: bound to what was signed, void once it is changed", []string{"TestASignatureIsBoundToItsRecord", "TestASignatureOfWhatWasChangedSinceIsVoid", "TestSignaturesAreNeverChangedOrDeleted"}, ""},
	{"40 audit: sign-ins, refusals, looks and copies; to the log server; no secret, nothing forged", []string{"TestSignInIsRecordedAndAnswersTheSameWhateverIsWrong", "TestTheTrailIsTakenAwayAsAFile", "TestTheLogTellsNoSecret", "TestSecretsPrintAsStars", "TestTheTrailReachesTheLogServer", "TestALogServerThatWasAwayMissesNothing", "TestOverTLSTheServerMustBeTheRightOne", "FuzzFormat"}, ""},
	{"41 nothing is signed when the clock went backwards", []string{"TestNothingIsSignedWhenTheClockWentBackwards"}, ""},
	{"42 backups: taken at work, checked, encrypted, restored for a try; retention keeps what is held", []string{"TestABackupIsTakenWhileTheHouseWorks", "TestARestoreBringsYesterdayBack", "TestADamagedBackupIsNotRestored", "TestADailyBackupIsCheckedAndTheOldestGo", "TestNobodyElseMayReadTheFile", "TestAnEncryptedBackupIsReadWithItsKeyAlone", "TestTheNightlyBackupIsRestoredForATry", "TestRetentionLetsOldNoticesGoAndKeepsWhatIsHeld"}, ""},
	{"43 supply: a bill of materials, licences, no dangerous part, what is deployed", []string{"TestTheBillOfMaterialsIsOfThisBuild", "TestLicencesOfDependencies", "TestWhatIsDangerousIsNotUsed", "TestWhatIsDeployedNamesRealSettings"}, "known weaknesses are looked for by .ci/weaknesses"},
	{"44 failures tell nothing of the inside; metrics for this machine or a token; proxies by name", []string{"TestWhatGoesWrongIsSaidWithoutInternals", "TestMetricsAreForThisMachineOrAToken", "TestForwardedHeadersAreBelievedOfOurProxiesAlone"}, ""},
	{"a PIN or badge takes over where its person signed in this shift", []string{"TestAColleagueTakesOverWithAPIN", "TestFiveWrongPINsTakeThePasswordAgain", "TestWhatAPINMayBe", "TestTheStationsCookie"}, ""},
	{"a directory brings people in and out by SCIM 2.0, and does nothing else", []string{"TestADirectoryBringsPeopleInAndOut", "TestADirectoryMayNothingElse", "TestWhatADirectoryMayNotSay", "FuzzSCIM"}, ""},
	{"approvals are signed where the site asks; programs of one owner are one approver", []string{"TestApprovalsAreSignedWhereTheSiteAsks", "TestProgramsOfOneOwnerAreOneApprover"}, ""},
	{"an outsider gets the sign-in page and nothing else, over every route", []string{"TestAStrangerGetsTheSignInPageAndNothingElse"}, ""},
	{"signing in leads to a page of ours alone", []string{"TestSigningInLeadsToAPageOfOursAlone"}, ""},
	{"TLS in the program, renewed without a restart, or self-made to try out; plain http leads there", []string{"TestARenewedCertificateIsTakenInWithoutARestart", "TestASelfMadeCertificateServesToTryOut", "TestPlainHTTPLeadsToHTTPS"}, ""},
	{"a full, read-only or damaged disk is said everywhere; readings are refused; it goes on by itself", []string{"TestAFullDiskIsSaidEverywhereAndReadingsAreRefusedUntilThereIsRoom", "TestPeopleSeeWhatIsWrongWhileNothingCanBeStored", "TestADiskThatFillsUpIsSaidAndGoesOnByItself", "TestADamagedDatabaseIsWrittenToNoMore", "TestADamagedDatabaseIsExcusedUntilItIsRestored"}, ""},
	{"jobs say how they went and run when somebody asks who may", []string{"TestAJobRunsWhenSomebodyAsksWhoMay", "TestTheNightlyBackupIsRestoredForATry"}, ""},
	{"the administration leads where one may go; nothing needs a restart", []string{"TestTheAdministrationLeadsWhereOneMayGo", "TestUnitsAndSuppliersAreChangedWithoutARestart"}, ""},
	{"the dashboard and the alert rules ask for what there is", []string{"TestTheDashboardAsksForWhatThereIs"}, ""},
}

func TestSecurityChecklist(t *testing.T) {
	found := map[string]string{}
	for _, s := range sources(t) {
		if !s.test {
			continue
		}
		for _, declaration := range s.tree.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv == nil {
				found[f.Name.Name] = s.pkg
			}
		}
	}
	for i, line := range checklist {
		state := "held"
		if len(line.tests) == 0 {
			state = "OPEN"
		}
		t.Logf("%2d %s  %s", i+1, state, line.item)
		for _, name := range line.tests {
			if found[name] == "" {
				t.Errorf("%s: there is no %s", line.item, name)
			}
			t.Logf("          %s in %s", name, found[name])
		}
		if line.note != "" {
			t.Logf("          note: %s", line.note)
		}
	}
}

// dangerous are parts of libraries that open doors: Echo v4.16.0's Decompress,
// BodyDump and Proxy have open advisories, and a profiler belongs on no port.
var dangerous = []string{"middleware.Decompress", "middleware.BodyDump", "middleware.Proxy", "middleware.ProxyWithConfig",
	"middleware.DecompressWithConfig", "middleware.BodyDumpWithConfig", "http.DefaultServeMux", "http.ListenAndServe", "templ.Raw"}

func TestWhatIsDangerousIsNotUsed(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, name := range s.imports() {
			if name == "net/http/pprof" || name == "expvar" || name == "unsafe" {
				t.Errorf("%s imports %s", s.file, name)
			}
		}
		ast.Inspect(s.tree, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if of, ok := selector.X.(*ast.Ident); ok && slices.Contains(dangerous, of.Name+"."+selector.Sel.Name) {
				t.Errorf("%s uses %s.%s", s.file, of.Name, selector.Sel.Name)
			}
			return true
		})
	}
}

// parsers are the packages that read what comes from outside: each has a fuzz target,
// and the gate tries every one for half a minute.
var parsers = []string{"tracking/ingest/ble", "tracking/ingest/gateway", "tracking/ingest/rfid", "tracking/ingest/lorawan", "tracking/ingest/logger",
	"tracking/gs1", "tracking/hospital/document", "tracking/hospital/account", "tracking/hospital/audit/syslog",
	"tracking/hospital/floorplan", "tracking/coldchain", "tracking/locate", "tracking/notify", "tracking/ingest/modbus", "inventory", "web", "web/api"}

// readsText says whether a function reads what somebody wrote: its name says that it reads,
// and it takes a text, bytes, or something to read from.
func readsText(f *ast.FuncDecl) bool {
	named := regexp.MustCompile(`^(Parse|Read|Decode)([A-Z]|$)`).MatchString(f.Name.Name)
	if !named || f.Recv != nil || len(f.Type.Params.List) == 0 {
		return false
	}
	return slices.ContainsFunc(f.Type.Params.List, func(field *ast.Field) bool {
		return slices.Contains([]string{"string", "[]string", "[]byte", "io.Reader", "map[string]string"}, types.ExprString(field.Type))
	})
}

// Every exported function that reads a text, bytes or a file is called by a fuzz target.
func TestWhateverReadsTextIsFuzzed(t *testing.T) {
	called, readers := map[string]bool{}, map[string]string{}
	for _, s := range sources(t) {
		for _, declaration := range s.tree.Decls {
			f, ok := declaration.(*ast.FuncDecl)
			switch {
			case !ok:
			case s.test && strings.HasPrefix(f.Name.Name, "Fuzz"):
				ast.Inspect(f, func(node ast.Node) bool {
					switch node := node.(type) {
					case *ast.SelectorExpr:
						if of, ok := node.X.(*ast.Ident); ok {
							called[of.Name+"."+node.Sel.Name] = true
						}
					case *ast.Ident:
						called[s.pkg+"."+node.Name] = true // in its own package
					}
					return true
				})
			case !s.test && readsText(f):
				readers[s.pkg+"."+f.Name.Name] = path.Base(s.pkg) + "." + f.Name.Name
			}
		}
	}
	for reader, name := range readers {
		if !called[name] && !called[reader] {
			t.Errorf("%s reads what somebody wrote, and no fuzz target calls it", reader)
		}
	}
	if len(readers) < 25 {
		t.Errorf("only %d functions read text: the test looks at the wrong ones", len(readers))
	}
}

func TestEveryParserAtTheDoorIsFuzzed(t *testing.T) {
	targets := map[string]int{}
	for _, s := range sources(t) {
		for _, declaration := range s.tree.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && s.test && strings.HasPrefix(f.Name.Name, "Fuzz") {
				targets[s.pkg]++
			}
		}
	}
	for _, pkg := range parsers {
		if targets[pkg] == 0 {
			t.Errorf("%s reads what comes from outside and is not fuzzed", pkg)
		}
	}
	gate, err := os.ReadFile(filepath.Join(root, ".ci", "run"))
	if err != nil || !strings.Contains(string(gate), ".ci/fuzz") {
		t.Errorf("the gate does not fuzz: %v", err)
	}
}
