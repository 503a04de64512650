package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// tamper has the kernel answer some of a server's system calls otherwise until it is
// called off. The test is skipped where nothing can look into a process.
func tamper(t *testing.T, s *server, rules ...string) (callOff func()) {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("a disk can't be made slow or read-only here: that takes strace")
	}
	process := s.process.Process.Pid
	tracer := exec.Command(strace, append([]string{"-f", "-qq", "-o", os.DevNull, "-p", strconv.Itoa(process)}, rules...)...)
	if err := tracer.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = tracer.Wait(); close(ended) }()
	callOff = func() {
		_ = tracer.Process.Signal(syscall.SIGTERM)
		<-ended
	}
	t.Cleanup(callOff)
	for !traced(process) {
		select {
		case <-ended:
			t.Skip("a disk can't be made slow or read-only here: no process may be looked into")
		case <-time.After(10 * time.Millisecond): // nothing tells when the kernel has let it in
		}
	}
	return callOff
}

// traced says whether every thread of a process is looked into.
func traced(process int) bool {
	threads, _ := filepath.Glob("/proc/" + strconv.Itoa(process) + "/task/*/status")
	for _, thread := range threads {
		status, err := os.ReadFile(thread)
		if err == nil && strings.Contains(string(status), "TracerPid:\t0\n") {
			return false
		}
	}
	return len(threads) > 0
}

// sender posts a reading after the other and remembers which were acknowledged.
type sender struct {
	t     *testing.T
	s     *server
	token string
	at    int64
	kept  []int64
}

// send says what the next reading was answered, 0 for nothing.
func (f *sender) send() int {
	f.at += 1000
	answer, err := postBody(f.s, f.token, bodyOf(f.t, oneProbe(f.at)))
	if err != nil {
		return 0
	}
	if answer.status == http.StatusOK && answer.Accepted == 1 {
		f.kept = append(f.kept, f.at)
	}
	return answer.status
}

// untilTaken sends until the server takes readings again.
func (f *sender) untilTaken() {
	f.t.Helper()
	for begun := time.Now(); f.send() != http.StatusOK; {
		if time.Since(begun) > patience {
			f.t.Fatalf("nothing is taken any more: %s", f.s.said)
		}
		time.Sleep(100 * time.Millisecond) // as a gateway does
	}
}

// A disk that takes a tenth of a second for each write to be safe: everything is slower,
// nothing is acknowledged before it is safe, pages are still answered.
func TestASlowDiskIsWaitedFor(t *testing.T) {
	t.Parallel()
	s, token, path, start, k := faulty(t)
	f := &sender{t: t, s: s, token: token, at: start}
	callOff := tamper(t, s, "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:delay_enter=100000")
	s.pager.answer()
	writes := 10
	if long() {
		writes = 300
	}
	for range writes {
		f.untilTaken() // who has to wait too long is told to come again, and does
		if answer, err := http.Get(s.http + "/healthz"); err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("beside a slow disk nobody is at home: %v: %s", err, s.said)
		} else {
			_ = answer.Body.Close()
		}
	}
	k.until(&k.answered, 2)
	callOff()
	f.untilTaken()
	afterwards(t, s, token, path, f.kept, k)
}

// A disk turns read-only under the running server, as a file system does that found
// itself damaged: readings are refused so that gateways keep them, the server says what
// is wrong, and goes on by itself once the disk can be written again.
func TestADiskThatTurnsReadOnly(t *testing.T) {
	t.Parallel()
	s, token, path, start, k := faulty(t)
	f := &sender{t: t, s: s, token: token, at: start}
	f.untilTaken()
	callOff := tamper(t, s, "-P", path, "-P", path+"-wal", "-e", "trace=write,pwrite64,ftruncate,fsync,fdatasync", "-e", "inject=write,pwrite64,ftruncate,fsync,fdatasync:error=EROFS")
	for range 3 {
		if status := f.send(); status != http.StatusTooManyRequests {
			t.Errorf("on a read-only disk a reading is answered %d, not that it must be kept and sent again", status)
		}
	}
	s.pager.answer()
	k.until(&k.tried, 1) // the one before may have been booked in time
	booked := k.answered.Load()
	k.until(&k.tried, 3)
	if k.answered.Load() != booked {
		t.Error("on a read-only disk a change of stock is answered as if it were booked")
	}
	answer, err := http.Get(s.http + "/readyz")
	if err != nil {
		t.Fatalf("nobody is at home: %v: %s", err, s.said)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("on a read-only disk /readyz answers %s", answer.Status)
	}
	callOff()
	f.untilTaken()
	afterwards(t, s, token, path, f.kept, k)
}
