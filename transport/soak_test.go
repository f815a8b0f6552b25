package transport_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// A client and a server talk both ways for minutes over a network that does everything to
// them, while the version goes up and down: nothing is lost, repeated or reordered.
func TestSoak(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { soak(t, seed) })
		})
	}
}

func soak(t *testing.T, seed uint64) {
	network := fault.Network{Link: fault.Link{
		Seed: seed, Latency: 20 * time.Millisecond, Jitter: 10 * time.Millisecond,
		Rates: fault.Rates{Stall: 0.01, StallMax: time.Second, Fragment: 0.05, Short: 0.002,
			Reset: 0.01, EOF: 0.002, HalfOpen: 0.002, OneWay: 0.002},
	}}
	up, down := new(log), new(log)
	opened := make(chan *transport.Session, 1)
	cfg := session.Config{ResumeWindow: -1, Offer: negotiate.Offer{
		Heartbeat: negotiate.Heartbeat{Interval: 5 * time.Second, Gap: time.Second}}}
	server := serve(t, &network, "server", &transport.Server{Handler: up, Session: cfg, OnOpen: func(s *transport.Session) error {
		select {
		case opened <- s:
		default:
		}
		return nil
	}})
	rnd := rand.New(rand.NewPCG(seed, 2))
	c := dial(t, &network, transport.Config{Handler: down, Session: cfg, Rand: rand.New(rand.NewPCG(seed, 1)).Float64,
		Backoff: transport.Backoff{Base: time.Second, Cap: 5 * time.Second}})
	s := <-opened
	ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
	defer cancel()
	for i := 1; i <= 1000; i++ {
		if err := c.Send(ctx, &Note{N: i}); err != nil {
			t.Fatal(err)
		}
		if err := s.Send(ctx, &Note{N: i}); err != nil {
			t.Fatal(err)
		}
		switch rnd.IntN(50) {
		case 0:
			if _, err := c.Call(ctx, &Note{N: i}); err != nil {
				t.Errorf("call %d: %v", i, err)
			}
			if err := c.Send(ctx, &Note{N: i}); err != nil {
				t.Fatal(err)
			}
		case 1:
			v := codec.Version(1 + rnd.IntN(3))
			go server.Upgrade(ctx, v)
		}
		time.Sleep(time.Duration(rnd.IntN(300)) * time.Millisecond)
	}
	if err := c.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, n := range up.notes() { // calls and the notes after them repeat a number
		if n != want && n != want+1 {
			t.Fatalf("up: %d after %d", n, want)
		}
		want = n
	}
	if want != 1000 {
		t.Errorf("up: the last is %d", want)
	}
	down.want(t, 1000)
	t.Logf("%v; %d connections, %d upgrades", network.Stats(), c.Stats().Attaches, c.Stats().Upgrades)
}
