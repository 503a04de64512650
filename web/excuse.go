package web

import (
	"encoding/json"
	"io"
	"net/http"

	"wardwatch/tracking/hospital/upkeep"
)

// excuseAgain is how soon a sender may try again, in seconds.
const excuseAgain = "10"

// Excuse answers every request with why nothing works: the house could not be opened.
// It needs no database. Nothing is taken in, so that senders keep what they have.
func Excuse(trouble upkeep.Trouble) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		if r.URL.Path == "/healthz" {
			_, _ = io.WriteString(w, "alive\n")
			return
		}
		h.Set("Retry-After", excuseAgain)
		h.Set("Content-Type", "text/plain; charset=utf-8")
		answer := "Wardwatch can't open its database. " + trouble.Sentence() + "\n"
		if r.URL.Path == "/readyz" {
			parts, _ := json.Marshal(map[string]string{"database": "not ready: " + trouble.Error()}) // two texts always encode
			h.Set("Content-Type", "application/json")
			answer = string(parts) + "\n"
		} else if wantsJSON(r) {
			text, _ := json.Marshal(problem{Type: "about:blank", Title: http.StatusText(http.StatusServiceUnavailable),
				Status: http.StatusServiceUnavailable, Detail: trouble.Sentence()})
			h.Set("Content-Type", "application/problem+json")
			answer = string(text) + "\n"
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, answer)
	})
}
