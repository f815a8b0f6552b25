package transport_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
)

// block fills the buffers of a connection whose network stands still.
func block(t *testing.T, network *fault.Network, c *transport.Client) {
	t.Helper()
	network.Partition("server")
	for range 300 {
		if err := c.Send(t.Context(), &Note{Text: strings.Repeat("x", 1000)}); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Wait()
}

// The peer's silence is noticed also while a write stands still.
func TestSilenceBehindABlockedWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := fault.Network{Link: fault.Link{Buffer: 4 << 10}}
		serve(t, &network, "server", &transport.Server{Handler: new(log), Session: keepSessions()})
		lost := make(chan error, 1)
		c := dial(t, &network, transport.Config{OnChange: func(c transport.Change) {
			if c.From == transport.Ready && c.Err != nil {
				lost <- c.Err
			}
		}})
		ready(t, c)
		block(t, &network, c)
		before := time.Now()
		err := <-lost
		if e, ok := err.(*transport.Error); !ok || e.Kind != transport.HeartbeatLost {
			t.Errorf("lost by %v, want heartbeat lost", err)
		}
		if d := time.Since(before); d < 20*time.Second || d > 45*time.Second {
			t.Errorf("noticed after %v, want 1.5 times 25s and the timeout", d)
		}
		network.Heal("server")
		flush(t, c.Session)
	})
}

func TestCloseBehindABlockedWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := fault.Network{Link: fault.Link{Buffer: 4 << 10}}
		serve(t, &network, "server", &transport.Server{Handler: new(log)})
		c := dial(t, &network, transport.Config{})
		ready(t, c)
		block(t, &network, c)
		before := time.Now()
		c.Close()
		if d := time.Since(before); d > 6*time.Second {
			t.Errorf("Close took %v, want 5s at most", d)
		}
		network.Heal("server")
	})
}
