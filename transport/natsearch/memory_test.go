package natsearch_test

import (
	"context"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/natsearch"
	"github.com/parleyproto/parley/transport/session"
)

type note struct{ N int }

var notes = &codec.Protocol{Name: "notes", Releases: []codec.Release{{Version: 1, Codec: codec.JSON(&note{})}}}

// nat is a connection through a router that forgets it after a time of silence: what is
// written then goes nowhere.
type nat struct {
	net.Conn
	limit time.Duration

	mu   sync.Mutex
	last time.Time
	gone bool
}

func (c *nat) passes() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.gone = c.gone || now.Sub(c.last) > c.limit
	c.last = now
	return !c.gone
}

// forget is what a change of network does to a connection.
func (c *nat) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = true
}

func (c *nat) Write(p []byte) (int, error) {
	if !c.passes() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

func (c *nat) Read(p []byte) (int, error) {
	for {
		n, err := c.Conn.Read(p)
		if err != nil || c.passes() {
			return n, err
		}
	}
}

// device is a client behind a router, and its server.
type device struct {
	*transport.Client
	memory *natsearch.Memory
	begun  time.Time
	path   atomic.Pointer[nat] // the last connection's
}

// connect starts a server and a client that searches, on a path with a limit, and knows something. Both are stopped at
// the end of the test, which is in a bubble.
func connect(t *testing.T, limit time.Duration, server session.Config, client transport.Config, known map[string]natsearch.Known) *device {
	t.Helper()
	network := fault.Network{Link: fault.Link{Latency: 40 * time.Millisecond}}
	srv := &transport.Server{Protocol: notes, Session: server, Handler: transport.HandlerFunc(
		func(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) { return nil, nil })}
	l, err := network.Listen("server")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })

	d := &device{begun: time.Now()}
	cfg := &client
	cfg.Endpoints, cfg.Protocol = []string{"server"}, notes
	cfg.Dial = func(ctx context.Context, name string) (net.Conn, error) {
		conn, err := network.Dial(ctx, name)
		if err != nil {
			return nil, err
		}
		path := &nat{Conn: conn, limit: limit, last: time.Now()}
		d.path.Store(path)
		return path, nil
	}
	d.memory = natsearch.Config{}.Install(cfg)
	d.memory.Learn(known)
	if d.Client, err = transport.Dial(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// settle waits for the search to settle, and returns on what and after how long. It returns 0 if
// it does not within a while.
func (d *device) settle(within time.Duration) (interval, after time.Duration) {
	for time.Since(d.begun) < within {
		time.Sleep(time.Minute)
		if interval, settled := d.memory.Found("server"); settled {
			return interval, time.Since(d.begun)
		}
	}
	return 0, within
}

// The search over a whole client and server, both with the defaults, on paths of any limit: it
// settles just below the limit, and then no connection is lost any more.
func TestInstalledSearchSettles(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 0))
	limits := []time.Duration{5*time.Minute + 50*time.Second, 31 * time.Second, time.Hour}
	for range 12 {
		limits = append(limits, 31*time.Second+time.Duration(rnd.Int64N(int64(32*time.Minute))))
	}
	for _, limit := range limits {
		t.Run(limit.Round(time.Second).String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := connect(t, limit, session.Config{}, transport.Config{}, nil)
				interval, _ := d.settle(24 * time.Hour)
				longest := min(limit, 28*time.Minute)
				if interval >= limit || interval < max(30*time.Second, longest-40*time.Second) {
					now, _ := d.memory.Found("server")
					t.Fatalf("settled at %v, want just below %v; now at %v after %d connections", interval, longest, now, d.Stats().Attaches)
				}
				time.Sleep(time.Hour) // the search may have ended by a failure: then it connects again
				before := d.Stats().Attaches
				time.Sleep(48 * time.Hour)
				if n := d.Stats().Attaches; n != before {
					t.Errorf("%d connections were lost after it settled at %v", n-before, interval)
				}
			})
		})
	}
}

// While a server keeps the path open by PINGs of its own, nothing can be learnt about the path, and
// so nothing is said about it.
func TestTrafficProvesNothing(t *testing.T) {
	const limit = 5*time.Minute + 50*time.Second
	busy := negotiate.Heartbeat{Gap: time.Second} // the server may ping as it wants: every 25 s
	tests := []struct {
		name    string
		client  transport.Config
		traffic func(*device)
	}{
		{"pings of the server", transport.Config{Session: session.Config{Offer: negotiate.Offer{Heartbeat: busy}}}, nil},
		{"messages", transport.Config{}, func(d *device) {
			d.Send(context.Background(), &note{})
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := connect(t, limit, session.Config{}, tt.client, nil)
				for range 24 * 60 * 3 {
					time.Sleep(20 * time.Second)
					if tt.traffic != nil {
						tt.traffic(d)
					}
				}
				if interval, settled := d.memory.Found("server"); settled || interval != 30*time.Second {
					t.Errorf("after a day of traffic: %v, settled=%v; want 30s, which it began with", interval, settled)
				}
				if n := d.Stats().Attaches; n != 1 {
					t.Errorf("%d connections, want one", n)
				}
			})
		})
	}
}

// An Interval that was there before stays in force.
func TestInstallKeepsAnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 5*time.Minute + 50*time.Second
		var bad atomic.Bool // the link, as the application sees it
		bad.Store(true)
		cfg := transport.Config{Session: session.Config{Interval: func(session.Stats) time.Duration {
			if bad.Load() {
				return 15 * time.Second
			}
			return time.Hour
		}}}
		d := connect(t, limit, session.Config{}, cfg, nil)
		time.Sleep(time.Hour)
		if s := d.Stats(); s.Interval != 15*time.Second {
			t.Errorf("the interval is %v, want the 15s that are asked for", s.Interval)
		}
		if interval, settled := d.memory.Found("server"); settled || interval != 30*time.Second {
			t.Errorf("the search is at %v, settled=%v, by what it has not tried", interval, settled)
		}
		bad.Store(false)
		if interval, _ := d.settle(12 * time.Hour); interval >= limit || interval < limit-40*time.Second {
			t.Errorf("settled at %v, want just below %v", interval, limit)
		}
	})
}

// A connection that breaks for another reason says nothing about the path.
func TestOtherLossesAreNoFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := connect(t, time.Hour, session.Config{}, transport.Config{}, nil)
		found, _ := d.settle(24 * time.Hour)
		if found == 0 {
			t.Fatal("not settled after a day")
		}
		for range 4 { // the search's PING is answered; that of Reconnect, in another network, is not
			time.Sleep(found * 3 / 2)
			d.path.Load().forget()
			d.Reconnect()
			time.Sleep(time.Minute)
		}
		if n := d.Stats().Attaches; n != 5 {
			t.Errorf("%d connections, want 5", n)
		}
		if interval, settled := d.memory.Found("server"); !settled || interval != found {
			t.Errorf("the search is at %v, settled=%v; want what it had found, %v", interval, settled, found)
		}
	})
}

// Bytes in either direction keep a path open.
func TestBytesProveNothing(t *testing.T) {
	for _, way := range []string{"none", "in", "out"} {
		t.Run(way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := &transport.Config{}
				memory := natsearch.Config{}.Install(cfg)
				cfg.OnChange(transport.Change{To: transport.Attaching, Endpoint: "server"})
				stats := session.Stats{Generation: 1, LastReceived: time.Now(), LastSent: time.Now()}
				for range 10 {
					interval := cfg.Session.Interval(stats)
					stats.LastSent = time.Now() // the PING
					time.Sleep(50 * time.Millisecond)
					stats.LastReceived = time.Now() // its answer
					time.Sleep(interval / 2)
					switch way {
					case "in":
						stats.LastReceived = time.Now()
					case "out":
						stats.LastSent = time.Now()
					}
					time.Sleep(interval - interval/2 - 50*time.Millisecond)
				}
				if interval, _ := memory.Found("server"); (interval > 30*time.Second) != (way == "none") {
					t.Errorf("after 10 intervals with bytes %s the search is at %v", way, interval)
				}
			})
		})
	}
}
