package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/load"
	"github.com/shirou/gopsutil/v4/mem"
	"github.com/shirou/gopsutil/v4/net"

	"github.com/parleyproto/parley/cmd/beacon/telemetry"
)

// sampler reads this machine's own counters: load, memory, disk and network.
// It gives each reading the device's next number. Not safe for concurrent use.
type sampler struct {
	device string
	n      uint64
}

// sample reads every source once. A source that this machine does not have is left out;
// the error joins what failed, and the readings that could be taken are returned with it.
func (s *sampler) sample(ctx context.Context, now time.Time) ([]*telemetry.Reading, error) {
	var out []*telemetry.Reading
	var errs []error
	add := func(sensor string, value float64, unit string) {
		out = append(out, s.next(sensor, value, unit, now))
	}
	failed := func(source string, err error) {
		errs = append(errs, fmt.Errorf("beacon: cannot read %s: %w", source, err))
	}

	if l, err := load.AvgWithContext(ctx); err != nil {
		failed("load", err)
	} else {
		add("load.1m", l.Load1, "")
		add("load.5m", l.Load5, "")
	}
	if m, err := mem.VirtualMemoryWithContext(ctx); err != nil {
		failed("memory", err)
	} else {
		add("memory.used", float64(m.Used), "B")
		add("memory.available", float64(m.Available), "B")
	}
	if d, err := disk.UsageWithContext(ctx, "/"); err != nil {
		failed("disk", err)
	} else {
		add("disk.used", float64(d.Used), "B")
		add("disk.free", float64(d.Free), "B")
	}
	if io, err := net.IOCountersWithContext(ctx, false); err != nil {
		failed("network", err)
	} else if len(io) > 0 {
		add("net.sent", float64(io[0].BytesSent), "B")
		add("net.received", float64(io[0].BytesRecv), "B")
	}
	return out, errors.Join(errs...)
}

// next returns a reading with the device's next number.
func (s *sampler) next(sensor string, value float64, unit string, now time.Time) *telemetry.Reading {
	s.n++
	return &telemetry.Reading{Device: s.device, Sensor: sensor, N: s.n, At: now, Value: value, Unit: unit}
}
