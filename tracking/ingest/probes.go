package ingest

import (
	"context"
	"fmt"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest/gateway"
	"wardwatch/tracking/ingest/modbus"
)

// Modbus is the format of probes that we ask ourselves.
const Modbus gateway.Format = "modbus"

// Probe asks a Modbus probe whose readings come in as those of sensor id, for as long as
// its Run runs. A sample that can't be written is held and comes again.
func (in *Intake) Probe(id string, setting modbus.Setting) *modbus.Poller {
	return &modbus.Poller{Setting: setting, Now: in.Now,
		Heard: func(ctx context.Context, s modbus.Sample) error { return in.takeSample(ctx, id, s) },
		Changed: func(why error) {
			if why == nil {
				in.Log.Info("a probe answers", "sensor", id, "address", setting.Address)
				return
			}
			in.Log.Warn("a probe does not answer; asking again", "sensor", id, "address", setting.Address, "error", why)
			in.Book.Refuse(Refusal{At: in.Now(), Source: string(Modbus), Records: 1, Reason: fmt.Sprintf("probe %s at %s: %v", id, setting.Address, why)})
		}}
}

// takeSample takes one sample and waits until it is durable.
func (in *Intake) takeSample(ctx context.Context, id string, s modbus.Sample) error {
	durable := make(chan error, 1)
	err := in.TakeBatch(ctx, hospital.GatewayID(id), gateway.Message{ReceivedAt: in.Now(), Source: string(Modbus)}, batchOfSample(id, s, in.Now()),
		func(_ Receipt, err error) { durable <- err })
	if err != nil {
		return err
	}
	select {
	case err := <-durable:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func batchOfSample(id string, s modbus.Sample, received time.Time) gateway.Batch {
	b := gateway.Batch{Format: Modbus, Signs: []coldchain.Sign{{Sensor: id, Kind: coldchain.SignProbeOut, On: s.Fault, At: s.At, ReceivedAt: received, Source: string(Modbus)}}}
	if s.Fault {
		b.Refused = []gateway.Refused{{Reason: fmt.Sprintf("sensor %s reports no valid temperature: it is at fault", id)}}
		return b
	}
	b.Readings = []coldchain.Reading{{Sensor: id, Channel: coldchain.Probe, Temp: coldchain.FromCelsius(s.Celsius), HumidityPct: s.HumidityPct,
		MeasuredAt: s.At, ReceivedAt: received, Source: string(Modbus)}}
	b.ReadingOf = []gateway.Origin{{Counter: gateway.NoCounter}}
	return b
}
