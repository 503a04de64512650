package supplier_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/supplier"
	"wardwatch/tracking/hospital"
)

var update = flag.Bool("update", false, "write the golden files anew")

func wired(format inventory.Format) reorder.Order {
	o := order()
	o.Supplier.ID = "medi"
	o.Supplier.Channel = inventory.Channel{Format: format, URL: "https://orders.medi.example/in", OurID: "0088:4035811991014", TheirID: "0088:7300010000001"}
	o.Lines = o.Lines[:2]
	o.Lines[1].Item = inventory.Item{ID: "swabs", Name: "Swabs <10 & more>", Unit: "piece"}
	o.Lines[1].Ordered = 101
	return o
}

const number = "order-2026-0007.1@st-anna.wardwatch"

func file(t *testing.T, format inventory.Format) []byte {
	t.Helper()
	text, err := supplier.File(wired(format), hospital.Site{ID: "st-anna", Name: "St Anna", Zone: "Europe/Berlin"}, at.In(time.FixedZone("", 3600)), number)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Files are those that stand in testdata, and each names its elements in the order
// in which the documents of the format have them.
func TestOrdersAsFiles(t *testing.T) {
	for format, path := range map[inventory.Format]string{inventory.Peppol: "order.peppol.xml", inventory.CXML: "order.cxml"} {
		got, path := file(t, format), filepath.Join("testdata", path)
		if *update {
			if err := os.WriteFile(path, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not as in testdata:\n%s", format, got)
		}
	}
	if _, err := supplier.File(order(), hospital.Site{}, at, number); err == nil {
		t.Error("an order was written for a supplier without a channel")
	}
}

// children lists the elements right under a path, with their text.
func children(t *testing.T, text []byte, under ...string) (names []string) {
	t.Helper()
	d, path := xml.NewDecoder(bytes.NewReader(text)), []string{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if slices.Equal(path, under) {
				names = append(names, token.Name.Local)
			}
			path = append(path, token.Name.Local)
		case xml.EndElement:
			path = path[:len(path)-1]
		}
	}
}

// The sequences of UBL 2.1's Order and LineItem, of those elements that Peppol BIS
// Order 3 uses, and of cXML 1.2's OrderRequest; those in must are needed.
var sequences = []struct {
	format    inventory.Format
	under     []string
	all, must string
}{
	{inventory.Peppol, []string{"Order"}, "CustomizationID ProfileID ID SalesOrderID IssueDate IssueTime OrderTypeCode Note DocumentCurrencyCode CustomerReference AccountingCost ValidityPeriod QuotationDocumentReference OrderDocumentReference OriginatorDocumentReference CatalogueReference AdditionalDocumentReference Contract BuyerCustomerParty SellerSupplierParty OriginatorCustomerParty AccountingCustomerParty Delivery DeliveryTerms PaymentTerms AllowanceCharge TaxTotal AnticipatedMonetaryTotal OrderLine",
		"CustomizationID ProfileID ID IssueDate DocumentCurrencyCode BuyerCustomerParty SellerSupplierParty OrderLine"},
	{inventory.Peppol, []string{"Order", "BuyerCustomerParty", "Party"}, "EndpointID PartyIdentification PartyName PostalAddress PartyTaxScheme PartyLegalEntity Contact", "EndpointID PartyLegalEntity"},
	{inventory.Peppol, []string{"Order", "AnticipatedMonetaryTotal"}, "LineExtensionAmount TaxExclusiveAmount TaxInclusiveAmount AllowanceTotalAmount ChargeTotalAmount PrepaidAmount PayableRoundingAmount PayableAmount", "LineExtensionAmount PayableAmount"},
	{inventory.Peppol, []string{"Order", "OrderLine"}, "Note LineItem", "LineItem"},
	{inventory.Peppol, []string{"Order", "OrderLine", "LineItem"}, "ID Quantity LineExtensionAmount TotalTaxAmount PartialDeliveryIndicator AccountingCost Delivery OriginatorParty AllowanceCharge Price Item", "ID Quantity Item"},
	{inventory.Peppol, []string{"Order", "OrderLine", "LineItem", "Item"}, "Description Name BuyersItemIdentification SellersItemIdentification ManufacturersItemIdentification StandardItemIdentification ItemSpecificationDocumentReference CommodityClassification ClassifiedTaxCategory AdditionalItemProperty", "Name"},
	{inventory.CXML, []string{"cXML"}, "Header Request", "Header Request"},
	{inventory.CXML, []string{"cXML", "Header"}, "From To Sender", "From To Sender"},
	{inventory.CXML, []string{"cXML", "Header", "Sender"}, "Credential UserAgent", "Credential UserAgent"},
	{inventory.CXML, []string{"cXML", "Request", "OrderRequest"}, "OrderRequestHeader ItemOut", "OrderRequestHeader ItemOut"},
	{inventory.CXML, []string{"cXML", "Request", "OrderRequest", "OrderRequestHeader"}, "Total ShipTo BillTo Shipping Tax Payment PaymentTerm Contact Comments", "Total BillTo"},
	{inventory.CXML, []string{"cXML", "Request", "OrderRequest", "ItemOut"}, "ItemID Path ItemDetail SupplierID ShipTo Shipping Tax SpendDetail Distribution Contact Comments", "ItemID ItemDetail"},
	{inventory.CXML, []string{"cXML", "Request", "OrderRequest", "ItemOut", "ItemDetail"}, "UnitPrice Description UnitOfMeasure PriceBasisQuantity Classification ManufacturerPartID", "UnitPrice Description UnitOfMeasure Classification"},
}

func TestFilesKeepTheirSchemasSequence(t *testing.T) {
	for _, s := range sequences {
		got, last := children(t, file(t, s.format), s.under...), -1
		all := strings.Fields(s.all)
		for _, name := range got {
			i := slices.Index(all, name)
			switch {
			case i < 0:
				t.Errorf("%s: %v has no %s", s.format, s.under, name)
			case i < last && name != all[0]:
				t.Errorf("%s: %s stands too late in %v", s.format, name, s.under)
			}
			last = i
		}
		for _, name := range strings.Fields(s.must) {
			if !slices.Contains(got, name) {
				t.Errorf("%s: %v lacks %s", s.format, s.under, name)
			}
		}
	}
}

// wareHouse is a supplier's web server that answers as it is told, and keeps what it was sent.
type wareHouse struct {
	answers []int
	body    string
	keys    []string
	files   [][]byte
	bearer  string
	hangs   chan struct{} // is told of each try that gets no answer
}

func (w *wareHouse) ServeHTTP(out http.ResponseWriter, in *http.Request) {
	text, _ := io.ReadAll(in.Body)
	w.keys, w.files, w.bearer = append(w.keys, in.Header.Get("Idempotency-Key")), append(w.files, text), in.Header.Get("Authorization")
	answer := w.answers[min(len(w.keys), len(w.answers))-1]
	if answer == 0 { // hangs, until whoever asks has had enough
		w.hangs <- struct{}{}
		<-in.Context().Done()
		return
	}
	out.WriteHeader(answer)
	_, _ = io.WriteString(out, w.body)
}

// patience bounds what a try waits for; nothing waits that long when all is well.
const patience = 2 * time.Minute

// tries sends an order until it is settled, and answers how it stands after each try. A
// try ends early where the other side says that it hangs.
func tries(t *testing.T, s supplier.Sender, m reorder.Mail, most int, hangs <-chan struct{}) (all []reorder.MailStatus) {
	t.Helper()
	for m.Attempts = 1; m.Attempts <= most; m.Attempts++ {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		var watching sync.WaitGroup
		watching.Go(func() {
			select {
			case <-hangs:
				cancel()
			case <-ctx.Done():
			}
		})
		after := supplier.After(m, s.Send(ctx, m), at)
		cancel()
		watching.Wait()
		all = append(all, after.Status)
		if after.Status != reorder.MailWaiting {
			return all
		}
	}
	return all
}

func posted(t *testing.T, w *wareHouse, format inventory.Format, most int) []reorder.MailStatus {
	t.Helper()
	w.hangs = make(chan struct{})
	server := httptest.NewTLSServer(w)
	t.Cleanup(server.Close)
	m := reorder.Mail{Number: "2026-0007", MessageID: number, Way: reorder.ByHTTPS, FileName: "order-2026-0007.xml", File: file(t, format), Supplier: "medi",
		Channel: inventory.Channel{Format: format, URL: server.URL + "/in"}}
	return tries(t, supplier.Poster{Client: server.Client(), Secrets: map[string]string{"medi": "s<cret"}}, m, most, w.hangs)
}

// A supplier who hangs, is busy, has it already or refuses: every try carries the
// same key and the same bytes, and nothing is tried after a refusal.
func TestAnOrderIsPosted(t *testing.T) {
	const ok = `<?xml version="1.0"?><cXML><Response><Status code="200" text="OK"/></Response></cXML>`
	for _, c := range []struct {
		name    string
		format  inventory.Format
		answers []int
		body    string
		want    []reorder.MailStatus
	}{
		{"taken", inventory.Peppol, []int{202}, "", []reorder.MailStatus{reorder.MailSent}},
		{"hangs, then has it already", inventory.Peppol, []int{0, 409}, "", []reorder.MailStatus{reorder.MailWaiting, reorder.MailSent}},
		{"busy, then taken", inventory.Peppol, []int{503, 429, 200}, "", []reorder.MailStatus{reorder.MailWaiting, reorder.MailWaiting, reorder.MailSent}},
		{"refused", inventory.Peppol, []int{422}, "", []reorder.MailStatus{reorder.MailFailed}},
		{"another order of that number", inventory.Peppol, []int{409}, "", []reorder.MailStatus{reorder.MailFailed}},
		{"sends elsewhere", inventory.Peppol, []int{302}, "", []reorder.MailStatus{reorder.MailFailed}},
		{"cXML", inventory.CXML, []int{200}, ok, []reorder.MailStatus{reorder.MailSent}},
		{"cXML refuses within", inventory.CXML, []int{200}, strings.Replace(ok, "200", "401", 1), []reorder.MailStatus{reorder.MailFailed}},
		{"cXML is busy within", inventory.CXML, []int{200}, strings.Replace(ok, "200", "500", 1), []reorder.MailStatus{reorder.MailWaiting}},
		{"a page of a proxy", inventory.CXML, []int{200}, "<html>hello</html>", []reorder.MailStatus{reorder.MailFailed}},
	} {
		w := &wareHouse{answers: c.answers, body: c.body}
		if got := posted(t, w, c.format, len(c.want)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		for i := range w.keys {
			if w.keys[i] != number || !bytes.Equal(w.files[i], w.files[0]) {
				t.Errorf("%s: try %d is another order", c.name, i+1)
			}
		}
		if secret := bytes.Contains(w.files[0], []byte("<SharedSecret>s&lt;cret</SharedSecret>")); secret != (c.format == inventory.CXML) {
			t.Errorf("%s: the shared secret is in the file: %v", c.name, secret)
		}
		if c.format == inventory.Peppol && w.bearer != "Bearer s<cret" {
			t.Errorf("%s: %q", c.name, w.bearer)
		}
	}
}

// folder is a real SFTP server over a folder in memory.
type folder struct {
	address, key string
	files        sftp.Handlers
	hangs        chan struct{} // is told of each conversation that gets no answer; nil: it answers
}

func openFolder(t *testing.T, hangs bool) *folder {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{PasswordCallback: func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
		if c.User() != "ward" || string(password) != "s<cret" {
			return nil, errors.New("no")
		}
		return nil, nil
	}}
	config.AddHostKey(signer)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &folder{address: listener.Addr().String(), key: ssh.FingerprintSHA256(signer.PublicKey()), files: sftp.InMemHandler()}
	if hangs {
		f.hangs = make(chan struct{})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			line, err := listener.Accept()
			if err != nil {
				return
			}
			f.serve(line, config)
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return f
}

func (f *folder) serve(line net.Conn, config *ssh.ServerConfig) {
	defer line.Close()
	if f.hangs != nil {
		f.hangs <- struct{}{}
		_, _ = io.Copy(io.Discard, line)
		return
	}
	_, channels, requests, err := ssh.NewServerConn(line, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for asked := range channels {
		channel, subsystems, err := asked.Accept()
		if err != nil {
			return
		}
		for r := range subsystems {
			if err := r.Reply(r.Type == "subsystem", nil); err != nil || r.Type == "subsystem" {
				break
			}
		}
		_ = sftp.NewRequestServer(channel, f.files).Serve()
	}
}

func (f *folder) mail(t *testing.T, user, key string) reorder.Mail {
	return reorder.Mail{Number: "2026-0007", MessageID: number, Way: reorder.BySFTP, FileName: "order-2026-0007.xml", File: file(t, inventory.Peppol), Supplier: "medi",
		Channel: inventory.Channel{Format: inventory.Peppol, URL: "sftp://" + user + "@" + f.address + "/", HostKey: key}}
}

// list names what lies in the folder, with sizes.
func (f *folder) list(t *testing.T) map[string]int64 {
	t.Helper()
	at, err := f.files.FileList.Filelist(sftp.NewRequest("List", "/"))
	if err != nil {
		t.Fatal(err)
	}
	entries := make([]os.FileInfo, 20)
	n, err := at.ListAt(entries, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	names := map[string]int64{}
	for _, entry := range entries[:n] {
		names[entry.Name()] = entry.Size()
	}
	return names
}

// An order is put into a supplier's folder once, however often it is tried; into
// no other server's, and no half of it is ever seen.
func TestAnOrderIsPutIntoAFolder(t *testing.T) {
	f := openFolder(t, false)
	sender := supplier.Folder{Secrets: map[string]string{"medi": "s<cret"}}
	m := f.mail(t, "ward", f.key)
	for range 3 { // answers were lost: it is sent again
		if got := tries(t, sender, m, 1, nil); got[0] != reorder.MailSent {
			t.Fatalf("%v", got)
		}
	}
	if got := f.list(t); len(got) != 1 || got["order-2026-0007.xml"] != int64(len(m.File)) {
		t.Errorf("in the folder: %v", got)
	}
	other := m
	other.File = append(bytes.Clone(m.File), "<!-- more -->"...)
	for name, m := range map[string]reorder.Mail{"another server": f.mail(t, "ward", "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"),
		"another account": f.mail(t, "nobody", f.key), "another file of that name": other} {
		if got := tries(t, sender, m, 3, nil); !slices.Equal(got, []reorder.MailStatus{reorder.MailFailed}) {
			t.Errorf("%s: %v", name, got)
		}
	}
	slow := openFolder(t, true)
	if got := tries(t, sender, slow.mail(t, "ward", slow.key), 2, slow.hangs); !slices.Equal(got, []reorder.MailStatus{reorder.MailWaiting, reorder.MailWaiting}) {
		t.Errorf("a server that hangs: %v", got)
	}
}

// lay puts a file into the folder, as the supplier does.
func (f *folder) lay(t *testing.T, name, text string) {
	t.Helper()
	request := sftp.NewRequest("Put", "/"+name)
	request.Flags = 0x1 | 0x2 | 0x8 | 0x10 // read, write, create, truncate
	w, err := f.files.FilePut.Filewrite(request)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteAt([]byte(text), 0); err != nil {
		t.Fatal(err)
	}
}

// Answers are fetched from a supplier's folder: what is taken goes, what is refused is
// set aside, what may still be written stays, and a fault of ours leaves all as it is.
func TestAnswersAreFetchedFromAFolder(t *testing.T) {
	f := openFolder(t, false)
	f.lay(t, "a.xml", "good")
	f.lay(t, "b.XML", "bad")
	f.lay(t, "order.txt", "ours")
	s := inventory.Supplier{ID: "medi", Channel: inventory.Channel{URL: "sftp://ward@" + f.address + "/in", HostKey: f.key, Answers: "/"}}
	from := supplier.Folder{Secrets: map[string]string{"medi": "s<cret"}}
	down := errors.New("the disk is full")
	fetch := func(at time.Time, answers map[string]error) (int, error) {
		return from.Fetch(t.Context(), s, at, func(_ string, file []byte) error { return answers[string(file)] })
	}
	now := time.Now()
	if n, err := fetch(now.Add(time.Second), nil); n != 0 || err != nil {
		t.Errorf("files that may still be written: %d %v", n, err)
	}
	later := now.Add(time.Minute)
	if _, err := fetch(later, map[string]error{"good": down}); !errors.Is(err, down) || len(f.list(t)) != 3 {
		t.Errorf("a fault of ours: %v, %v", err, f.list(t))
	}
	if n, err := fetch(later, map[string]error{"bad": hospital.Refuse(hospital.ErrInvalid, "It is no XML.")}); n != 2 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	if got := f.list(t); len(got) != 2 || got["b.XML.refused"] == 0 || got["order.txt"] == 0 {
		t.Errorf("in the folder: %v", got)
	}
	if n, err := fetch(later, nil); n != 0 || err != nil {
		t.Errorf("what was set aside comes again: %d %v", n, err)
	}
}
