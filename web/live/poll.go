package live

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// Poll answers GET /live.json?topics=a,b&since=CURSOR for a browser whose network
// refuses websockets: the same payload, rendered for this one request. It is
// dearer than Serve and asked every fifteen seconds only.
func (h *Hub) Poll(w http.ResponseWriter, r *http.Request, audience Audience) error {
	names := splitTopics(r.URL.Query().Get("topics"))
	if err := h.mayHear(audience, names); err != nil {
		return err
	}
	answer, err := h.news(r.Context(), audience, names, r.URL.Query().Get("since"))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		return nil // the browser has gone
	}
	return nil
}

// polled is what Poll answers: a beat and the fragments of every topic that changed.
type polled struct {
	beat
	payload
}

func (h *Hub) news(ctx context.Context, audience Audience, names []string, cursor string) (polled, error) {
	answer := polled{beat: beat{Now: h.options.Now().UnixMilli(), Version: h.options.Version}}
	answer.Cursor = h.Cursor() // before the rendering, as for a page
	for _, name := range h.changedSince(names, cursor) {
		t, err := h.topicFor(audience, name)
		if err != nil {
			return polled{}, err
		}
		fragments, err := h.render(ctx, t)
		if err != nil {
			return polled{}, fmt.Errorf("poll topic %s: %w", name, err)
		}
		answer.Fragments = append(answer.Fragments, fragments...)
	}
	return answer, nil
}

func (h *Hub) changedSince(names []string, cursor string) (changed []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	since, known := h.since(cursor)
	for _, name := range names {
		if !known || h.lastChange(name) > since {
			changed = append(changed, name)
		}
	}
	return changed
}
