package audit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"wardwatch/tracking/hospital"
)

// ErrCheckpoint says that a text is no checkpoint, or not signed with the key that was given.
var ErrCheckpoint = errors.New("not a checkpoint signed with this key")

// notary is the name that stands in keys and below signatures.
const notary = "wardwatch"

// Checkpoint is the end of the trail at some time. Signed, and kept where the house
// can't reach it, it shows later whether the trail was cut short or written anew, by
// whomever. Its text is a signed note (C2SP signed-note and tlog-checkpoint): the
// origin, the number of lines, the last line's hash and the time, each on a line.
type Checkpoint struct {
	Origin string // "wardwatch/SITE"
	Seq    int64
	Hash   []byte // SHA-256
	At     time.Time
}

// Origin is what a site's checkpoints begin with.
func Origin(site hospital.SiteID) string {
	if site == "" {
		return notary
	}
	return notary + "/" + string(site)
}

func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n%s\n", c.Origin, c.Seq, base64.StdEncoding.EncodeToString(c.Hash), c.At.UTC().Format(time.RFC3339))
}

// Notary signs checkpoints with an Ed25519 key.
type Notary struct {
	signer note.Signer
	public string
}

// NewKey makes a pair of keys, as texts of one line each.
func NewKey() (private, public string, err error) { return note.GenerateKey(rand.Reader, notary) }

// OpenNotary takes the pair that NewKey made, each on a line of its own, the private one first.
func OpenNotary(text string) (*Notary, error) {
	private, public, _ := strings.Cut(strings.TrimSpace(text), "\n")
	signer, err := note.NewSigner(strings.TrimSpace(private))
	if err != nil {
		return nil, fmt.Errorf("the audit trail's key: %w", err)
	}
	if _, err := note.NewVerifier(strings.TrimSpace(public)); err != nil {
		return nil, fmt.Errorf("the audit trail's public key: %w", err)
	}
	return &Notary{signer: signer, public: strings.TrimSpace(public)}, nil
}

// Public is the key that others check with.
func (n *Notary) Public() string { return n.public }

// Sign is the checkpoint's text with the signature below it.
func (n *Notary) Sign(c Checkpoint) (string, error) {
	signed, err := note.Sign(&note.Note{Text: c.text()}, n.signer)
	if err != nil {
		return "", fmt.Errorf("sign a checkpoint: %w", err)
	}
	return string(signed), nil
}

// ReadCheckpoint reads a checkpoint that was signed with the private half of a public
// key; anything else is ErrCheckpoint.
func ReadCheckpoint(text, public string) (Checkpoint, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(public))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: the key can't be read: %w", ErrCheckpoint, err)
	}
	signed, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	return parseCheckpoint(signed.Text)
}

func parseCheckpoint(text string) (c Checkpoint, err error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 4 || lines[0] != notary && !strings.HasPrefix(lines[0], notary+"/") {
		return c, ErrCheckpoint
	}
	c.Origin = lines[0]
	var wrong [3]error
	c.Seq, wrong[0] = strconv.ParseInt(lines[1], 10, 64)
	c.Hash, wrong[1] = base64.StdEncoding.DecodeString(lines[2])
	c.At, wrong[2] = time.Parse(time.RFC3339, lines[3])
	if errors.Join(wrong[:]...) != nil || c.Seq < 1 || len(c.Hash) != sha256.Size {
		return Checkpoint{}, ErrCheckpoint
	}
	return c, nil
}

// Checkpoint is the newest signed checkpoint, for whoever keeps one outside; hospital.ErrUnknown
// while there is none. Public is the key that it is checked with.
func (t Trail) Checkpoint(ctx context.Context, by hospital.Actor) (text, public string, err error) {
	if err := by.Need(hospital.SeeAudit); err != nil {
		return "", "", err
	}
	if t.Notary == nil {
		return "", "", fmt.Errorf("checkpoint: %w", hospital.ErrUnknown)
	}
	text, err = t.Store.Checkpoint(ctx)
	return text, t.Notary.Public(), err
}
