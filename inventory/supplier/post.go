package supplier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
)

// answerMost is how much of a supplier's answer is read.
const answerMost = 64 << 10

// Poster posts orders to suppliers' addresses. Every try of an order carries the
// same Idempotency-Key and the same bytes, so that a supplier who has it already
// can tell, and a try whose answer was lost may be repeated.
type Poster struct {
	Client *http.Client
	// Secrets by supplier: the bearer token, or cXML's shared secret.
	Secrets map[string]string
}

// NewPoster posts with a client that follows no redirects: an order goes where it was agreed, or nowhere.
func NewPoster(secrets map[string]string) Poster {
	return Poster{Secrets: secrets, Client: &http.Client{Timeout: sendTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Send posts one order. ErrRefused says that the supplier will never take it so.
func (p Poster) Send(ctx context.Context, m reorder.Mail) error {
	if err := p.post(ctx, m); err != nil {
		return fmt.Errorf("post order %s to supplier %s: %w", m.Number, m.Supplier, err)
	}
	return nil
}

func (p Poster) post(ctx context.Context, m reorder.Mail) error {
	secret, file := p.Secrets[string(m.Supplier)], m.File
	if m.Channel.Format == inventory.CXML {
		file = withSecret(file, secret)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.Channel.URL, bytes.NewReader(file))
	if err != nil {
		return errors.Join(ErrRefused, err)
	}
	request.Header.Set("Content-Type", "application/xml; charset=utf-8")
	request.Header.Set("Idempotency-Key", m.MessageID)
	request.Header.Set("User-Agent", "Wardwatch")
	if m.Channel.Format == inventory.Peppol && secret != "" {
		request.Header.Set("Authorization", "Bearer "+secret)
	}
	answer, err := p.Client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, answerMost))
	if err != nil {
		return err
	}
	return judged(m, answer.StatusCode, said)
}

// judged is what an answer means: 2xx taken, though cXML says so within; 409 at a
// later try that it was taken before; what the supplier can't take now is tried
// again, and every other answer is a refusal.
func judged(m reorder.Mail, status int, said []byte) error {
	if m.Channel.Format == inventory.CXML && status/100 == 2 {
		code, is := cxmlStatus(said)
		if !is {
			return errors.Join(ErrRefused, errors.New("the answer is no cXML response"))
		}
		status = code
	}
	switch {
	case status/100 == 2:
		return nil
	case status == http.StatusConflict && m.Attempts > 1:
		return nil
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests:
		return fmt.Errorf("answered %d", status)
	}
	return errors.Join(ErrRefused, fmt.Errorf("answered %d", status))
}
