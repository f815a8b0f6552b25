package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/parleyproto/parley/cmd/beacon/telemetry"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// agent is `beacon agent`.
func agent(ctx context.Context, e *env, args []string) int {
	fs := flag.NewFlagSet("agent", flag.ContinueOnError)
	connect := fs.String("connect", defaultAddress, "send to `ADDR[,ADDR…]`, the first preferred")
	interval := fs.Duration("interval", time.Second, "sample this machine so often")
	stdin := fs.Bool("stdin", false, `send JSON lines from stdin, such as {"sensor":"t1","value":21.5}`)
	device := fs.String("device", hostname(), "the device's `NAME`")
	drain := fs.Duration("drain", 5*time.Second, "on exit, wait so long for acknowledgements")
	verbose := fs.Bool("v", false, "log connections to stderr")
	if ok, code := parse(e, fs, args); !ok {
		return code
	}
	if *interval <= 0 {
		e.errorf("-interval must be above zero, not %v", *interval)
		return exitUsage
	}
	if *device == "" || len(*device) > telemetry.MaxName {
		e.errorf("-device must have 1 to %d bytes", telemetry.MaxName)
		return exitUsage
	}

	var score outcomes
	client, err := transport.Dial(&transport.Config{
		Endpoints: strings.Split(*connect, ","),
		Protocol:  telemetry.Protocol,
		OnOutcome: score.count,
		OnChange:  reporter(e),
		Log:       logger(e, *verbose),
	})
	if err != nil {
		e.errorf("%v", err)
		return exitUsage
	}
	send := func(ctx context.Context, r *telemetry.Reading) error {
		_, err := client.SendWith(ctx, r, session.SendOptions{Notify: true})
		if err == nil {
			score.accepted.Add(1)
		}
		return err
	}
	var bad atomic.Int64
	if *stdin {
		err = pipe(ctx, e, *device, &bad, send)
	} else {
		err = watch(ctx, e, &sampler{device: *device}, *interval, send)
	}
	if ctx.Err() != nil {
		e.errorf("waiting for acknowledgements, at most %v; a second Ctrl-C ends it at once", *drain)
	}
	limit, cancel := context.WithTimeout(context.Background(), *drain)
	defer cancel()
	derr := client.Shutdown(limit)
	return score.summary(e, bad.Load(), errors.Join(err, derr))
}

// reporter tells a person the changes that matter: connected, lost, trying again.
func reporter(e *env) func(transport.Change) {
	again := false
	return func(c transport.Change) {
		switch c.To {
		case transport.Ready:
			how := ""
			if again && !c.Resumed {
				how = ", in a new session"
			}
			again = true
			e.errorf("connected to %s%s", c.Endpoint, how)
		case transport.Waiting:
			e.errorf("not connected: %v; trying again in %v", c.Err, c.Wait.Round(time.Millisecond))
		}
	}
}

// pipe sends the readings that stand in stdin until it ends or ctx does, and counts the lines
// that are none.
func pipe(ctx context.Context, e *env, device string, bad *atomic.Int64, send func(context.Context, *telemetry.Reading) error) error {
	done := make(chan error, 1)
	go func() { // a read of stdin cannot be interrupted, so it is left behind on Ctrl-C
		done <- readLines(e.in, device, time.Now,
			func(r *telemetry.Reading) error { return send(ctx, r) },
			func(err error) { bad.Add(1); e.errorf("stdin: %v", err) })
	}()
	select {
	case err := <-done:
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return err
	case <-ctx.Done():
		return nil
	}
}

// watch samples this machine until ctx ends. A source that fails is reported once.
func watch(ctx context.Context, e *env, s *sampler, interval time.Duration, send func(context.Context, *telemetry.Reading) error) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	complained := false
	for {
		readings, err := s.sample(ctx, time.Now())
		if err != nil && !complained && ctx.Err() == nil {
			complained = true
			e.errorf("some readings are left out: %v", err)
		}
		for _, r := range readings {
			if err := send(ctx, r); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				return err
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// outcomes counts what became of the readings.
type outcomes struct {
	accepted, acked, dropped atomic.Uint64
}

func (o *outcomes) count(out transport.Outcome) {
	switch out.Outcome {
	case session.Acked:
		o.acked.Add(1)
	case session.Dropped:
		o.dropped.Add(1)
	}
}

// summary says what became of the readings and gives the exit code.
func (o *outcomes) summary(e *env, badLines int64, err error) int {
	accepted, acked, dropped := o.accepted.Load(), o.acked.Load(), o.dropped.Load()
	unknown := accepted - acked - dropped
	fmt.Fprintf(e.err, "agent: sent=%d acknowledged=%d unknown=%d dropped=%d bad-lines=%d\n", accepted, acked, unknown, dropped, badLines)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		e.errorf("%v", err)
		return exitFailed
	}
	if unknown > 0 || dropped > 0 || badLines > 0 {
		return exitFailed
	}
	return exitOK
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "device"
	}
	return name[:min(len(name), telemetry.MaxName)]
}
