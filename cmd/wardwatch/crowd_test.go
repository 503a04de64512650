package main

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/web/live"
)

// peopleWhoSignedIn gives each of some people a session, and answers their cookies.
func peopleWhoSignedIn(t *testing.T, path string, people int) (cookies []string) {
	t.Helper()
	kept, err := db.Open(t.Context(), "sqlite:"+path, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	err = db.Accounts{DB: kept}.InTx(t.Context(), func(tx account.Tx) error {
		for i := range people {
			person := hospital.Person{ID: hospital.PersonID(fmt.Sprintf("crowd-%d", i)), Name: fmt.Sprintf("Crowd %d", i),
				Email: fmt.Sprintf("crowd-%d@wardwatch.invalid", i), Roles: []hospital.Role{hospital.Nurse}}
			if err := tx.PutPerson(t.Context(), person); err != nil {
				return err
			}
			secret := account.Secret(rand.Text() + rand.Text())
			if err := tx.StartSession(t.Context(), account.Session{Hash: secret.Hash(), Person: person.ID, StartedAt: tx.Now(), SeenAt: tx.Now()}); err != nil {
				return err
			}
			cookies = append(cookies, "ward="+secret.Reveal())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return cookies
}

// heldBy is the memory that a server holds, in KiB; 0 where the system does not say.
func heldBy(s *server) (kib int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	_, _ = fmt.Sscan(rest, &kib)
	return kib
}

// Sockets open all at once, nine a person where eight may: whoever finds room is served,
// the others are told that there are too many, nobody is broken off, and a reading that is
// taken meanwhile reaches everybody who was let in. A fridge is too warm, its pager called and
// the store kept meanwhile: afterwards all is there, as after the other faults. Long: 10,000, where 4,096 may.
func TestACrowdOfSocketsOpensAtOnce(t *testing.T) {
	t.Parallel()
	crowd := 270
	if long() {
		crowd = 10_000
	}
	path := filepath.Join(t.TempDir(), "ward.db")
	token := furnishFile(t, "sqlite:"+path)
	cookies := peopleWhoSignedIn(t, path, (crowd+live.MaxPerPerson)/(live.MaxPerPerson+1))
	s, _, k := openWarm(t, token, path)
	before, begun := heldBy(s), time.Now()
	var let, turned, shown atomic.Int64
	var knocking, watching sync.WaitGroup
	for i := range crowd {
		knocking.Go(func() {
			header := http.Header{"Origin": {s.http}, "Cookie": {cookies[i%len(cookies)]}}
			socket, answer, err := (&websocket.Dialer{HandshakeTimeout: patience}).Dial("ws"+strings.TrimPrefix(s.http, "http")+"/live?topics=fridge/f-01", header)
			switch {
			case err == nil:
				let.Add(1)
				watching.Go(func() { watchFor(t, socket, "13.2", &shown) })
			case answer != nil && answer.StatusCode == http.StatusTooManyRequests:
				turned.Add(1)
			default:
				t.Errorf("a socket was broken off: %v", err)
			}
		})
	}
	knocking.Wait()
	opened, held := time.Since(begun), heldBy(s)
	if room := min(int64(live.MaxConnections), int64(len(cookies)*live.MaxPerPerson)); let.Load() != room || let.Load()+turned.Load() != int64(crowd) {
		t.Errorf("of %d sockets %d were let in where %d have room, %d were told that there are too many", crowd, let.Load(), room, turned.Load())
	}
	at := time.Now().UnixMilli()
	if answer, err := tell(s, token, bodyOf(t, map[string]any{"sensor": "c4000000000a", "channel": "probe", "celsius": 13.2, "at": at})); err != nil || !answer.took(1) {
		t.Errorf("with a crowd at the door a reading is answered %+v, %v", answer, err)
	}
	watching.Wait()
	if shown.Load() != let.Load() {
		t.Errorf("the reading reached %d of %d", shown.Load(), let.Load())
	}
	t.Logf("%d sockets within %s: %d let in, %d told that there are too many; %d MiB before, %d with them", crowd, opened.Round(time.Millisecond), let.Load(), turned.Load(), before>>10, held>>10)
	afterwards(t, s, token, path, []int64{at}, k)
}

// watchFor reads until a message shows a text, and hangs up.
func watchFor(t *testing.T, socket *websocket.Conn, text string, shown *atomic.Int64) {
	defer socket.Close()
	_ = socket.SetReadDeadline(time.Now().Add(2 * patience))
	for {
		_, message, err := socket.ReadMessage()
		if err != nil {
			t.Errorf("a socket ended before it was told: %v", err)
			return
		}
		if strings.Contains(string(message), text) {
			shown.Add(1)
			return
		}
	}
}
