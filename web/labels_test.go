package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestALabelIsPrintedAndItsScanOpensTheAsset(t *testing.T) {
	v := visitHospital(t, nil, "nurse")
	v.shows("/assets/P-001", `href="/assets/P-001/label"`)
	v.shows("/assets/P-001/label", "Infusion pump 1", "P-001", `class="qr"`, "QR code of P-001", "M4 4h7v1h-7z") // the top of the finder pattern
	for _, code := range []string{"http://ward.example/assets/P-001", "https://ward.example:8443/assets/P-001", "P-001", "p-001", " P-001 "} {
		w := v.send(http.MethodGet, "/search?q="+url.QueryEscape(code), nil)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/assets/P-001" {
			t.Errorf("scanning %q leads to %d %q", code, w.Code, w.Header().Get("Location"))
		}
	}
	v.shows("/search?q=P-00", "Infusion pump 1") // the beginning of a number is a search
	v.shows("/search?q="+url.QueryEscape("http://ward.example/assets/P-009"), "Nothing known as")
}

func TestATagsCodeOpensItsAsset(t *testing.T) {
	s := openStation(t)
	for code, want := range map[string]string{
		"c300000000a1": "/assets/P-001", "C3:00:00:00:00:A1": "/assets/P-001", "c3-00-00-00-00-a1": "/assets/P-001",
		"3414257BF4C0000000000042": "/assets/W-001", "34 14 25 7b f4 c0 00 00 00 00 00 42": "/assets/W-001", "epc:3414257bf4c0000000000042": "/assets/W-001",
	} {
		w := httptest.NewRecorder()
		s.door.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/search?q="+url.QueryEscape(code), nil))
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != want {
			t.Errorf("scanning %q leads to %d %q, want %s", code, w.Code, w.Header().Get("Location"), want)
		}
	}
	for _, words := range []string{"pump", "c3000000", "3414257BF4C0000000000099", strings.Repeat("a", 301)} {
		if code, _ := s.get("/search?q=" + url.QueryEscape(words)); code != http.StatusOK {
			t.Errorf("%.30q is answered %d", words, code)
		}
	}
}

func TestASheetOfLabelsIsOfAKindOrAUnit(t *testing.T) {
	v := visitHospital(t, nil, "biomedical_engineer")
	v.shows("/labels", "No labels chosen", "Infusion pump", "4 West")
}
