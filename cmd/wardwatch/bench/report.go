package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is what a run found.
type Report struct {
	Version string    `json:"version"`
	Begun   time.Time `json:"begun"`
	Ended   time.Time `json:"ended"`
	Go      string    `json:"go"`
	CPUs    int       `json:"cpus"`
	// LoadBefore and LoadAfter are what else the machine did: its load average of a minute.
	LoadBefore float64 `json:"load_before"`
	LoadAfter  float64 `json:"load_after"`
	Size       Size    `json:"size"`
	Rows       []Row   `json:"rows"`
	// Course is how the server stood in the course of a mixed load.
	Course []look `json:"course,omitempty"`
}

// Row is one figure with what stands beside it.
type Row struct {
	Scenario string  `json:"scenario"`
	What     string  `json:"what"`
	Value    float64 `json:"value"`
	Unit     string  `json:"unit"`
	// Beside is the limit that was measured in the same run; 0 when there is none.
	Beside     float64 `json:"beside,omitempty"`
	BesideWhat string  `json:"beside_what,omitempty"`
	// Ratio is Value over Beside.
	Ratio float64 `json:"ratio,omitempty"`
	// Bar is what the figure, or with OfRatio the ratio, has to reach; 0 when nothing was promised.
	Bar     float64 `json:"bar,omitempty"`
	OfRatio bool    `json:"of_ratio,omitempty"`
	// More is true when more is better.
	More bool `json:"more,omitempty"`
	// Met says whether the bar was reached; true without one.
	Met bool `json:"met"`
}

// judge fills what follows from the measured.
func (r *Row) judge() {
	if r.Beside != 0 {
		r.Ratio = r.Value / r.Beside
	}
	is := r.Value
	if r.OfRatio {
		is = r.Ratio
	}
	switch {
	case r.Bar == 0:
		r.Met = true
	case r.More:
		r.Met = is >= r.Bar
	default:
		r.Met = is <= r.Bar
	}
}

func (r *Row) line() string {
	said := fmt.Sprintf("%s: %s %s", r.What, figure(r.Value), r.Unit)
	if r.Beside != 0 {
		said += fmt.Sprintf("; %s: %s, ratio %.2f", r.BesideWhat, figure(r.Beside), r.Ratio)
	}
	return said
}

// bar is the promise as people read it.
func (r *Row) bar() string {
	if r.Bar == 0 {
		return ""
	}
	sign := "≤ "
	if r.More {
		sign = "≥ "
	}
	verdict := ", met"
	if !r.Met {
		verdict = ", MISSED"
	}
	if r.OfRatio {
		return sign + fmt.Sprintf("%.2f of it", r.Bar) + verdict
	}
	return sign + figure(r.Bar) + verdict
}

// figure has three digits that matter.
func figure(v float64) string {
	switch a := math.Abs(v); {
	case a == 0:
		return "0"
	case a >= 1000:
		return groups(fmt.Sprintf("%.0f", v))
	case a >= 100:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

// groups parts a whole number's digits by threes.
func groups(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

func newReport(o Options) *Report {
	return &Report{Version: o.Version, Begun: time.Now().UTC().Truncate(time.Second), Go: runtime.Version(), CPUs: runtime.NumCPU(),
		LoadBefore: loadAverage(), Size: o.Size}
}

func (r *Report) end() {
	r.Ended, r.LoadAfter = time.Now().UTC().Truncate(time.Second), loadAverage()
}

// loadAverage is how many processes wanted to run in the last minute; 0 where the system does not say.
func loadAverage() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	var load float64
	_, _ = fmt.Sscan(string(text), &load)
	return load
}

// Missed are the rows whose bar was not reached.
func (r *Report) Missed() []Row {
	var missed []Row
	for _, row := range r.Rows {
		if !row.Met {
			missed = append(missed, row)
		}
	}
	return missed
}

// Bars is how many promises the report holds figures against.
func (r *Report) Bars() (n int) {
	for _, row := range r.Rows {
		if row.Bar != 0 {
			n++
		}
	}
	return n
}

// Table prints the report for people.
func (r *Report) Table(to io.Writer) error {
	fmt.Fprintf(to, "wardwatch %s, %s, %d CPUs, load before %.1f and after %.1f, %s\n\n", r.Version, r.Go, r.CPUs, r.LoadBefore, r.LoadAfter, r.Begun.Format(time.RFC3339))
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SCENARIO\tWHAT\tMEASURED\tBESIDE IT\tRATIO\tBAR")
	for _, row := range r.Rows {
		beside, ratio := "", ""
		if row.Beside != 0 {
			beside, ratio = figure(row.Beside)+" "+row.BesideWhat, fmt.Sprintf("%.2f", row.Ratio)
		}
		fmt.Fprintf(table, "%s\t%s\t%s %s\t%s\t%s\t%s\n", row.Scenario, row.What, figure(row.Value), row.Unit, beside, ratio, row.bar())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return r.course(to)
}

// course prints how memory and queues went in a mixed load.
func (r *Report) course(to io.Writer) error {
	if len(r.Course) == 0 {
		return nil
	}
	fmt.Fprintln(to)
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "SECONDS\tRESIDENT MiB\tSIGHTINGS WAIT\tMESSAGES WAIT\tCHANGES WAIT\tCPU SECONDS\tHOST TOOK s\tEVENTS\t")
	for _, l := range r.Course {
		fmt.Fprintf(table, "%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.1f\t%.1f\t%s\t\n", l.Seconds, l.Resident, l.Sightings, l.Readings, l.Changes, l.Processor, l.Stolen, groups(fmt.Sprintf("%.0f", l.Events)))
	}
	return table.Flush()
}

// Write keeps the report as JSON.
func (r *Report) Write(to io.Writer) error {
	encoder := json.NewEncoder(to)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// maxReport is the longest report that is read.
const maxReport = 4 << 20

// Read reads a report that Write wrote.
func Read(from io.Reader) (*Report, error) {
	report := &Report{}
	decoder := json.NewDecoder(io.LimitReader(from, maxReport))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(report); err != nil {
		return nil, fmt.Errorf("this is not a report of wardwatch bench: %w", err)
	}
	return report, nil
}

// likeness is how much two figures may differ before the change is named: what one
// machine scatters by from run to run.
const likeness = 0.10

// Compare prints what changed from one report to another. Where both have a limit
// beside the figure, the ratios are compared: another machine, or a busier one,
// has another limit.
func Compare(to io.Writer, before, after *Report) error {
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SCENARIO\tWHAT\tBEFORE\tAFTER\tCHANGE\t")
	for _, row := range after.Rows {
		i := slices.IndexFunc(before.Rows, func(b Row) bool { return b.Scenario == row.Scenario && b.What == row.What && b.Unit == row.Unit })
		if i < 0 {
			fmt.Fprintf(table, "%s\t%s\t\t%s %s\tnew\t\n", row.Scenario, row.What, figure(row.Value), row.Unit)
			continue
		}
		change, verdict := row.changeFrom(before.Rows[i])
		fmt.Fprintf(table, "%s\t%s\t%s\t%s %s\t%s\t%s\n", row.Scenario, row.What, figure(before.Rows[i].Value), figure(row.Value), row.Unit, change, verdict)
	}
	for _, row := range before.Rows {
		if !slices.ContainsFunc(after.Rows, func(a Row) bool { return a.Scenario == row.Scenario && a.What == row.What && a.Unit == row.Unit }) {
			fmt.Fprintf(table, "%s\t%s\t%s %s\t\tgone\t\n", row.Scenario, row.What, figure(row.Value), row.Unit)
		}
	}
	return table.Flush()
}

// changeFrom is a change in per cent, and a word for it.
func (r Row) changeFrom(before Row) (change, verdict string) {
	old, is, of := before.Value, r.Value, ""
	if before.Ratio != 0 && r.Ratio != 0 {
		old, is, of = before.Ratio, r.Ratio, " of the limit"
	}
	if old == 0 {
		return "", ""
	}
	by := is/old - 1
	switch {
	case math.Abs(by) < likeness:
		verdict = "as before"
	case by > 0 == r.More:
		verdict = "better"
	default:
		verdict = "WORSE"
	}
	return fmt.Sprintf("%+.0f %%%s", by*100, of), verdict
}
