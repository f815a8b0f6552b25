package transport_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// beginIn makes a server that speaks all of notes prefer v.
func beginIn(v codec.Version) session.Config {
	return session.Config{Offer: negotiate.Offer{Prefer: []codec.Version{v}}}
}

func TestUpgradeUnderTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := fault.Network{Link: fault.Link{Latency: 10 * time.Millisecond}}
		h := new(log)
		s := serve(t, &network, "server", &transport.Server{Handler: h, Session: beginIn(1)})
		var clients []*transport.Client
		for range 8 {
			clients = append(clients, dial(t, &network, transport.Config{}))
		}
		for _, c := range clients {
			ready(t, c)
			if c.Version() != 1 {
				t.Fatalf("begins in %v, want v1", c.Version())
			}
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := 1; i <= 500; i++ {
				if err := clients[0].Send(t.Context(), &Note{N: i}); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Millisecond)
			}
		}()
		for _, v := range []codec.Version{2, 1, 3} {
			time.Sleep(50 * time.Millisecond)
			results := s.Upgrade(t.Context(), v)
			if len(results) != 8 {
				t.Errorf("%d results, want one for each of 8 sessions", len(results))
			}
			for _, r := range results {
				if r.Err != nil || r.Session.Version() != v {
					t.Errorf("to %v: from %v: %v; speaks %v", v, r.From, r.Err, r.Session.Version())
				}
			}
		}
		<-done
		flush(t, clients[0].Session)
		h.want(t, 500)
		if st := clients[0].Stats(); st.Attaches != 1 || st.Upgrades != 3 {
			t.Errorf("%d connections and %d upgrades, want 1 and 3", st.Attaches, st.Upgrades)
		}
	})
}

func TestUpgradeOfSomeAtARate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		s := serve(t, &network, "server", &transport.Server{Handler: new(log), Session: beginIn(1), UpgradeRate: 2})
		for range 10 {
			ready(t, dial(t, &network, transport.Config{}))
		}
		var some []*transport.Session
		for _, info := range s.Sessions()[:5] {
			some = append(some, info.Session)
		}
		before := time.Now()
		for _, r := range s.Upgrade(t.Context(), 2, some...) {
			if r.Err != nil {
				t.Error(r.Err)
			}
		}
		if d := time.Since(before); d != 2*time.Second {
			t.Errorf("5 sessions at 2 a second took %v, want 2s", d)
		}
		speaks := map[codec.Version]int{}
		for _, info := range s.Sessions() {
			speaks[info.Version]++
		}
		if speaks[1] != 5 || speaks[2] != 5 {
			t.Errorf("versions %v, want five of each", speaks)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
		defer cancel()
		late := 0
		for _, r := range s.Upgrade(ctx, 3) {
			if errors.Is(r.Err, context.DeadlineExceeded) {
				late++
			}
		}
		if late != 8 {
			t.Errorf("%d sessions were too late for the context, want 8", late)
		}
	})
}

func TestUpgradeByTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		serve(t, &network, "server", &transport.Server{Handler: new(log), Session: beginIn(1)})
		alone := dial(t, &network, transport.Config{Endpoints: []string{"nowhere"}})
		if err := alone.Upgrade(t.Context(), 2); err == nil {
			t.Error("an upgrade without a connection succeeds")
		}
		c := dial(t, &network, transport.Config{})
		ready(t, c)
		if err := c.Upgrade(t.Context(), 2); err != nil || c.Version() != 2 {
			t.Errorf("Upgrade: %v; speaks %v", err, c.Version())
		}
		var failed *session.UpgradeError
		if err := c.Upgrade(t.Context(), 9); !errors.As(err, &failed) {
			t.Errorf("Upgrade to a version that nobody has: %v", err)
		}
		if _, err := c.Call(t.Context(), &Note{N: 1}); err != nil {
			t.Errorf("after a failed upgrade: %v", err)
		}
	})
}

// A peer that refuses again and again is left alone for a while, and then asked anew.
func TestFailedUpgradesRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := fault.Network{}
		s := serve(t, &network, "server", &transport.Server{Handler: new(log), Session: beginIn(1)})
		refuse := true
		c := dial(t, &network, transport.Config{Session: session.Config{
			AcceptUpgrade: func(from, to codec.Version) bool { return !refuse },
		}})
		ready(t, c)
		attempt := func() error { return s.Upgrade(t.Context(), 2)[0].Err }
		var refused *session.RejectedError
		for range negotiate.DefaultFailures {
			if err := attempt(); !errors.As(err, &refused) {
				t.Fatalf("a refused change: %v", err)
			}
		}
		var resting *transport.RestingError
		if err := attempt(); !errors.As(err, &resting) {
			t.Fatalf("after %d refusals: %v", negotiate.DefaultFailures, err)
		}
		refuse = false
		time.Sleep(negotiate.DefaultRest)
		if err := attempt(); err != nil {
			t.Errorf("after the rest: %v", err)
		}
		if synctest.Wait(); c.Version() != 2 {
			t.Errorf("after the rest the client speaks %v", c.Version())
		}
	})
}

// Sessions may be asked for before Serve has begun.
func TestSessionsBeforeServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		ln, err := network.Listen("early")
		if err != nil {
			t.Fatal(err)
		}
		s := &transport.Server{Protocol: notes, Handler: new(log)}
		served := make(chan error, 1)
		go func() { served <- s.Serve(ln) }()
		if n := len(s.Sessions()) + len(s.Upgrade(t.Context(), 2)); n != 0 {
			t.Errorf("%d sessions before any client came", n)
		}
		synctest.Wait()
		s.Close()
		if err := <-served; !errors.Is(err, transport.ErrClosed) {
			t.Error(err)
		}
	})
}
