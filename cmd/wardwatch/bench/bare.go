package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/labstack/echo/v4"
)

// maxStatic is the longest page that the bare server repeats.
const maxStatic = 8 << 20

// Bare is the limit in a process of its own: a router that answers every page with
// bytes that it was given, and a socket server that repeats to all what it is told.
// It says that it is ready on stdout and lives until ctx ends.
//
//	PUT  /static      keeps a page       GET /static   answers it
//	GET  /live        a websocket        POST /live    tells all of them
func Bare(ctx context.Context, stdout io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	b := &bare{sockets: map[*websocket.Conn]bool{}}
	router := echo.New()
	router.HideBanner, router.HidePort = true, true
	router.PUT("/static", b.keep)
	router.GET("/static", b.static)
	router.GET("/live", b.listen)
	router.POST("/live", b.tell)
	web := &http.Server{Handler: router, ReadHeaderTimeout: patience}
	context.AfterFunc(ctx, func() { _ = web.Close() })
	if _, err := fmt.Fprintf(stdout, "ready http=http://%s\n", listener.Addr()); err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type bare struct {
	page    []byte
	mu      sync.Mutex
	sockets map[*websocket.Conn]bool
}

func (b *bare) keep(c echo.Context) (err error) {
	if b.page, err = io.ReadAll(io.LimitReader(c.Request().Body, maxStatic)); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (b *bare) static(c echo.Context) error {
	return c.Blob(http.StatusOK, echo.MIMETextHTMLCharsetUTF8, b.page)
}

func (b *bare) listen(c echo.Context) error {
	upgrader := websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024, CheckOrigin: func(*http.Request) bool { return true }}
	socket, err := upgrader.Upgrade(c.Response(), c.Request(), nil)
	if err != nil {
		return nil
	}
	b.mu.Lock()
	b.sockets[socket] = true
	b.mu.Unlock()
	for {
		if _, _, err := socket.NextReader(); err != nil {
			b.mu.Lock()
			delete(b.sockets, socket)
			b.mu.Unlock()
			return socket.Close()
		}
	}
}

// tell repeats a message to every socket, one after the other.
func (b *bare) tell(c echo.Context) error {
	text, err := io.ReadAll(io.LimitReader(c.Request().Body, maxStatic))
	if err != nil {
		return err
	}
	message, err := websocket.NewPreparedMessage(websocket.TextMessage, text)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for socket := range b.sockets {
		_ = socket.WritePreparedMessage(message)
	}
	return c.NoContent(http.StatusNoContent)
}

// broadcastBare is how long a message of so many bytes takes, from being posted to
// being read on every one of so many sockets of the bare server.
func (r *run) broadcastBare(ctx context.Context, sockets, size int, perSecond float64) (*latencies, error) {
	s, err := r.bare(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.stop() }()
	took := &latencies{}
	crowd, err := gather(ctx, sockets, func(int) (string, http.Header) { return s.http + "/live", nil }, func(_ int, message []byte) {
		digits, _, _ := strings.Cut(string(message[:min(len(message), 32)]), " ")
		if at, err := strconv.ParseInt(digits, 10, 64); err == nil {
			took.add(time.Duration(time.Now().UnixNano() - at))
		}
	})
	if err != nil {
		return nil, err
	}
	defer crowd.leave()
	begun := time.Now()
	for n := 0; time.Since(begun) < r.For; n++ {
		if wait := time.Until(begun.Add(time.Duration(float64(n) / perSecond * float64(time.Second)))); wait > 0 {
			time.Sleep(wait)
		}
		text := strconv.FormatInt(time.Now().UnixNano(), 10) + " "
		text += strings.Repeat("x", max(size-len(text), 0))
		answer, err := http.Post(s.http+"/live", "text/plain", strings.NewReader(text))
		if err != nil {
			return nil, err
		}
		_ = answer.Body.Close()
	}
	return took, ctx.Err()
}
