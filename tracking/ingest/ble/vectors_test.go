package ble

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"wardwatch/tracking/ingest/internal/beside"
)

// The reference folders lie beside the project and are not part of it.
const (
	samplesFile = "samples/sensors/ble.jsonl"
	vectorsFile = "data/vectors/ble_vectors.jsonl"
)

// TestSamplesDecodeToWhatIsWrittenBesideThem covers the formats that this package claims.
func TestSamplesDecodeToWhatIsWrittenBesideThem(t *testing.T) {
	checked := 0
	eachLine(t, samplesFile, func(line []byte) {
		var sample struct {
			Format, Hex string
			Expected    map[string]any
		}
		if err := json.Unmarshal(line, &sample); err != nil {
			t.Fatal(err)
		}
		if !claimed(sample.Format) {
			return
		}
		checked++
		a, err := Decode(unhex(t, sample.Hex))
		if err != nil {
			t.Errorf("%s: %v", sample.Hex, err)
			return
		}
		got := keys(t, a)
		for key, want := range sample.Expected {
			if !same(got[key], want) {
				t.Errorf("%s %s: %s is %v, want %v", sample.Format, sample.Hex, key, got[key], want)
			}
		}
		for _, key := range []string{"celsius", "humidity_pct", "battery_mv", "battery_pct", "fault"} {
			if _, wanted := sample.Expected[key]; !wanted && got[key] != nil {
				t.Errorf("%s %s: %s is %v, want none", sample.Format, sample.Hex, key, got[key])
			}
		}
	})
	t.Logf("%d samples checked", checked)
}

func claimed(format string) bool {
	for _, known := range []string{"ibeacon", "altbeacon", "eddystone", "ruuvi", "bthome-2", "pvvx", "atc1441", "minew", "govee", "inkbird", "sensorpush", "blue-maestro"} {
		if strings.HasPrefix(format, known) && format != "bthome-2-encrypted" {
			return true
		}
	}
	return false
}

// TestOtherProjectsVectorsAgree compares with what other open decoders expect of the same bytes.
func TestOtherProjectsVectorsAgree(t *testing.T) {
	checked := 0
	eachLine(t, vectorsFile, func(line []byte) {
		var v struct {
			ID, Format, Encoding, Hex string
			Company                   string `json:"company_id"`
			UUID                      string `json:"service_uuid"`
			Reject                    bool   `json:"expect_reject"`
			BindKey                   string
			Expected                  map[string]any
			Derived                   struct{ Adv string }
		}
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		payload := ""
		switch {
		case v.Encoding == "service_data" && v.UUID != "":
			payload = fmt.Sprintf("%02x16%s%s%s", 3+len(v.Hex)/2, v.UUID[2:], v.UUID[:2], v.Hex)
		case strings.HasPrefix(v.Encoding, "manufacturer") || v.Encoding == "ruuvi_payload":
			payload = fmt.Sprintf("%02xff%s%s%s", 3+len(v.Hex)/2, v.Company[2:], v.Company[:2], v.Hex)
		case v.Encoding == "hci_event":
			payload = v.Derived.Adv
		default:
			return
		}
		if v.BindKey != "" || v.Reject || !claimedVector(v.Format, v.Expected) {
			return
		}
		a, err := Decode(unhex(t, payload))
		if err != nil {
			t.Errorf("%s %s: %v", v.ID, payload, err)
			return
		}
		got := keys(t, a)
		for theirs, ours := range map[string]string{"temperature": "celsius", "temperature_celsius": "celsius",
			"humidity": "humidity_pct", "relativeHumidity": "humidity_pct", "humidity_percentage": "humidity_pct",
			"battery": "battery_pct", "batteryPercentage": "battery_pct"} {
			if theirs == "battery" && strings.HasPrefix(v.Format, "ruuvi") {
				continue // theirs is in millivolts
			}
			want, ok := number(v.Expected[theirs])
			if !ok {
				if sensors, has := v.Expected["sensors"].(map[string]any); has {
					want, ok = number(sensors[theirs])
				}
			}
			if !ok {
				continue
			}
			checked++
			if have, is := number(got[ours]); !is || math.Abs(have-want) > 0.0051 {
				t.Errorf("%s %s %s: %s is %v, want %v", v.ID, v.Format, v.Hex, ours, got[ours], want)
			}
		}
	})
	t.Logf("%d values checked", checked)
}

// claimedVector says whether a vector is of a format that this package reads.
func claimedVector(format string, expected map[string]any) bool {
	switch format {
	case "ruuvi_dfc5", "ruuvi_df4":
		return false
	case "ble_monitor/govee":
		return expected["type"] == "H5179" || expected["type"] == "H5051"
	case "ble_monitor/inkbird":
		return strings.HasPrefix(fmt.Sprint(expected["type"]), "IBS-TH")
	case "ble_monitor/sensorpush":
		return true
	case "ble_monitor/bluemaestro":
		return expected["type"] == "Tempo Disc THD"
	}
	return strings.HasPrefix(format, "bthome_v2") || strings.HasPrefix(format, "ruuvi_df")
}

// keys flattens an advert to the keys of the command's output.
func keys(t testing.TB, a Advert) map[string]any {
	t.Helper()
	b, err := json.Marshal(a.Sensor)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	for _, tag := range a.Tags {
		tags, _ := out["tags"].([]any)
		out["tags"] = append(tags, tag)
	}
	return out
}

func same(got, want any) bool {
	if a, ok := number(got); ok {
		b, ok := number(want)
		return ok && math.Abs(a-b) < 1e-6
	}
	return fmt.Sprint(got) == fmt.Sprint(want)
}

func number(v any) (float64, bool) {
	f, ok := v.(float64)
	return f, ok
}

func eachLine(t *testing.T, name string, use func([]byte)) {
	t.Helper()
	lines := bufio.NewScanner(bytes.NewReader(beside.File(t, name)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		use(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}
