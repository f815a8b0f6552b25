// Package framing measures package frame beside what its users would otherwise take, and beside
// what no splitter can beat: one copy of the stream, and moving a cursor over it.
//
//	go test -run '^$' -bench . ./framing
//
// All contenders of one benchmark take turns of some 50 µs, so that what disturbs the machine
// disturbs them all. Each is reported by the median of its turns; the ratios are medians of the
// ratios of turns that followed each other.
package framing

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parleyproto/parley/frame"
)

// A contender splits a stream: its function reads one frame and returns its size.
type contender struct {
	name string
	over func(src io.Reader) func() (int, error)
	of   frame.Format // the stream's format, if it is not that of the others
}

func BenchmarkUint32(b *testing.B) {
	general := frame.LengthField{Offset: 2, Size: 3, Order: binary.LittleEndian, Adjust: -5, Strip: 5}
	each(b, frame.Uint32BE, []contender{
		{"limit", cursor, nil},
		{"decoder", decoder(frame.Uint32BE), nil},
		{"reader", reader(frame.Uint32BE), nil},
		{"general", reader(general), general},
		{"peer-scanner", scanner(splitUint32), nil},
		{"peer-peek", peekDiscard, nil},
		{"peer-readfull", readFull, nil},
		{"peer-msgio", readMsgio, nil},
	})
}

func BenchmarkLines(b *testing.B) {
	each(b, frame.LF, []contender{
		{"limit", cursorLines, nil},
		{"reader", reader(frame.LF), nil},
		{"decoder", decoder(frame.LF), nil},
		{"peer-scanner", scanner(bufio.ScanLines), nil},
		{"peer-readslice", readSlice, nil},
	})
}

func each(b *testing.B, f frame.Format, all []contender) {
	for _, size := range []int{64, 1 << 10, 64 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) { race(b, f, size, all) })
	}
}

// race lets all contenders take b.N turns.
func race(b *testing.B, f frame.Format, size int, all []contender) {
	next := make([]func() (int, error), len(all))
	for i, c := range all {
		if c.of == nil {
			c.of = f
		}
		next[i] = c.over(newSource(b, c.of, size))
	}
	frames := max(16, 1<<20/(size+64)) // a turn
	turns := make([][]float64, len(all))
	b.ReportAllocs()
	for b.Loop() {
		for i := range all {
			start := time.Now()
			for range frames {
				if n, err := next[i](); err != nil || n != size {
					b.Fatalf("%s: %d bytes, error %v; want %d", all[i].name, n, err, size)
				}
			}
			turns[i] = append(turns[i], float64(time.Since(start).Nanoseconds())/float64(frames))
		}
	}
	b.ReportMetric(0, "ns/op") // a turn of all together says nothing
	best, limit := 0, 0
	for i, c := range all {
		b.ReportMetric(median(turns[i]), c.name+"-ns")
		if strings.HasPrefix(c.name, "peer") && (best == 0 || median(turns[i]) < median(turns[best])) {
			best = i
		}
	}
	for i, c := range all {
		if i != limit && !strings.HasPrefix(c.name, "peer") {
			b.ReportMetric(ratio(turns[i], turns[limit]), c.name+"/limit")
			b.ReportMetric(ratio(turns[best], turns[i]), "best-peer/"+c.name)
		}
		if c.name == "general" {
			b.ReportMetric(ratio(turns[i], turns[2]), "general/reader")
		}
	}
}

func ratio(a, b []float64) float64 {
	all := make([]float64, len(a))
	for i := range a {
		all[i] = a[i] / b[i]
	}
	return median(all)
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

const chunk = 64 << 10 // what a read gives at most

// source gives the same frames for ever, from memory.
type source struct {
	data []byte
	at   int
}

func (s *source) Read(p []byte) (int, error) {
	n := copy(p[:min(len(p), chunk)], s.data[s.at:])
	if s.at += n; s.at == len(s.data) {
		s.at = 0
	}
	return n, nil
}

// newSource makes half a megabyte of frames, which stays in the processor's cache.
func newSource(b *testing.B, f frame.Format, size int) *source {
	one, err := f.AppendFrame(nil, bytes.Repeat([]byte("x"), size))
	if err != nil {
		b.Fatal(err)
	}
	return &source{data: bytes.Repeat(one, 512<<10/len(one)+1)}
}

func reader(f frame.Format) func(io.Reader) func() (int, error) {
	return func(src io.Reader) func() (int, error) {
		r := frame.NewReader(src, f)
		return func() (int, error) {
			p, err := r.Next()
			return len(p), err
		}
	}
}

func decoder(f frame.Format) func(io.Reader) func() (int, error) {
	return func(src io.Reader) func() (int, error) {
		d := frame.NewDecoder(f)
		return func() (int, error) {
			for {
				p, err := d.Next()
				if err != frame.ErrShort {
					return len(p), err
				}
				n, err := src.Read(d.Space(4096))
				if err != nil {
					return 0, err
				}
				d.Wrote(n)
			}
		}
	}
}
