package main

import (
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"wardwatch/tracking/hospital"
)

// browserAt is a browser on an address of its own: loopback has many.
func browserAt(address string) *http.Client {
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	return &http.Client{Transport: &http.Transport{DialContext: from.DialContext, MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// signIn is the status that a sign-in is answered with.
func signIn(t *testing.T, h *house, from *http.Client, email, password string) int {
	t.Helper()
	form := url.Values{"email": {email}, "password": {password}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.address()+"/sign-in", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := from.Do(r)
	if err != nil {
		t.Error(err)
		return 0
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

// A thousand wrong sign-ins from one address, as fast as the machine carries them, and
// at her very account too: whoever sits elsewhere signs in meanwhile, and afterwards, at once.
func TestAThousandWrongSignInsFromOneAddressLeaveOthersUnaffected(t *testing.T) {
	t.Parallel()
	database := "sqlite:" + filepath.Join(t.TempDir(), "w.db")
	importSmallHospital(t, database)
	h := startHouse(t, config{HTTP: "127.0.0.1:0", MQTT: "127.0.0.1:0", DB: database})
	nurse := newVisitor(t, h, "nora", hospital.Nurse, nil)
	flood, ward := browserAt("127.0.0.2"), browserAt("127.0.0.3")
	var guessing, meanwhile sync.WaitGroup
	var sent, lookedAt, turnedAway atomic.Int64
	half := make(chan struct{})
	for range 50 {
		guessing.Go(func() {
			for n := sent.Add(1); n <= 1000; n = sent.Add(1) {
				if n == 500 {
					close(half)
				}
				switch status := signIn(t, h, flood, nurse.person.Email, "guess"); status {
				case http.StatusUnprocessableEntity:
					lookedAt.Add(1)
				case http.StatusTooManyRequests:
					turnedAway.Add(1)
				default:
					t.Errorf("a wrong sign-in answers %d", status)
				}
			}
		})
	}
	meanwhile.Go(func() {
		<-half
		if status := signIn(t, h, ward, nurse.person.Email, "tiger-lamp-cloud-seven"); status != http.StatusSeeOther {
			t.Errorf("in the midst of the flood the ward's sign-in answers %d", status)
		}
	})
	guessing.Wait()
	meanwhile.Wait()
	if status := signIn(t, h, ward, nurse.person.Email, "tiger-lamp-cloud-seven"); status != http.StatusSeeOther {
		t.Errorf("after the flood the ward's sign-in answers %d", status)
	}
	if lookedAt.Load() > 60 || lookedAt.Load()+turnedAway.Load() != 1000 {
		t.Errorf("%d guesses were looked at, %d turned away", lookedAt.Load(), turnedAway.Load())
	}
}
