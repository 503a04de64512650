package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"golang.org/x/net/html"

	"wardwatch/tracking/hospital"
	"wardwatch/views/words"
)

// narrow is a telephone on which no page may scroll sideways, however long its words are.
var narrow = screen{"phone", 390, 844, false}

// TestEveryPageInOtherWords follows the links of the pages in the pseudo-locale, in
// which every text of ours stands in accents and two fifths longer: a letter without
// one is data, or a text that the catalogue lacks. Then people work in German.
func TestEveryPageInOtherWords(t *testing.T) {
	t.Parallel()
	s := demo(t, "--speed", "5")
	var pages map[hospital.Role][]string
	t.Run("no text lacks its wording", func(t *testing.T) { pages = everyTextIsKnown(t, s) })
	t.Run("no page is wider than a telephone, or than 320 px", func(t *testing.T) {
		n := 0
		for _, role := range hospital.Roles() {
			b := s.read(t, role, narrow, words.Pseudo)
			for _, path := range pages[role] {
				b.on(narrow)
				b.do(chromedp.Navigate(s.url + path))
				b.mustFit(path + " in the longest words")
				b.on(tiny)
				b.mustFit(path + " in the longest words, at 320 px")
				n++
			}
		}
		t.Logf("%d pages", n)
	})
	t.Run("nor is one in the largest letters", func(t *testing.T) {
		for _, role := range hospital.Roles() {
			b := s.look(t, role, tiny)
			b.do(network.SetCookie("wardwatch-habits", "F.12.largest").WithURL(s.url), chromedp.Sleep(0))
			for _, path := range pages[role] {
				b.do(chromedp.Navigate(s.url + path))
				b.eval(`for (const folded of document.querySelectorAll("main details")) folded.open = true; ""`)
				for _, on := range append(between(), desk, tiny) {
					b.on(on)
					b.mustFit(path + " unfolded, in the largest letters, on " + on.name)
				}
			}
		}
	})
	t.Run("a nurse finds a pump in two taps", func(t *testing.T) {
		b := s.read(t, hospital.Nurse, phone, words.German)
		b.open("/")
		b.until("the page is German", `document.documentElement.lang === "de" && document.querySelector("#free h2").innerText === "Jetzt frei"`)
		b.check("home in German")
		b.tap(`#free a.tile[href*="infusion"]`)
		b.until("the nearest free one stands first", `/Frei/.test(document.querySelector("a.hit[data-first]").innerText)`)
		b.tap(`a.hit[data-first]`)
		b.until("what she can say is German", `/Ich habe es/.test(document.querySelector("main").innerText)`)
		b.until("ages are German", `[...document.querySelectorAll("time[data-rel]")].every((e) => /^(jetzt|vor \d+ (s|min|h|Tagen))$/.test(e.textContent))`)
	})
	t.Run("an alarm is acknowledged with a reason", func(t *testing.T) {
		b := s.read(t, hospital.Nurse, phone, words.German)
		b.open("/")
		b.untilWithin(storyTime, "the strip tells of a warm fridge", `/zu warm, \d+,\d °C, Grenze \d+,\d °C/.test((document.querySelector("#alarm-strip") || {innerText: ""}).innerText)`)
		b.tap("#alarm-strip a.button")
		b.tap("[data-alarm] .sheet summary")
		b.tap(`[data-alarm] .sheet[open] button[name="reason"]`)
		b.until("it is said", `/Quittiert/.test((document.querySelector(".said") || {innerText: ""}).innerText)`)
	})
	t.Run("an order is approved", func(t *testing.T) {
		b := s.read(t, hospital.SupplyManager, desk, words.German)
		b.open("/orders/proposals")
		b.until("proposals say why", `/eine Lieferung dauert|Bestellpunkt/.test(document.querySelector("main article").innerText)`)
		b.tapOn(approvable("zwei Personen") + ".slice(-1)")
		b.until("it is on an order", `/Freigegeben: Es steht auf Bestellung/.test((document.querySelector(".said") || {innerText: ""}).innerText)`)
	})
	t.Run("a language is chosen", func(t *testing.T) {
		b := s.look(t, hospital.Nurse, desk)
		b.open("/")
		b.until("it begins in English", `document.documentElement.lang === "en"`)
		b.click(".topbar .menu summary")
		b.click(`.menu button[value="de"]`)
		b.until("and goes on in German", `document.documentElement.lang === "de" && location.pathname === "/"`)
	})
}

// A visitor chooses Fahrenheit, twelve hours and the largest letters; from then on every page,
// and all that is pushed to it, is shown so.
func TestPagesAreShownAsAVisitorLikes(t *testing.T) {
	s := demo(t, "--speed", "60")
	b := s.look(t, hospital.Pharmacist, desk)
	b.open("/me")
	b.put("#field-degrees", "F")
	b.put("#field-clock", "12")
	b.put("#field-letters", "largest")
	b.click(`form[action="/me/reading"] button`)
	b.until("it is said", `/shown to you like this/.test((document.querySelector(".said") || {innerText: ""}).innerText)`)
	b.until("letters are larger", `getComputedStyle(document.documentElement).fontSize === "21px" && document.querySelector("#field-degrees").value === "F"`)
	b.check("my account, in the largest letters")
	b.open("/coldchain")
	b.until("the page is in Fahrenheit", `/\d\s°F/.test(document.querySelector("main").innerText)`)
	before := b.text("main")
	b.untilWithin(storyTime, "something new is pushed", fmt.Sprintf(`document.querySelector("main").innerText !== %q`, before))
	b.until("what is pushed is in Fahrenheit, too", `!/\d[\s\u00a0]°C/.test(document.querySelector("main").innerText)`)
	b.check("the cold chain, in the largest letters")
	b.on(tiny)
	b.check("the cold chain, in the largest letters, at 320 px")
	b.open("/alarms")
	b.until("times of day are of twelve hours", `!/(^|\s)([01]\d|2[0-3]):[0-5]\d(?!\s[AP]M)(\s|$)/.test(document.querySelector("main").innerText)`)
	b.check("alarms, in the largest letters, at 320 px")
}

// read is look by somebody who reads a language.
func (s *server) read(t *testing.T, role hospital.Role, on screen, language words.Language) *tab {
	t.Helper()
	b := s.look(t, role, on)
	b.do(network.SetCookie("wardwatch-language", string(language)).WithURL(s.url), chromedp.Sleep(0))
	return b
}

// everyTextIsKnown reads one page of each shape as everybody, without a browser, and answers
// with the pages that there are, by who was led to them.
func everyTextIsKnown(t *testing.T, s *server) map[hospital.Role][]string {
	pages := map[hospital.Role][]string{}
	data := knownData(t)
	seen, visited, unknown := map[string]bool{}, 0, 0
	for _, role := range hospital.Roles() {
		queue := []string{"/"}
		for len(queue) > 0 && visited < 3*pagesAtMost {
			path := queue[0]
			queue = queue[1:]
			visited++
			texts, links := s.texts(t, role, path)
			if len(texts) > 0 {
				pages[role] = append(pages[role], path)
			}
			for _, text := range texts {
				if left := data(text); left != "" && !seen["says "+left] {
					seen["says "+left] = true
					unknown++
					t.Errorf("%s, as %s: %q of %q has no wording", path, role, left, text)
				}
			}
			for _, next := range links {
				if address, err := url.Parse(next); err == nil && !seen[shape(address.Path)] {
					seen[shape(address.Path)] = true
					queue = append(queue, next)
				}
			}
		}
	}
	if visited < 60 {
		t.Errorf("only %d pages were found", visited)
	}
	t.Logf("%d pages, %d texts unknown", visited, unknown)
	return pages
}

// texts are what a page says in the pseudo-locale, and where it leads.
func (s *server) texts(t *testing.T, role hospital.Role, path string) (texts, links []string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.AddCookie(&http.Cookie{Name: "wardwatch-demo-role", Value: string(role)})
	request.AddCookie(&http.Cookie{Name: "wardwatch-language", Value: string(words.Pseudo)})
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusBadRequest && !strings.Contains(path, "/sample-") { // the gallery's lead nowhere
		t.Errorf("%s leads the %s to %d", path, role, answer.StatusCode)
		return nil, nil
	}
	if !strings.Contains(answer.Header.Get("Content-Type"), "html") {
		_, _ = io.Copy(io.Discard, answer.Body)
		return nil, nil
	}
	page, err := html.Parse(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	gather(page, &texts, &links)
	return texts, links
}

func gather(node *html.Node, texts, links *[]string) {
	if node.Type == html.TextNode {
		*texts = append(*texts, node.Data)
	}
	valued := node.Data != "option"
	for _, a := range node.Attr {
		switch a.Key {
		case "data-typed":
			return
		case "translate":
			if a.Val == "no" {
				return
			}
		case "value":
			valued = true
		case "placeholder", "title", "aria-label", "alt", "data-label":
			*texts = append(*texts, a.Val)
		case "href":
			if node.Data == "a" && leadsOn(a.Val) {
				*links = append(*links, a.Val)
			}
		}
	}
	if !valued || slices.Contains([]string{"code", "pre", "kbd", "samp", "var", "script", "style", "textarea"}, node.Data) && node.Type == html.ElementNode {
		return
	}
	for child := range node.ChildNodes() {
		gather(child, texts, links)
	}
}

func leadsOn(href string) bool {
	path, _, _ := strings.Cut(href, "?")
	return strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "/static/") && !strings.HasPrefix(path, "/api") &&
		!regexp.MustCompile(`\.(pdf|csv|xlsx|jsonl?|xml|zip)$|/(key|checkpoint)$`).MatchString(path)
}

// alike are what is written alike in every language, and what the demo's made-up people typed.
var alike = regexp.MustCompile(`(?i)wardwatch|(january|february|march|april|june|july|august|september|october|november|december) \d{4}|deutsch|english|\b(mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|gmt|bst|utc|min|ms|pdf|csv|xlsx|mkt|gtin|gs1|epc|sha-?256|mqtt|https?|eur|gbp|usd|[mkgt]i?b|dbm?|rfid|ble|sms|pin|api|id|am|iso|iec|who|pqs|cdc|qr|ct|ecg|sba|tsb|ses|hl|croston|s/n|ok)\b` +
	`|espresense|openmqttgateway|theengs|minew|ruuvi gateway|kontakt\.io|cassia|aruba|shelly( h&t)?|april brother|blue charm|ingics|moko|reelyactive|impinj( r700)?|zebra|edgex|omlox|chirpstack|the things stack|tasmota|zigbee2mqtt|sparkplug[ -]b|who-ems|\bems\b|open-msupply|llrp|peppol bis order 3|ubl|cxml orderrequest|duns` +
	`|\{\w+\}|[\w.+-]+@[\w.-]+|\b[\w.]*(/|-|_|\d)[\w./-]*` +
	// notes, names and reasons that the demo's people typed
	`|our works delivers short until the end of the month|made[ -]up|vaccine shipment|\b(box|case|carton)\b|/answers|, ours\b|old probe at the door|leaflets?( of( the demo)?)?|edition|pharmacy committee|committee|minutes of spring|insulin shelf|read anew at the start|the year|door latch may break|latch replaced|was frozen|the maker says discard|filter change|cuff hose leaks|display (stays dark|ordered)|spare part ordered|linse|this quarter|fsn|vaccine carrier|cold box|vaccines? for the staff clinic|insulin for intensive care|icu medicine room|(for the )?children's ward|probe in the lid|cool box sealed|logger|polar box|alarm for occlusion comes too late|alarm\.acknowledge|` +
	`(alarm|asset|audit|account|coldchain|stock|excursion|token|person|people|emergencies|proposal|order|task|par|fridge|lot|room|site|unit)[./][\w.-]*|\b(devices|emergencies|people|demo|reorder)\b`)

// typed are whole notes of the demo's people that have names in them.
var typed = regexp.MustCompile(`vaccines for the staff clinic|insulin for intensive care|icu medicine room|(\d+ doses )?(for the )?children's ward`)

// quoted is what people typed, in either language's marks.
var quoted = regexp.MustCompile(`“[^“”]*”|„[^„“]*“`)

// knownData says what of a text is neither in the catalogue nor data: its plain letters
// without the names of the demo's own document and what is alike in every language.
func knownData(t *testing.T) func(string) string {
	t.Helper()
	printing := exec.CommandContext(t.Context(), shared.binary, "demo", "--print-hospital", "--size", "small")
	printing.Env = ownSettings()
	printed, err := printing.Output()
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(printed, &document); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	gatherNames(document, names)
	people := map[string]bool{}
	for _, person := range document.(map[string]any)["people"].([]any) {
		gatherNames(person, people)
	}
	for name := range maps.Clone(names) {
		if first, _, found := strings.Cut(name, " "); found && people[name] {
			names[first] = true // as the home page greets
		}
	}
	var longestFirst []string
	for name := range names {
		longestFirst = append(longestFirst, name)
	}
	slices.SortFunc(longestFirst, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	var pairs []string
	for _, name := range longestFirst {
		pairs = append(pairs, name, " ")
	}
	remove, letters, reference := strings.NewReplacer(pairs...), regexp.MustCompile(`[A-Za-z]{2,}`), regexp.MustCompile(`^[A-Z0-9]{10}$`)
	return func(text string) string {
		if !letters.MatchString(text) || reference.MatchString(strings.TrimSpace(text)) {
			return ""
		}
		small := typed.ReplaceAllString(strings.ToLower(quoted.ReplaceAllString(text, " ")), " ")
		if cut, is := strings.CutSuffix(small, "…"); is && slices.ContainsFunc(longestFirst, func(name string) bool { return strings.HasPrefix(name, cut) }) {
			return "" // a name that a drawing has no room for
		}
		left := alike.ReplaceAllString(remove.Replace(small), " ")
		return strings.Join(letters.FindAllString(left, -1), " ")
	}
}

// gatherNames takes every text of the document, in small letters.
func gatherNames(value any, names map[string]bool) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			if key != "make" && key != "kind_of_room" {
				gatherNames(inner, names)
			}
		}
	case []any:
		for _, inner := range v {
			gatherNames(inner, names)
		}
	case string:
		if len(v) > 2 {
			names[strings.ToLower(v)] = true
		}
	}
}
