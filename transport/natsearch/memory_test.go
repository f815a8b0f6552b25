package natsearch_test

import (
	"context"
	"fmt"
	"net"
	"sync"
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

// The search over a whole client and server: it settles below the router's limit, and then no
// connection is lost any more.
func TestInstalledSearchSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		long := negotiate.Heartbeat{Interval: 30 * time.Minute, Gap: time.Second}
		server := &transport.Server{Protocol: notes, Session: session.Config{Offer: negotiate.Offer{Heartbeat: long}},
			Handler: transport.HandlerFunc(func(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
				return nil, nil
			})}
		l, err := network.Listen("server")
		if err != nil {
			t.Fatal(err)
		}
		go server.Serve(l)
		defer server.Close()

		const limit = 5*time.Minute + 50*time.Second
		cfg := &transport.Config{Endpoints: []string{"server"}, Protocol: notes,
			Session: session.Config{Offer: negotiate.Offer{Heartbeat: long}},
			Dial: func(ctx context.Context, name string) (net.Conn, error) {
				conn, err := network.Dial(ctx, name)
				if err != nil {
					return nil, err
				}
				return &nat{Conn: conn, limit: limit, last: time.Now()}, nil
			}}
		memory := natsearch.Config{}.Install(cfg)
		client, err := transport.Dial(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()

		begun := time.Now()
		for settled := false; !settled; _, settled = memory.Found("server") {
			time.Sleep(time.Minute)
			if time.Since(begun) > 6*time.Hour {
				interval, _ := memory.Found("server")
				t.Fatalf("not settled after 6 hours; tries %v, %d connections", interval, client.Stats().Attaches)
			}
		}
		interval, _ := memory.Found("server")
		if interval >= limit || interval < limit-40*time.Second {
			t.Errorf("settled at %v, want just below %v", interval, limit)
		}
		before := client.Stats().Attaches
		time.Sleep(48 * time.Hour)
		if n := client.Stats().Attaches; n != before {
			t.Errorf("%d connections were lost after it settled", n-before)
		}
	})
}

func ExampleConfig_Install() {
	cfg := &transport.Config{Endpoints: []string{"server:7000"}, Protocol: notes}
	memory := natsearch.Config{Max: 15 * time.Minute}.Install(cfg)
	// client, err := transport.Dial(cfg) …
	_, settled := memory.Found("server:7000")
	fmt.Println(settled)
	// Output: false
}
