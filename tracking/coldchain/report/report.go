// Package report puts the cold chain's record on paper: a fridge's month as PDF
// and CSV, and the case of one excursion as PDF.
//
// The same record at the same instant gives the same bytes. Letters outside
// Windows-1252 are drawn as a full stop.
package report

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

const (
	margin = 15.0
	line   = 5.5
	// bottom is where a new page begins, in millimetres from the top of an A4 page.
	bottom = 272.0
)

// Paper says where and when a report was made, and by whom.
type Paper struct {
	Site    hospital.Site
	At      time.Time
	By      string
	Version string
	// Demo marks a report in which nothing is real.
	Demo bool
	// Say words a text as the report's reader reads; nil: as it was written, in English.
	// Only the drawing is worded: what signatures are bound to is the record's own content.
	Say func(string) string
}

// Word is a text of a report as its reader reads it.
func (p Paper) Word(text string) string {
	if p.Say != nil {
		text = p.Say(text)
	}
	return strings.ReplaceAll(text, typedMark, "")
}

// typedMark stands around what somebody typed, so that it is not worded; it is never drawn.
const typedMark = "\u2060"

// typed keeps a text as somebody typed it: a name, a note, a reason.
func typed(text string) string {
	if text == "" {
		return ""
	}
	return typedMark + text + typedMark
}

// sheet is a PDF in the making.
type sheet struct {
	pdf   *fpdf.Fpdf
	word  func(string) string // as the reader reads it
	drawn func(string) string // as the font has it
	text  func(string) string // both
	zone  *time.Location
}

// on draws on a PDF in the paper's language.
func (p Paper) on(pdf *fpdf.Fpdf) *sheet {
	drawn := plainSigns(pdf.UnicodeTranslatorFromDescriptor(""))
	return &sheet{pdf: pdf, word: p.Word, drawn: drawn, text: func(text string) string { return drawn(p.Word(text)) }, zone: p.Site.Location()}
}

func newSheet(p Paper, title string) *sheet {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCreationDate(p.At.UTC())
	pdf.SetModificationDate(p.At.UTC())
	pdf.SetCatalogSort(true)
	pdf.SetTitle(p.Word(title), true)
	pdf.SetAuthor(p.Site.Name, true)
	pdf.SetMargins(margin, margin, margin)
	pdf.SetAutoPageBreak(true, 25)
	s := p.on(pdf)
	pdf.SetFooterFunc(func() {
		pdf.SetY(-18)
		s.font("", 8)
		made := fmt.Sprintf("%s · made %s by %s · Wardwatch %s", typed(p.Site.Name), p.At.In(s.zone).Format("2 Jan 2006 15:04 MST"), typed(p.By), p.Version)
		if p.Demo {
			made = "DEMO, nothing here is real · " + made
		}
		pdf.CellFormat(0, 4, s.text(made), "T", 1, "L", false, 0, "")
		pdf.CellFormat(0, 4, s.text(fmt.Sprintf("%s · page %d of {nb}", title, pdf.PageNo())), "", 0, "L", false, 0, "")
	})
	pdf.AliasNbPages("")
	pdf.AddPage()
	s.font("B", 16)
	s.line(title)
	s.font("", 10)
	return s
}

// plainSigns writes the signs that pages use and Windows-1252 lacks as those that it has.
func plainSigns(translate func(string) string) func(string) string {
	plain := strings.NewReplacer("\u2212", "-", "\u202f", "\u00a0", "\u2009", " ")
	return func(text string) string { return translate(plain.Replace(text)) }
}

func (s *sheet) font(style string, size float64) { s.pdf.SetFont("Helvetica", style, size) }

func (s *sheet) line(text string) { s.pdf.MultiCell(0, line, s.text(text), "", "L", false) }

// worded is a line of parts that are worded already, each for itself: what stands apart stays so.
func (s *sheet) worded(text string) {
	s.pdf.MultiCell(0, line, s.drawn(strings.ReplaceAll(text, typedMark, "")), "", "L", false)
}

func (s *sheet) heading(text string) {
	if s.pdf.GetY() > bottom-30 {
		s.pdf.AddPage()
	}
	s.pdf.Ln(3)
	s.font("B", 12)
	s.line(text)
	s.font("", 10)
}

// fact is a line of a name and what it is.
func (s *sheet) fact(name, value string) {
	s.font("B", 10)
	s.pdf.CellFormat(42, line, s.text(name), "", 0, "L", false, 0, "")
	s.font("", 10)
	s.pdf.MultiCell(0, line, s.text(value), "", "L", false)
}

// column is a column of a table.
type column struct {
	title string
	width float64
	right bool
}

func (s *sheet) table(columns []column, rows [][]string) {
	head := func() {
		s.font("B", 8.5)
		s.row(columns, nil)
		s.font("", 8.5)
	}
	head()
	for _, cells := range rows {
		if s.pdf.GetY() > bottom-line {
			s.pdf.AddPage()
			head()
		}
		s.row(columns, cells)
	}
	s.font("", 10)
}

// row draws cells, or the columns' titles when there are none.
func (s *sheet) row(columns []column, cells []string) {
	for i, c := range columns {
		text, align := c.title, "L"
		if cells != nil {
			text = cells[i]
		}
		if c.right {
			align = "R"
		}
		s.pdf.CellFormat(c.width, line, s.drawn(fit(s.word(text), c.width)), "B", 0, align, false, 0, "")
	}
	s.pdf.Ln(line)
}

// fit shortens a text to about what a column holds; reports are set in 8.5 points.
func fit(text string, width float64) string {
	runes, most := []rune(text), int(width/1.55)
	if len(runes) <= most {
		return text
	}
	return string(runes[:max(most-1, 0)]) + "…"
}

func (s *sheet) bytes() ([]byte, error) {
	var out bytes.Buffer
	if err := s.pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("draw report: %w", err)
	}
	return out.Bytes(), nil
}

func degrees(t coldchain.MilliCelsius) string { return fmt.Sprintf("%.1f", t.Celsius()) }

func minutes(d time.Duration) string { return strconv.Itoa(int(d.Round(time.Minute).Minutes())) }

func (s *sheet) when(t time.Time) string {
	if t.IsZero() {
		return "still running"
	}
	return t.In(s.zone).Format("2 Jan 2006 15:04")
}

// Month draws a fridge's month: days, excursions, checks and missed checks.
func Month(m coldchain.Month, p Paper) ([]byte, error) {
	s := newSheet(p, "Temperature record: "+typed(m.Fridge.Name)+", "+m.From.Format("January 2006"))
	s.fact("Fridge", typed(strings.Join(nonEmpty(m.Fridge.Name, m.Fridge.Model, m.Fridge.Serial, string(m.Fridge.ID)), ", ")))
	s.fact("Room", typed(m.Room.Name))
	s.fact("Limits", fmt.Sprintf("%v to %v (%s)", m.Profile.Low, m.Profile.High, m.Profile.Source))
	s.fact("Period", fmt.Sprintf("%s to %s, times are %s", s.when(m.From), s.when(m.To), m.From.Format("MST")))
	s.fact("Excursions", strconv.Itoa(len(m.Excursions)))
	for _, probe := range m.Probes {
		s.probe(m, probe)
	}
	s.excursions(m.Excursions)
	s.checks(m)
	s.signatures()
	return s.bytes()
}

func nonEmpty(texts ...string) []string {
	var all []string
	for _, text := range texts {
		if text != "" {
			all = append(all, text)
		}
	}
	return all
}

func (s *sheet) probe(m coldchain.Month, p coldchain.ProbeMonth) {
	s.heading("Probe " + typed(p.Probe.Sensor.Key.String()))
	for _, stay := range p.Stays {
		if stay.From.After(m.From) || stay.To.Before(m.To) {
			s.line("It was in this fridge from " + s.when(stay.From) + " to " + s.when(stay.To) + ".")
		}
	}
	if p.Tally.Points == 0 {
		s.line("No readings in this period.")
		return
	}
	s.line(fmt.Sprintf("%d readings; lowest %v, highest %v, mean %v, mean kinetic temperature %v. Over the limits %s min, under them %s min, not known %s min.",
		p.Tally.Points, p.Tally.Min, p.Tally.Max, p.Tally.Mean(), p.Tally.MKT(), minutes(p.Above), minutes(p.Below), minutes(p.Gap)))
	if p.Summed > 0 {
		s.line(fmt.Sprintf("Of %d hours the readings were let go by their age; their summaries tell, each hour by its mean. None of them was part of an excursion.", p.Summed))
	}
	columns := []column{{"Day", 34, false}, {"Readings", 18, true}, {"Lowest °C", 20, true}, {"Mean °C", 20, true}, {"Highest °C", 20, true}, {"MKT °C", 18, true}, {"Over min", 16, true}, {"Under min", 17, true}, {"Unknown", 17, true}}
	var rows [][]string
	for _, d := range p.Days {
		if d.Tally.Points == 0 && d.Tally.Held == 0 {
			rows = append(rows, []string{d.Start.Format("Mon 2 Jan"), "0", "–", "–", "–", "–", "–", "–", minutes(d.Gap)})
			continue
		}
		rows = append(rows, []string{d.Start.Format("Mon 2 Jan"), strconv.Itoa(d.Tally.Points), degrees(d.Tally.Min), degrees(d.Tally.Mean()), degrees(d.Tally.Max),
			degrees(d.Tally.MKT()), minutes(d.Above), minutes(d.Below), minutes(d.Gap)})
	}
	s.table(columns, rows)
}

func (s *sheet) excursions(es []coldchain.Excursion) {
	s.heading("Excursions")
	if len(es) == 0 {
		s.line("None.")
		return
	}
	columns := []column{{"No.", 12, true}, {"What", 24, false}, {"Began", 33, false}, {"Ended", 33, false}, {"Known min", 20, true}, {"Possible", 18, true}, {"Peak °C", 16, true}, {"MKT °C", 16, true}}
	var rows [][]string
	for _, e := range es {
		what := string(e.Direction)
		if e.Withdrawn {
			what = "withdrawn"
		}
		rows = append(rows, []string{strconv.Itoa(int(e.ID)), what, s.when(e.Start), s.when(e.End), minutes(e.Known), minutes(e.Possible), degrees(e.Peak()), degrees(e.MKT)})
	}
	s.table(columns, rows)
	s.line("Possible time adds gaps in which nobody knows. The mean kinetic temperature informs; it never releases a lot.")
}

func (s *sheet) checks(m coldchain.Month) {
	s.heading("Daily checks")
	columns := []column{{"When", 33, false}, {"Who", 40, false}, {"Lowest °C", 20, true}, {"Highest °C", 20, true}, {"Note", 67, false}}
	var rows [][]string
	for _, c := range m.Checks {
		low, high := degrees(c.Min), degrees(c.Max)
		if c.Points == 0 {
			low, high = "–", "–"
		}
		rows = append(rows, []string{s.when(c.At), typed(c.Initials() + ", " + c.ByName), low, high, typed(c.Note)})
	}
	if len(rows) > 0 {
		s.table(columns, rows)
	}
	if len(m.Missed) > 0 {
		var days []string
		for _, day := range m.Missed {
			days = append(days, day.Format("Mon 2"))
		}
		s.line(fmt.Sprintf("Workdays without a check: %d (%s).", len(m.Missed), strings.Join(days, ", ")))
	} else {
		s.line("No workday without a check.")
	}
}

func (s *sheet) signatures() {
	if s.pdf.GetY() > bottom-25 {
		s.pdf.AddPage()
	}
	s.pdf.Ln(14)
	s.pdf.CellFormat(80, line, s.text("Reviewed by"), "T", 0, "L", false, 0, "")
	s.pdf.CellFormat(15, line, "", "", 0, "L", false, 0, "")
	s.pdf.CellFormat(60, line, s.text("Date and signature"), "T", 1, "L", false, 0, "")
}

// MonthCSV is a fridge's month as one row a day and probe, for spreadsheets. Times carry their offset.
func MonthCSV(m coldchain.Month) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	rows := [][]string{{"fridge", "probe", "day_start", "readings", "min_celsius", "mean_celsius", "max_celsius", "mkt_celsius", "minutes_above", "minutes_below", "minutes_unknown"}}
	for _, probe := range m.Probes {
		for _, d := range probe.Days {
			rows = append(rows, []string{plain(m.Fridge.Name), plain(probe.Probe.Sensor.Key.String()), d.Start.Format(time.RFC3339), strconv.Itoa(d.Tally.Points),
				degrees(d.Tally.Min), degrees(d.Tally.Mean()), degrees(d.Tally.Max), degrees(d.Tally.MKT()), minutes(d.Above), minutes(d.Below), minutes(d.Gap)})
		}
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write month: %w", err)
	}
	return out.Bytes(), nil
}

// plain keeps a spreadsheet from taking a name for a formula.
func plain(text string) string {
	if strings.ContainsAny(text[:min(len(text), 1)], "=+-@\t\r") {
		return "'" + text
	}
	return text
}

// Lot is a lot that stood in the fridge, as its owner tells it.
type Lot struct {
	Item, Lot, Expiry, Quantity string
	// Decision is what was decided, by whom and why; empty while nothing is.
	Decision string
	// Before and After are its stability budget in words; Signed who signed the decision.
	Before, After string
	Signed        []hospital.Signature
	// Bands are the times that it spent in each band of its product's stability budget.
	Bands []coldchain.LotBand
}

// Case is everything about one excursion.
type Case struct {
	Excursion coldchain.Excursion
	Former    []coldchain.Former
	Standing  coldchain.Standing
	Chart     coldchain.Chart
	Alarms    []notify.Alarm
	Notices   []notify.Notice
	Lots      []Lot
	// Work is the checklist, and the signatures that closed the case.
	Work coldchain.Case
	// Trail is who did what, as the audit chain holds it.
	Trail []coldchain.CaseDeed
	// Carries are the emergency moves in words.
	Carries []string
}

// CaseLots are the lots as the case's signature is bound to them.
func (c Case) CaseLots() []coldchain.CaseLot {
	lots := make([]coldchain.CaseLot, len(c.Lots))
	for i, l := range c.Lots {
		lots[i] = coldchain.CaseLot{Item: l.Item, Lot: l.Lot, Quantity: l.Quantity, Decision: l.Decision}
	}
	return lots
}

// Excursion draws the case of one excursion.
func Excursion(c Case, p Paper) ([]byte, error) {
	e := c.Excursion
	s := newSheet(p, fmt.Sprintf("Excursion %d: %s", e.ID, typed(c.Standing.Fridge.Name)))
	s.fact("Fridge", typed(strings.Join(nonEmpty(c.Standing.Fridge.Name, c.Standing.Room.Name, c.Standing.Fridge.Model, c.Standing.Fridge.Serial), ", ")))
	s.fact("Probe", typed(e.Sensor.String()))
	s.fact("What", fmt.Sprintf("%s: limit %v, peak %v", e.Direction, e.Limit, e.Peak()))
	s.fact("Began", s.when(e.Start))
	s.fact("Ended", s.when(e.End))
	s.fact("Known time", minutes(e.Known)+" min")
	s.fact("Possible time", minutes(e.Possible)+" min (with gaps in which nobody knows)")
	s.fact("Lowest, highest", fmt.Sprintf("%v, %v", e.Min, e.Max))
	s.fact("Mean kinetic temp.", fmt.Sprintf("%v: it informs and never releases a lot", e.MKT))
	if e.FoundLate {
		s.fact("Found late", "Its data came when it was over; nobody could have acted on it.")
	}
	if e.Withdrawn {
		s.fact("Withdrawn", "Later data showed that it was none.")
	}
	s.curve(c.Chart)
	s.answers(c)
	s.lots(c.Lots)
	s.former(c.Former)
	s.checklist(c.Work)
	for _, carry := range c.Carries {
		s.line(carry)
	}
	s.trail(c)
	s.signed(c.Work)
	return s.bytes()
}

// stepTitles are the checklist's lines on paper.
var stepTitles = map[coldchain.Step]string{
	coldchain.StepLabel: "Goods labelled “do not use” and kept at the right temperature", coldchain.StepMoved: "Where the goods are",
	coldchain.StepMaker: "Manufacturer asked", coldchain.StepCause: "Cause and what prevents it",
}

func (s *sheet) checklist(c coldchain.Case) {
	s.heading("Immediate action")
	for _, step := range coldchain.Steps() {
		done, is := c.Done(step)
		if !is {
			s.worded("[  ]  " + s.word(stepTitles[step]) + ": " + s.word("not noted"))
			continue
		}
		s.worded(fmt.Sprintf("[x]  %s: %s (%s, %s)", s.word(stepTitles[step]), done.Note, done.ByName, s.word(s.when(done.At))))
	}
}

// trail is every act on the case in the order of time, as the audit chain holds it:
// each line with the number and hash that it can be proven by.
func (s *sheet) trail(c Case) {
	s.heading("Who did what, by the audit chain")
	if len(c.Trail) == 0 {
		s.line("The chain holds nothing of it.")
	}
	for _, d := range c.Trail {
		s.worded(fmt.Sprintf("%s  %s %s  [%s]", s.word(s.when(d.At)), d.ByName, s.word(d.Said()), s.word(d.Proof())))
	}
	for _, f := range c.Former {
		s.worded(s.word(s.when(f.RevisedAt)) + "  " + s.word("data that came later revised the excursion"))
	}
}

// signed are the electronic signatures of the case: 21 CFR 11.50.
func (s *sheet) signed(c coldchain.Case) {
	s.heading("Electronic signatures")
	if len(c.Signed) == 0 {
		s.line("The case has not been closed.")
		return
	}
	for _, sig := range c.Signed {
		void := ""
		if !sig.Stands(c.Content) {
			void = " " + s.word("VOID: the record has changed since.")
		}
		s.worded(fmt.Sprintf("%s: %s, %s %s (%s UTC), %s%s", s.word(string(sig.Meaning)), sig.Name, sig.Local, sig.Zone,
			sig.At.UTC().Format("2006-01-02 15:04:05"), s.word(fmt.Sprintf("signature %s over record %x.", sig.ID, sig.Content[:8])), void))
	}
}

// Label draws the label that goods bear while nobody has decided on them: four on a sheet.
func Label(c Case, p Paper) ([]byte, error) {
	s := newSheet(p, fmt.Sprintf("DO NOT USE: excursion %d", c.Excursion.ID))
	for range 4 {
		s.font("B", 34)
		s.pdf.CellFormat(0, 18, s.text("DO NOT USE"), "LTR", 1, "C", false, 0, "")
		s.font("", 11)
		said := fmt.Sprintf("%s, %s. %s\n%s %s", c.Standing.Fridge.Name, c.Standing.Room.Name,
			s.word(fmt.Sprintf("Excursion %d: %s since %s.", c.Excursion.ID, c.Excursion.Direction, s.when(c.Excursion.Start))),
			s.word(fmt.Sprintf("Keep it at %v to %v.", c.Standing.Profile.Low, c.Standing.Profile.High)), s.word("Ask the pharmacy before you use or discard it."))
		s.pdf.MultiCell(0, 6, s.drawn(said), "LBR", "C", false)
		s.pdf.Ln(12)
	}
	return s.bytes()
}

func (s *sheet) answers(c Case) {
	s.heading("Alarms and answers")
	if len(c.Alarms) == 0 {
		s.line("No alarm was raised.")
	}
	for _, a := range c.Alarms {
		s.line(fmt.Sprintf("%s: %s, %s: %s", s.when(a.RaisedAt), a.Kind, a.Severity, a.Text))
		if !a.Ack.At.IsZero() {
			s.worded("    " + s.word(s.when(a.Ack.At)+" acknowledged by "+typed(a.Ack.ByName)) + ": " + s.word(a.Ack.Reason.String()) + " " + a.Ack.Note)
		}
		if !a.ReturnedAt.IsZero() {
			s.worded("    " + s.word(s.when(a.ReturnedAt)) + " " + s.word("it was over"))
		}
		if !a.Closing.At.IsZero() {
			s.worded("    " + s.word(s.when(a.Closing.At)+" closed by "+typed(a.Closing.ByName)) + ": " + a.Closing.Note)
		}
	}
	for _, n := range c.Notices {
		s.worded(fmt.Sprintf("    %s: %s %s", s.word(fmt.Sprintf("%s notice to %s by %s", s.when(n.DueAt), typed(n.ToName), n.Way)), s.word(string(n.Status)), s.word(n.Outcome)))
	}
}

func (s *sheet) lots(lots []Lot) {
	s.heading("Lots in the fridge")
	if len(lots) == 0 {
		s.line("None known.")
		return
	}
	columns := []column{{"Item", 78, false}, {"Lot", 36, false}, {"Expiry", 26, false}, {"Quantity", 40, true}}
	var rows [][]string
	for _, l := range lots {
		rows = append(rows, []string{typed(l.Item), typed(l.Lot), l.Expiry, l.Quantity})
	}
	s.table(columns, rows)
	for _, l := range lots {
		if len(l.Bands) == 0 && l.Before != "" {
			s.line(fmt.Sprintf("%s, stability budget before: %s; after: %s", typed(l.Lot), l.Before, l.After))
		}
	}
	s.exposures(lots)
	s.decisions(lots)
}

// exposures are the minutes of each lot in each band of its stability budget. Where the
// allowance comes from is told below the table, in full, once for each source.
func (s *sheet) exposures(lots []Lot) {
	columns := []column{{"Lot", 34, false}, {"Band", 32, false}, {"Before min", 18, true}, {"During min", 18, true}, {"Since min", 17, true}, {"Allowed", 26, true}, {"Left", 27, true}, {"", 8, true}}
	var rows [][]string
	var sources []string
	for _, l := range lots {
		for _, b := range l.Bands {
			note := ""
			if b.Source != "" {
				at := slices.Index(sources, b.Source)
				if at < 0 {
					at, sources = len(sources), append(sources, b.Source)
				}
				note = fmt.Sprintf("(%d)", at+1)
			}
			rows = append(rows, []string{typed(l.Lot), b.Band, minutes(b.Before), minutes(b.During), minutes(b.Since), b.Allowed, b.Left, note})
		}
	}
	if len(rows) == 0 {
		return
	}
	s.heading("Exposure by band of the stability budget")
	s.table(columns, rows)
	for i, source := range sources {
		s.line(fmt.Sprintf("(%d) %s", i+1, typed(source)))
	}
	s.line("Each minute is charged to the band that its temperature lay in, in every fridge and carrier that the lot stood in; what nobody measured beside heat or frost counts too.")
}

// decisions are told in full, each once with the lots that it was about: a reason is never cut off.
func (s *sheet) decisions(lots []Lot) {
	var said []string
	about := map[string][]string{}
	for _, l := range lots {
		decision := l.Decision
		if decision == "" {
			decision = "not decided yet"
		}
		if about[decision] == nil {
			said = append(said, decision)
		}
		about[decision] = append(about[decision], typed(l.Lot))
	}
	for _, decision := range said {
		s.worded(strings.Join(about[decision], ", ") + ": " + s.word(decision))
	}
}

func (s *sheet) former(all []coldchain.Former) {
	if len(all) == 0 {
		return
	}
	s.heading("Revised by data that came later")
	for _, f := range all {
		s.line(fmt.Sprintf("Until %s: from %s to %s, known %s min, peak %v", s.when(f.RevisedAt), s.when(f.Excursion.Start), s.when(f.Excursion.End), minutes(f.Excursion.Known), f.Excursion.Peak()))
	}
}

// curve draws the chart: the band shaded, gaps as gaps.
func (s *sheet) curve(c coldchain.Chart) {
	const width, height = 180.0, 55.0
	low, high := c.Profile.Low-1000, c.Profile.High+1000
	if high-low > 22_000 {
		low = high - 22_000
	}
	for _, curve := range c.Curves {
		for _, run := range curve.Runs {
			for _, spot := range run {
				low, high = min(low, spot.Min), max(high, spot.Max)
			}
		}
	}
	s.heading(fmt.Sprintf("Temperature, %s to %s; the band %v to %v is shaded", s.when(c.From), s.when(c.To), c.Profile.Low, c.Profile.High))
	if s.pdf.GetY()+height > bottom {
		s.pdf.AddPage()
	}
	top := s.pdf.GetY()
	x := func(at time.Time) float64 {
		return margin + width*float64(at.Sub(c.From))/float64(max(c.To.Sub(c.From), 1))
	}
	y := func(t coldchain.MilliCelsius) float64 {
		return top + height*(1-float64(min(max(t, low), high)-low)/float64(high-low))
	}
	s.pdf.SetFillColor(226, 240, 230)
	s.pdf.Rect(margin, y(c.Profile.High), width, y(c.Profile.Low)-y(c.Profile.High), "F")
	s.pdf.SetDrawColor(150, 150, 150)
	s.pdf.Rect(margin, top, width, height, "D")
	s.pdf.SetDrawColor(20, 60, 130)
	for _, curve := range c.Curves {
		for _, run := range curve.Runs {
			for i := 1; i < len(run); i++ {
				s.pdf.Line(x(run[i-1].At), y(run[i-1].Mean), x(run[i].At), y(run[i].Mean))
			}
		}
	}
	s.pdf.SetDrawColor(0, 0, 0)
	s.font("", 8)
	s.pdf.Text(margin+1, top+4, s.text(degrees(high)+" °C"))
	s.pdf.Text(margin+1, top+height-1.5, s.text(degrees(low)+" °C"))
	s.font("", 10)
	s.pdf.SetY(top + height + 2)
}
