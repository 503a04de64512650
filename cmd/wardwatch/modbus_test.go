package main

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"wardwatch/tracking/coldchain"
)

// A probe on the network is asked, below zero, and what it says is in the record; its
// record says that it came by Modbus.
func TestAModbusProbeIsAskedAndRecorded(t *testing.T) {
	t.Parallel()
	dsn := "sqlite:" + t.TempDir() + "/ward.db"
	seen := make(chan struct{}, 1)
	h, err := build(t.Context(), config{HTTP: "127.0.0.1:0", MQTT: "127.0.0.1:0", DB: dsn, Modbus: map[string]string{"rack-3": modbusAnswers(t)}}, newLog(io.Discard, 0), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	knows(t, h, coldchain.SensorKey{Sensor: "rack-3", Channel: coldchain.Probe})
	h.listeners = append(h.listeners, func(topics []string) {
		select {
		case seen <- struct{}{}:
		default:
		}
	})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := h.run(ctx, io.Discard); err != nil {
			t.Error(err)
		}
	})
	defer func() { stop(); running.Wait() }()
	deadline := time.After(patience)
	for len(stored(t, h, "rack-3", "probe")) == 0 {
		select {
		case <-seen:
		case <-time.After(50 * time.Millisecond): // a stream in no fridge announces nothing
		case <-deadline:
			t.Fatal("nothing came")
		}
	}
	if got := stored(t, h, "rack-3", "probe"); got[0] != -500 {
		t.Errorf("stored %v", got)
	}
	var source string
	if err := h.db.QueryRow(t.Context(), `SELECT o.source FROM readings r JOIN reading_origins o ON o.id = r.origin LIMIT 1`).Scan(&source); err != nil || source != "modbus" {
		t.Errorf("it came by %q, %v", source, err)
	}
}

func TestAWrongModbusSettingIsToldAtTheStart(t *testing.T) {
	_, err := build(t.Context(), config{HTTP: "127.0.0.1:0", MQTT: "127.0.0.1:0", DB: "sqlite:" + t.TempDir() + "/ward.db", Modbus: map[string]string{"rack-3": "?"}}, newLog(io.Discard, 0), time.Now)
	if err == nil || !strings.Contains(err.Error(), "rack-3") {
		t.Errorf("%v", err)
	}
}

func TestDecodeShowsAModbusProbesAnswer(t *testing.T) {
	var out strings.Builder
	code := run(process{ctx: t.Context(), stdin: strings.NewReader("010404fffb01f4ba76\n0184630329\n0104048000 01f4 ffff\n"), stdout: &out, stderr: io.Discard}, []string{"decode", "modbus"}, nil)
	if code != exitFault || !strings.HasPrefix(out.String(), `{"celsius":-0.5,"humidity_pct":50}`+"\n"+`{"error":"the probe refuses: exception 99"}`) {
		t.Errorf("%d\n%s", code, out.String())
	}
}
