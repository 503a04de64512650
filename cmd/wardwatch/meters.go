package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"wardwatch/db"
	"wardwatch/tracking"
)

// meters shows in /metrics what the tracker has done.
func meters(t *tracking.Tracker) []prometheus.Collector {
	count := func(name, help string, of func(tracking.Counts) uint64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "wardwatch_tracker_" + name + "_total", Help: help},
			func() float64 { return float64(of(t.Counts())) })
	}
	return []prometheus.Collector{
		count("sightings", "Sightings of enrolled tags that were handed over.", func(c tracking.Counts) uint64 { return c.Taken }),
		count("strangers", "Sightings of tags that nobody enrolled.", func(c tracking.Counts) uint64 { return c.Strange }),
		count("dropped", "Sightings dropped to make room for newer ones.", func(c tracking.Counts) uint64 { return c.Dropped }),
		count("moves", "Arrivals, moves and departures that were decided.", func(c tracking.Counts) uint64 { return c.Moves }),
		count("failed", "Transactions that the database refused; they are tried again.", func(c tracking.Counts) uint64 { return c.Failed }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "wardwatch_tracker_waiting", Help: "Sightings that stand in the queues."},
			func() float64 { return float64(t.Waiting()) }),
	}
}

// waitingChanges shows in /metrics how long the line before the one writer is.
func waitingChanges(kept *db.DB) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "wardwatch_database_waiting", Help: "Changes that stand in line for the next commit."},
		func() float64 { return float64(kept.Waiting()) })
}
