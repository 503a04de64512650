package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

func TestAFridgeIsAnAssetWithCertificatesThatFallDue(t *testing.T) {
	p := openPharmacy(t)
	p.shows("/fridges/f-1", "/fridges/f-1/asset")
	if w := p.post("/fridges/f-1/asset", url.Values{"pqs": {"E003/040"}, "litres": {"many"}}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "E003/040") {
		t.Errorf("litres that are none answer %d", w.Code)
	}
	if w := p.post("/fridges/f-1/asset", url.Values{"pqs": {"E003/<040>"}, "litres": {"240"}, "holdover": {"12,5"}, "backup": {"FT-77"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("answers %d: %s", w.Code, w.Body.String())
	}
	p.shows("/fridges/f-1/asset", "E003/&lt;040&gt;", "240 litres", "12 h 30 min", "FT-77", `value="12.5"`)
	paper := url.Values{"kind": {"calibration"}, "device": {"s-1"}, "done": {"2025-05-01"}, "due": {"2026-05-01"}, "number": {"DKD-5"}, "note": {"± 0.2 °C, passed"}}
	for field, wrong := range map[string]string{"due": "2025-04-30", "number": " ", "done": "May", "note": "", "kind": "blessing"} {
		bad := url.Values{}
		for k, v := range paper {
			bad[k] = v
		}
		bad.Set(field, wrong)
		if w := p.post("/fridges/f-1/papers", bad); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s %q answers %d", field, wrong, w.Code)
		}
	}
	if w := p.post("/fridges/f-1/papers", paper); w.Code != http.StatusSeeOther {
		t.Fatalf("answers %d: %s", w.Code, w.Body.String())
	}
	if page := p.shows("/coldchain/due", "Without a calibration certificate", ">s-2<", ">FT-77<"); strings.Contains(page, ">s-1<") {
		t.Error("a probe whose certificate was noted is said to have none")
	}
	p.shows("/coldchain/due", "Overdue since 1 May 2026", "Calibration of s-1, certificate DKD-5") // it is 4 May
	paper.Set("done", "2026-05-04")
	paper.Set("due", "2028-05-04")
	if w := p.post("/fridges/f-1/papers", paper); w.Code != http.StatusSeeOther {
		t.Fatal(w.Code)
	}
	if page := p.shows("/coldchain/due", "None within the next ten weeks"); strings.Contains(page, "Overdue") {
		t.Error("a renewed certificate is still due")
	}
	p.who = person("Nia", hospital.Nurse)
	if w := p.post("/fridges/f-1/papers", paper); w.Code != http.StatusForbidden {
		t.Errorf("a nurse's certificate answers %d", w.Code)
	}
}

// A certificate is uploaded with its paper, listed with its hash and given back as it
// was; what is no certificate is refused with all that was typed.
func TestACertificateIsKeptAsItWasUploaded(t *testing.T) {
	p := openPharmacy(t)
	send := func(name string, data []byte) *httptest.ResponseRecorder {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for field, value := range map[string]string{"kind": "calibration", "device": "s-1", "done": "2026-05-01", "due": "2028-05-01", "number": "DKD-9", "note": "passed"} {
			_ = form.WriteField(field, value)
		}
		part, _ := form.CreateFormFile("file", name)
		_, _ = part.Write(data)
		_ = form.Close()
		r := httptest.NewRequest(http.MethodPost, "/fridges/f-1/papers", &body)
		r.Header.Set("Content-Type", form.FormDataContentType())
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		w := httptest.NewRecorder()
		p.door.ServeHTTP(w, r)
		return w
	}
	if w := send("cal.pdf", []byte("<html>")); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Only a PDF") || !strings.Contains(w.Body.String(), "DKD-9") {
		t.Errorf("what is no certificate answers %d", w.Code)
	}
	pdf := append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("x"), 2<<20)...)
	if w := send("DKD 9.pdf", pdf); w.Code != http.StatusSeeOther {
		t.Fatalf("a certificate of 2 MB answers %d: %s", w.Code, w.Body)
	}
	p.shows("/fridges/f-1/asset", "DKD 9.pdf", "/fridges/f-1/papers/1/file", "SHA-256 ")
	r := httptest.NewRequest(http.MethodGet, "/fridges/f-1/papers/1/file", nil)
	w := httptest.NewRecorder()
	p.door.ServeHTTP(w, r)
	if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), pdf) || w.Header().Get("Content-Type") != "application/pdf" || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("the file answers %d as %s", w.Code, w.Header())
	}
}

func TestWhereTheSiteAsksForTwoChecksOneIsNotEnough(t *testing.T) {
	p := openPharmacy(t)
	p.warm(5)
	p.shows("/coldchain/due", "0 of 1 today", `data-fridge="f-1"`)
	if w := p.post("/coldchain/policy", url.Values{"checks": {"2"}, "second_release": {"yes"}, "why": {"the state asks for it"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("answers %d: %s", w.Code, w.Body.String())
	}
	p.shows("/coldchain/policy", "Set by Pia", "checked")
	for i := range 2 {
		p.warm(5)
		if w := p.post("/fridges/f-1/checks", url.Values{}); w.Code != http.StatusSeeOther {
			t.Fatalf("check %d answers %d: %s", i, w.Code, w.Body.String())
		}
		if page := p.shows("/coldchain/due"); !strings.Contains(page, `data-fridge="f-1"`) {
			t.Errorf("after check %d, in the same hour, the list is wrong", i+1)
		}
	}
	p.shows("/fridges/f-1", "Checked 1 of 2 times today", "three hours after")
	p.at = p.at.Add(coldchain.ChecksApart)
	p.warm(5)
	if w := p.post("/fridges/f-1/checks", url.Values{}); w.Code != http.StatusSeeOther {
		t.Fatalf("the check in the evening answers %d: %s", w.Code, w.Body.String())
	}
	if page := p.shows("/coldchain/due"); strings.Contains(page, `data-fridge="f-1"`) {
		t.Error("both checks were done, and one is asked for still")
	}
	p.at = p.at.AddDate(0, 0, 1)
	p.warm(5)
	if w := p.post("/fridges/f-1/checks", url.Values{}); w.Code != http.StatusSeeOther {
		t.Fatal(w.Code)
	}
	p.at = time.Date(2026, 5, 6, 1, 0, 0, 0, time.UTC)
	month, err := p.monitor.Month(t.Context(), coldchain.FridgeID("f-1"), "2026-05", p.at)
	if err != nil || len(month.Missed) != 2 || month.Missed[0].Day() != 1 || month.Missed[1].Day() != 5 {
		t.Errorf("missed %v, %v: 4 May had both checks, 5 May one", month.Missed, err)
	}
	missed, err := p.monitor.MissedChecks(t.Context(), p.at)
	if err != nil || len(missed) != 2 || missed[1].Fridge.ID != "f-1" || len(missed[1].Days) != 1 || missed[1].Days[0].Day() != 5 || len(missed[0].Days) != 1 {
		t.Errorf("%d fridges with missed checks, %v: before 5 May no probe hung there for a whole day", len(missed), err)
	}
	p.shows("/coldchain/due", "Missed in the last two weeks", "Tue 5 May")
}
