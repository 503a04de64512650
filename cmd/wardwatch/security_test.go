package main

import (
	"go/ast"
	"slices"
	"testing"
)

// checklist is what a hospital's security officer asks for, each line with the
// tests that hold it. A line without a test is open, and the note says why.
var checklist = []struct {
	item  string
	tests []string
	note  string
}{
	{"sessions: 256 random bits, kept here as a hash, in a cookie that is hard to steal", []string{"TestTheCookieIsHardToSteal", "TestSecretsAreNeitherStoredNorPrinted"}, ""},
	{"sessions: a new one at sign-in, the old one is dead", []string{"TestSigningInAgainEndsTheSessionBefore"}, ""},
	{"sessions: signing out ends them here and closes open pages within seconds", []string{"TestSigningOutEndsTheSessionAtOnce", "TestOpenPagesCloseWithTheSession"}, ""},
	{"sessions: 15 minutes idle, 12 hours at most", []string{"TestASessionEndsWhenNobodyUsesIt", "TestASessionEndsAfterAShift", "TestAnIdleBrowserIsSignedOut"}, ""},
	{"accounts: disabling ends sessions at once", []string{"TestADisabledAccountIsOutAtOnce"}, ""},
	{"passwords: 8 to 128 characters of any kind, none that is common or made of names", []string{"TestPasswordRules", "TestAPasswordIsKnownAgainHoweverItIsComposed"}, ""},
	{"passwords: argon2id at OWASP's cost, hashed anew when it rises, few at once", []string{"TestStoredPasswordsOfOtherCosts", "TestACrowdCannotExhaustTheMemory", "FuzzStoredPassword"}, ""},
	{"sign-in: one answer whatever is wrong; guessing is slowed, nobody is locked out", []string{"TestSignInIsRecordedAndAnswersTheSameWhateverIsWrong", "TestGuessingIsSlowedAndTheWardGoesOn", "TestManyMachinesGuessingAtOneAccount", "TestAFloodFromOnePlaceLeavesOthersAlone"}, ""},
	{"sign-in: a second step, each code once", []string{"TestSigningInWithTwoSteps", "TestGuessingCodesIsSlowed", "TestCodesAreThoseOfTheStandard"}, "passkeys are open, and no role is made to use the second step"},
	{"first start: no default account, a one-time link", []string{"TestTheFirstAdministratorComesInByAOneTimeLink", "TestTwoWhoOpenTheFirstLinkAtOnce", "TestALinkGrowsOld"}, ""},
	{"single sign-on by OpenID Connect", nil, "open"},
	{"the password again for changing how one signs in", []string{"TestChangingThePasswordEndsOtherSessions", "TestSigningInWithTwoSteps"}, "signatures of records are open"},
	{"changes only by POST, and from our own pages", []string{"TestNoGetWrites", "TestAnotherSitesFormIsRefused"}, ""},
	{"a strict content security policy and the other headers", []string{"TestEveryAnswerCarriesItsArmour"}, ""},
	{"what people type stays text, in pages and in spreadsheets", []string{"TestHostileNamesStayText", "TestTheTrailIsTakenAwayAsAFile"}, ""},
	{"signing in leads to a page of ours alone", []string{"TestSigningInLeadsToAPageOfOursAlone"}, ""},
	{"live pages: own origin, few a person, slow readers cost nobody", []string{"TestAnotherSitesPageMayNotListen", "TestOnePersonHoldsSoManyConnections", "TestAReaderThatDoesNotReadIsDroppedAndCostsNobody", "TestWhoMayListenToWhat"}, ""},
	{"every route names its permission and is tried with every role", []string{"TestARouteWithoutPermissionKeepsTheServerFromStarting", "TestEveryRouteWithEveryRole", "TestWhatIsPublicIsListed"}, ""},
	{"an outsider gets the sign-in page and nothing else", []string{"TestAStrangerGetsTheSignInPageAndNothingElse"}, ""},
	{"whoever asks for an order does not approve it; amounts are held at the limit", []string{"TestWhoAsksDoesNotApprove", "TestAmountsAtTheLimit"}, ""},
	{"rights by unit, and emergency access", nil, "open"},
	{"gateways: a token each, hashed, shown once, revocable at once", []string{"TestTokensLetGatewaysIn", "TestTokensAreShownOnce", "TestARevokedTokenEndsTheConnection"}, ""},
	{"gateways: tokens are replaced with an overlap", []string{"TestATokenIsReplacedWhileItsGatewayGoesOn"}, ""},
	{"gateways: each publishes under its own name, none listens", []string{"TestAGatewayPublishesUnderItsOwnNameAlone", "TestNobodyHearsWhatGatewaysSay", "TestAClientIDCanNotBeTakenOverByAnotherGateway", "TestStrangersAreTurnedAwayAndListed"}, "client certificates are open"},
	{"gateways: limits before decoding, one bad record costs itself alone", []string{"TestAPacketWithoutEndEndsItsConnectionAndIsNoted", "TestOneBadRecordCostsItsNeighboursNothing", "TestTheLimitsHoldAtTheirEdges"}, ""},
	{"gateways: wild clocks are corrected, the original is kept", []string{"TestAGatewaysClockIsCorrected", "TestTheOriginalStaysBesideTheCorrectedTime"}, ""},
	{"programs: a token does what its role may and no more", []string{"TestATokenIsLetInForWhatItsRoleMayAndNoMore"}, ""},
	{"imports: size, depth and numbers are bounded, unknown fields refused, every fault named", []string{"TestSizeIsLimited", "TestTextThatIsNoDocument", "TestEveryFaultIsNamedWithItsPath", "TestFaultsOfASpreadsheet", "FuzzParse", "FuzzTable"}, ""},
	{"audit: append-only, chained, and shows where it was changed or cut short", []string{"TestVerifyNamesWhatIsWrong", "TestAnAnchorShowsATrailThatWasCutShort", "TestSQLitePassesTheExercise"}, ""},
	{"audit: sign-ins, refusals and copies of it are in it or in the log", []string{"TestSignInIsRecordedAndAnswersTheSameWhateverIsWrong", "TestTheTrailIsTakenAwayAsAFile"}, ""},
	{"secrets are in no log, no table and no printed setting", []string{"TestTheLogTellsNoSecret", "TestSecretsAreNeitherStoredNorPrinted", "TestSecretsPrintAsStars"}, ""},
	{"backups: taken at work, checked, restored after a check, for their owner's eyes", []string{"TestABackupIsTakenWhileTheHouseWorks", "TestARestoreBringsYesterdayBack", "TestADamagedBackupIsNotRestored", "TestADailyBackupIsCheckedAndTheOldestGo", "TestNobodyElseMayReadTheFile"}, "encrypted backups are open"},
	{"failures tell nobody what is inside", []string{"TestWhatGoesWrongIsSaidWithoutInternals"}, ""},
	{"metrics are for this machine or a token; no debugging pages", []string{"TestMetricsAreForThisMachineOrAToken", "TestWhatIsDangerousIsNotUsed"}, ""},
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
