package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// patience is how long anything may take that should come at once.
const patience = 30 * time.Second

// server is a process that is measured: the program itself, or the bare one beside it.
type server struct {
	process *exec.Cmd
	// Ready is how long it took from being started to saying so.
	ready time.Duration
	http  string // http://127.0.0.1:PORT
	mqtt  string // 127.0.0.1:PORT; empty for the bare one
	log   *tail
	ended chan struct{}
	how   error // how it ended, once it has
}

// tail keeps the end of what a process says.
type tail struct {
	mu   sync.Mutex
	text bytes.Buffer
}

const maxTail = 64 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.text.Len()+len(p) > maxTail {
		t.text.Reset()
	}
	t.text.Write(p)
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// serve starts the program on a database.
func (r *run) serve(ctx context.Context, database string) (*server, error) {
	args := []string{"serve", "--db", "sqlite:" + database, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--log-level", "warn"}
	if r.Profile != "" {
		args = append(args, "--profile", filepath.Join(r.Profile, strings.TrimSuffix(filepath.Base(database), ".db")))
	}
	return start(ctx, r.Program, args...)
}

// bare starts the limits that pages and live updates are held against.
func (r *run) bare(ctx context.Context) (*server, error) {
	return start(ctx, r.Program, "bench", "bare")
}

// start starts a process and waits for its ready line.
func start(ctx context.Context, program string, args ...string) (*server, error) {
	s := &server{process: exec.CommandContext(ctx, program, args...), log: &tail{}, ended: make(chan struct{})}
	s.process.Stderr = s.log
	// What is set for the program that measures is not meant for the one that is measured.
	s.process.Env = slices.DeleteFunc(os.Environ(), func(setting string) bool { return strings.HasPrefix(setting, "WARDWATCH_") })
	out, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	if err := s.process.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	late := time.AfterFunc(10*patience, func() { _ = s.process.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	late.Stop()
	s.ready = time.Since(begun)
	for _, part := range strings.Fields(line) {
		if address, ok := strings.CutPrefix(part, "http="); ok {
			s.http = address
		}
		if address, ok := strings.CutPrefix(part, "mqtt="); ok {
			s.mqtt = address
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, out)
		s.how = s.process.Wait()
		close(s.ended)
	}()
	if err != nil || s.http == "" {
		_ = s.process.Process.Kill()
		<-s.ended
		return nil, fmt.Errorf("the server never was ready: %s", s.log)
	}
	return s, nil
}

// stop ends the process as an operator would, and waits. It may be called twice.
func (s *server) stop() error {
	_ = s.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
		if s.how != nil {
			return fmt.Errorf("the server did not end well: %w: %s", s.how, s.log)
		}
		return nil
	case <-time.After(patience):
		_ = s.process.Process.Kill()
		<-s.ended
		return errors.New("the server did not end when it was told to")
	}
}

// processor is the time that the process has spent on a CPU so far; 0 where the system does not say.
func (s *server) processor() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.Process.Pid))
	if err != nil {
		return 0
	}
	// The second field is the name in brackets; user and system time are the 14th and 15th.
	_, rest, _ := bytes.Cut(text, []byte(") "))
	fields := strings.Fields(string(rest))
	if len(fields) < 13 {
		return 0
	}
	var ticks int64
	for _, field := range fields[11:13] {
		n, _ := strconv.ParseInt(field, 10, 64)
		ticks += n
	}
	return time.Duration(ticks) * tick
}

// tick is the unit of time under /proc: USER_HZ is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// stolenTime is what the host of a virtual machine has given to others of its cores' time since
// it started, the cores summed up; 0 where the system does not say. Server and load stand still
// alike meanwhile.
func stolenTime() time.Duration {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	return stolenIn(string(text))
}

// stolenIn reads the first line of /proc/stat, see proc_stat(5): the name, then user, nice,
// system, idle, iowait, irq and softirq time before that which was stolen.
func stolenIn(text string) time.Duration {
	line, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0
	}
	ticks, err := strconv.ParseInt(fields[8], 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(ticks) * tick
}

// resident is the memory that the process holds, in MiB; 0 where the system does not say.
func (s *server) resident() float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	var kilobytes float64
	_, _ = fmt.Sscan(rest, &kilobytes)
	return kilobytes / 1024
}

// meter is a figure that /metrics shows, all its labels summed up.
func (s *server) meter(ctx context.Context, name string) (float64, error) {
	values, err := s.meters(ctx, name)
	if err != nil {
		return 0, err
	}
	return values[0], nil
}

// meters are figures that /metrics shows at one moment, the labels of each summed up.
// A line that the server had just given up is dialled again.
func (s *server) meters(ctx context.Context, names ...string) (sums []float64, err error) {
	for range 3 {
		if sums, err = s.readMeters(ctx, names...); !errors.Is(err, io.EOF) {
			break
		}
	}
	return sums, err
}

func (s *server) readMeters(ctx context.Context, names ...string) ([]float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.http+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("/metrics answers %s", answer.Status)
	}
	sums, lines := make([]float64, len(names)), bufio.NewScanner(answer.Body)
	for lines.Scan() {
		for i, name := range names {
			rest, ok := strings.CutPrefix(lines.Text(), name)
			if !ok || !strings.HasPrefix(rest, " ") && !strings.HasPrefix(rest, "{") {
				continue
			}
			value, err := strconv.ParseFloat(rest[strings.LastIndex(rest, " ")+1:], 64)
			if err != nil {
				return nil, err
			}
			sums[i] += value
		}
	}
	return sums, lines.Err()
}
