package transport_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// On a stable link the pings become rare; on one that is cut now and then they stay frequent.
func TestAdaptiveInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		serve(t, &network, "server", &transport.Server{Handler: new(log)})
		cfg := session.Config{Interval: transport.AdaptiveInterval(10*time.Second, 10*time.Minute)}
		c := dial(t, &network, transport.Config{Session: cfg})
		ready(t, c)
		if got := c.Stats().Interval; got != 10*time.Second {
			t.Errorf("a fresh connection pings each %v, want 10s", got)
		}
		time.Sleep(time.Hour)
		if got := c.Stats().Interval; got < 5*time.Minute || got > 10*time.Minute {
			t.Errorf("after a stable hour it pings each %v, want 5 to 10 minutes", got)
		}
		if n := c.Stats().Attaches; n != 1 {
			t.Errorf("%d connections: the server did not follow the interval", n)
		}
		for range 20 {
			network.Link.ResetAll()
			time.Sleep(2 * time.Minute)
		}
		if got := c.Stats().Interval; got > 20*time.Second {
			t.Errorf("on a link that is cut each two minutes it pings each %v, want at most 20s", got)
		}
	})
}

func ExampleAdaptiveInterval() {
	interval := transport.AdaptiveInterval(10*time.Second, 10*time.Minute)
	up := func(d time.Duration) session.Stats {
		since := time.Unix(0, 0)
		return session.Stats{RTT: 40 * time.Millisecond, RTTVar: 5 * time.Millisecond, Since: since, LastReceived: since.Add(d)}
	}
	for _, d := range []time.Duration{0, 4 * time.Minute, 20 * time.Minute, 24 * time.Hour} {
		fmt.Println(interval(up(d)))
	}
	// Output:
	// 10s
	// 30s
	// 2m30s
	// 10m0s
}
