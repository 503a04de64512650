package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestAccountsFromTheCommandLine(t *testing.T) {
	t.Parallel()
	database := "--db=sqlite:" + filepath.Join(t.TempDir(), "w.db")
	for _, step := range []struct {
		args []string
		code int
		says string // a pattern that standard output, or for a failure standard error, must match
	}{
		{[]string{"user", "add", "nora@linden.example", "--name=Nora Ode", "--role=nurse", "--role=auditor", "--public-url=https://ward.example/"}, exitDone, `^nora\thttps://ward\.example/setup/[A-Za-z0-9_-]{43}\n$`},
		{[]string{"user", "add", "nora@linden.example", "--name=Eve", "--role=nurse"}, exitFault, `belongs to nora already`},
		{[]string{"user", "add", "eve@linden.example", "--name=Eve", "--role=surgeon"}, exitFault, `There is no role "surgeon"\.`},
		{[]string{"user", "add", "eve@linden.example"}, exitUsage, `--name`},
		{[]string{"user", "list"}, exitDone, `nora +Nora Ode +nora@linden\.example +auditor,nurse +active`},
		{[]string{"user", "disable", "nora"}, exitDone, `^$`},
		{[]string{"user", "list"}, exitDone, `disabled \d{4}-`},
		{[]string{"user", "link", "nora"}, exitFault, `Enable it first`},
		{[]string{"user", "enable", "nora"}, exitDone, `^$`},
		{[]string{"user", "link", "nora"}, exitDone, `^http://127\.0\.0\.1:8080/setup/`},
		{[]string{"user", "disable", "nobody"}, exitFault, `there is no account "nobody"; wardwatch user list`},
	} {
		code, out, errs := commandLine(t, nil, append(step.args, database)...)
		said := out
		if step.code != exitDone {
			said = errs
		}
		if code != step.code || !regexp.MustCompile(step.says).MatchString(said) {
			t.Errorf("%q: exit %d, %s%s", step.args, code, out, errs)
		}
	}
}

func TestTokensFromTheCommandLine(t *testing.T) {
	t.Parallel()
	database := "--db=sqlite:" + filepath.Join(t.TempDir(), "w.db")
	code, out, errs := commandLine(t, nil, "token", "add", "Pharmacy ceiling", "--gateway=gw-01", database)
	id, secret, _ := strings.Cut(strings.TrimSpace(out), "\t")
	if code != exitDone || !strings.HasPrefix(secret, "ww_") {
		t.Fatalf("exit %d, %s%s", code, out, errs)
	}
	if _, out, _ := commandLine(t, nil, "token", "list", database); !regexp.MustCompile(id+` +Pharmacy ceiling +gw-01 +never used +good`).MatchString(out) || strings.Contains(out, secret) {
		t.Errorf("listed as %s", out)
	}
	if code, _, errs := commandLine(t, nil, "token", "revoke", id, database); code != exitDone {
		t.Error(errs)
	}
	if _, out, _ := commandLine(t, nil, "token", "list", database); !strings.Contains(out, "revoked 20") {
		t.Errorf("listed as %s", out)
	}
	if code, _, errs := commandLine(t, nil, "token", "revoke", "t-none", database); code != exitFault || !strings.Contains(errs, "wardwatch token list") {
		t.Errorf("exit %d, %s", code, errs)
	}
}
