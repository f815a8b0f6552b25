package frame_test

import (
	"fmt"
	"testing"

	"github.com/parleyproto/parley/frame"
)

// loopSource gives the same bytes for ever.
type loopSource struct {
	data []byte
	at   int
}

func (s *loopSource) Read(p []byte) (int, error) {
	n := copy(p[:min(len(p), 64<<10)], s.data[s.at:])
	if s.at += n; s.at == len(s.data) {
		s.at = 0
	}
	return n, nil
}

func BenchmarkReader(b *testing.B) {
	for _, f := range []struct {
		name string
		f    frame.Format
	}{{"uint32be", frame.Uint32BE}, {"lf", frame.LF}, {"uint32le", frame.Uint32LE}} {
		for _, size := range []int{64, 1 << 10, 64 << 10} {
			b.Run(fmt.Sprintf("%s/%d", f.name, size), func(b *testing.B) {
				one, err := f.f.AppendFrame(nil, make([]byte, size))
				if err != nil {
					b.Fatal(err)
				}
				var stream []byte
				for len(stream) < 8<<20 {
					stream = append(stream, one...)
				}
				r := frame.NewReader(&loopSource{data: stream}, f.f)
				b.ReportAllocs()
				b.SetBytes(int64(len(one)))
				for b.Loop() {
					if _, err := r.Next(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
