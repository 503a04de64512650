package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/tracking/simulate"
	"wardwatch/web"
)

// demoHistory is how far back the made-up hospital's records go.
const demoHistory = 30 * 24 * time.Hour

// maxSpeed is where a hastened clock stops making sense: a day in twenty-four seconds.
const maxSpeed = 3600

type demoCommand struct {
	HTTP     string     `name:"http" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address of the pages; port 0 takes a free one."`
	MQTT     string     `name:"mqtt" default:"127.0.0.1:1883" placeholder:"HOST:PORT" help:"Address of the broker that the made-up gateways publish to; port 0 takes a free one."`
	Speed    float64    `default:"1" help:"Run the hospital's clock this many times faster."`
	Seed     uint64     `default:"1" help:"Which story is told; the same seed tells the same one."`
	Size     string     `default:"hospital" enum:"small,hospital,campus" help:"How much hospital: small, hospital or campus."`
	LogLevel slog.Level `default:"warn" help:"Least level that is logged: debug, info, warn or error."`

	PrintHospital bool `help:"Print the made-up hospital as a document for wardwatch import hospital, and do nothing else."`
}

// Run shows a made-up hospital, live, until the process is told to stop. Its
// database lives in a folder of its own and goes with it.
func (c demoCommand) Run(p process) (err error) {
	if c.Speed <= 0 || c.Speed > maxSpeed {
		return usageError{fmt.Errorf("--speed %g is not between 0 and %d", c.Speed, maxSpeed)}
	}
	size, err := simulate.ParseSize(c.Size)
	if err != nil {
		return usageError{err}
	}
	drawing := simulate.Draw(size)
	start := time.Now().Truncate(time.Second)
	if c.PrintHospital {
		encoder := json.NewEncoder(p.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(drawing.Document(start))
	}
	folder, err := os.MkdirTemp("", "wardwatch-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo's database: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	return newDemo(c, drawing, start, newLog(p.stderr, c.LogLevel), folder).run(p)
}

// newDemo is a drawing's hospital that starts at an instant and keeps its database in a folder.
func newDemo(c demoCommand, drawing *simulate.Drawing, start time.Time, log *slog.Logger, folder string) *demo {
	hangCabinet(drawing)
	return &demo{command: c, drawing: drawing, start: start, clock: &demoClock{}, born: make(chan *simulate.World, 1), wishes: make(chan func()),
		log: log, dsn: "sqlite:" + filepath.Join(folder, "demo.db")}
}

// demo is one made-up hospital on its way to its first page.
type demo struct {
	command demoCommand
	drawing *simulate.Drawing
	born    chan *simulate.World
	world   *simulate.World
	start   time.Time
	clock   *demoClock
	log     *slog.Logger
	dsn     string
	house   *house
	tokens  map[hospital.GatewayID]account.Secret
	// wishes are what visitors make happen, for the goroutine that owns the world.
	wishes chan func()
	// last is the taking that lets a shelf run low while somebody watches.
	last *simulate.Use
	// standby is when the probes that the world does not know of are heard again.
	standby time.Time
	// counted is when the cabinet's reader counts again.
	counted time.Time
}

// run takes the hospital in thirty days ago, lives through the time since by the
// real rules, and goes on from there with messages over MQTT.
func (d *demo) run(p process) (err error) {
	go d.bear() // it takes as long as the database does to open
	if err := d.takeIn(p.ctx); err != nil {
		return err
	}
	post, err := openPostOffice(d.log)
	if err != nil {
		return err
	}
	settings := config{HTTP: d.command.HTTP, MQTT: d.command.MQTT, DB: d.dsn, SMTP: post.address(), MailFrom: "wardwatch@lindenhof.example",
		demo: &web.Demo{Speed: d.clock.pace, Players: d.drawing.People, Password: demoPassword, Levers: d.levers()}}
	if d.house, err = build(p.ctx, settings, d.log, d.clock.Now); err != nil {
		return errors.Join(err, post.close())
	}
	if err := d.house.parts.People.Porter.GiveAll(p.ctx, hospital.Job("demo"), d.drawing.People, demoPassword); err != nil {
		return errors.Join(err, d.house.close(), post.close())
	}
	d.house.work = append(d.house.work, task{"made-up mail server", post.run})
	d.house.intake = append(d.house.intake, task{"made-up gateways", d.publish}, task{"made-up wards", d.useStock}, task{"made-up pharmacist", d.closeCase})
	d.clock.start(d.start, d.command.Speed)
	fmt.Fprintf(p.stderr, invitation, d.house.pages.Addr())
	return d.house.run(p.ctx, p.stdout)
}

// demoPassword is what the made-up people sign with. Nobody signs in with it: the demo has no door.
const demoPassword = "only-a-demo"

// bear sets the drawing in motion: the same seed and start tell the same story.
func (d *demo) bear() {
	d.born <- simulate.NewWorld(d.drawing, simulate.Options{Seed: d.command.Seed, Start: d.start, History: demoHistory, Story: demoStory()})
}

// invitation is what a newcomer reads; programs read the ready line.
const invitation = `A made-up hospital is at http://%s: nothing in it is real, and Ctrl-C forgets it.
Infusion pump P-001 is walking the ground floor. In half a minute vaccine fridge B rings, its lots
go on hold and reorders wait. The strip at the top looks as a nurse, a pharmacist or a supply manager.
`

// demoStory is what is bound to happen while somebody watches: vaccine fridge B
// has been warming for an hour and rings after half a minute, when its profile's
// delay is up; eight minutes later its compressor runs again. A gateway loses its
// power after three quarters of a minute.
func demoStory() simulate.Story {
	rule, _ := coldchain.Refrigerator().Rule("warm")
	return simulate.Story{Fridge: "f-02", Limit: rule.Limit.Celsius(), Delay: rule.Duration,
		RingAfter: 25 * time.Second, RepairAfter: 9 * time.Minute, CutAfter: 45 * time.Second}
}
