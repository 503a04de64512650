package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

func commandLine(t *testing.T, environ []string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(process{ctx: t.Context(), stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr}, args, environ)
	return code, stdout.String(), stderr.String()
}

func TestExitCodes(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		args    []string
		code    int
		says    string
	}{
		"version":            {nil, []string{"version"}, exitDone, ""},
		"help":               {nil, []string{"--help"}, exitDone, ""},
		"nothing said":       {nil, nil, exitDone, ""},
		"no such command":    {nil, []string{"srve"}, exitUsage, "srve"},
		"no such flag":       {nil, []string{"serve", "--htp", "x"}, exitUsage, "--htp"},
		"misspelt setting":   {[]string{"WARDWATCH_HTPP=:80"}, []string{"version"}, exitUsage, "WARDWATCH_HTPP"},
		"known settings":     {[]string{"WARDWATCH_HTTP=:80", "WARDWATCH_SMTP_PASSWORD=x", "WARDWATCH_PUBLIC_URL=http://x"}, []string{"version"}, exitDone, ""},
		"database elsewhere": {nil, []string{"serve", "--db", "postgres://u:hunter2@h/d"}, exitFault, "sqlite:PATH"},
		"address can't be":   {nil, []string{"serve", "--db", t.TempDir() + "/w.db", "--http", "300.0.0.1:1"}, exitFault, "--http"},
		"log level can't be": {nil, []string{"serve", "--log-level", "loud"}, exitUsage, "log-level"},
	} {
		code, _, errs := commandLine(t, c.environ, c.args...)
		if code != c.code || !strings.Contains(errs, c.says) || strings.Contains(errs, "hunter2") {
			t.Errorf("%s: exit %d, said %q", name, code, errs)
		}
	}
}

func TestSecretsPrintAsStars(t *testing.T) {
	c := config{SMTPPassword: "hunter2"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, c); strings.Contains(got, "hunter2") {
			t.Errorf("%s shows %s", format, got)
		}
	}
	if c.SMTPPassword.reveal() != "hunter2" {
		t.Error("the secret was lost")
	}
}

// Berlin's clock jumps from 02:00 to 03:00 on 29 March 2026 and falls back from
// 03:00 to 02:00 on 25 October: a job due at 2 still runs once a day.
func TestADailyJobRunsOnceADayThroughClockChanges(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, day := range []string{"2026-03-28", "2026-10-24"} {
		start, _ := time.ParseInLocation(time.DateOnly, day, berlin)
		last, runs := "", map[string]int{}
		for at := start; at.Before(start.Add(73 * time.Hour)); at = at.Add(5 * time.Minute) {
			if date, due := dueOn(at.UTC().In(berlin), 2, last); due {
				last = date
				runs[date]++
			}
		}
		if len(runs) != 3 {
			t.Errorf("from %s on the job ran for %v", day, runs)
		}
		for date, n := range runs {
			if n != 1 {
				t.Errorf("the job ran %d times for %s", n, date)
			}
		}
	}
}
