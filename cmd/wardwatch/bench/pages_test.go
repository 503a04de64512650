package bench

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// A page is asked for by a crowd, each of whom asks about as often: nobody alone asks for
// more than a person may.
func TestPagesAreAskedForByACrowd(t *testing.T) {
	const people = 20
	var mu sync.Mutex
	asked := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked[r.Header.Get("Cookie")]++
	}))
	defer server.Close()
	header := func(person int) http.Header { return http.Header{"Cookie": {fmt.Sprint("ward=", person%people)}} }
	rate, took, err := ask(t.Context(), server.URL, header, 100*time.Millisecond)
	if err != nil || rate <= 0 || took.n() < people {
		t.Fatalf("%v a second, %d answers, %v", rate, took.n(), err)
	}
	if len(asked) != people {
		t.Errorf("%d of %d people asked", len(asked), people)
	}
	for who, times := range asked {
		if fair := took.n() / people; times < fair || times > fair+1 {
			t.Errorf("%s asked %d times of %d", who, times, took.n())
		}
	}
}
