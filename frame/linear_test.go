package frame_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/parleyproto/parley/frame"
)

// counting counts reads, and gives at most n bytes by each.
type counting struct {
	src   io.Reader
	n     int
	reads int
}

func (c *counting) Read(p []byte) (int, error) {
	c.reads++
	return c.src.Read(p[:min(len(p), c.n)])
}

// Time is linear in the bytes for any chunking: each byte is moved at most a few times, however
// small the reads are, and a fast source is not read in small bites.
func TestLinear(t *testing.T) {
	for _, size := range []int{10, 1000, 20_000, 70_000, 400_000} {
		var wire []byte
		for len(wire) < 2<<20 {
			wire, _ = frame.LF.AppendFrame(wire, bytes.Repeat([]byte("x"), size))
		}
		for _, f := range []frame.Format{frame.LF, frame.Delimiter("\n")} {
			for _, n := range []int{100, 1000, 1448, 30_000, 64 << 10} {
				src := &counting{src: bytes.NewReader(wire), n: n}
				r := frame.NewReader(src, f)
				for _, err := range r.Frames() {
					if err != nil {
						t.Fatal(err)
					}
				}
				if moved := frame.Moved(r); moved > int64(len(wire))*2 {
					t.Errorf("frames of %d in reads of %d: %d bytes moved for %d", size, n, moved, len(wire))
				}
				if most := len(wire)/n + len(wire)/1024 + 20; src.reads > most {
					t.Errorf("frames of %d in reads of %d: %d reads, want at most %d", size, n, src.reads, most)
				}
			}
		}
	}
}

// Behind a large frame little is read ahead, so little is moved.
func TestLargeFramesAreHardlyMoved(t *testing.T) {
	var wire []byte
	for range 64 {
		wire, _ = frame.Uint32BE.AppendFrame(wire, make([]byte, 64<<10))
	}
	r := frame.NewReader(&counting{src: bytes.NewReader(wire), n: 64 << 10}, frame.Uint32BE)
	for _, err := range r.Frames() {
		if err != nil {
			t.Fatal(err)
		}
	}
	if moved := frame.Moved(r); moved > int64(len(wire))/10 {
		t.Errorf("%d bytes moved for %d", moved, len(wire))
	}
}

func TestNoAllocationPerFrame(t *testing.T) {
	for _, c := range formats {
		if c.Ordered || c.Format == frame.Rest {
			continue
		}
		src := &loopSource{data: c.Stream(t)}
		r := frame.NewReader(src, c.Format)
		read := func() {
			for range 50 {
				if _, err := r.Next(); err != nil {
					t.Fatal(c.Name, err)
				}
			}
		}
		read()
		if n := testing.AllocsPerRun(20, read); n > 0 {
			t.Errorf("%s: %v allocations for 50 frames", c.Name, n)
		}
	}
}

// The same for all formats of the table, in small reads.
func TestLinearForAllFormats(t *testing.T) {
	for _, c := range formats {
		if c.Ordered || c.Format == frame.Rest {
			continue
		}
		one := c.Stream(t)
		wire := bytes.Repeat(one, 20_000/len(one)+1)
		for _, n := range []int{1, 7, 1000} {
			src := &counting{src: bytes.NewReader(wire), n: n}
			r := frame.NewReader(src, c.Format)
			for _, err := range r.Frames() {
				if err != nil {
					t.Fatal(c.Name, err)
				}
			}
			if moved := frame.Moved(r); moved > int64(len(wire)) {
				t.Errorf("%s in reads of %d: %d bytes moved for %d", c.Name, n, moved, len(wire))
			}
			if most := len(wire)/n + len(wire)/256 + 10; src.reads > most {
				t.Errorf("%s in reads of %d: %d reads, want at most %d", c.Name, n, src.reads, most)
			}
		}
	}
}
