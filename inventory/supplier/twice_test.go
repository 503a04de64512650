package supplier_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/supplier"
)

// stutterer is a server on a bare wire, of which each conversation is held by talk.
func stutterer(t *testing.T, talk func(net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var busy sync.WaitGroup
	busy.Go(func() {
		for {
			wire, err := listener.Accept()
			if err != nil {
				return
			}
			busy.Go(func() {
				defer wire.Close()
				talk(wire)
			})
		}
	})
	t.Cleanup(func() { _ = listener.Close(); busy.Wait() })
	return listener.Addr().String()
}

// stutteringOffice is a mail server that answers one of the commands twice.
type stutteringOffice struct {
	mu      sync.Mutex
	twice   string
	letters int
}

func (o *stutteringOffice) talk(wire net.Conn) {
	_ = wire.SetDeadline(time.Now().Add(patience))
	lines := bufio.NewReader(wire)
	say := func(command, answer string) {
		if command == o.twice {
			answer += answer
		}
		_, _ = io.WriteString(wire, answer)
	}
	say("", "220 office\r\n")
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		switch command, _, _ := strings.Cut(strings.TrimSpace(line), " "); command {
		case "DATA":
			say(command, "354 go on\r\n")
			for line != ".\r\n" && err == nil {
				line, err = lines.ReadString('\n')
			}
			if err != nil {
				return
			}
			o.mu.Lock()
			o.letters++
			o.mu.Unlock()
			say(".", "250 taken\r\n")
		case "QUIT":
			say(command, "221 bye\r\n")
			return
		default:
			say(command, "250 well\r\n")
		}
	}
}

// A mail server that answers a command twice may confuse, but never so that an order is
// taken for sent which is not, or leaves the house twice.
func TestAMailServerThatAnswersTwice(t *testing.T) {
	for twice, want := range map[string]reorder.MailStatus{"no command": reorder.MailSent, "": reorder.MailWaiting, "EHLO": reorder.MailWaiting,
		"MAIL": reorder.MailWaiting, "RCPT": reorder.MailWaiting, "DATA": reorder.MailUnsure, ".": reorder.MailSent, "QUIT": reorder.MailSent} {
		o := &stutteringOffice{twice: twice}
		server := supplier.Server{Address: stutterer(t, o.talk), From: "supply@st-anna.example"}
		all := tries(t, server, letter(), 3, nil)
		o.mu.Lock()
		if got := all[len(all)-1]; got != want || o.letters > 1 || got == reorder.MailSent && o.letters != 1 {
			t.Errorf("%q answered twice: %v, %d letters; want %v", twice, all, o.letters, want)
		}
		o.mu.Unlock()
	}
}

// A supplier's web server that answers an order twice is believed once: what it said too
// much is not taken for the answer to the next order.
func TestASupplierThatAnswersTwice(t *testing.T) {
	answers := []int{200, 422, 503, 200}
	var mu sync.Mutex
	var keys []string
	address := stutterer(t, func(wire net.Conn) {
		_ = wire.SetDeadline(time.Now().Add(patience))
		in := bufio.NewReader(wire)
		for {
			asked, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, asked.Body)
			mu.Lock()
			keys = append(keys, asked.Header.Get("Idempotency-Key"))
			answer := answers[min(len(keys)-1, len(answers)-1)]
			mu.Unlock()
			once := fmt.Sprintf("HTTP/1.1 %d Well\r\nContent-Length: 2\r\n\r\nok", answer)
			_, _ = io.WriteString(wire, once+"HTTP/1.1 200 Again\r\nContent-Length: 2\r\n\r\nok")
		}
	})
	poster := supplier.NewPoster(nil)
	send := func(id string, most int) []reorder.MailStatus {
		m := reorder.Mail{Number: id, MessageID: id, Way: reorder.ByHTTPS, FileName: "o.xml", File: file(t, inventory.Peppol), Supplier: "medi",
			Channel: inventory.Channel{Format: inventory.Peppol, URL: "http://" + address + "/in"}}
		return tries(t, poster, m, most, nil)
	}
	for i, want := range [][]reorder.MailStatus{{reorder.MailSent}, {reorder.MailFailed}, {reorder.MailWaiting, reorder.MailSent}} {
		if got := send(fmt.Sprintf("order-%d", i), 3); !slices.Equal(got, want) {
			t.Errorf("order %d: %v, want %v", i, got, want)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if want := []string{"order-0", "order-1", "order-2", "order-2"}; !slices.Equal(keys, want) {
		t.Errorf("the supplier was asked %v, want %v", keys, want)
	}
}
