package negotiate_test

import (
	"testing"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
)

// Both sides of one greeting: the time of a connection's negotiation without its round trip.
func BenchmarkHandshake(b *testing.B) {
	cc, sc := clientConfig(b), serverConfig(b)
	b.Run("both", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			shake(b, cc, sc)
		}
	})
	greeting := negotiate.NewHandshake(cc, negotiate.Nonce{1}, start)
	g, err := greeting.Step(start, nil)
	if err != nil {
		b.Fatal(err)
	}
	line := append([]byte(nil), g.Send...)
	b.Run("server", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h := negotiate.NewHandshake(sc, negotiate.Nonce{2}, start)
			if out, err := h.Step(start, line); err != nil || !out.Done {
				b.Fatal(err)
			}
		}
	})
	server := negotiate.NewHandshake(sc, negotiate.Nonce{2}, start)
	s, err := server.Step(start, line)
	if err != nil {
		b.Fatal(err)
	}
	answer := append([]byte(nil), s.Send...)
	b.Run("client", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h := negotiate.NewHandshake(cc, negotiate.Nonce{1}, start)
			if _, err := h.Step(start, nil); err != nil {
				b.Fatal(err)
			}
			if out, err := h.Step(start, answer); err != nil || !out.Done {
				b.Fatal(err)
			}
		}
	})
}

// One change of version, both sides, with its four proofs made and four verified.
func BenchmarkUpgrade(b *testing.B) {
	ca, sa := shake(b, clientConfig(b), serverConfig(b))
	o := offer(b, "telemetry v=1-3")
	c := negotiate.NewUpgrade(&negotiate.UpgradeConfig{Offer: o}, &ca, negotiate.Key{})
	s := negotiate.NewUpgrade(&negotiate.UpgradeConfig{Role: negotiate.Server, Offer: o}, &sa, negotiate.Key{})
	var give func(u, peer *negotiate.Upgrade, in negotiate.Input)
	give = func(u, peer *negotiate.Upgrade, in negotiate.Input) {
		as, err := u.Step(start, in)
		if err != nil {
			b.Fatal(err)
		}
		for _, a := range as {
			if send, ok := a.(negotiate.Send); ok {
				give(peer, u, negotiate.Received{Frame: send.Frame, Frames: 2})
			}
		}
	}
	give(&c, &s, negotiate.Begin{})
	give(&s, &c, negotiate.Begin{})
	b.ReportAllocs()
	i := uint32(0)
	for b.Loop() {
		i++
		give(&c, &s, negotiate.Start{Version: codec.Version(2 + i%2)})
		give(&c, &s, negotiate.Ready{Frames: 1})
		give(&s, &c, negotiate.Ready{Frames: 1})
	}
	if c.Epoch() != uint64(i) || s.Epoch() != uint64(i) {
		b.Fatalf("%d changes, epochs %d and %d", i, c.Epoch(), s.Epoch())
	}
}
