package web_test

import (
	"bytes"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/floorplan"
)

var chief = hospital.Person{ID: "a", Name: "Ada", Roles: []hospital.Role{hospital.Administrator}}.Actor()

// upload sends a picture as the form does.
func (s *station) upload(path string, picture []byte, width string) *httptest.ResponseRecorder {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("picture", "plan.exe.png")
	if err == nil {
		_, err = part.Write(picture)
	}
	if err == nil {
		err = form.WriteField("width", width)
	}
	if err != nil || form.Close() != nil {
		s.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	s.door.ServeHTTP(w, r)
	return w
}

func pngOf(t *testing.T, wide, high int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, wide, high))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAPictureIsTakenForWhatItsBytesAre(t *testing.T) {
	s := openStation(t)
	const path = "/floors/f4/picture"
	if w := s.upload(path, pngOf(t, 200, 100), "40"); w.Code != http.StatusForbidden {
		t.Errorf("a nurse changed the map: %d", w.Code)
	}
	s.who = chief
	s.shows("/floors/f4/draw", "Picture under the plan", "20.00 by 10.00 metres", "Clean utility")
	for name, c := range map[string]struct {
		picture     []byte
		width, says string
	}{
		"a page":            {[]byte("<html><script>alert(1)</script>"), "40", "no PNG or JPEG"},
		"an SVG":            {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), "40", "no PNG or JPEG"},
		"a broken picture":  {pngOf(t, 200, 100)[:20], "40", "can&#39;t be read"},
		"too small":         {pngOf(t, 49, 100), "40", "49 by 100 pixels"},
		"too large":         {append(pngOf(t, 200, 100), make([]byte, floorplan.MaxPicture)...), "40", "larger than 8 MB"},
		"far too large":     {make([]byte, floorplan.MaxPicture+1<<20), "40", "larger than 8 MB"},
		"no width":          {pngOf(t, 200, 100), "wide", "how many metres"},
		"rooms fall off it": {pngOf(t, 200, 100), "12", "Room &lt;2&gt; would lie outside"},
	} {
		if w := s.upload(path, c.picture, c.width); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if code, _ := s.get(path); code != http.StatusNotFound {
		t.Errorf("there is a picture: %d", code)
	}
	picture := pngOf(t, 200, 100)
	if w := s.upload(path, picture, "40"); w.Code != http.StatusSeeOther {
		t.Fatalf("a good picture: %d %s", w.Code, w.Body)
	}
	s.follow()
	w := httptest.NewRecorder()
	s.door.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/png" || w.Header().Get("X-Content-Type-Options") != "nosniff" || !bytes.Equal(w.Body.Bytes(), picture) {
		t.Errorf("it comes back as %d %v", w.Code, w.Header())
	}
	s.shows("/floors/f4/draw", "40.00 by 20.00 metres", `<image href="/floors/f4/picture?v=`)
	s.shows("/floors/f4", `<image href="/floors/f4/picture?v=`, `href="/floors/f4/draw"`)
}

func TestARoomIsDrawnByTypingItsCorners(t *testing.T) {
	s := openStation(t)
	s.who = chief
	form := url.Values{"name": {"Bay 3"}, "kind": {"patient_room"}, "unit": {"4w"}, "corners": {"0 6\n4, 6\n4;9\n0 nine"}, "door": {"r1"}, "isolation": {"yes"}}
	w := s.post("/floors/f4/rooms", form)
	if page := w.Body.String(); w.Code != http.StatusUnprocessableEntity || !strings.Contains(page, "Line 4 of the corners") || !strings.Contains(page, `value="Bay 3"`) || !strings.Contains(page, "0 nine") {
		t.Fatalf("a mistyped corner: %d\n%s", w.Code, page)
	}
	for corners, says := range map[string]string{"0 0\n4 4\n4 0\n0 4": "crosses itself", "0 0\n30 0\n30 5": "outside floor", "1 1": "crosses itself or has no area"} {
		form.Set("corners", corners)
		if w := s.post("/floors/f4/rooms", form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), says) {
			t.Errorf("%q: %d", corners, w.Code)
		}
	}
	form.Set("corners", "0 6\n4, 6\n4;9\n0 9")
	if w := s.post("/floors/f4/rooms", form); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/floors/f4/draw?room=f4-bay-3" {
		t.Fatalf("a good room: %d %s", w.Code, w.Header().Get("Location"))
	}
	s.follow()
	s.shows("/floors/f4/draw?room=f4-bay-3", "0 6\n4 6\n4 9\n0 9", `<option value="r1" selected`, `name="isolation" id="field-isolation" value="yes" checked`)
	s.shows("/floors/f4", "Bay 3")
	s.shows("/floors/f4/draw?room=r1", `<option value="f4-bay-3" selected`) // a door leads both ways
	// Walled up from the other side.
	form = url.Values{"room": {"r1"}, "name": {"Clean utility"}, "kind": {"clean_utility"}, "unit": {"4w"}, "corners": {"0 0\n5 0\n5 5\n0 5"}, "door": {"r2"}}
	if w := s.post("/floors/f4/rooms", form); w.Code != http.StatusSeeOther {
		t.Fatalf("walling up: %d %s", w.Code, w.Body)
	}
	s.follow()
	if page := s.shows("/floors/f4/draw?room=f4-bay-3", "Bay 3"); strings.Contains(page, `<option value="r1" selected`) {
		t.Error("the door is still there")
	}
	s.who = hospital.Person{ID: "n", Name: "Nora", Roles: []hospital.Role{hospital.Nurse}}.Actor()
	if w := s.post("/floors/f4/rooms", form); w.Code != http.StatusForbidden {
		t.Errorf("a nurse drew a room: %d", w.Code)
	}
	if page := s.shows("/floors/f4", "Bay 3"); strings.Contains(page, "/draw") {
		t.Error("a nurse is led to the drawing board")
	}
}
