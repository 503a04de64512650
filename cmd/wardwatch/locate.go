package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"wardwatch/tracking/locate"
)

// locateCommand replays a recording through the very filter that the server runs.
type locateCommand struct {
	Gateways string `required:"" placeholder:"G.json" help:"Receivers: {\"ID\":{\"room\":\"…\"|null,\"xy\":[…]|\"xyz\":[…]}}."`
	Train    string `placeholder:"OBS.csv" help:"Observations to learn from, with --truth."`
	Truth    string `placeholder:"TRUTH.csv" help:"Where the tags of --train were: tag,from_ms,to_ms,room."`
	Observe  string `required:"" placeholder:"OBS.csv" help:"Observations to replay: ts_ms,gateway,tag,rssi."`
	Score    string `placeholder:"TRUTH.csv" help:"Judge the answers by this truth; a summary goes to standard error."`
}

// locateScore is the summary that --score prints.
type locateScore struct {
	locate.Score
	SightingsPerSecond float64 `json:"sightings_per_second"`
}

// Run prints ts_ms,tag,room,confidence: a line at each change and at least one a
// second while a tag is heard.
func (c locateCommand) Run(p process) error {
	if (c.Train == "") != (c.Truth == "") {
		return usageError{errors.New("--train and --truth go together: what was heard, and where the tag was then")}
	}
	model, err := c.model()
	if err != nil {
		return err
	}
	observations, err := readRecording(c.Observe, locate.ReadObservations)
	if err != nil {
		return err
	}
	c.warn(p, model, observations)
	began := time.Now()
	var predictions []locate.Prediction
	locate.Replay(model, observations, func(said locate.Prediction) { predictions = append(predictions, said) })
	took := time.Since(began)
	if err := printPredictions(p.stdout, predictions); err != nil || c.Score == "" {
		return err
	}
	truth, err := readRecording(c.Score, locate.ReadTruth)
	if err != nil {
		return err
	}
	return json.NewEncoder(p.stderr).Encode(locateScore{Score: locate.Judge(truth, predictions),
		SightingsPerSecond: float64(len(observations)) / max(took.Seconds(), 1e-9)})
}

// model is what the gateways file and the training tell.
func (c locateCommand) model() (*locate.Model, error) {
	var observations []locate.Observation
	var truth []locate.Truth
	var err error
	if c.Train != "" {
		if observations, err = readRecording(c.Train, locate.ReadObservations); err != nil {
			return nil, err
		}
		if truth, err = readRecording(c.Truth, locate.ReadTruth); err != nil {
			return nil, err
		}
	}
	plan, err := readRecording(c.Gateways, func(r io.Reader) (locate.Plan, error) { return locate.ReadPlan(r, locate.Rooms(truth)...) })
	if err != nil {
		return nil, err
	}
	if len(plan.Rooms) == 0 {
		return nil, fmt.Errorf("%s names no room, and there is nothing to learn rooms from: give --train and --truth", c.Gateways)
	}
	lessons := locate.Teach(&plan, observations, truth, locate.DefaultTuning().StepMS)
	return locate.NewModel(plan, locate.DefaultTuning(), lessons...), nil
}

// warn says how many observations come from receivers that nobody described.
func (c locateCommand) warn(p process, model *locate.Model, observations []locate.Observation) {
	strange := 0
	for _, o := range observations {
		if _, known := model.Receiver(o.Receiver); !known {
			strange++
		}
	}
	if strange > 0 {
		fmt.Fprintf(p.stderr, "%d of %d observations come from gateways that %s does not name; they are left out\n", strange, len(observations), c.Gateways)
	}
}

func readRecording[T any](name string, read func(io.Reader) (T, error)) (T, error) {
	var none T
	file, err := os.Open(name)
	if err != nil {
		return none, fmt.Errorf("open %s: %w", name, err)
	}
	defer file.Close()
	got, err := read(bufio.NewReader(file))
	if err != nil {
		return none, fmt.Errorf("read %s: %w", name, err)
	}
	return got, nil
}

// printPredictions leaves out what says the same again within the second.
func printPredictions(w io.Writer, predictions []locate.Prediction) error {
	const everyMS = 1000 - 350 // the next step would be later than a second after
	out := csv.NewWriter(w)
	line := []string{"ts_ms", "tag", "room", "confidence"}
	if err := out.Write(line); err != nil {
		return err
	}
	last := make(map[string]locate.Prediction)
	for _, p := range predictions {
		if before, said := last[p.Tag]; said && before.Room == p.Room && p.AtMS-before.AtMS < everyMS {
			continue
		}
		last[p.Tag] = p
		line[0], line[1], line[2] = strconv.FormatInt(p.AtMS, 10), p.Tag, p.Room
		line[3] = strconv.FormatFloat(p.Confidence, 'f', 3, 64)
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
