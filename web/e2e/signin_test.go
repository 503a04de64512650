package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

var firstLink = regexp.MustCompile(`/setup/[A-Za-z0-9_-]{43}`)

// linkFinder keeps what the house says to its operator and hands on the first one-time link.
type linkFinder struct {
	log  *strings.Builder
	link chan<- string
	sent bool
}

func (f *linkFinder) Write(p []byte) (int, error) {
	f.log.Write(p)
	if link := firstLink.FindString(f.log.String()); link != "" && !f.sent {
		f.sent = true
		f.link <- link
	}
	return len(p), nil
}

// house starts the real thing, empty, and answers with the link of its first administrator.
// Its pages are opened at localhost: passkeys need a name.
func house(t *testing.T) (*server, string) {
	t.Helper()
	needBrowser(t)
	s := &server{t: t, log: &strings.Builder{}}
	s.command = exec.Command(shared.binary, "serve", "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--db", "sqlite:"+filepath.Join(t.TempDir(), "w.db"))
	links := make(chan string, 1)
	s.command.Stderr = &linkFinder{log: s.log, link: links}
	s.command.Env = slices.DeleteFunc(os.Environ(), func(setting string) bool { return strings.HasPrefix(setting, "WARDWATCH_") })
	stdout, err := s.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	said := make(chan string, 16)
	go func() {
		defer close(said)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			said <- lines.Text()
		}
	}()
	link, timeout := "", time.After(startTime)
	for s.url == "" || link == "" {
		select {
		case link = <-links:
		case line, more := <-said:
			if !more {
				t.Fatal("the house ended before it was ready")
			}
			if address, ok := strings.CutPrefix(line, "ready http=http://127.0.0.1"); ok {
				s.url = "http://localhost" + strings.Fields(address)[0]
			}
		case <-timeout:
			t.Fatal("the house was not ready in time")
		}
	}
	return s, link
}

// again starts the house once more, on the same database, at the port that it had. Somebody
// else on the machine may have that port for a moment: then it is tried again.
func (s *server) again(port string) {
	s.t.Helper()
	old, end := s.command, time.Now().Add(startTime)
	for !s.startedAs(old, port) {
		if time.Now().After(end) {
			s.t.Fatalf("the house did not come back: %s", s.log)
		}
	}
	s.t.Cleanup(s.stop)
}

// startedAs starts what ran before at a port, and says whether it is ready there.
func (s *server) startedAs(old *exec.Cmd, port string) bool {
	s.t.Helper()
	s.command = exec.Command(old.Path, append(slices.Clone(old.Args[1:]), "--http", "127.0.0.1:"+port)...)
	s.command.Env, s.command.Stderr, s.once = old.Env, s.log, sync.Once{}
	stdout, err := s.command.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.command.Start(); err != nil {
		s.t.Fatal(err)
	}
	late := time.AfterFunc(startTime, func() { _ = s.command.Process.Kill() })
	defer late.Stop()
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "ready http=") {
			go func() { _, _ = io.Copy(io.Discard, stdout) }()
			return true
		}
	}
	_ = s.command.Wait()
	return false
}

// put types a value into a field, as script sees it.
func (b *tab) put(selector, value string) {
	b.t.Helper()
	b.eval(fmt.Sprintf(`(document.querySelector(%q).value = %q, "put")`, selector, value))
}

// A person comes in for the first time, makes a passkey, confirms with it, is locked out by
// idleness with what she typed kept, and comes back, all with what her browser really does.
func TestAPasskeyAndTheLockInARealBrowser(t *testing.T) {
	s, link := house(t)
	b := s.look(t, "", desk)
	b.tolerate = []string{"401", "WebSocket", "/live"}
	b.do(webauthn.Enable(), chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}).Do(ctx)
		return err
	}))
	b.open(link)
	b.put(`input[name="name"]`, "Ada Root")
	b.put(`input[name="email"]`, "ada@linden.example")
	b.put(`input[name="password"]`, "tiger-lamp-cloud-seven")
	b.click(`main form button.primary`)
	b.until("she is in", `location.pathname === "/" && !!document.body.dataset.person`)

	b.open("/me")
	const making = `form[data-passkey="/me/passkeys/begin"]`
	b.until("a passkey is offered", `!document.querySelector('`+making+`').hidden`)
	b.put(making+` input[name="name"]`, "This computer")
	b.put(making+` input[name="sign-password"]`, "tiger-lamp-cloud-seven")
	b.click(making + ` button`)
	b.until("it is made", `!!document.querySelector(".said") && document.querySelector(".said").innerText.includes("sign in with this passkey")`)

	b.eval(`document.querySelector('form[action="/me/pin"]').closest("details").open = true, "open"`)
	b.put(`form[action="/me/pin"] input[name="pin"]`, "271828")
	b.put(`form[action="/me/pin"] input[name="pin-again"]`, "271828")
	b.eval(`document.querySelector('form[action="/me/pin"] input[value="passkey"]').checked = true, "chosen"`)
	b.click(`form[action="/me/pin"] button.primary`)
	b.until("the passkey confirms", `!!document.querySelector(".said") && document.querySelector(".said").innerText.includes("Your PIN is set")`)

	b.open("/")
	b.eval(mark)
	b.put("#q", "half a wo")
	b.eval(`Date.now = ((now) => () => now() + 16 * 60000)(Date.now.bind(Date)), "a quarter of an hour"`)
	b.until("nobody sat there: it is locked", `!!document.querySelector("dialog#lock[open] form[action='/unlock']")`)
	b.until("a passkey opens the lock", `!document.querySelector('dialog#lock form[data-passkey]').hidden`)
	b.click(`dialog#lock form[data-passkey] button`)
	b.until("it is open", `!document.querySelector("dialog#lock")`)
	if b.eval(unmarked) == "true" || b.eval(`document.querySelector("#q").value`) != "half a wo" {
		t.Error("what was typed is gone")
	}

	b.eval(`fetch("/sign-out", {method: "POST"}).then(() => location.assign("/sign-in")), "out"`)
	b.until("she is out", `location.pathname === "/sign-in" && !document.querySelector('form[data-passkey]').hidden`)
	b.click(`form[data-passkey="/sign-in/passkey/begin"] button`)
	b.until("and in again, without a password", `location.pathname === "/" && !!document.body.dataset.person`)
}

// TestASessionThatEndsTakesNothingThatWasTyped: the form that signs in comes over the page, and
// its person finds it as she left it.
func TestASessionThatEndsTakesNothingThatWasTyped(t *testing.T) {
	s, link := house(t)
	b := s.look(t, "", desk)
	b.tolerate = []string{"401", "WebSocket", "/live"}
	b.open(link)
	b.put(`input[name="name"]`, "Ada Root")
	b.put(`input[name="email"]`, "ada@linden.example")
	b.put(`input[name="password"]`, "tiger-lamp-cloud-seven")
	b.click(`main form button.primary`)
	b.until("she is in", `location.pathname === "/" && !!document.body.dataset.person`)
	b.open("/admin/start")
	b.put("#start-house-site", "Linden, half typed")
	b.eval(mark)
	b.eval(`fetch("/sign-out", {method: "POST"}), "the session ends"`)
	b.until("she is asked to sign in", `!!document.querySelector("dialog#lock[open] form[action='/sign-in']")`)
	b.put(`dialog#lock input[name="email"]`, "ada@linden.example")
	b.put(`dialog#lock input[name="password"]`, "tiger-lamp-cloud-seven")
	b.click(`dialog#lock form[action="/sign-in"] button.primary`)
	b.until("the page is hers again", `!document.querySelector("dialog#lock")`)
	if b.eval(unmarked) == "true" || b.eval(`document.querySelector("#start-house-site").value`) != "Linden, half typed" {
		t.Error("what was typed is gone")
	}
}

// TestAFormThatMeetsAnEndedSessionIsKept: nobody has told the page that its session has ended.
// What is sent stays on the page, sign-in comes over it, and the same button sends it then, once.
func TestAFormThatMeetsAnEndedSessionIsKept(t *testing.T) {
	s, link := house(t)
	b := s.look(t, "", desk)
	b.tolerate = []string{"401", "WebSocket", "/live"}
	b.open(link)
	b.put(`input[name="name"]`, "Ada Root")
	b.put(`input[name="email"]`, "ada@linden.example")
	b.put(`input[name="password"]`, "tiger-lamp-cloud-seven")
	b.click(`main form button.primary`)
	b.until("she is in", `location.pathname === "/" && !!document.body.dataset.person`)
	b.open("/admin/start")
	b.put("#start-house-site", "Linden, typed once")
	b.eval(`for (const f of document.querySelectorAll("#step-house [required]")) if (!f.value) f.value = "x"; "filled"`)
	b.eval(mark)
	b.do(network.ClearBrowserCookies())
	b.click(`form[action="/admin/start/house"] button.primary`)
	b.until("she is asked to sign in", `!!document.querySelector("dialog#lock[open] form[action='/sign-in']")`)
	b.put(`dialog#lock input[name="email"]`, "ada@linden.example")
	b.put(`dialog#lock input[name="password"]`, "tiger-lamp-cloud-seven")
	b.click(`dialog#lock form[action="/sign-in"] button.primary`)
	b.until("the page is hers again, and says what was not sent", `!document.querySelector("dialog#lock") && /^Not sent: your session/.test(document.getElementById("not-sent").textContent)`)
	if b.eval(unmarked) == "true" || b.eval(`document.querySelector("#start-house-site").value`) != "Linden, typed once" {
		t.Error("what was typed is gone")
	}
	b.click(`form[action="/admin/start/house"] button.primary`)
	b.until("it is sent, and kept", unmarked+` && document.querySelector("main").innerText.includes("1 of 5 done")`)
	b.open("/admin/audit")
	if sent := b.eval(`[...document.querySelectorAll("main tbody tr")].filter((row) => row.textContent.includes("site/linden-typed-once")).length`); sent != "1" {
		t.Errorf("the audit trail knows of it %s times: %s", sent, b.text("main table"))
	}
}
