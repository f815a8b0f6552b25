package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyproto/parley/cmd/beacon/telemetry"
	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
)

const (
	demoPace   = 5 * time.Millisecond   // between a device's test readings
	demoOutage = 400 * time.Millisecond // how long the listener is away at its restart
	demoTarget = 2                      // the version to upgrade to: length-prefixed binary
	demoSettle = 20 * time.Second       // the most that what is left at the end may take
)

// demonstration is one run: devices, a bad link, a server, all in this process, over real TCP.
type demonstration struct {
	duration time.Duration
	devices  int
	seed     uint64
	log      *slog.Logger

	link    *fault.Link
	srv     *transport.Server
	address string
	ledger  *ledger

	reconnects, upgrades, ready atomic.Uint64
}

// run is the story: send in version 1; half way to the upgrade the listener restarts; in the
// middle every live session moves to version 2; at the end all must have arrived. On a machine that
// stands still meanwhile it takes longer: what was not felt yet is waited for.
func (d *demonstration) run(ctx context.Context, show func(string)) (*demoResult, error) {
	begin := time.Now()
	d.ledger = newLedger()
	d.link = &fault.Link{
		Seed: d.seed, Latency: 2 * time.Millisecond, Jitter: 8 * time.Millisecond,
		Rates: fault.Rates{
			Stall: 0.002, StallMax: 250 * time.Millisecond,
			Fragment: 0.1, FragmentMax: 5,
			Reset: 0.002,
		},
	}
	d.srv = newServer(func(_ context.Context, r *telemetry.Reading) error {
		d.ledger.delivered(r.Device, r.N)
		return nil
	}, 1, d.log)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d.address = ln.Addr().String()
	served := make(chan error, 1)
	go func() { served <- d.srv.Serve(ln) }()

	sending, stop := context.WithDeadline(ctx, begin.Add(d.duration+demoSettle))
	defer stop()
	var devices sync.WaitGroup
	failed := make(chan error, d.devices)
	for i := range d.devices {
		devices.Go(func() {
			if err := d.device(sending, fmt.Sprintf("d%d", i+1)); err != nil {
				failed <- err
				stop()
			}
		})
	}
	tick, untick := context.WithCancel(context.Background())
	var reporter sync.WaitGroup
	reporter.Go(func() { d.report(tick, begin, show) })

	err = d.restart(sending, ln, served)
	if err == nil {
		d.upgrade(sending, begin.Add(d.duration))
	}
	stop()
	devices.Wait()
	untick()
	reporter.Wait()
	d.srv.Close()
	<-served
	close(failed)
	return d.result(begin), errors.Join(err, <-failed)
}

// restart closes the listener and breaks every connection a quarter of the way, and listens again
// on the same address a little later. The sessions, which all have begun by then, outlive it.
func (d *demonstration) restart(ctx context.Context, ln net.Listener, served chan error) error {
	if !pause(ctx, d.duration/4) {
		return nil
	}
	for d.ready.Load() < uint64(d.devices) {
		if !pause(ctx, 10*time.Millisecond) {
			return nil
		}
	}
	ln.Close()
	<-served
	d.link.ResetAll()
	pause(ctx, demoOutage)
	ln, err := net.Listen("tcp", d.address)
	if err != nil {
		served <- err
		return fmt.Errorf("the listener could not restart: %w", err)
	}
	go func() { served <- d.srv.Serve(ln) }()
	return nil
}

// upgrade moves every live session to version 2, and goes on to move those that were
// without a connection at the time, as an operator's tool would: until the end, and until some were
// moved and some were connected again.
func (d *demonstration) upgrade(ctx context.Context, end time.Time) {
	pause(ctx, d.duration/4)
	for {
		var old []*transport.Session
		for _, s := range d.srv.Sessions() {
			if s.Version != demoTarget {
				old = append(old, s.Session)
			}
		}
		if len(old) > 0 {
			for _, r := range d.srv.Upgrade(ctx, demoTarget, old...) {
				if r.Err == nil {
					d.upgrades.Add(1)
				}
			}
		}
		felt := d.reconnects.Load() > 0 && d.upgrades.Load() > 0
		if felt && !time.Now().Before(end) || !pause(ctx, 200*time.Millisecond) {
			return
		}
	}
}

// device is one client: numbered test readings at a steady pace, and once a second this
// machine's own metrics, until ctx ends; then all that was sent must be acknowledged.
func (d *demonstration) device(ctx context.Context, name string) error {
	client, err := transport.Dial(&transport.Config{
		Endpoints: []string{d.address},
		Protocol:  telemetry.Protocol,
		Backoff:   transport.Backoff{Base: 50 * time.Millisecond, Cap: 500 * time.Millisecond, Floor: 10 * time.Millisecond},
		Dial:      d.link.Dial(nil),
		OnChange:  func(c transport.Change) { d.changed(c) },
		Log:       d.log,
	})
	if err != nil {
		return err
	}
	s := &sampler{device: name}
	err = d.send(ctx, client, s)
	settle, cancel := context.WithTimeout(context.Background(), demoSettle)
	defer cancel()
	return errors.Join(err, client.Shutdown(settle))
}

func (d *demonstration) send(ctx context.Context, c *transport.Client, s *sampler) error {
	pace := time.NewTicker(demoPace)
	defer pace.Stop()
	var sampled time.Time
	for now := time.Now(); ; {
		readings := []*telemetry.Reading{s.next("test", float64(s.n), "", now)}
		if now.Sub(sampled) >= time.Second {
			sampled = now
			own, _ := s.sample(ctx, now) // what this machine does not have is not the demo's matter
			readings = append(readings, own...)
		}
		for _, r := range readings {
			d.ledger.sent(s.device)
			if err := c.Send(context.WithoutCancel(ctx), r); err != nil {
				return err
			}
		}
		select {
		case now = <-pace.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// changed counts how often a device was connected again.
func (d *demonstration) changed(c transport.Change) {
	if c.To == transport.Ready && d.ready.Add(1) > uint64(d.devices) {
		d.reconnects.Add(1)
	}
}

func (d *demonstration) report(ctx context.Context, begin time.Time, show func(string)) {
	for pause(ctx, time.Second) {
		t := d.ledger.tally()
		versions := map[codec.Version]int{}
		for _, s := range d.srv.Sessions() {
			versions[s.Version]++
		}
		show(fmt.Sprintf("%3.0fs  sent %d  delivered %d  on their way %d  reconnects %d  faults %d  sessions v1 %d, v2 %d",
			time.Since(begin).Seconds(), t.Sent, t.Delivered, t.Lost, d.reconnects.Load(), d.link.Stats().Faults(), versions[1], versions[2]))
	}
}

func (d *demonstration) result(begin time.Time) *demoResult {
	t, link := d.ledger.tally(), d.link.Stats()
	return &demoResult{
		Sent: t.Sent, Delivered: t.Delivered, Lost: t.Lost, Duplicated: t.Duplicated, Reordered: t.Reordered,
		Reconnects: d.reconnects.Load(), Upgrades: d.upgrades.Load(), Elapsed: time.Since(begin).Seconds(),
		Seed: d.seed, Faults: link.Faults(), Link: link,
	}
}

// pause waits and returns true, or false when ctx ends before.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
