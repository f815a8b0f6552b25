package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

func TestHostOf(t *testing.T) {
	for _, tt := range []struct {
		a, b net.Addr
		same bool
	}{
		{fault.Addr("10.1.2.3:1"), fault.Addr("10.1.2.3:65535"), true},
		{fault.Addr("10.1.2.3:1"), fault.Addr("10.1.2.4:1"), false},
		{fault.Addr("10.1.2.3:1"), &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 7}, true},
		{fault.Addr("10.1.2.3:1"), fault.Addr("[::ffff:10.1.2.3]:1"), true},
		{fault.Addr("[::ffff:10.1.2.3]:1"), fault.Addr("[::ffff:10.1.2.4]:1"), false},
		{fault.Addr("[2001:db8:1:2::1]:1"), fault.Addr("[2001:db8:1:2:ffff:ffff:ffff:ffff]:2"), true},
		{fault.Addr("[2001:db8:1:2::1]:1"), fault.Addr("[2001:db8:1:3::1]:1"), false},
		{fault.Addr("[2001:db8:1:2::1]:1"), &net.TCPAddr{IP: net.ParseIP("2001:db8:1:2::9"), Port: 7}, true},
		{fault.Addr("[fe80::1%eth0]:1"), &net.TCPAddr{IP: net.ParseIP("fe80::2"), Zone: "eth1"}, true},
		{&net.UnixAddr{Name: "/run/a.sock", Net: "unix"}, fault.Addr("a pipe"), true},
		{&net.UnixAddr{Name: "", Net: "unix"}, fault.Addr("0.0.0.0:1"), false},
	} {
		if same := transport.HostOf(tt.a) == transport.HostOf(tt.b); same != tt.same {
			t.Errorf("%v and %v: one address is %t, want %t", tt.a, tt.b, same, tt.same)
		}
	}
}

// dialFrom is a Config.Dial of a client on another host.
func dialFrom(network *fault.Network, host string) func(context.Context, string) (net.Conn, error) {
	return func(ctx context.Context, endpoint string) (net.Conn, error) {
		return network.DialFrom(ctx, host, endpoint)
	}
}

// refusedWith checks that a client was refused because there is no room, and was told when to come.
func refusedWith(t *testing.T, c *transport.Client, wait time.Duration) {
	t.Helper()
	var (
		e       *transport.Error
		refused *negotiate.RefusedError
	)
	switch err := c.LastError(); {
	case !errors.As(err, &e) || !errors.As(err, &refused):
		t.Errorf("the last error is %v, want a refusal", err)
	case e.Kind != transport.Negotiation || refused.Refusal.Code != negotiate.CodeOverload || e.Retry != wait:
		t.Errorf("refused with %v (%v), want overload and %v to wait", err, e.Retry, wait)
	}
}

func TestMaxConnsPerAddr(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		s := serve(t, &network, "server", &transport.Server{Handler: new(log), MaxConnsPerAddr: 2, RetryAfter: 3 * time.Second, RetrySpread: -1})
		on := func(host string) *transport.Client {
			return dial(t, &network, transport.Config{Dial: dialFrom(&network, host)})
		}
		first := on("[2001:db8:0:1::1]")
		ready(t, first)
		ready(t, on("[2001:db8:0:1::2]")) // one customer's /64
		third := on("[2001:db8:0:1:ffff::3]")
		time.Sleep(time.Second)
		refusedWith(t, third, 3*time.Second)
		ready(t, on("[2001:db8:0:2::1]")) // another one's
		ready(t, on("10.0.0.1"))
		if n := len(s.Sessions()); n != 4 {
			t.Errorf("%d sessions, want 4", n)
		}
		first.Close()
		ready(t, third) // in its turn
	})
}

// A session more than the server has room for is refused with a hint. Its client keeps it, with
// what it has to send, and gets in when there is room.
func TestMaxSessions(t *testing.T) {
	for _, limits := range []*transport.Server{{MaxSessions: 2}, {MaxSessionsPerAddr: 2}} {
		synctest.Test(t, func(t *testing.T) {
			var network fault.Network
			h := new(log)
			limits.Handler, limits.RetryAfter, limits.RetrySpread = h, 30*time.Second, -1
			s := serve(t, &network, "server", limits)
			first := dial(t, &network, transport.Config{})
			ready(t, first)
			ready(t, dial(t, &network, transport.Config{}))
			third := dial(t, &network, transport.Config{})
			id := third.ID()
			send(t, third.Session, 1, 3)
			time.Sleep(time.Second)
			refusedWith(t, third, 30*time.Second)
			if n := len(s.Sessions()); n != 2 {
				t.Errorf("%d sessions, want 2", n)
			}
			first.Close()
			flush(t, third.Session)
			h.want(t, 3)
			if third.ID() != id || third.Stats().Lost != 0 {
				t.Error("the session that was refused is lost")
			}
		})
	}
}

// leave opens a session from the host and leaves it without its connection.
func leave(t *testing.T, network *fault.Network, host string) {
	t.Helper()
	conn := from(t, network, host)
	attack(t, conn, session.Config{Protocol: notes}).until(session.EventAttached)
	conn.Close()
	synctest.Wait()
}

// Who attaches and leaves, again and again, keeps nobody else out: neither by all slots, nor by
// those of its address.
func TestAttachAndLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		s := serve(t, &network, "server", &transport.Server{Handler: new(log), MaxConnsPerAddr: 2, MaxSessions: 100, MaxSessionsPerAddr: 40})
		resting := dial(t, &network, transport.Config{Dial: dialFrom(&network, "10.0.0.9")})
		ready(t, resting)
		for range 100 {
			leave(t, &network, "10.0.0.1")
		}
		if n := len(s.Sessions()); n != 41 {
			t.Errorf("one address has %d sessions, want 40", n-1)
		}
		for i := range 100 {
			leave(t, &network, fmt.Sprintf("10.0.1.%d", i))
		}
		if n := len(s.Sessions()); n != 100 {
			t.Errorf("%d sessions, want 100", n)
		}
		for _, host := range []string{"10.0.0.1", "10.0.0.2"} {
			began := time.Now()
			ready(t, dial(t, &network, transport.Config{Dial: dialFrom(&network, host)}))
			if d := time.Since(began); d > time.Second {
				t.Errorf("a client at %s got in after %v", host, d)
			}
		}
		if resting.Stats().Attaches != 1 {
			t.Error("a session with a connection was given up")
		}
	})
}

// The session that has waited for longest goes first, one with data never.
func TestWhichSessionIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var mu sync.Mutex
		ended := map[string]error{}
		s := serve(t, &network, "server", &transport.Server{
			Handler: new(log), MaxSessions: 3, RetryAfter: time.Minute, RetrySpread: -1,
			OnOpen: func(s *transport.Session) error {
				if host(s) == "10.0.0.1" {
					return s.Send(t.Context(), &Note{N: 1}) // nobody takes it
				}
				return nil
			},
			OnClose: func(s *transport.Session, err error) {
				mu.Lock()
				defer mu.Unlock()
				ended[host(s)] = err
			},
		})
		for i := 1; i <= 3; i++ {
			leave(t, &network, fmt.Sprintf("10.0.0.%d", i))
			time.Sleep(time.Second)
		}
		ready(t, dial(t, &network, transport.Config{Dial: dialFrom(&network, "10.0.0.4")}))
		synctest.Wait()
		var limit *session.CloseError
		if !errors.As(ended["10.0.0.2"], &limit) || limit.Code != session.CloseLimits || len(ended) != 1 {
			t.Errorf("ended: %v; want that of 10.0.0.2 by limits: that of 10.0.0.1 has data, that of 10.0.0.3 is younger", ended)
		}
		ready(t, dial(t, &network, transport.Config{Dial: dialFrom(&network, "10.0.0.5")}))
		last := dial(t, &network, transport.Config{Dial: dialFrom(&network, "10.0.0.6")})
		time.Sleep(time.Second)
		refusedWith(t, last, time.Minute)
		synctest.Wait()
		if len(ended) != 2 || len(s.Sessions()) != 3 {
			t.Errorf("ended: %v; want those of 10.0.0.2 and 10.0.0.3", ended)
		}
	})
}

// A session that came back and left again waits anew.
func TestWaitingBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var mu sync.Mutex
		var ended []string
		serve(t, &network, "server", &transport.Server{Handler: new(log), MaxSessions: 2,
			OnClose: func(s *transport.Session, err error) {
				mu.Lock()
				defer mu.Unlock()
				ended = append(ended, host(s))
			}})
		var away atomic.Bool
		c := dial(t, &network, transport.Config{Dial: func(ctx context.Context, endpoint string) (net.Conn, error) {
			if away.Load() {
				return nil, errors.New("away")
			}
			return network.DialFrom(ctx, "10.0.0.1", endpoint)
		}})
		ready(t, c)
		cut := func() {
			network.Down("server")
			network.Up("server")
			synctest.Wait()
		}
		away.Store(true)
		cut()
		leave(t, &network, "10.0.0.2")
		time.Sleep(10 * time.Second)
		away.Store(false)
		ready(t, c)
		away.Store(true)
		cut()
		ready(t, dial(t, &network, transport.Config{Dial: dialFrom(&network, "10.0.0.3")}))
		synctest.Wait()
		if len(ended) != 1 || ended[0] != "10.0.0.2" {
			t.Errorf("ended: %v, want that of 10.0.0.2, which has waited for longest", ended)
		}
	})
}

// host returns the address of a session without its port.
func host(s *transport.Session) string {
	h, _, _ := net.SplitHostPort(s.RemoteAddr().String())
	return h
}

// A session is at the address from which it was attached last.
func TestSessionMovesToAnotherAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		serve(t, &network, "server", &transport.Server{Handler: new(log), MaxSessionsPerAddr: 1})
		var at atomic.Value
		at.Store("10.0.0.1")
		c := dial(t, &network, transport.Config{Dial: func(ctx context.Context, endpoint string) (net.Conn, error) {
			return network.DialFrom(ctx, at.Load().(string), endpoint)
		}})
		ready(t, c)
		at.Store("10.0.0.2")
		network.Down("server")
		network.Up("server")
		synctest.Wait()
		ready(t, c)
		began := time.Now()
		ready(t, dial(t, &network, transport.Config{Dial: dialFrom(&network, "10.0.0.1")}))
		if d := time.Since(began); d > time.Second {
			t.Errorf("the address that was left is free after %v", d)
		}
		other := dial(t, &network, transport.Config{Dial: dialFrom(&network, "10.0.0.2")})
		time.Sleep(time.Second)
		if other.State() != transport.Waiting {
			t.Errorf("a second client at the new address is %v, want refused", other.State())
		}
	})
}

// A first ATTACH that claims a past is at odds with any new session: it must not be tried again and
// again on the same connection.
func TestAttachWithAPastThatIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		opened := 0
		s := serve(t, &network, "server", &transport.Server{Handler: new(log), OnOpen: func(*transport.Session) error {
			if opened++; opened > 1 {
				return errors.New("again")
			}
			return nil
		}})
		conn := raw(t, &network)
		begin(t, conn, session.Envelope{Kind: session.KindAttach, Flags: session.FlagSecret, Session: [16]byte{7}, Generation: 1, First: 1, Received: 9})
		if _, took := rest(conn); took > time.Second {
			t.Errorf("the connection was closed after %v", took)
		}
		if n := len(s.Sessions()); opened != 1 || n != 0 {
			t.Errorf("%d sessions were begun, %d are left; want 1 and none", opened, n)
		}
	})
}
