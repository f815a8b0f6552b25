package transport_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/liveness"
	"github.com/parleyproto/parley/transport/session"
)

// from dials as a client on another host.
func from(t *testing.T, network *fault.Network, host string) net.Conn {
	t.Helper()
	conn, err := network.DialFrom(t.Context(), host, "server")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestTooManyConnectionsAreRefusedWithAHint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		serve(t, &network, "server", &transport.Server{Handler: new(log), MaxConns: 2, RetryAfter: 3 * time.Second, RetrySpread: -1})
		first := from(t, &network, "a")
		from(t, &network, "b")
		synctest.Wait()
		third := from(t, &network, "c")
		io.WriteString(third, "PARLEY/1 notes v=3\n")
		if answer, _ := rest(third); !strings.HasPrefix(answer, "PARLEY/1 NO code=overload retry=3000") {
			t.Errorf("the third got %q", answer)
		}
		first.Close()
		synctest.Wait()
		fourth := from(t, &network, "c")
		io.WriteString(fourth, "PARLEY/1 notes v=3\n")
		buf := make([]byte, 11)
		if io.ReadFull(fourth, buf); string(buf) != "PARLEY/1 OK" {
			t.Errorf("after one has gone, the next got %q", buf)
		}
	})
}

// Two thousand connections that say nothing cost their slots for 10 seconds, and nobody else
// anything.
func TestSilentConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		s := serve(t, &network, "server", &transport.Server{Handler: new(log)})
		c := dial(t, &network, transport.Config{})
		ready(t, c)
		before := time.Now()
		var conns []net.Conn
		for i := range 2000 {
			conns = append(conns, from(t, &network, fmt.Sprint(i)))
		}
		if _, err := c.Call(t.Context(), &Note{N: 1}); err != nil {
			t.Error(err)
		}
		for _, conn := range conns {
			rest(conn)
		}
		if d := time.Since(before); d != 10*time.Second {
			t.Errorf("the silent ones were closed after %v, want 10s", d)
		}
		if n := len(s.Sessions()); n != 1 {
			t.Errorf("%d sessions, want 1", n)
		}
	})
}

// A client whose network is gone is judged by its missing heartbeats, and its slot is freed.
func TestLivenessFreesTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		closed := make(chan error, 1)
		s := serve(t, &network, "server", &transport.Server{
			Handler: new(log),
			Monitor: liveness.New(liveness.Config{LeaveFor: 5 * time.Minute}),
			OnClose: func(_ *transport.Session, err error) { closed <- err },
			Session: session.Config{ResumeWindow: -1, Offer: negotiate.Offer{
				Heartbeat: negotiate.Heartbeat{Interval: 10 * time.Second, Gap: time.Second}}},
		})
		cfg := transport.Config{Session: session.Config{Offer: negotiate.Offer{
			Heartbeat: negotiate.Heartbeat{Interval: 10 * time.Second, Gap: time.Second}}}}
		c := dial(t, &network, cfg)
		ready(t, c)
		liveness := func() transport.Liveness {
			if table := s.Sessions(); len(table) == 1 {
				return table[0].Liveness
			}
			return transport.Dead
		}
		time.Sleep(10 * time.Minute)
		if l := liveness(); l != transport.Alive {
			t.Fatalf("a healthy client is %v", l)
		}
		network.Down("server")
		time.Sleep(3 * time.Minute)
		if l := liveness(); l != transport.Leaving {
			t.Errorf("three minutes without a client: %v, want leaving", l)
		}
		network.Up("server")
		c.Reconnect()
		time.Sleep(10 * time.Minute)
		if l := liveness(); l != transport.Alive {
			t.Errorf("the client came back: %v, want alive", l)
		}
		network.Down("server")
		time.Sleep(10 * time.Minute)
		if n := len(s.Sessions()); n != 0 {
			t.Errorf("%d sessions, want the slot freed", n)
		}
		if err := <-closed; !errors.Is(err, transport.ErrClosed) {
			t.Errorf("closed with %v", err)
		}
	})
}
