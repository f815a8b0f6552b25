package transport_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
)

// lines is a log in memory, a line for each record, without its time.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(strings.TrimSuffix(l.buf.String(), "\n"), "\n")
}

// Every change of state is in the log: failures as warnings, the rest as information.
func TestChangesAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var l lines
		var r record
		c := dial(t, &network, transport.Config{Log: l.logger(), OnChange: r.add, Rand: func() float64 { return 0.5 }})
		synctest.Wait()
		serve(t, &network, "server", &transport.Server{Handler: new(log)})
		ready(t, c)
		time.Sleep(time.Minute)
		network.Link.ResetAll()
		synctest.Wait()
		ready(t, c)
		c.Shutdown(context.Background())
		synctest.Wait()
		want := []string{
			`level=INFO msg="transport: connecting" change.from=idle change.to=connecting`,
			`level=WARN msg="transport: waiting" change.from=connecting change.to=waiting change.endpoint=server change.err="transport: server: refused: dial mem server: connection refused" change.wait=500ms`,
			`level=INFO msg="transport: connecting" change.from=waiting change.to=connecting`,
			`level=INFO msg="transport: attaching" change.from=connecting change.to=attaching change.endpoint=server`,
			`level=INFO msg="transport: ready" change.from=attaching change.to=ready change.endpoint=server change.resumed=false`,
			`level=WARN msg="transport: waiting" change.from=ready change.to=waiting change.endpoint=server change.err="transport: server: peer closed: read mem client:1025->server: connection reset by peer" change.wait=500ms`,
			`level=INFO msg="transport: connecting" change.from=waiting change.to=connecting`,
			`level=INFO msg="transport: attaching" change.from=connecting change.to=attaching change.endpoint=server`,
			`level=INFO msg="transport: ready" change.from=attaching change.to=ready change.endpoint=server change.resumed=true`,
			`level=INFO msg="transport: draining" change.from=ready change.to=draining`,
			`level=INFO msg="transport: closed" change.from=draining change.to=closed change.err="transport: closed: session: this side closed the session: normal"`,
		}
		if diff := cmp.Diff(want, l.all()); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
		if n := len(r.states()); n != len(want) {
			t.Errorf("%d changes were told, %d logged", n, len(want))
		}
	})
}

// What is logged about a session names it by id and address, and its handler's mistakes are warnings
// and errors.
func TestSessionsNameThemselvesInTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var l lines
		h := &log{hooks: map[int]func(context.Context, *transport.Session){2: func(context.Context, *transport.Session) { panic("oh") }}}
		serve(t, &network, "server", &transport.Server{Handler: h, Log: l.logger()})
		c := dial(t, &network, transport.Config{})
		send(t, c.Session, -1, -1)
		flush(t, c.Session)
		send(t, c.Session, 2, 2)
		flush(t, c.Session)
		if err := c.Upgrade(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		id := c.ID()
		name := fmt.Sprintf("session.id=%x session.addr=client:1025", id[:4])
		want := []string{
			`level=WARN msg="transport: handler failed" ` + name + ` seq=1 call=false err="-1 is negative"`,
			`level=ERROR msg="transport: handler panicked" ` + name + ` seq=2 panic=oh stack=`,
			`level=INFO msg="transport: speaks another version" ` + name + ` version=v1`,
		}
		for _, w := range want {
			found := false
			for _, line := range l.all() {
				found = found || strings.HasPrefix(line, w)
			}
			if !found {
				t.Errorf("the log has no line\n%s\nin\n%s", w, strings.Join(l.all(), "\n"))
			}
		}
	})
}

// A log that asks the session or the client does not hang it.
func TestLogMayAskTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		serve(t, &network, "server", &transport.Server{Handler: new(log)})
		var c *transport.Client
		made := make(chan struct{})
		asked := 0
		c = dial(t, &network, transport.Config{Log: slog.New(asking{slog.DiscardHandler, func() {
			<-made
			asked++
			_, _, _ = c.State(), c.Stats(), c.LastError()
		}})})
		close(made)
		ready(t, c)
		if err := c.Close(); err != nil && !errors.Is(err, transport.ErrClosed) {
			t.Error(err)
		}
		if asked < 4 {
			t.Errorf("%d records, want 4", asked)
		}
	})
}

// asking is a handler of logs that does something at each record.
type asking struct {
	slog.Handler
	f func()
}

func (asking) Enabled(context.Context, slog.Level) bool { return true }
func (a asking) Handle(context.Context, slog.Record) error {
	a.f()
	return nil
}
