package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest/gateway"
)

// fullDisk is a store that refuses until told otherwise.
type fullDisk struct {
	ward
	full bool
}

func (f *fullDisk) Note(ctx context.Context, n Notes) error {
	if f.full {
		return errors.New("disk full")
	}
	f.notes.Names = append(f.notes.Names, n.Names...)
	return f.ward.Note(ctx, n)
}

func TestWhatCouldNotBeNotedIsNotedNextTime(t *testing.T) {
	disk := &fullDisk{full: true}
	book, err := OpenBook(t.Context(), disk, quiet())
	if err != nil {
		t.Fatal(err)
	}
	book.heard(heard{gateway: "gw-a", at: morning, sentAt: morning, format: gateway.Minew, sightings: 3})
	book.Link("gw-b", gateway.Offline)
	book.Link("gw-c", gateway.Offline)
	book.Refuse(Refusal{At: morning, Gateway: "gw-a", Reason: "no JSON", Records: 1})
	book.Stranger(Stranger{Kind: TagStranger, ID: "c0ffee000009", LastHeard: morning})
	book.names.learn(Name{Sender: "gw-a", Name: "x", Means: "y"})
	if err := book.Write(t.Context()); err == nil {
		t.Fatal("a full disk took the notes")
	}
	later := morning.Add(time.Minute)
	book.heard(heard{gateway: "gw-a", at: later, format: gateway.Minew, sightings: 4})
	book.Link("gw-c", gateway.Online)
	book.Stranger(Stranger{Kind: TagStranger, ID: "c0ffee000009", LastHeard: later})
	disk.full = false
	if err := book.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := disk.notes
	if len(n.Gateways) != 1 || n.Gateways[0].Sightings != 7 || n.Gateways[0].Messages != 2 || !n.Gateways[0].FirstHeard.Equal(morning) || !n.Gateways[0].LastHeard.Equal(later) || !n.Gateways[0].ClockAt.Equal(morning) {
		t.Errorf("gateways %+v", n.Gateways)
	}
	if n.Links["gw-b"] != gateway.Offline || n.Links["gw-c"] != gateway.Online {
		t.Errorf("links %v", n.Links)
	}
	if len(n.Refusals) != 1 || len(n.Strangers) != 1 || n.Strangers[0].TimesHeard != 2 || len(n.Names) != 1 {
		t.Errorf("refusals %+v, strangers %+v, names %+v", n.Refusals, n.Strangers, n.Names)
	}
}

// slowDisk is a store that is writing a page until it is let go.
type slowDisk struct {
	ward
	writes chan struct{}
	goOn   chan struct{}
}

func (s *slowDisk) Note(ctx context.Context, n Notes) error {
	close(s.writes)
	<-s.goOn
	return s.ward.Note(ctx, n)
}

// Whoever asks for what is noted to be written waits for the page that is being written: it
// may hold what he means, and an older page never comes after a newer one.
func TestOnePageOfNotesIsWrittenAfterTheOther(t *testing.T) {
	disk := &slowDisk{writes: make(chan struct{}), goOn: make(chan struct{})}
	book, err := OpenBook(t.Context(), disk, quiet())
	if err != nil {
		t.Fatal(err)
	}
	book.Refuse(Refusal{At: morning, Gateway: "gw-a", Reason: "no JSON", Records: 1})
	var writers sync.WaitGroup
	write := func() {
		if err := book.Write(t.Context()); err != nil || len(disk.notes.Refusals) != 1 {
			t.Errorf("the book is written, and %d refusals are stored, %v", len(disk.notes.Refusals), err)
		}
	}
	writers.Go(write)
	<-disk.writes
	if book.writing.TryLock() {
		t.Error("a second page may be torn out while the first is written")
	}
	writers.Go(write)
	close(disk.goOn)
	writers.Wait()
}

func TestAFullDiskDoesNotFillTheMemoryWithNotes(t *testing.T) {
	disk := &fullDisk{full: true}
	book, err := OpenBook(t.Context(), disk, quiet())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		for j := range maxPending + 1 {
			id := hospital.GatewayID(fmt.Sprint("gw-", i, "-", j))
			book.Link(id, gateway.Offline)
			book.heard(heard{gateway: id, at: morning})
			book.Refuse(Refusal{At: morning, Gateway: id, Reason: "no JSON", Records: 1})
			book.Stranger(Stranger{Kind: TagStranger, ID: string(id), LastHeard: morning})
		}
		if err := book.Write(t.Context()); err == nil {
			t.Fatal("a full disk took the notes")
		}
	}
	if len(book.links) > maxPending || len(book.gateways) > maxPending || len(book.strangers) > maxPending || len(book.refusals) > maxRefusalsAtOnce {
		t.Errorf("%d links, %d gateways, %d strangers, %d refusals wait", len(book.links), len(book.gateways), len(book.strangers), len(book.refusals))
	}
}

func TestASendersNamesAreItsOwnAndBounded(t *testing.T) {
	d := newDictionary([]Name{{"gw-a", "alias 1", "temperature"}})
	if means, known := d.means("gw-a", "alias 1"); !known || means != "temperature" || len(d.tear()) != 0 {
		t.Errorf("remembered %q %v", means, known)
	}
	if _, known := d.means("gw-b", "alias 1"); known {
		t.Error("another gateway's alias was believed")
	}
	for i := range MaxNamesOfOne - 1 {
		if !d.learn(Name{"gw-a", fmt.Sprint("n", i), "x"}) {
			t.Fatalf("name %d of %d was not learned", i+2, MaxNamesOfOne)
		}
	}
	if d.learn(Name{"gw-a", "one more", "x"}) {
		t.Error("one name too many was learned")
	}
	if !d.learn(Name{"gw-a", "n0", "anew"}) {
		t.Error("a known name may always get another meaning")
	}
	for i := range MaxNames {
		d.learn(Name{hospital.GatewayID(fmt.Sprint("g", i)), "n", "x"})
	}
	if d.size != MaxNames || len(d.known) != MaxNames-MaxNamesOfOne+1 {
		t.Errorf("%d names of %d senders", d.size, len(d.known))
	}
}

func TestASenderWithTooManyNamesIsToldOf(t *testing.T) {
	w := &ward{}
	in, _ := prepared(t, w)
	for i := range MaxNamesOfOne {
		in.Book.names.learn(Name{"gw-a", fmt.Sprint("n", i), "x"})
	}
	m := gateway.Message{Body: []byte(`[{"id":"s-1","macAddress":"C0:FF:EE:00:00:01","logInterval":300}]`), ReceivedAt: morning, Source: "http"}
	if err := in.Take(t.Context(), "gw-a", m, func(Receipt, error) {}); err != nil {
		t.Fatal(err)
	}
	if err := in.Book.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(w.notes.Refusals) != 1 {
		t.Errorf("refusals %+v", w.notes.Refusals)
	}
}

func TestTwoGatewaysClocksAreKeptApart(t *testing.T) {
	c := NewClocks(nil)
	var fast, slow time.Duration
	for i := range 20 {
		received := morning.Add(time.Duration(i) * 5 * time.Second)
		fast = c.Offset("fast", received.Add(time.Hour), received)
		slow = c.Offset("slow", received.Add(-2*time.Hour), received.Add(time.Second))
		if right := c.Offset("right", received, received); right != 0 {
			t.Fatalf("the one between them is moved by %v", right)
		}
	}
	if fast != -time.Hour || slow != 2*time.Hour+time.Second {
		t.Errorf("fast %v, slow %v", fast, slow)
	}
}

func TestMadeUpNamesDoNotFillTheClocks(t *testing.T) {
	c := NewClocks(nil)
	for i := range MaxClocks + 10 {
		c.Offset(hospital.GatewayID(fmt.Sprint("gw-", i)), morning, morning)
	}
	if len(c.known) != MaxClocks {
		t.Errorf("%d clocks are kept", len(c.known))
	}
	if got := c.Offset("one more", morning.Add(time.Hour), morning); got != 0 {
		t.Errorf("the clock of one more is moved by %v", got)
	}
}
