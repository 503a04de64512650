package main

import (
	"bufio"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/audit"
)

// An outsider keeps a checkpoint and the public key. Whoever can write to the
// database, and even makes the chain good again, is found out.
func TestACheckpointKeptOutsideFindsATrailThatWasWrittenAnew(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	if err := h.checkpoint(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	text, public, err := h.parts.People.Trail.Checkpoint(t.Context(), atTheConsole)
	if err != nil || !strings.HasPrefix(text, "wardwatch/") {
		t.Fatalf("%q %v", text, err)
	}
	folder := t.TempDir()
	kept, other := filepath.Join(folder, "checkpoint"), filepath.Join(folder, "other.db")
	if err := os.WriteFile(kept, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := commandLine(t, nil, "key", "audit", "--db="+h.config.DB); code != exitDone || strings.TrimSpace(out) != public {
		t.Errorf("key audit: %s%s", out, errs)
	}
	check := func(database, key string) (int, string) {
		code, out, errs := commandLine(t, nil, "verify", "--db=sqlite:"+strings.TrimPrefix(database, "sqlite:"), "--checkpoint="+kept, "--public-key="+key)
		return code, out + errs
	}
	if code, said := check(h.config.DB, public); code != exitDone || !strings.Contains(said, "1 signed") {
		t.Errorf("as it is: %d %s", code, said)
	}
	_, stranger, err := audit.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	if code, said := check(h.config.DB, stranger); code != exitFault || !strings.Contains(said, "not a checkpoint signed with this key") {
		t.Errorf("another's key: %d %s", code, said)
	}
	if err := importAnew(other); err != nil { // a trail that is whole in itself, but another
		t.Fatal(err)
	}
	d, err := db.Open(t.Context(), other, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := d.InTx(t.Context(), func(tx *db.Tx) error {
			return tx.Record(t.Context(), hospital.Deed{By: hospital.Job("test"), What: "test", On: "x"})
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if code, said := check(other, public); code != exitFault || !strings.Contains(said, "the trail was") {
		t.Errorf("written anew: %d %s", code, said)
	}
	if code, _ := check("nowhere.db", ""); code != exitUsage {
		t.Errorf("without a key: %d", code)
	}
}

func TestTheTrailReachesTheLogServer(t *testing.T) {
	t.Parallel()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	folder := t.TempDir()
	c := config{HTTP: "127.0.0.1:0", MQTT: "127.0.0.1:0", DB: "sqlite:" + filepath.Join(folder, "w.db"), Syslog: "tcp://" + server.Addr().String()}
	importSmallHospital(t, c.DB)
	startHouse(t, c)
	conn, err := server.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	first, err := bufio.NewReader(conn).ReadString(']')
	if err != nil || !strings.Contains(first, `[wardwatch@32473 seq="1"`) {
		t.Errorf("%q %v", first, err)
	}
}

func TestTheTrailsChangesAreToldInWords(t *testing.T) {
	line := audit.Line{Before: `{"lead_days":3,"roles":["nurse"],"levels":[{"place":"a","minimum":1}],"same":1,"gone":null}`,
		After: `{"lead_days":5,"roles":["nurse","auditor"],"levels":[{"place":"a","minimum":2}],"same":1,"new":true}`}
	var said []string
	for _, c := range line.Changes() {
		said = append(said, c.What+": "+c.Before+" → "+c.After)
	}
	want := "lead days: 3 → 5|levels, 1, minimum: 1 → 2|new:  → yes|roles: nurse → nurse, auditor"
	if got := strings.Join(said, "|"); got != want {
		t.Errorf("got %s", got)
	}
	if odd := (audit.Line{After: "no json <script>"}).Changes(); len(odd) != 1 || odd[0].After != "no json <script>" {
		t.Errorf("odd: %v", odd)
	}
}
