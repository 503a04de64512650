package db_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/supplier"
)

// mailOffice is a real SMTP server that keeps every letter.
type mailOffice struct {
	mu      sync.Mutex
	letters [][]byte
}

func (o *mailOffice) NewSession(*smtp.Conn) (smtp.Session, error) { return mailSession{o}, nil }

type mailSession struct{ office *mailOffice }

func (mailSession) Reset()                               {}
func (mailSession) Logout() error                        { return nil }
func (mailSession) Mail(string, *smtp.MailOptions) error { return nil }
func (mailSession) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (s mailSession) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.office.mu.Lock()
	defer s.office.mu.Unlock()
	s.office.letters = append(s.office.letters, text)
	return err
}

// open answers at an address until the test ends.
func (o *mailOffice) open(t *testing.T) string {
	t.Helper()
	server := smtp.NewServer(o)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return listener.Addr().String()
}

// attached is the letter's PDF, as the supplier unpacks it.
func attached(t *testing.T, letter []byte) []byte {
	t.Helper()
	message, err := mail.ReadMessage(bytes.NewReader(letter))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(message.Body, params["boundary"])
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			t.Fatal("the letter has no PDF")
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(part.FileName(), ".pdf") {
			continue
		}
		bytes, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, part))
		if err != nil {
			t.Fatal(err)
		}
		return bytes
	}
}

// An order's whole way out: the manager sends it, the outbox holds it, the
// dispatcher hands it to a mail server; one letter with the very paper that is
// kept, and never a second one.
func TestASentOrderLeavesTheHouseOnce(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.desk.Paper = supplier.Paper
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 220}))
	p.must(p.desk.Nightly(ctx))
	approved, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: p.open()[0].ID, Version: 1})
	p.must(err)
	draft, err := p.desk.Store.FindOrder(ctx, approved.Order)
	p.must(err)
	office := &mailOffice{}
	kept := db.Orders{DB: p.db}
	out := supplier.Dispatcher{Outbox: kept, Now: p.now, Log: slog.New(slog.DiscardHandler),
		Sender: supplier.Server{Address: office.open(t), From: "supply@st-anna.example"}}
	if tried, err := out.SendDue(ctx); tried != 0 || err != nil {
		t.Fatalf("before it was sent: %d tries, %v", tried, err)
	}
	p.must(p.desk.Send(ctx, manager, draft.Number, draft.Version))
	if tried, err := out.SendDue(ctx); tried != 1 || err != nil {
		t.Fatalf("%d tries, %v", tried, err)
	}
	if tried, err := out.SendDue(ctx); tried != 0 || err != nil {
		t.Errorf("a second time: %d tries, %v", tried, err)
	}
	if len(office.letters) != 1 {
		t.Fatalf("the supplier got %d letters", len(office.letters))
	}
	paper, err := kept.Paper(ctx, draft.Number)
	p.must(err)
	if got := attached(t, office.letters[0]); !bytes.HasPrefix(got, []byte("%PDF-1.")) || !bytes.Equal(got, paper) {
		t.Errorf("the supplier got a paper of %d bytes, %d are kept", len(got), len(paper))
	}
	written, err := kept.MailOf(ctx, draft.Number)
	p.must(err)
	if len(written) != 1 || written[0].Status != reorder.MailSent || written[0].Attempts != 1 || written[0].SentAt.IsZero() {
		t.Errorf("the outbox says %+v", written)
	}
	if !bytes.Contains(office.letters[0], []byte("<"+written[0].MessageID+">")) {
		t.Error("the letter does not carry its message's number")
	}
	soundDeep(t, p.db)
}

// Yesterday's backup holds an order on its way out, which left this morning. Put back,
// it does not leave again: somebody has to ask.
func TestAnOrderDoesNotLeaveAgainFromABackup(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 220}))
	p.must(p.desk.Nightly(ctx))
	approved, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: p.open()[0].ID, Version: 1})
	p.must(err)
	p.must(p.desk.SendDrafts(ctx))
	var path string
	p.must(p.db.QueryRow(ctx, `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&path))
	backup, restored := filepath.Join(t.TempDir(), "backup.db"), filepath.Join(t.TempDir(), "ward.db")
	p.must(db.Backup(ctx, path, backup, db.CopyOptions{}))
	if _, err := db.Restore(ctx, restored, backup, db.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	kept := db.Orders{DB: dbtest.OpenAt(t, restored, db.Options{Now: p.now})}
	if m, due, err := kept.TakeMail(ctx, p.now()); due || err != nil {
		t.Errorf("order %s leaves again, %v", m.Number, err)
	}
	written, err := kept.MailOf(ctx, approved.Order)
	p.must(err)
	if len(written) != 1 || written[0].Status != reorder.MailUnsure || written[0].Trouble == "" {
		t.Errorf("the outbox says %+v", written)
	}
	soundDeep(t, kept.DB)
}
