package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"time"

	"github.com/parleyproto/parley/cmd/beacon/telemetry"
	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/liveness"
)

// defaultAddress is where serve listens and upgrade looks for it.
const defaultAddress = "127.0.0.1:7400"

// serve is `beacon serve`.
func serve(ctx context.Context, e *env, args []string) int {
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	listen := fs.String("listen", defaultAddress, "listen on `ADDR`")
	out := fs.String("out", "", "append readings to `FILE` instead of writing them to stdout")
	start := fs.Uint("start", 0, "prefer protocol `VERSION` until an upgrade is asked for; 0: the newest")
	drain := fs.Duration("drain", 5*time.Second, "on exit, wait so long for what is under way")
	verbose := fs.Bool("v", false, "log connections to stderr")
	if ok, code := parse(e, fs, args); !ok {
		return code
	}
	if _, err := telemetry.Protocol.Release(codec.Version(*start)); err != nil && *start != 0 {
		e.errorf("-start: %v", err)
		return exitUsage
	}
	lines, closeLines, err := openOut(e, *out)
	if err != nil {
		e.errorf("cannot open the output: %v", err)
		return exitUsage
	}
	defer closeLines()
	ln, err := net.Listen("tcp", *listen)
	if err != nil {
		e.errorf("cannot listen: %v; choose another address with -listen", err)
		return exitUsage
	}

	readings := &sink{w: lines}
	broken := make(chan error, 1)
	srv := newServer(func(ctx context.Context, r *telemetry.Reading) error {
		err := readings.write(r)
		if err != nil {
			select {
			case broken <- err:
			default:
			}
			<-ctx.Done() // to return would acknowledge what was not written
		}
		return err
	}, codec.Version(*start), logger(e, *verbose))
	operator := &mover{srv: srv}
	admin, err := listenAdmin(ln.Addr(), operator, telemetry.Protocol.Newest())
	if err != nil {
		ln.Close()
		e.errorf("cannot open the operator's socket: %v", err)
		return exitUsage
	}
	defer admin.Close()

	e.errorf("listening on %v, versions %v; %s", ln.Addr(), telemetry.Protocol.Versions(), signalHelp)
	stop := onSignals(e, operator)
	defer stop()
	go operator.keep(ctx)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	select {
	case err = <-served:
	case err = <-broken:
		err = fmt.Errorf("a reading cannot be written, so none is taken: %w", err)
		*drain = 0
	case <-ctx.Done():
	}
	printSessions(e.err, srv.Sessions(), time.Now())
	limit, cancel := context.WithTimeout(context.Background(), *drain)
	defer cancel()
	if serr := srv.Shutdown(limit); serr != nil && !errors.Is(serr, context.DeadlineExceeded) {
		e.errorf("shutdown: %v", serr)
	}
	e.errorf("%d readings written", readings.count())
	if err != nil && !errors.Is(err, transport.ErrClosed) {
		e.errorf("serve: %v", err)
		return exitFailed
	}
	return exitOK
}

// newServer returns a server that gives each reading to write, once, and acknowledges it when
// write has returned. The context is the session's. Clients that never greet are taken for legacy ones, which send version 1 lines.
func newServer(write func(context.Context, *telemetry.Reading) error, start codec.Version, log *slog.Logger) *transport.Server {
	srv := &transport.Server{
		Protocol: telemetry.Protocol,
		Handler: transport.HandlerFunc(func(ctx context.Context, _ *transport.Session, in transport.Incoming) (codec.Message, error) {
			r, ok := in.Message.(*telemetry.Reading)
			if !ok {
				return nil, errors.New("not a reading")
			}
			return nil, write(ctx, r)
		}),
		Monitor: liveness.New(liveness.Config{}),
		// A fleet of a few hundred may come back soon after a restart.
		RetrySpread: 5 * time.Second,
		Log:         log,
	}
	srv.Session.Recognizer = recogniseLegacy
	if start != 0 {
		srv.Session.Offer.Prefer = []codec.Version{start}
	}
	return srv
}

// onSignals prints the sessions on SIGUSR1 and upgrades them on SIGHUP, until stop is called.
func onSignals(e *env, m *mover) (stop func()) {
	signals := make(chan os.Signal, 1)
	done := make(chan struct{})
	signal.Notify(signals, showSignal, upgradeSignal)
	go func() {
		for {
			select {
			case <-done:
				return
			case s := <-signals:
				if s == showSignal {
					printSessions(e.err, m.srv.Sessions(), time.Now())
					continue
				}
				newest := telemetry.Protocol.Newest()
				printReport(e.err, reportOf(newest, m.order(context.Background(), newest)))
			}
		}
	}()
	return func() { signal.Stop(signals); close(done) }
}

// openOut returns where readings go: stdout, or the end of a file.
func openOut(e *env, name string) (io.Writer, func() error, error) {
	if name == "" {
		return e.out, func() error { return nil }, nil
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, nil, err
	}
	return f, f.Close, nil
}

func logger(e *env, verbose bool) *slog.Logger {
	if !verbose {
		return nil
	}
	return slog.New(slog.NewTextHandler(e.err, nil))
}
