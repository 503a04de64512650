package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/tracking/hospital/certificate"
	"wardwatch/tracking/hospital/display"
	"wardwatch/tracking/hospital/upkeep"
	"wardwatch/tracking/ingest"
	"wardwatch/tracking/ingest/modbus"
	"wardwatch/tracking/ingest/mqtt"
	"wardwatch/tracking/notify"
	"wardwatch/web"
)

const (
	// drainTime is how long requests in progress may take to end once the house is told to stop.
	drainTime = 5 * time.Second
	// headerTime is how long a browser may take to say what it wants.
	headerTime = 10 * time.Second
	// requestTime is how long a whole request may take to arrive. Websockets are not held to it.
	requestTime = time.Minute
	// idleTime is how long a connection is kept for the next request.
	idleTime = 2 * time.Minute
)

// house is everything that runs, put together.
type house struct {
	config   config
	log      *slog.Logger
	now      clock
	metrics  *prometheus.Registry
	db       *db.DB
	register *hospital.Register
	reorders *reorder.Desk
	cabinets *inventory.Cabinets
	// answers looks into a supplier's folder of answers; nil where nothing is fetched.
	answers func(ctx context.Context, s inventory.Supplier, at time.Time, take func(name string, file []byte) error) (int, error)
	tracker *tracking.Tracker
	monitor *coldchain.Monitor
	broker  *mqtt.Broker
	desk    *notify.Desk
	// parts is what the door will open onto; each subject below adds its own.
	parts  web.Parts
	door   *web.Door
	server *http.Server
	pages  net.Listener
	tls    *certificates // nil where pages come over plain http
	// closers are of what else listens.
	closers []func() error
	upkeep  *upkeep.Desk
	// certified are the gateways that show client certificates.
	certified *certificate.Desk

	// followers are called once the register holds a newer hospital.
	followers []func(context.Context) error
	// listeners are told which topics changed, after each commit. They must not block.
	listeners []func(topics []string)
	// intake takes work from outside and is stopped first; work carries out what
	// was taken and is stopped once the intake has drained.
	intake []task
	work   []task
}

// task runs until its context ends. An earlier end is a fault that stops the house.
type task struct {
	name string
	run  func(context.Context) error
}

// build puts the house together; nothing runs yet. The paths of data read from top to bottom.
func build(ctx context.Context, c config, log *slog.Logger, now clock) (*house, error) {
	h := &house{config: c, log: log, now: now, metrics: prometheus.NewRegistry()}
	for _, wire := range []func(context.Context) error{
		h.wireCertificates,
		h.wireDatabase,
		h.wireUpkeep,    // how the house itself does
		h.wireHospital,  // places
		h.wirePeople,    // accounts, tokens, the audit trail
		h.wireSyslog,    // the audit trail → the hospital's log server
		h.wireColdChain, // readings → excursions → alarms → notices
		h.wireEquipment, // sightings → places
		h.wireFleet,     // moves → fences, devices → alarms
		h.wireStock,     // ledger → proposals → orders; follows the cold chain
		h.wireDevices,   // broker and POST /ingest → readings and sightings
		h.wirePages,     // everything → browsers
	} {
		if err := wire(ctx); err != nil {
			return nil, errors.Join(err, h.close())
		}
	}
	return h, nil
}

func (h *house) wireDatabase(ctx context.Context) (err error) {
	h.db, err = db.Open(ctx, h.config.DB, db.Options{Now: h.now, Announce: h.announce, Log: h.log})
	if err == nil {
		h.metrics.MustRegister(waitingChanges(h.db))
	}
	return err
}

func (h *house) wireEquipment(ctx context.Context) (err error) {
	kept := db.Equipment{DB: h.db}
	h.tracker, err = tracking.NewTracker(ctx, h.register, kept, tracking.TrackerOptions{Now: h.now, Log: h.log})
	if err != nil {
		return err
	}
	h.followers = append(h.followers, h.tracker.Reload)
	h.work = append(h.work, task{"tracker", h.tracker.Run})
	h.metrics.MustRegister(meters(h.tracker)...)
	h.parts.Equipment = &tracking.Equipment{Register: h.register, Store: kept, Tracker: h.tracker, Now: h.now}
	if err := h.wireLevels(); err != nil { // places → what units lack → tasks and alarms
		return err
	}
	return nil
}

func (h *house) wireDevices(ctx context.Context) error {
	kept := db.Devices{DB: h.db}
	book, err := ingest.OpenBook(ctx, kept, h.log)
	if err != nil {
		return err
	}
	book.Told = h.tracker.GatewayAlive
	tokens := account.NewKeys(db.Accounts{DB: h.db}, h.now)
	h.certified = &certificate.Desk{Store: db.Certificates{DB: h.db}, Register: h.register, Now: h.now}
	h.parts.Certificates = h.certified
	enrolled, err := h.enrolled(ctx)
	if err != nil {
		return err
	}
	intake := ingest.New(ingest.Parts{Sights: cabinetSights{h.tracker, h.cabinets, h.now}, Observes: h.monitor, Signs: h.monitor, Enrolled: enrolled,
		Register: h.register, Book: book, Now: h.now, Log: h.log, Metrics: h.metrics})
	h.broker, err = mqtt.Listen(h.config.MQTT, mqtt.Parts{TLS: h.mqttTLS(), TLSAddress: h.config.MQTTTLS, Certificates: h.certified, Intake: intake, Tokens: tokens, Book: lifeSigns{book, h.tracker},
		Register: h.register, Now: h.now, Log: h.log, Metrics: h.metrics})
	if err != nil {
		return err
	}
	h.parts.Broker = web.Broker{Address: h.broker.Address(), SafeAddress: h.broker.SafeAddress()}
	if address := h.config.MQTTUpstream.reveal(); address != "" {
		upstream := mqtt.Upstream{URL: address, ClientID: "wardwatch", Topics: mqtt.UpstreamTopics(), Intake: intake, Now: h.now, Log: h.log}
		h.intake = append(h.intake, task{"the hospital's broker", upstream.Run})
	}
	for id, address := range h.config.Readers {
		h.intake = append(h.intake, task{"reader " + id, intake.Reader(hospital.GatewayID(id), address).Run})
	}
	for id, said := range h.config.Modbus {
		setting, err := modbus.ParseSetting(said)
		if err != nil {
			return fmt.Errorf("--modbus %s: %w", id, err)
		}
		h.intake = append(h.intake, task{"probe " + id, intake.Probe(id, setting).Run})
	}
	h.parts.Intake, h.parts.Tokens = intake, tokens
	h.parts.Devices = &ingest.Desk{Store: kept, Book: book, Register: h.register, Sensors: h.monitor, Now: h.now}
	h.intake = append(h.intake, task{"broker", h.broker.Run})
	h.work = append(h.work, task{"intake", intake.Run}, task{"notes on devices", book.Run})
	return nil
}

func (h *house) wirePages(context.Context) (err error) {
	h.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	h.parts.Register, h.parts.Now, h.parts.Log, h.parts.Metrics, h.parts.Version = h.register, h.now, h.log, h.metrics, version()
	h.parts.Demo = h.config.demo
	h.parts.Lists = db.Lists{DB: h.db}
	h.parts.Displays = &display.Desk{Store: db.Displays{DB: h.db}, Register: h.register, Now: h.now}
	if h.parts.Proxies, err = web.ParseProxies(h.config.TrustedProxy); err != nil {
		return usageError{err}
	}
	h.parts.Checks = append(h.parts.Checks, web.Check{Name: "database", Work: h.db.Ping})
	if h.door, err = web.New(h.parts); err != nil {
		return err
	}
	h.server = &http.Server{Handler: h.door, ReadHeaderTimeout: headerTime, ReadTimeout: requestTime, IdleTimeout: idleTime, ErrorLog: slog.NewLogLogger(h.log.Handler(), slog.LevelWarn)}
	if h.pages, err = net.Listen("tcp", h.config.HTTP); err != nil {
		return fmt.Errorf("listen for pages (choose another address with --http): %w", err)
	}
	h.pages = h.overTLS(h.pages)
	h.listeners = append(h.listeners, h.door.Changed)
	h.work = append(h.work, task{"live pages", h.door.RunLive})
	h.intake = append(h.intake, task{"pages", h.servePages}, task{"jobs", h.runJobs}, task{"errands", h.door.RunErrands})
	return nil
}

// announce tells the listeners inside the house which topics changed. The
// database's writer calls it after each commit: it must not block.
func (h *house) announce(topics []string) {
	for _, tell := range h.listeners {
		tell(topics)
	}
}

// run says that the house is ready, and lives until ctx ends; then it drains and closes.
func (h *house) run(ctx context.Context, stdout io.Writer) error {
	working, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	taking, stopTaking := context.WithCancel(ctx)
	defer stopTaking()
	intake, taking := errgroup.WithContext(taking)
	workers, failing := errgroup.WithContext(working)
	context.AfterFunc(failing, stopTaking) // nothing is taken in that nobody would carry out
	h.start(workers, working, h.work)
	h.start(intake, taking, h.intake)
	_, err := fmt.Fprintf(stdout, "ready http=%s mqtt=%s%s\n", h.address(), h.brokerAddress(), h.safeBroker())
	economise()
	err = errors.Join(err, intake.Wait())
	stopWork()
	return errors.Join(err, workers.Wait(), h.close())
}

func (h *house) start(group *errgroup.Group, ctx context.Context, tasks []task) {
	for _, t := range tasks {
		group.Go(func() error {
			if err := t.run(ctx); err != nil && !errors.Is(err, context.Canceled) {
				return fmt.Errorf("%s: %w", t.name, err)
			}
			return nil
		})
	}
}

func (h *house) servePages(ctx context.Context) error {
	drained := make(chan struct{})
	dismiss := context.AfterFunc(ctx, func() {
		defer close(drained)
		draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		if err := h.server.Shutdown(draining); err != nil {
			h.log.Warn("some requests did not end in time", "error", err)
			_ = h.server.Close()
		}
	})
	if err := h.server.Serve(h.pages); !errors.Is(err, http.ErrServerClosed) {
		dismiss()
		return err
	}
	<-drained // Serve ends as soon as draining begins
	return nil
}

func (h *house) brokerAddress() string { return h.broker.Address() }

func (h *house) close() error {
	var errs []error
	if h.pages != nil {
		if err := h.pages.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	for _, closeIt := range h.closers {
		if err := closeIt(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if h.broker != nil {
		errs = append(errs, h.broker.Close())
	}
	if h.db != nil {
		errs = append(errs, h.db.Close())
	}
	return errors.Join(errs...)
}
