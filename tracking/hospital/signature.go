package hospital

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// ErrClock: the server's clock went backwards. Nothing is signed until it is set right.
var ErrClock = errors.New("the clock went backwards")

// Meaning is what a signature says of its record: 21 CFR 11.50(a)(3).
type Meaning string

// The meanings that a signature can have.
const (
	Decided    Meaning = "decided"    // responsible for a disposition
	Released   Meaning = "released"   // given free for use
	Discarded  Meaning = "discarded"  // taken out of use for good
	Reviewed   Meaning = "reviewed"   // a second person looked at it and agrees
	Approved   Meaning = "approved"   // may be carried out
	Calibrated Meaning = "calibrated" // measured against a standard
	Performed  Meaning = "performed"  // did the work that the record tells of
)

// Meanings lists every meaning.
func Meanings() []Meaning {
	return []Meaning{Decided, Released, Discarded, Reviewed, Approved, Calibrated, Performed}
}

// Proof shows that a person has just said again who she is. It is made by
// account.Porter.Confirm, is good for one signature within two minutes, and prints as stars.
type Proof string

func (Proof) String() string       { return "***" }
func (Proof) GoString() string     { return "***" }
func (Proof) LogValue() slog.Value { return slog.StringValue("***") }

// Hash is what is stored of a proof.
func (p Proof) Hash() [sha256.Size]byte { return sha256.Sum256([]byte(p)) }

// Content is the SHA-256 of a record as it was signed: 21 CFR 11.70.
type Content [sha256.Size]byte

// ContentOf is the content of a record: give it a struct of all that the signature
// is to be bound to, and nothing that changes by itself. Fields count in their order.
func ContentOf(record any) (Content, error) {
	text, err := json.Marshal(record)
	if err != nil {
		return Content{}, fmt.Errorf("content of a record: %w", err)
	}
	return sha256.Sum256(text), nil
}

// Signing is what a person is about to sign. A store's Tx.Sign keeps it, in the
// transaction of the deed that it is for:
//
//	Sign(ctx context.Context, by hospital.Actor, s hospital.Signing) (hospital.Signature, error)
type Signing struct {
	// Subject names the record as the audit trail does: "excursion/e-17", "order/2026-0007".
	Subject string
	Meaning Meaning
	Content Content
	Proof   Proof
	// Why is the reason that the person gave; may be empty.
	Why string
}

// Signature is a person's signature of a record as it stood. It is never changed
// or deleted; what voids it is that its record is another now.
type Signature struct {
	// Seq numbers the hospital's signatures without a gap, whatever the clock does.
	Seq     int64
	ID      string // "sig-…"
	Subject string
	Meaning Meaning
	Person  PersonID
	// Name is the signer's printed name when she signed.
	Name string
	At   time.Time // UTC
	// Local is the same instant by the site's clock then, RFC 3339 with its offset; Zone names the clock.
	Local, Zone string
	Content     Content
	Why         string
}

// Stands says whether the record is still what was signed.
func (s Signature) Stands(now Content) bool { return s.Content == now }
