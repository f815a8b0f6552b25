package transport_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
)

// names is a name service. Names that it does not know get no answer.
type names struct {
	mu    sync.Mutex
	addrs map[string][]string
	delay time.Duration
	asked map[string]int
}

func (n *names) set(host string, addrs ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.addrs == nil {
		n.addrs = map[string][]string{}
	}
	n.addrs[host] = addrs
}

func (n *names) slow(delay time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.delay = delay
}

func (n *names) lookup(ctx context.Context, host string) ([]string, error) {
	n.mu.Lock()
	if n.asked == nil {
		n.asked = map[string]int{}
	}
	n.asked[host]++
	addrs, delay := n.addrs[host], n.delay
	n.mu.Unlock()
	if addrs == nil {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	select {
	case <-after(delay):
		return addrs, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// traffic counts what was dialled.
type traffic struct {
	mu    sync.Mutex
	dials map[string][]time.Duration
	began time.Time
}

// over returns a dial function that goes over the network as a client on host.
func (tr *traffic) over(network *fault.Network, host string) func(context.Context, string) (net.Conn, error) {
	tr.dials, tr.began = map[string][]time.Duration{}, time.Now()
	return func(ctx context.Context, addr string) (net.Conn, error) {
		tr.mu.Lock()
		tr.dials[addr] = append(tr.dials[addr], time.Since(tr.began))
		tr.mu.Unlock()
		return network.DialFrom(ctx, host, addr)
	}
}

func (tr *traffic) to(addr string) []time.Duration {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return append([]time.Duration(nil), tr.dials[addr]...)
}

// dialNames starts a client that looks up names.
func dialNames(t *testing.T, n *names, dial func(context.Context, string) (net.Conn, error), cfg transport.Config) *transport.Client {
	t.Helper()
	cfg.Protocol, cfg.Resolve = notes, n.lookup
	cfg.TCP(dial)
	c, err := transport.Dial(&cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// A name that nobody answers for must not hold up the other endpoints, whichever comes first.
func TestNameWithoutAnswerHoldsUpNobody(t *testing.T) {
	for want, endpoints := range map[time.Duration][]string{
		0:                      {"10.0.0.1:7", "mute.example:7"},
		250 * time.Millisecond: {"mute.example:7", "10.0.0.1:7"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var network fault.Network
			serve(t, &network, "10.0.0.1:7", &transport.Server{Handler: new(log)})
			before := time.Now()
			c := dialNames(t, new(names), network.Dial, transport.Config{Endpoints: endpoints})
			ready(t, c)
			if d := time.Since(before); d != want {
				t.Errorf("%v: ready after %v, want %v", endpoints, d, want)
			}
		})
	}
}

// Without a name service a client comes back to the addresses that it knows.
func TestReconnectWithoutNameService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		serve(t, &network, "10.0.0.1:7", &transport.Server{Handler: new(log)})
		var n names
		n.set("host", "10.0.0.1")
		c := dialNames(t, &n, network.Dial, transport.Config{Endpoints: []string{"host:7"}, Rand: func() float64 { return 0 }})
		for range 10 {
			ready(t, c)
			n.set("host") // no answer from now on
			time.Sleep(time.Hour)
			network.Down("10.0.0.1:7")
			time.Sleep(10 * time.Second) // some attempts fail
			network.Up("10.0.0.1:7")
			before := time.Now()
			ready(t, c)
			if d := time.Since(before); d > 2*time.Second {
				t.Errorf("back after %v", d)
			}
		}
	})
}

// A slow answer is not lost: the server has moved, and the old address does not answer.
func TestChangedAnswerJoinsTheRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		serve(t, &network, "10.0.0.1:7", &transport.Server{Handler: new(log)})
		serve(t, &network, "10.0.0.2:7", &transport.Server{Handler: new(log)})
		var n names
		n.set("host", "10.0.0.1")
		c := dialNames(t, &n, network.Dial, transport.Config{Endpoints: []string{"host:7"}, Rand: func() float64 { return 0 }})
		ready(t, c)
		time.Sleep(2 * time.Minute)
		n.set("host", "10.0.0.2")
		n.slow(5 * time.Second)
		network.Partition("10.0.0.1:7")
		network.Link.ResetAll()
		synctest.Wait()
		before := time.Now()
		ready(t, c)
		if d := time.Since(before); d != 5100*time.Millisecond {
			t.Errorf("at the new address after %v, want 5.1s: the floor of the backoff and the answer", d)
		}
		if a := c.RemoteAddr().String(); a != "10.0.0.2:7" {
			t.Errorf("connected to %v", a)
		}
	})
}

func TestResolveFor(t *testing.T) {
	for _, cut := range []time.Duration{4 * time.Minute, 6 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			var network fault.Network
			serve(t, &network, "10.0.0.1:7", &transport.Server{Handler: new(log)})
			var n names
			n.set("host", "10.0.0.1")
			c := dialNames(t, &n, network.Dial, transport.Config{Endpoints: []string{"host:7"}, ResolveFor: 5 * time.Minute})
			ready(t, c)
			time.Sleep(cut)
			network.Link.ResetAll()
			synctest.Wait()
			ready(t, c)
			want := 1
			if cut > 5*time.Minute {
				want = 2
			}
			if n.asked["host"] != want {
				t.Errorf("cut after %v: asked %d times, want %d", cut, n.asked["host"], want)
			}
		})
	}
}

func TestConnectTimeout(t *testing.T) {
	for _, endpoint := range []string{"10.0.0.1:7", "mute.example:7"} {
		synctest.Test(t, func(t *testing.T) {
			var network fault.Network
			network.Partition("10.0.0.1:7")
			var r record
			dialNames(t, new(names), network.Dial, transport.Config{Endpoints: []string{endpoint},
				ConnectTimeout: 3 * time.Second, OnChange: r.add})
			time.Sleep(3 * time.Second)
			synctest.Wait()
			last := r.changes[len(r.changes)-1]
			if last.To != transport.Waiting || !isKind(last.Err, transport.Unreachable) || !errors.Is(last.Err, context.DeadlineExceeded) {
				t.Errorf("%s: after the timeout: %v, %v; want waiting, unreachable", endpoint, last.To, last.Err)
			}
		})
	}
}

// bad resets each connection.
func bad(t *testing.T, network *fault.Network, name string) {
	t.Helper()
	l, err := network.Listen(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				conn.Read(make([]byte, 10))
				conn.Close()
			}()
		}
	}()
}

// overloaded refuses connections, for the 10 s that another one may say nothing, with the hint
// to come again in 5 minutes.
func overloaded(t *testing.T, network *fault.Network, name string) {
	t.Helper()
	serve(t, network, name, &transport.Server{Handler: new(log), MaxConns: 1, RetryAfter: 5 * time.Minute, RetrySpread: -1})
	hold, err := network.DialFrom(t.Context(), "other", name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hold.Close() })
	synctest.Wait()
}

// A server that asks to wait for 5 minutes is left alone for as long, whatever else fails.
func TestRefusedClientObeysTheHint(t *testing.T) {
	for name, addrs := range map[string][]string{
		"alone":                              {"10.0.0.1"},
		"beside another address that resets": {"10.0.0.1", "10.0.0.2"},
		"beside one that refuses":            {"10.0.0.1", "10.0.0.3"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var network fault.Network
				overloaded(t, &network, "10.0.0.1:7")
				bad(t, &network, "10.0.0.2:7")
				var n names
				n.set("host", addrs...)
				var tr traffic
				c := dialNames(t, &n, tr.over(&network, "me"), transport.Config{Endpoints: []string{"host:7"}})
				time.Sleep(5*time.Minute - time.Second)
				if diff := cmp.Diff([]time.Duration{0}, tr.to("10.0.0.1:7")); diff != "" {
					t.Errorf("attempts in 5 minutes (-want +got):\n%s", diff)
				}
				var e *transport.Error
				if err := c.LastError(); !errors.As(err, &e) || e.Retry.Round(time.Second) != 5*time.Minute {
					t.Errorf("last error %v, want its hint of 5m", err)
				}
				time.Sleep(10 * time.Second)
				if got := tr.to("10.0.0.1:7"); len(got) != 2 {
					t.Errorf("attempts after 5 minutes: %v, want 2", got)
				}
			})
		})
	}
}

// One endpoint rests, the other is tried on.
func TestHintIsOfOneEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		overloaded(t, &network, "full")
		bad(t, &network, "bad")
		var tr traffic
		c := dial(t, &network, transport.Config{Endpoints: []string{"full", "bad"}, Dial: tr.over(&network, "me")})
		time.Sleep(5*time.Minute - time.Second)
		if full, bad := tr.to("full"), tr.to("bad"); len(full) != 1 || len(bad) < 7 {
			t.Errorf("in 5 minutes the full server was tried at %v, the other %d times; want 1 and 7 or more", full, len(bad))
		}
		c.Reconnect() // somebody asks to connect now, to all
		time.Sleep(time.Second)
		if full := tr.to("full"); len(full) != 2 {
			t.Errorf("after Reconnect the full server was tried at %v, want 2 attempts", full)
		}
	})
}

// The hint of a GOAWAY is obeyed like that of a refusal, also with a second endpoint.
func TestClientSentAwayObeysTheHint(t *testing.T) {
	for _, endpoints := range [][]string{{"server"}, {"server", "bad"}} {
		synctest.Test(t, func(t *testing.T) {
			var network fault.Network
			s := &transport.Server{Protocol: notes, Handler: new(log), RetryAfter: 3 * time.Minute, RetrySpread: -1}
			l, _ := network.Listen("server")
			go s.Serve(l)
			bad(t, &network, "bad")
			var tr traffic
			c := dial(t, &network, transport.Config{Endpoints: endpoints, Dial: tr.over(&network, "me")})
			ready(t, c)
			time.Sleep(10 * time.Second)
			if err := s.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			serve(t, &network, "server", &transport.Server{Handler: new(log)}) // it is back at once
			time.Sleep(3*time.Minute - time.Second)
			if got := tr.to("server"); len(got) != 1 {
				t.Errorf("%v: tried at %v, want 3 minutes of rest after the first", endpoints, got)
			}
			before := time.Now()
			ready(t, c)
			if d := time.Since(before); d > 2*time.Minute+time.Second {
				t.Errorf("%v: back %v after the hint", endpoints, d)
			}
		})
	}
}
