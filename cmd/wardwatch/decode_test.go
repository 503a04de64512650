package main

import (
	"bytes"
	"strings"
	"testing"
)

func decode(t *testing.T, input string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(process{ctx: t.Context(), stdin: strings.NewReader(input), stdout: &stdout, stderr: &stderr}, append([]string{"decode"}, args...), nil)
	return code, stdout.String(), stderr.String()
}

func TestDecodeShowsAdvertsLineByLineAndGoesOnAfterABadOne(t *testing.T) {
	code, out, errs := decode(t, "0201060716d2fc4002ceff\n\nnonsense\n1aff4c000215\n0303aafe1516aafe00f600112233445566778899a1b2c3d4e5f6\n", "ble")
	want := `{"sensor":{"format":"bthome-2","celsius":-0.5}}
{"error":"the line is no hex text"}
{"error":"the advert ends inside a structure: 26 bytes announced, 5 left"}
{"tags":["eddystone:00112233445566778899:a1b2c3d4e5f6"],"sensor":{"format":"eddystone-uid","tx_power_dbm":-10}}
`
	if code != exitFault || out != want || !strings.Contains(errs, "2 of 4 lines") {
		t.Errorf("exit %d, errors %q, out\n%s", code, errs, out)
	}
}

func TestDecodeShowsAGatewaysMessage(t *testing.T) {
	code, out, _ := decode(t, `{"gw_mac":"C0:FF:EE:AA:00:01","rssi":-41,"ts":1777888798,"data":"0716d2fc4002ceff"}`, "gateway", "--topic", "ruuvi/C0:FF:EE:AA:00:01/C0:FF:EE:00:00:01")
	want := `{"format":"ruuvi","gateway":"c0ffeeaa0001","sightings":[{"tag":"c0ffee000001","gateway":"c0ffeeaa0001","rssi_dbm":-41,"at":"2026-05-04T09:59:58Z"}],` +
		`"readings":[{"sensor":"c0ffee000001","channel":"probe","celsius":-0.5,"gateway":"c0ffeeaa0001","at":"2026-05-04T09:59:58Z"}]}` + "\n"
	if code != exitDone || out != want {
		t.Errorf("exit %d\n%s", code, out)
	}
}

func TestDecodeSaysWhatItCanNotRead(t *testing.T) {
	for _, c := range []struct {
		input string
		args  []string
		code  int
		says  string
	}{
		{`{"hello":1}`, []string{"gateway"}, exitFault, "no format"},
		{`{}`, []string{"gateway", "--format", "morse"}, exitUsage, "morse"},
		{"E280", []string{"epc"}, exitFault, "TID"},
		{"(01)x", []string{"gs1"}, exitDone, ""},
	} {
		code, out, errs := decode(t, c.input, c.args...)
		if code != c.code || !strings.Contains(out+errs, c.says) {
			t.Errorf("%v: exit %d, %q %q", c.args, code, out, errs)
		}
	}
}

func TestDecodeShowsNumbersOnTagsAndBoxes(t *testing.T) {
	if code, out, _ := decode(t, "3034257BF7194E4000001A85", "epc"); code != exitDone || !strings.Contains(out, `"gtin":"80614141123458","serial":"6789"`) {
		t.Errorf("exit %d %s", code, out)
	}
	if code, out, _ := decode(t, "]d20109506000134352\x1d10L7\x1d17270131", "gs1"); code != exitDone || !strings.Contains(out, `"gtin":"09506000134352","lot":"L7","expiry":"2027-01-31"`) {
		t.Errorf("exit %d %s", code, out)
	}
}

func TestDecodeShowsAReadersReport(t *testing.T) {
	// Two tag reports: EPC-96, antenna 2, -57 dBm, first seen; the second one is cut off.
	report := "00f0001f8d30340000000000000000abcd810002" + "86c7" + "82000650fadbf1d640"
	code, out, _ := decode(t, report+"\n"+report+"00f0\n", "llrp")
	first := `{"message_id":0,"tags":[{"epc":"30340000000000000000ABCD","tag":"epc:30340000000000000000ABCD","uri":"urn:epc:id:sgtin:`
	if code != exitFault || !strings.HasPrefix(out, first) || !strings.Contains(out, `"antenna":2,"rssi_dbm":-57`) || !strings.Contains(out, `"error":"not LLRP: it ends inside a parameter"`) {
		t.Errorf("exit %d\n%s", code, out)
	}
}
