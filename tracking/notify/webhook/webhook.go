// Package webhook posts notices to an address of the hospital's own: a pager
// gateway, a chat, an SMS bridge.
//
// The body is JSON. The header X-Wardwatch-Signature carries "t=SECONDS,v1=HEX",
// HEX being HMAC-SHA256 of "SECONDS.BODY" under the shared secret. The header
// Idempotency-Key is the same at every try of one notice. A POST of
// {"reason":"on-it"} to the body's answer_url acknowledges the alarm.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"wardwatch/tracking/notify"
)

// maxAnswer is how much of the other side's answer is read.
const maxAnswer = 4096

// Poster posts notices. Redirects are not followed: the address is the one that was set.
type Poster struct {
	// Secret signs the body; empty: unsigned.
	Secret string
	// Client is used for the requests; nil: one of its own.
	Client *http.Client
	Now    func() time.Time
}

type body struct {
	Notice    notify.NoticeID `json:"notice"`
	Step      int             `json:"step"`
	Alarm     notify.AlarmID  `json:"alarm"`
	Kind      notify.Kind     `json:"kind"`
	Severity  string          `json:"severity"`
	Subject   string          `json:"subject"`
	Name      string          `json:"name"`
	Text      string          `json:"text"`
	RaisedAt  time.Time       `json:"raised_at"`
	URL       string          `json:"url,omitempty"`
	AnswerURL string          `json:"answer_url,omitempty"`
	MessageIs string          `json:"message"`
}

// Send posts one message. 2xx means that the other side has taken it; 4xx other
// than 408, 425 and 429 wraps notify.ErrRefused.
func (p Poster) Send(ctx context.Context, m notify.Message) error {
	text, err := json.Marshal(body{Notice: m.ID, Step: m.Step, Alarm: m.Alarm.ID, Kind: m.Alarm.Kind, Severity: m.Alarm.Severity.String(),
		Subject: m.Alarm.Subject, Name: m.Alarm.Name, Text: m.Alarm.Text, RaisedAt: m.Alarm.RaisedAt, URL: m.URL, AnswerURL: m.Answer, MessageIs: m.Subject})
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.To, bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("webhook: %w", errors.Join(notify.ErrRefused, err))
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", "wardwatch-notice-"+strconv.FormatInt(int64(m.ID), 10))
	if p.Secret != "" {
		request.Header.Set("X-Wardwatch-Signature", Sign(p.Secret, p.Now(), text))
	}
	answer, err := p.client().Do(request)
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer) // so that the connection can be used again
	return verdict(answer.StatusCode)
}

func verdict(status int) error {
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusRequestTimeout || status == http.StatusTooEarly || status == http.StatusTooManyRequests:
		return fmt.Errorf("webhook answered %d", status)
	case status >= 300 && status < 500:
		return fmt.Errorf("webhook answered %d: %w", status, notify.ErrRefused)
	}
	return fmt.Errorf("webhook answered %d", status)
}

// Sign is the signature header of a body at a moment.
func Sign(secret string, at time.Time, body []byte) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	sum := hmac.New(sha256.New, []byte(secret))
	sum.Write([]byte(seconds + "."))
	sum.Write(body)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(sum.Sum(nil))
}

func (p Poster) client() *http.Client {
	if p.Client != nil {
		return p.Client
	}
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
