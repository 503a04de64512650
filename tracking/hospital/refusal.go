package hospital

import "errors"

// Refusal is an error with a sentence that may be shown to the person who asked:
// it says what to do and holds nothing internal.
type Refusal struct {
	// Kind is the sentinel that decides what the caller does: ErrInvalid, ErrStale…
	Kind error
	// Sentence is plain text, with a capital and a full stop.
	Sentence string
}

// Refuse is a Refusal as an error.
func Refuse(kind error, sentence string) error { return &Refusal{Kind: kind, Sentence: sentence} }

// Error is the kind and the sentence.
func (r *Refusal) Error() string { return r.Kind.Error() + ": " + r.Sentence }

// Unwrap is the kind.
func (r *Refusal) Unwrap() error { return r.Kind }

// Sentence is what a person may read of err; empty when err carries nothing for people.
func Sentence(err error) string {
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		return refusal.Sentence
	}
	return ""
}
