// Package framing measures package frame beside what its users would otherwise take, and beside
// what no splitter can beat: one copy of the stream, and moving a cursor over it.
//
//	go test -run '^$' -bench . ./framing
//
// All contenders of one benchmark take turns; see package turns.
package framing

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/parleyproto/parley/docs/benchmarks/turns"
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
		{"reader", reader(frame.Uint32BE), nil},
		{"limit", cursor, nil},
		{"decoder", decoder(frame.Uint32BE), nil},
		{"general", reader(general), general},
		{"scanner", scanner(splitUint32), nil},
		{"peek", peekDiscard, nil},
		{"readfull", readFull, nil},
		{"msgio", readMsgio, nil},
	})
}

func BenchmarkLines(b *testing.B) {
	each(b, frame.LF, []contender{
		{"reader", reader(frame.LF), nil},
		{"limit", cursorLines, nil},
		{"decoder", decoder(frame.LF), nil},
		{"scanner", scanner(bufio.ScanLines), nil},
		{"readslice", readSlice, nil},
	})
}

func each(b *testing.B, f frame.Format, all []contender) {
	for _, size := range []int{64, 1 << 10, 64 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			turns.Race(b, 100*time.Microsecond, prepare(b, f, size, all))
		})
	}
}

func prepare(b *testing.B, f frame.Format, size int, all []contender) (out []turns.Contender) {
	for _, c := range all {
		if c.of == nil {
			c.of = f
		}
		next := c.over(newSource(b, c.of, size))
		out = append(out, turns.Contender{Name: c.name, Run: func(frames int) error {
			for range frames {
				if n, err := next(); err != nil || n != size {
					return fmt.Errorf("%d bytes, error %w; want %d", n, err, size)
				}
			}
			return nil
		}})
	}
	return out
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
