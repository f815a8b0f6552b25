package session_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/parleyproto/parley/transport/session"
)

// reports is a batch of readings as JSON, of about so many bytes.
func reports(size int) (b blob) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for b = append(b, '['); len(b) < size; {
		b = fmt.Appendf(b, `{"type":"reading","device":"d%d","sensor":"temperature","n":%d,"celsius":%.2f},`, rnd.IntN(20), rnd.IntN(1e6), 20+5*rnd.Float64())
	}
	return append(b[:size-1], ']')
}

// BenchmarkCompression is both machines' work for a message of readings as JSON, compressed at
// levels 1 and 6 and not at all, and what it takes on the wire.
func BenchmarkCompression(b *testing.B) {
	for _, size := range []int{256, 1 << 10, 4 << 10, 64 << 10, 1 << 20} {
		for _, level := range []int{0, 1, 6} {
			b.Run(fmt.Sprintf("%d/level=%d", size, level), func(b *testing.B) {
				msg := reports(size)
				cp, sp := profiles(b, &msg, func(c *session.Config) {
					if level > 0 {
						c.Compress = &session.Compression{MinSize: 1, Level: level}
					}
				})
				cm, sm, now := join(b, cp, sp)
				before := cm.Stats().BytesOut
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					cm.Send(now, &msg, session.SendOptions{})
					for transfer(now, cm, sm)+transfer(now, sm, cm) > 0 {
					}
				}
				b.ReportMetric(float64(cm.Stats().BytesOut-before)/float64(b.N), "wireB/op")
			})
		}
	}
}

// BenchmarkMetadata is BenchmarkPipelined with the trace context that most messages will have.
func BenchmarkMetadata(b *testing.B) {
	codec := new(raw)
	cm, sm, now := couple(b, codec)
	opt := session.SendOptions{Metadata: session.Metadata{{Key: "traceparent", Value: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, err := cm.Send(now, codec, opt); err != nil {
			b.Fatal(err)
		}
		if n++; n == 256 {
			n = 0
			transfer(now, cm, sm)
			transfer(now, sm, cm)
		}
	}
}
