package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"wardwatch/inventory/reorder/policy"
)

// planCommand runs the reorder planner over a history and says how it would have done.
type planCommand struct {
	Demand     string  `required:"" placeholder:"FILE" help:"CSV with a header: item,date,quantity. A dash reads standard input."`
	LeadDays   int     `required:"" help:"Days from order to delivery."`
	ReviewDays int     `default:"1" help:"Days between two looks at an item."`
	Service    float64 `default:"0.95" help:"Wanted fill rate, 0.5 to 0.9999."`
	Pack       int64   `default:"1" help:"Units in an orderable pack."`
	TestShare  float64 `default:"0.3333" help:"Share of the time, at its end, that the back-test is played on."`
	Compare    bool    `help:"Add the simple rules, tuned on the same part: a fixed PAR and a fixed minimum and maximum for each item; one figure for all items, as a multiple of the use and as deviations above a moving average; that PAR raised until it meets as much as the planner; the planner with its safety lowered until it holds no more than that PAR; and whether the planner meets the service with no more stock than the best of them."`
}

const (
	// maxDemandRows is how many lines of history are read.
	maxDemandRows = 5_000_000
	// monthDays and weekDays tell monthly and weekly histories from daily ones.
	monthDays = 28
	weekDays  = 7
)

// planned is what the tool says of one item.
type planned struct {
	Item     string           `json:"item"`
	Periods  int              `json:"periods"`
	Class    string           `json:"class"`
	Forecast string           `json:"forecast"`
	Policy   plannedPolicy    `json:"policy"`
	Backtest tried            `json:"backtest"`
	Compare  map[string]tried `json:"compare,omitempty"`
}

type plannedPolicy struct {
	Kind         string  `json:"kind"` // "(R,S)": at each review, up to the target
	Reorder      int64   `json:"reorder_point"`
	Target       int64   `json:"order_up_to"`
	PerPeriod    float64 `json:"forecast_per_period"`
	SafetyStock  float64 `json:"safety_stock"`
	SafetyFactor float64 `json:"safety_factor"`
	Learned      bool    `json:"factor_learned"`
}

type tried struct {
	Periods      int     `json:"periods"`
	Used         float64 `json:"used"`
	Served       float64 `json:"served"`
	FillRate     float64 `json:"fill_rate"`
	StockOuts    int     `json:"stock_outs"`
	AverageStock float64 `json:"average_stock"`
	Orders       int     `json:"orders"`
	// ItemFill is, of a total, the mean of its items' fill rates, each weighing the same.
	ItemFill float64 `json:"item_fill_rate,omitempty"`
	// Rule says how a simple rule was tuned.
	Rule string `json:"rule,omitempty"`
}

type planReport struct {
	Step    string           `json:"step"` // "day", "week" or "month"
	Lead    int              `json:"lead_periods"`
	Review  int              `json:"review_periods"`
	Service float64          `json:"service"`
	Items   []planned        `json:"items"`
	Total   tried            `json:"total"`
	Compare map[string]tried `json:"compare_total,omitempty"`
	Bar     *planBar         `json:"bar,omitempty"`
}

// Run is the command.
func (p planCommand) Run(outside process) error {
	stdin := outside.stdin
	if p.LeadDays < 0 || p.ReviewDays < 0 || p.Service < 0.5 || p.Service > 0.9999 || p.TestShare <= 0 || p.TestShare >= 1 {
		return usageError{errors.New("lead and review days are 0 or more, the service lies between 0.5 and 0.9999, the test share between 0 and 1")}
	}
	if p.Demand != "-" {
		file, err := os.Open(p.Demand)
		if err != nil {
			return fmt.Errorf("open the history: %w", err)
		}
		defer file.Close()
		stdin = file
	}
	history, err := readDemand(stdin)
	if err != nil {
		return err
	}
	out := json.NewEncoder(outside.stdout)
	out.SetIndent("", "  ")
	return out.Encode(p.report(history))
}

// demand is a history by item and period.
type demand struct {
	step  string
	items []string
	use   [][]float64
	first []int // the period in which each item's history begins
	from  int   // first period of all
	to    int   // behind the last period of all
}

type demandRow struct {
	date     time.Time
	quantity float64
}

func readDemand(from io.Reader) (demand, error) {
	reader := csv.NewReader(from)
	reader.ReuseRecord = true
	header, err := reader.Read()
	if err != nil {
		return demand{}, fmt.Errorf("read the history: %w", err)
	}
	at, err := columnsOf(header, "item", "date", "quantity")
	if err != nil {
		return demand{}, err
	}
	rows := map[string][]demandRow{}
	for n := 2; ; n++ {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return demand{}, fmt.Errorf("read the history: %w", err)
		}
		if n > maxDemandRows {
			return demand{}, fmt.Errorf("the history has more than %d lines; split it by item", maxDemandRows)
		}
		row, err := readDemandRow(record[at[1]], record[at[2]])
		if err != nil {
			return demand{}, fmt.Errorf("line %d: %w", n, err)
		}
		item := strings.Clone(record[at[0]])
		rows[item] = append(rows[item], row)
	}
	if len(rows) == 0 {
		return demand{}, errors.New("the history is empty: give lines of item,date,quantity")
	}
	return bucket(rows), nil
}

func columnsOf(header []string, names ...string) ([]int, error) {
	at := make([]int, len(names))
	for i, name := range names {
		at[i] = slices.IndexFunc(header, func(h string) bool {
			return strings.EqualFold(strings.TrimSpace(strings.TrimPrefix(h, "\ufeff")), name)
		})
		if at[i] < 0 {
			return nil, fmt.Errorf("the header lacks the column %q; it must be item,date,quantity", name)
		}
	}
	return at, nil
}

func readDemandRow(date, quantity string) (row demandRow, err error) {
	for _, layout := range []string{time.DateOnly, "2006-01", time.RFC3339, "2006-01-02 15:04:05"} {
		if row.date, err = time.Parse(layout, strings.TrimSpace(date)); err == nil {
			break
		}
	}
	if err != nil {
		return row, fmt.Errorf("%q is no date like 2026-01-31", date)
	}
	if row.quantity, err = strconv.ParseFloat(strings.TrimSpace(quantity), 64); err != nil || row.quantity != row.quantity || row.quantity > 1e12 {
		return row, fmt.Errorf("%q is no quantity", quantity)
	}
	row.quantity = max(row.quantity, 0) // what came back is no use
	return row, nil
}

// bucket sums the rows by period. The step is that of the dates: where they lie
// four weeks or more apart the history is monthly, a week apart weekly.
func bucket(rows map[string][]demandRow) demand {
	var gaps []int
	for _, all := range rows {
		slices.SortFunc(all, func(a, b demandRow) int { return a.date.Compare(b.date) })
		for i := 1; i < len(all); i++ {
			if gap := int(all[i].date.Sub(all[i-1].date).Hours() / 24); gap > 0 {
				gaps = append(gaps, gap)
			}
		}
	}
	d := demand{step: stepOf(gaps)}
	for item := range rows {
		d.items = append(d.items, item)
	}
	slices.Sort(d.items)
	for i, item := range d.items {
		all := rows[item]
		first, last := periodOf(all[0].date, d.step), periodOf(all[len(all)-1].date, d.step)
		use := make([]float64, last-first+1)
		for _, row := range all {
			use[periodOf(row.date, d.step)-first] += row.quantity
		}
		d.use, d.first = append(d.use, use), append(d.first, first)
		if i == 0 {
			d.from, d.to = first, last+1
		}
		d.from, d.to = min(d.from, first), max(d.to, last+1)
	}
	return d
}

// stepOf tells by the smallest gaps: the tenth part of them, so that a few stray
// dates do not decide.
func stepOf(gaps []int) string {
	if len(gaps) == 0 {
		return "day"
	}
	slices.Sort(gaps)
	switch gap := gaps[len(gaps)/10]; {
	case gap >= monthDays:
		return "month"
	case gap >= weekDays:
		return "week"
	}
	return "day"
}

func periodOf(at time.Time, step string) int {
	switch step {
	case "month":
		return at.Year()*12 + int(at.Month()) - 1
	case "week":
		return int((at.Unix()/86400 + 3) / weekDays) // weeks begin on Monday
	}
	return int(at.Unix() / 86400)
}

// inPeriods rounds days up to whole periods.
func inPeriods(days int, step string) int {
	length := map[string]int{"day": 1, "week": weekDays, "month": 31}[step]
	return max((days+length-1)/length, 1)
}

func (p planCommand) report(d demand) planReport {
	r := planReport{Step: d.step, Lead: inPeriods(p.LeadDays, d.step), Review: inPeriods(p.ReviewDays, d.step), Service: p.Service}
	cut := d.to - max(int(float64(d.to-d.from)*p.TestShare+0.5), 1)
	trials := make([]policy.Trial, len(d.items))
	for i := range d.items {
		trials[i] = policy.Trial{From: min(max(cut-d.first[i], 0), len(d.use[i])), Lead: r.Lead, Review: r.Review, Pack: p.Pack,
			Year: map[string]int{"day": 365, "week": 52, "month": 12}[d.step]}
	}
	plans := policy.Choose(d.use, trials, p.Service)
	var all sumOf
	for i, item := range d.items {
		outcome := policy.Try(d.use[i], plans[i], trials[i])
		all.add(outcome)
		r.Items = append(r.Items, describe(item, d.use[i], plans[i], outcome))
	}
	r.Total = all.result()
	if p.Compare {
		p.compare(&r, d.use, trials, plans)
	}
	return r
}

const (
	// raiseMost is by how much fixed levels are raised at most; raiseSteps how finely that is searched.
	raiseMost, raiseSteps = 64.0, 14
)

// parRaised is what the tuned PAR levels come to when all of them are raised by
// the least common factor with which they meet as much as the planner did. No
// keeper of levels knows that factor beforehand: it says what the same service
// would have cost in stock.
func parRaised(use [][]float64, trials []policy.Trial, service, wanted float64) policy.Outcome {
	levels := make([]policy.Fixed, len(use))
	for i := range use {
		levels[i] = policy.TunePAR(use[i], trials[i], service)
	}
	play := func(factor float64) (sum policy.Outcome) {
		for i := range use {
			target := int64(math.Ceil(float64(levels[i].Target) * factor))
			sum = sum.Plus(policy.Try(use[i], policy.Fixed{Reorder: max(target-1, 0), Target: target, Basis: policy.BySet}, trials[i]))
		}
		return sum
	}
	low, high := 0.0, raiseMost
	for range raiseSteps {
		if middle := (low + high) / 2; play(middle).FillRate() >= wanted {
			high = middle
		} else {
			low = middle
		}
	}
	return play(high)
}

// plannerLowered is what the planner comes to when the safety of all items is lowered
// to the greatest common share with which it holds no more than so much on average:
// what the same stock would have met.
func plannerLowered(use [][]float64, trials []policy.Trial, plans []policy.Plan, stock float64) policy.Outcome {
	play := func(share float64) (sum policy.Outcome) {
		for i := range use {
			sum = sum.Plus(policy.Try(use[i], plans[i].Lowered(share), trials[i]))
		}
		return sum
	}
	low, high := -1.0, 1.0
	if all := play(high); all.AverageStock() <= stock {
		return all
	}
	for range raiseSteps {
		if middle := (low + high) / 2; play(middle).AverageStock() <= stock {
			low = middle
		} else {
			high = middle
		}
	}
	return play(low)
}

func describe(item string, use []float64, plan policy.Plan, o policy.Outcome) planned {
	level := plan.At(use)
	return planned{Item: item, Periods: len(use), Class: plan.Class, Forecast: plan.Forecaster.String(), Backtest: result(o),
		Policy: plannedPolicy{Kind: "(R,S)", Reorder: level.Reorder, Target: level.Target, PerPeriod: round(level.Expected / float64(plan.Interval)),
			SafetyStock: round(level.Safety), SafetyFactor: round(plan.Factor), Learned: plan.Learned}}
}

func result(o policy.Outcome) tried {
	return tried{Periods: o.Periods, Used: round(o.Used), Served: round(o.Served), FillRate: round(o.FillRate()), StockOuts: o.StockOuts,
		AverageStock: round(o.AverageStock()), Orders: o.Orders}
}

// round keeps four places.
func round(x float64) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(x, 'f', 4, 64), 64)
	if err != nil {
		return x
	}
	return rounded
}
