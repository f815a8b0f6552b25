package frame_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"testing"

	"github.com/parleyproto/parley/frame"
)

// loopSource gives the same bytes for ever, at most 64 KiB by a read.
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

// measured are the formats that benchmarks run over. payload makes one of about n bytes.
var measured = []struct {
	name    string
	format  frame.Format
	payload func(n int) []byte
}{
	{"uint32be", frame.Uint32BE, letters},
	{"uint32le", frame.Uint32LE, letters},
	{"length", frame.LengthField{Offset: 2, Size: 3, Order: binary.LittleEndian, Adjust: -5, Strip: 5}, letters},
	{"length-magic", frame.LengthField{Offset: 2, Size: 4, Adjust: 1, Strip: 6, Magic: "MM", Trailer: "."}, letters},
	{"uvarint", frame.Uvarint, letters},
	{"netstring", frame.Netstring, letters},
	{"fixed", nil, letters},
	{"lf", frame.LF, letters},
	{"crlf", frame.Delimiter("\r\n"), letters},
	{"any-eol", frame.Delimiter("\r\n", "\n", "\x00"), letters},
	{"lsp", frame.HeaderBlock{Length: "Content-Length"}, letters},
	{"nats", frame.LineCount{Counted: []frame.Counted{{Verb: "PUB", Word: -1}}}, func(n int) []byte {
		return fmt.Appendf(nil, "PUB FOO %d\r\n%s", n, letters(n))
	}},
	{"resp", frame.RESP{}, func(n int) []byte { return fmt.Appendf(nil, "*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n", n, letters(n)) }},
	{"mllp", frame.MLLP, letters},
	{"slip", frame.SLIP, letters},
	{"cobs", frame.COBS, letters},
	{"crc32c", frame.CRC32C{Format: frame.Uint32BE}, letters},
	{"websocket", frame.WebSocketMessages, func(n int) []byte { return append([]byte{0x82}, letters(n)...) }},
}

func letters(n int) []byte { return bytes.Repeat([]byte("x"), n) }

// eachMeasured runs bench for each format and size.
func eachMeasured(b *testing.B, bench func(b *testing.B, f frame.Format, payload []byte)) {
	for _, m := range measured {
		for _, size := range []int{64, 1 << 10, 64 << 10} {
			f := m.format
			if f == nil {
				f = frame.Fixed(size)
			}
			payload := m.payload(size)
			b.Run(fmt.Sprintf("%s/%d", m.name, size), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(payload)))
				bench(b, f, payload)
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/frame")
			})
		}
	}
}

func BenchmarkReader(b *testing.B) {
	eachMeasured(b, func(b *testing.B, f frame.Format, payload []byte) {
		one, err := f.AppendFrame(nil, payload)
		if err != nil {
			b.Fatal(err)
		}
		r := frame.NewReader(&loopSource{data: bytes.Repeat(one, 512<<10/len(one)+1)}, f)
		for b.Loop() {
			if p, err := r.Next(); err != nil || len(p) != len(payload) {
				b.Fatal(len(p), err)
			}
		}
	})
}

// What a limit that is not set costs, or none, beside one that is set.
func BenchmarkMaxFrame(b *testing.B) {
	for _, f := range []struct {
		name   string
		format frame.Format
	}{{"uint32be", frame.Uint32BE}, {"uint32le", frame.Uint32LE}, {"lf", frame.LF}, {"uvarint", frame.Uvarint}} {
		for _, limit := range []int{1 << 20, 0, -1} {
			b.Run(fmt.Sprintf("%s/%d", f.name, limit), func(b *testing.B) {
				one, err := f.format.AppendFrame(nil, letters(64))
				if err != nil {
					b.Fatal(err)
				}
				r := frame.NewReader(&loopSource{data: bytes.Repeat(one, 512<<10/len(one)+1)}, f.format)
				r.MaxFrame = limit
				for b.Loop() {
					if p, err := r.Next(); err != nil || len(p) != 64 {
						b.Fatal(len(p), err)
					}
				}
			})
		}
	}
}

func BenchmarkWriter(b *testing.B) {
	eachMeasured(b, func(b *testing.B, f frame.Format, payload []byte) {
		w := frame.NewWriter(io.Discard, f)
		for b.Loop() {
			if err := w.WriteFrame(payload); err != nil {
				b.Fatal(err)
			}
		}
	})
}
