package ingest

import "github.com/prometheus/client_golang/prometheus"

// meters count what comes in, for /metrics.
type meters struct {
	messages  *prometheus.CounterVec
	sightings prometheus.Counter
	readings  *prometheus.CounterVec
	refused   *prometheus.CounterVec
	dropped   prometheus.Counter
	busy      prometheus.Counter
	unwritten prometheus.Counter
	writing   prometheus.Histogram
}

func newMeters(to prometheus.Registerer) meters {
	m := meters{
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "wardwatch_ingest_messages_total",
			Help: "Messages of gateways that could be read."}, []string{"source", "format"}),
		sightings: prometheus.NewCounter(prometheus.CounterOpts{Name: "wardwatch_ingest_sightings_total",
			Help: "Sightings that were taken."}),
		readings: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "wardwatch_ingest_readings_total",
			Help: "Readings by what became of them: accepted, duplicate or refused."}, []string{"verdict"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "wardwatch_ingest_refused_total",
			Help: "What was refused: whole messages (unreadable, foreign gateway, too long), single records and readings, connections."}, []string{"what"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{Name: "wardwatch_ingest_sightings_dropped_total",
			Help: "Oldest sightings that were dropped because the queue was full."}),
		busy: prometheus.NewCounter(prometheus.CounterOpts{Name: "wardwatch_ingest_busy_total",
			Help: "Messages that were sent back because readings could not be taken; none was lost."}),
		unwritten: prometheus.NewCounter(prometheus.CounterOpts{Name: "wardwatch_ingest_unwritten_total",
			Help: "Readings that could not be written; their senders keep them and send them again."}),
		writing: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "wardwatch_ingest_write_seconds",
			Help: "Time to make a group of readings durable.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14)}),
	}
	if to != nil {
		to.MustRegister(m.messages, m.sightings, m.readings, m.refused, m.dropped, m.busy, m.unwritten, m.writing)
	}
	return m
}

// meterQueues shows in /metrics what waits.
func (in *Intake) meterQueues() {
	if in.Metrics == nil {
		return
	}
	in.Metrics.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "wardwatch_ingest_waiting_sightings", Help: "Sightings that are not handed over yet."},
			func() float64 { return float64(in.sightings.waiting()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "wardwatch_ingest_waiting_messages", Help: "Messages with readings that are not on their way to disk yet."},
			func() float64 { return float64(len(in.parcels)) }))
}
