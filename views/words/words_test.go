package words

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var deutsch = Reader{Language: German}

func TestAPageIsWordedAndWhatIsDataStays(t *testing.T) {
	page := `<!doctype html><html lang="en"><head><title>(2) Alarms – Linden Hospital</title><script>"Alarms"</script></head>` +
		`<body data-label="Alarms"><a class="skip" href="#main">Skip to content</a>` +
		`<p title="21 Nov 2026 14:02:09 CET"> <strong>Vaccine fridge 2, East store: too warm, 9.4 °C, limit 8.0 °C</strong> </p>` +
		`<textarea placeholder="Note">Alarms</textarea><input value="Alarms" aria-label="Search"/><code>Alarms</code>` +
		`<span translate="no">Alarms <span>Note</span> Note</span><span>Note</span>` +
		`<select><option>Open</option><option value="open" selected>Open</option></select>` +
		`<button name="x" value="Close"><span>Close</span></button><td>Rosie &amp; Jim&#39;s fridge</td></body></html>`
	want := `<!doctype html><html lang="de"><head><title>(2) Alarme – Linden Hospital</title><script>"Alarms"</script></head>` +
		`<body data-label="Alarme"><a class="skip" href="#main">Zum Inhalt</a>` +
		`<p title="21. Nov. 2026 14:02:09 CET"> <strong>Vaccine fridge 2, East store: zu warm, 9,4 °C, Grenze 8,0 °C</strong> </p>` +
		`<textarea placeholder="Notiz">Alarms</textarea><input value="Alarms" aria-label="Suchen"/><code>Alarms</code>` +
		`<span translate="no">Alarms <span>Note</span> Note</span><span>Notiz</span>` +
		`<select><option>Open</option><option value="open" selected>Offen</option></select>` +
		`<button name="x" value="Close"><span>Schließen</span></button><td>Rosie &amp; Jim&#39;s fridge</td></body></html>`
	if got := string(deutsch.Page([]byte(page))); got != want {
		t.Errorf("worded\n%s\nwant\n%s", got, want)
	}
	if got := string(Reader{}.Page([]byte(page))); got != page {
		t.Errorf("in English the page must stay as it was:\n%s", got)
	}
}

func TestTextsAreFoundWholeByPatternAndPartByPart(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"3 lots wait for a decision", "3 Chargen warten auf einen Entscheid"},
		{"What is free is counted for 4 West.", "Was frei ist, ist für 4 West gezählt."},
		{"Saved. The plan is added.", "Gespeichert. Der Plan ist hinzugefügt."},
		{"Nurse, Pharmacist", "Pflege, Apotheke"},
		{"· too warm", "· zu warm"},
		{"Alarms – Linden Hospital", "Alarme – Linden Hospital"},
		{"Not sent: no connection. What you typed is still here.", "Nicht gesendet: keine Verbindung. Was Sie eingegeben haben, ist noch da."},
		{"{n} min ago", "vor {n} min"},
		{"Gloves, nitrile, size M", "Gloves, nitrile, size M"},
		{"Box of gloves", "Box of gloves"},
		{"due 3 May 2026", "fällig 3. Mai 2026"},
		{"Tue 08:14", "Di 08:14"},
		{"released by Nora Blum: “Power; quiet, 4.2 °C. Alarms”", "freigegeben von Nora Blum: „Power; quiet, 4.2 °C. Alarms“"},
		{"“Alarm”", "“Alarm”"},
		{"box of 10", "Schachtel zu 10"},
		{"March 2026", "März 2026"},
		{"1,234.50", "1.234,50"},
		{"−18.0 °C", "−18,0 °C"},
		{"10.0.0.1", "10.0.0.1"},
		{"v1.2.3", "v1.2.3"},
		{"", ""},
		{"–", "–"},
	} {
		if got := deutsch.Say(c.text); got != c.want {
			t.Errorf("%q is %q, want %q", c.text, got, c.want)
		}
	}
}

func TestFahrenheitIsForShowAndADifferenceHasNo32(t *testing.T) {
	english, german := Reader{Language: English, Fahrenheit: true}, Reader{Language: German, Fahrenheit: true}
	for _, c := range []struct {
		reader     Reader
		text, want string
	}{
		{english, "4.2 °C", "39.6\u00a0°F"},
		{english, "−18.0 °C", "−0.4\u00a0°F"},
		{english, "-40 °C", "−40.0\u00a0°F"},
		{english, "2.0 °C to 8.0 °C", "35.6\u00a0°F to 46.4\u00a0°F"},
		{english, "8 to 25 °C", "46.4 to 77.0\u00a0°F"},
		{english, "Over once it is back inside by 0.5 °C for 10 min", "Over once it is back inside by 0.9\u00a0°F for 10 min"},
		{english, "±0.5 °C", "±0.9\u00a0°F"},
		{english, "From °C", "From °C"},
		{english, "-20°", "−4°"},
		{english, "12°", "54°"},
		{german, "Vaccine fridge 2: too warm, 9.4 °C, limit 8.0 °C", "Vaccine fridge 2: zu warm, 48,9\u00a0°F, Grenze 46,4\u00a0°F"},
		{german, "Over once it is back inside by 0.5 °C for 10 min", "Vorbei, sobald es um 0,9\u00a0°F wieder darin ist, für 10 min"},
	} {
		if got := c.reader.Say(c.text); got != c.want {
			t.Errorf("%q is %q, want %q", c.text, got, c.want)
		}
	}
}

func TestTheBrowserIsAskedForALanguageThatWeHave(t *testing.T) {
	for accept, want := range map[string]Language{
		"de-CH,de;q=0.9,en;q=0.8": German, "de": German, "en-US,en;q=0.9": English, "fr-FR,de;q=0.5": German,
		"fr": "", "": "", "*": "", ";;;": "", strings.Repeat("de,", 100): "",
	} {
		if got := Asked(accept); got != want {
			t.Errorf("%q asks for %q, want %q", accept, got, want)
		}
	}
}

func TestThePseudoLocaleMarksWhatIsKnownAndLeavesData(t *testing.T) {
	pseudo := Reader{Language: Pseudo}
	said := pseudo.Say("Alarms")
	if !strings.HasPrefix(said, "[Åļáŕɱš") || !strings.HasSuffix(said, "]") || len([]rune(said)) < len("Alarms")*14/10 {
		t.Errorf("Alarms is %q", said)
	}
	if said := pseudo.Say("Nora Blum"); said != "Nora Blum" {
		t.Errorf("a name is %q", said)
	}
	if said := pseudo.Say("What is free is counted for 4 West."); !strings.Contains(said, " 4 West") {
		t.Errorf("the name within is gone: %q", said)
	}
}

// Whatever a page holds, wording it neither fails nor breaks its tags.
func FuzzPage(f *testing.F) {
	for _, seed := range []string{`<p title="Alarms">Alarms</p>`, `<a class=button href="x">Open</a`, `<!-- x`, `<textarea>`, `<p a="`, "<", "a<b", `<option>`, `&amp`, `</`, `<p =`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, page string) {
		for _, reader := range []Reader{deutsch, {Language: Pseudo}, {Language: German, Fahrenheit: true}} {
			said := string(reader.Page([]byte(page)))
			if strings.Count(said, "<") != strings.Count(page, "<") {
				t.Errorf("%q became %q", page, said)
			}
		}
	})
}

// What is worded twice is worded as if once: German is no text of ours.
func TestDataIsNotTouched(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[A-Z]{2,4}-[0-9]{3,6}`).Draw(t, "number")
		if got := deutsch.Say(name); got != name {
			t.Errorf("%q became %q", name, got)
		}
		page := []byte(`<p translate="no">` + name + ` Alarms</p>`)
		if got := string(deutsch.Page(page)); got != string(page) {
			t.Errorf("%s became %s", page, got)
		}
	})
}

func BenchmarkPage(b *testing.B) {
	page := []byte(strings.Repeat(`<tr><td class="lead" data-label="Alarm"><a href="/alarms/9">Vaccine fridge 2, East store: too warm, 9.4 °C, limit 8.0 °C</a></td><td data-label="Due"><time title="21 Nov 2026 14:02:09 CET">14:02</time></td></tr>`, 500))
	b.SetBytes(int64(len(page)))
	for b.Loop() {
		deutsch.Page(page)
	}
}

func TestTwelveHoursAreForShowAndACodeHasNone(t *testing.T) {
	english, german := Reader{Language: English, TwelveHours: true}, Reader{Language: German, TwelveHours: true}
	for _, c := range []struct {
		reader     Reader
		text, want string
	}{
		{english, "14:02", "2:02\u00a0PM"},
		{english, "00:00", "12\u00a0AM"}, // alone, as beside a chart
		{english, "12:00", "12\u00a0PM"},
		{english, "Since 12:00.", "Since 12:00\u00a0PM."},
		{english, "Tue 08:14", "Tue 8:14\u00a0AM"},
		{english, "3 Nov 23:59", "3 Nov 11:59\u00a0PM"},
		{english, "21 Nov 2026 14:02:09 CET", "21 Nov 2026 2:02:09\u00a0PM CET"},
		{english, "08:00–16:30, then silent", "8:00\u00a0AM–4:30\u00a0PM, then silent"},
		{english, "(2026-11-21 14:02:09 UTC)", "(2026-11-21 14:02:09 UTC)"},
		{english, "2026-11-21T14:02:09Z", "2026-11-21T14:02:09Z"},
		{english, "UTC+01:00", "UTC+01:00"},
		{english, "c3:00:12:34:56:78", "c3:00:12:34:56:78"},
		{english, "10.0.0.1:11:22", "10.0.0.1:11:22"},
		{english, "10:20:30:40", "10:20:30:40"},
		{english, "24:00", "24:00"},
		{english, "1:10", "1:10"},
		{german, "Tue 08:14", "Di 8:14\u00a0AM"},
		{german, "3 Nov 23:59", "3. Nov. 11:59\u00a0PM"},
	} {
		if got := c.reader.Say(c.text); got != c.want {
			t.Errorf("%q is %q, want %q", c.text, got, c.want)
		}
	}
	keys := map[string]bool{}
	for _, r := range []Reader{{}, english, german, {Language: German}, {Language: German, Fahrenheit: true}, {Language: German, Fahrenheit: true, TwelveHours: true}} {
		if keys[r.Key()] {
			t.Errorf("%+v shares its key with another reader", r)
		}
		keys[r.Key()] = true
	}
}
