package main

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"wardwatch/tracking/hospital/upkeep"
	"wardwatch/web"
)

// wireUpkeep connects how the house itself does with pages, /readyz and /metrics.
func (h *house) wireUpkeep(context.Context) error {
	h.parts.Storage = h.db.Storage
	h.parts.Checks = append(h.parts.Checks, web.Check{Name: "storage", Work: h.db.Storable})
	h.work = append(h.work, task{"storage", h.db.Watch})
	h.metrics.MustRegister(storageMeters(h.db.Storage)...)
	return nil
}

// storageMeters shows in /metrics whether anything can be stored, and how much room is left.
func storageMeters(storage func() upkeep.Storage) []prometheus.Collector {
	gauge := func(name, help string, labels prometheus.Labels, of func(upkeep.Storage) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "wardwatch_storage_" + name, Help: help, ConstLabels: labels},
			func() float64 { return of(storage()) })
	}
	meters := []prometheus.Collector{
		gauge("bytes", "How long the database file is.", nil, func(s upkeep.Storage) float64 { return float64(s.Size) }),
		gauge("free_bytes", "How much of the database's disk is left; -1 where that can't be told.", nil, func(s upkeep.Storage) float64 { return float64(s.Free) }),
	}
	for _, trouble := range upkeep.Troubles() {
		meters = append(meters, gauge("trouble", "1 while nothing can be stored for this reason: readings are refused.",
			prometheus.Labels{"trouble": string(trouble)}, func(s upkeep.Storage) float64 {
				if s.Trouble == trouble {
					return 1
				}
				return 0
			}))
	}
	return meters
}
