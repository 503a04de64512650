package hospital

import (
	"context"
	"errors"
	"testing"
)

func TestWhoAwaitsAChangeSeesIt(t *testing.T) {
	r := NewRegister(nil)
	ready := make(chan struct{})
	go func() {
		close(ready)
		r.Replace(NewDirectory(Site{ID: "other"}, nil, nil, nil, nil, nil))
		r.Replace(NewDirectory(Site{ID: "wanted"}, nil, nil, nil, nil, nil))
	}()
	<-ready
	if err := r.Await(t.Context(), func(d *Directory) bool { return d.Site.ID == "wanted" }); err != nil || r.Current().Site.ID != "wanted" {
		t.Errorf("%v, %s", err, r.Current().Site.ID)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Await(over, func(*Directory) bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("an end of waiting gave %v", err)
	}
}
