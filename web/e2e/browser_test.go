package e2e

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"wardwatch/tracking/hospital"
)

//go:embed testdata/axe.min.js
var axe string

const (
	// patience is how long a page may take to show what a story waits for, on a machine that has
	// much else to do.
	patience = 90 * time.Second
	// storyTime is how long one test may take.
	storyTime = 5 * time.Minute
	// testTime is how long one tab may be used.
	testTime = 30 * time.Minute
	// startTime is how long the program or the browser may take to be ready, stopTime to end.
	startTime = 3 * time.Minute
	stopTime  = 90 * time.Second
)

// shared is what all tests of this package use: one program, one browser, and one demo
// for those that only look around in it.
var shared struct {
	binary  string
	browser context.Context
	visited struct {
		sync.Mutex
		*server
	}
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	chromium := findBrowser()
	if chromium == "" {
		return m.Run() // each test says that it is skipped
	}
	folder, err := os.MkdirTemp("", "wardwatch-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	shared.binary = filepath.Join(folder, "wardwatch")
	if out, err := exec.Command("go", "build", "-o", shared.binary, "wardwatch/cmd/wardwatch").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		return 1
	}
	film, err := filmed(folder)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.WSURLReadTimeout(startTime),
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true), chromedp.Flag("use-file-for-fake-video-capture", film))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	browser, closeBrowser := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}), chromedp.WithBrowserOption(chromedp.WithDialTimeout(startTime)))
	defer closeBrowser()
	// Asked to close itself: on Debian the command is a script, and killing it leaves the browser running.
	defer func() { _ = chromedp.Cancel(browser) }()
	if err := chromedp.Run(browser); err != nil {
		fmt.Fprintf(os.Stderr, "start %s: %v\n", chromium, err)
		return 1
	}
	shared.browser = browser
	// The tests that run beside one another wait for the browser, which does their work.
	if err := flag.Set("test.parallel", "4"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if shared.visited.server != nil {
		if err := shared.visited.end(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

func findBrowser() string {
	if named := os.Getenv("CHROMIUM"); named != "" {
		return named
	}
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func needBrowser(t *testing.T) {
	t.Helper()
	if shared.browser != nil {
		return
	}
	if os.Getenv("WARDWATCH_E2E") == "required" {
		t.Fatal("no browser on PATH, and WARDWATCH_E2E=required: apt-get install chromium-headless-shell")
	}
	t.Skip("SKIPPED: no browser on PATH (apt-get install chromium-headless-shell), so nobody looked at the pages")
}

// server is the program as a newcomer starts it.
type server struct {
	t       *testing.T
	url     string
	command *exec.Cmd
	log     *strings.Builder
	once    sync.Once
}

// ownSettings is the environment without what is meant for these tests: the program
// refuses settings that it does not know.
func ownSettings() []string {
	return slices.DeleteFunc(os.Environ(), func(setting string) bool { return strings.HasPrefix(setting, "WARDWATCH_") })
}

// demo starts a made-up hospital; the test's end stops it and asks for a clean exit.
func demo(t *testing.T, flags ...string) *server {
	t.Helper()
	needBrowser(t)
	s, err := startDemo(flags...)
	if err != nil {
		t.Fatal(err)
	}
	s.t = t
	t.Cleanup(s.stop)
	return s
}

// quiet is a made-up hospital in whose first hour no fridge rings, for stories that an alarm
// would interrupt where a machine is so slow that they last until then.
func quiet(t *testing.T) *server {
	t.Helper()
	return demo(t, "--speed", "0.01")
}

// visited is a made-up hospital that tests share which change nothing in it and do not
// mind how long it has run.
func visited(t *testing.T) *server {
	t.Helper()
	needBrowser(t)
	shared.visited.Lock()
	defer shared.visited.Unlock()
	if shared.visited.server == nil {
		s, err := startDemo()
		if err != nil {
			t.Fatal(err)
		}
		shared.visited.server = s
	}
	return shared.visited.server
}

// startDemo starts the program and waits until it is ready.
func startDemo(flags ...string) (*server, error) {
	s := &server{log: &strings.Builder{}}
	s.command = exec.Command(shared.binary, append([]string{"demo", "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--size", "small"}, flags...)...)
	s.command.Stderr = s.log
	s.command.Env = ownSettings()
	stdout, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	ready := make(chan string, 1)
	go func() {
		defer close(ready)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if address, ok := strings.CutPrefix(lines.Text(), "ready http="); ok {
				ready <- strings.Fields(address)[0]
			}
		}
	}()
	select {
	case s.url = <-ready:
		if s.url == "" {
			err = errors.New("the demo ended before it was ready")
		}
	case <-time.After(startTime):
		err = errors.New("the demo was not ready in time")
	}
	if err != nil {
		return nil, errors.Join(err, s.end())
	}
	return s, nil
}

// stop is also for stories in which the server goes away.
func (s *server) stop() {
	s.once.Do(func() {
		if err := s.end(); err != nil {
			s.t.Error(err)
		}
	})
}

// end asks the program to end, and has it end.
func (s *server) end() error {
	_ = s.command.Process.Signal(syscall.SIGTERM)
	done := make(chan error, 1)
	go func() { done <- s.command.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("the demo ended with %w:\n%s", err, s.log)
		}
		return nil
	case <-time.After(stopTime):
		return errors.Join(errors.New("the demo did not drain in time"), s.command.Process.Kill())
	}
}

// tab is one open tab and what its console said.
type tab struct {
	t      *testing.T
	ctx    context.Context
	server *server

	heaviest weight // of the pages that were weighed
	taps     int    // how often it was tapped
	byKeys   bool   // it is used with the keyboard alone

	mu       sync.Mutex
	faults   []string
	tolerate []string
}

// screen is what a page is looked at on.
type screen struct {
	name          string
	width, height int64
	dark          bool
}

var (
	desk  = screen{"desk", 1280, 800, false}
	phone = screen{"phone", 390, 844, false}
	night = screen{"desk at night", 1280, 800, true}
	tiny  = screen{"zoomed to 320", 320, 700, false}
)

// between are the screens that lie between a desk and a telephone: a small laptop, and a
// tablet held upright; a desk zoomed by a quarter and by two thirds is as wide.
func between() []screen {
	return []screen{{"laptop", 1024, 768, false}, {"tablet", 768, 1024, false}}
}

// look opens a tab on the server as somebody with a role.
func (s *server) look(t *testing.T, role hospital.Role, on screen) *tab {
	t.Helper()
	return s.lookFor(t, testTime, role, on)
}

// lookFor opens a tab that may be used for so long.
func (s *server) lookFor(t *testing.T, long time.Duration, role hospital.Role, on screen) *tab {
	t.Helper()
	fresh, closeTab := chromedp.NewContext(shared.browser, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(fresh, long)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, server: s}
	chromedp.ListenTarget(ctx, b.hear)
	b.do(log.Enable(), network.Enable(), chromedp.ActionFunc(func(ctx context.Context) error {
		return network.SetCookie("wardwatch-demo-role", string(role)).WithURL(s.url).Do(ctx)
	}))
	b.on(on)
	t.Cleanup(b.mustBeSilent)
	return b
}

func (b *tab) on(s screen) {
	b.t.Helper()
	scheme := "light"
	if s.dark {
		scheme = "dark"
	}
	b.do(emulation.SetDeviceMetricsOverride(s.width, s.height, 1, s.width < 500),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
}

// hear gathers what a page should never say.
func (b *tab) hear(event any) {
	fault := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		fault = e.ExceptionDetails.Error()
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError {
			fault = e.Entry.Text + " " + e.Entry.URL
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError {
			fault = fmt.Sprint("console: ", e.Args)
		}
	}
	if fault == "" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = append(b.faults, fault)
}

func (b *tab) mustBeSilent() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, fault := range b.faults {
		known := false
		for _, part := range b.tolerate {
			known = known || strings.Contains(fault, part)
		}
		if !known {
			b.t.Errorf("the browser's console says: %s", fault)
		}
	}
}

func (b *tab) do(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatalf("browser: %v", err)
	}
}

// open goes to a page and waits until it listens.
func (b *tab) open(path string) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, chromedp.Navigate(b.server.url+path)); err != nil {
		b.t.Fatalf("%s: %v", path, err)
	}
	b.until("page "+path+" listens", `!document.body.dataset.live || document.body.dataset.liveState === "live"`)
}

// until waits for a JavaScript condition, across navigations.
func (b *tab) until(what, condition string) {
	b.t.Helper()
	b.untilWithin(patience, what, condition)
}

func (b *tab) untilWithin(limit time.Duration, what, condition string) {
	b.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var last error
	for end := time.Now().Add(limit); time.Now().Before(end); <-tick.C {
		met := false
		last = chromedp.Run(b.ctx, chromedp.Evaluate("!!("+condition+")", &met))
		if met {
			return
		}
	}
	b.t.Fatalf("waited for: %s (%s): %v\npage says: %.1500s", what, condition, last, b.text("main"))
}

// eval gives what a JavaScript expression is, as text.
func (b *tab) eval(expression string) string {
	b.t.Helper()
	var value any
	b.do(chromedp.Evaluate(expression, &value))
	if text, ok := value.(string); ok {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

// awaits gives what a promise brings, as text.
func (b *tab) awaits(promise string) (text string) {
	b.t.Helper()
	b.do(chromedp.Evaluate(promise, &text, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return text
}

// text is what a person reads in the first element that the selector finds.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return b.eval(fmt.Sprintf(`(document.querySelector(%q) || {innerText: "(no %s)"}).innerText`, selector, selector))
}

// press presses keys, on a page whose scripts have begun to listen: no hand is there before.
func (b *tab) press(keys string) {
	b.t.Helper()
	b.until("the page has loaded", `document.readyState === "complete"`)
	b.do(chromedp.KeyEvent(keys))
}

// click presses the mouse on the first thing that is seen of those that the selector finds.
func (b *tab) click(selector string) { b.t.Helper(); b.clickOn(all(selector)) }

// all is what a selector finds, in JavaScript.
func all(selector string) string { return fmt.Sprintf(`[...document.querySelectorAll(%q)]`, selector) }

// aim says where the first thing that is seen of %s is under the mouse, or what is in the way,
// and notes where the next click lands.
const aim = `(() => {
	const e = %s.find((one) => one.checkVisibility())
	if (!e) return { missed: "it is not there" }
	const middle = () => { const r = e.getClientRects()[0]; return r ? { x: r.left + r.width / 2, y: r.top + r.height / 2 } : { x: -1, y: -1 } }
	let at = middle(), top = document.elementFromPoint(at.x, at.y)
	if (!e.contains(top)) {
		e.scrollIntoView({ block: "center", behavior: "instant" })
		at = middle()
		top = document.elementFromPoint(at.x, at.y)
	}
	if (!e.contains(top)) return { missed: "covered by " + (top ? top.outerHTML.slice(0, 120) : "nothing") }
	window.landed = "nowhere"
	addEventListener("click", (event) => { window.landed = e.contains(event.target) ? "" : "on " + event.target.outerHTML.slice(0, 120) }, { capture: true, once: true })
	return at
})()`

// clickOn presses the mouse on the first thing that is seen of some. A page goes on while
// somebody aims: what is replaced under her hand, or moves away from it, she presses again.
func (b *tab) clickOn(some string) {
	b.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	missed := ""
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		var at struct {
			X, Y   float64
			Missed string
		}
		if err := chromedp.Run(b.ctx, chromedp.Evaluate(fmt.Sprintf(aim, some), &at)); err != nil || at.Missed != "" {
			missed = fmt.Sprint(at.Missed, err)
			continue
		}
		b.do(chromedp.MouseClickXY(at.X, at.Y))
		// A page that has gone, or is just going, was left by this very click.
		if err := chromedp.Run(b.ctx, chromedp.Evaluate(`window.landed || ""`, &missed)); err != nil || missed == "" {
			return
		}
	}
	b.t.Fatalf("can't click on %s: %s\npage says: %.1500s", some, missed, b.text("main"))
}

// What axe looks for: everything, or what another colour scheme can change.
const (
	everything = `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`
	colours    = `["color-contrast"]`
)

// check looks at the page with axe, and at its width.
func (b *tab) check(where string) {
	b.t.Helper()
	b.checkFor(where, everything)
}

func (b *tab) checkFor(where, what string) {
	b.t.Helper()
	b.until(where+" is there whole", `document.readyState === "complete"`)
	var found string
	var there bool
	if b.evalInto(`scrollTo(0, 0); !!window.axe`, &there); !there {
		b.do(chromedp.Evaluate(axe+"\n;true", nil))
	}
	b.do(chromedp.Evaluate(
		`axe.run(document, {runOnly: `+what+`, resultTypes: ["violations"]})
		.then((r) => r.violations.map((v) => v.id + ": " + v.help + "\n" + v.nodes.slice(0, 3).map((n) => "    " + n.html.slice(0, 200) + " – " + n.failureSummary.replace(/\s+/g, " ").slice(0, 260)).join("\n")).join("\n"))`,
		&found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	if found != "" {
		b.t.Errorf("%s: axe finds\n%s", where, found)
	}
	b.mustFit(where)
}

// mustFit: nothing sticks out to the side (WCAG 1.4.10, reflow).
func (b *tab) mustFit(where string) {
	b.t.Helper()
	var over int
	b.evalInto(`document.documentElement.scrollWidth - innerWidth`, &over)
	if over > 0 {
		b.t.Errorf("%s: the page is %d px wider than the screen", where, over)
	}
}

// mustBeTouchable: under a finger, nothing to press is less than 44 px high.
func (b *tab) mustBeTouchable(where string) {
	b.t.Helper()
	var low []string
	b.do(emulation.SetTouchEmulationEnabled(true))
	b.evalInto(`[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
		.filter((e) => e.checkVisibility({visibilityProperty: true}) && !e.closest("svg, .visually-hidden, .skip"))
		.map((e) => [e, (e.matches("[type=checkbox], [type=radio]") && e.closest("label") || e).getBoundingClientRect()])
		.filter(([e, box]) => box.width > 1 && box.height < 43.5)
		.map(([e, box]) => e.outerHTML.slice(0, 120) + " " + Math.round(box.height))`, &low)
	b.do(emulation.SetTouchEmulationEnabled(false))
	if len(low) > 0 {
		b.t.Errorf("%s: too low for a finger:\n%s", where, strings.Join(low, "\n"))
	}
}

func (b *tab) evalInto(expression string, value any) {
	b.t.Helper()
	b.do(chromedp.Evaluate(expression, value))
}
