package negotiate_test

import (
	"testing"

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
	p := newPair(b, "p v=1-3")
	versions := [2]negotiate.Start{{Version: 1}, {Version: 2}}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p.step(p.client, versions[i%2])
		p.settle()
	}
}
