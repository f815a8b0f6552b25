package frame_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/frame/frametest"
	"github.com/parleyproto/parley/fuzz"
	fuzzprop "github.com/parleyproto/parley/fuzz/prop"
)

// What random bytes make of a format, for any format of the table: chosen by index, so that the
// same property is a gopter test and a fuzz target.

// inverse: whatever payloads the format carries come back, and nothing else.
var inverse = prop.ForAll(func(i int, payloads [][]byte) (string, error) {
	c := formats[i]
	carried, wire := carry(c, payloads)
	r := frame.NewReader(bytes.NewReader(wire), c.Format)
	for _, want := range carried {
		got, err := r.Next()
		if err != nil || !bytes.Equal(got, want) {
			return fmt.Sprintf("%s: got %q, error %v, want %q, wire %q", c.Name, got, err, want, wire), nil
		}
	}
	if p, err := r.Next(); err != io.EOF {
		return fmt.Sprintf("%s: %q and error %v after the last frame of %q", c.Name, p, err, wire), nil
	}
	return "", nil
}, anyFormat, gen.SliceOf(gen.SliceOf(gen.UInt8())))

// carry frames those payloads that the format can carry, and one that it certainly can.
func carry(c frametest.Case, payloads [][]byte) (carried [][]byte, wire []byte) {
	var out bytes.Buffer
	w := frame.NewWriter(&out, c.Format)
	if !c.Ordered && c.Format != frame.Rest && len(c.Payloads) > 0 {
		payloads = append(payloads, []byte(c.Payloads[0]))
	}
	for _, p := range payloads {
		if c.Format == frame.Rest && len(carried) > 0 {
			break
		}
		if w.WriteFrame(p) == nil {
			carried = append(carried, p)
		}
	}
	w.Flush()
	return carried, out.Bytes()
}

// anyCut: random bytes, good frames among them, split the same however they are cut.
var anyCut = prop.ForAll(func(i int, payloads [][]byte, noise []byte, at int, sizes []int) bool {
	c := formats[i]
	_, wire := carry(c, payloads)
	at %= len(wire) + 1
	wire = append(append(bytes.Clone(wire[:at]), noise...), wire[at:]...)
	t := &failures{}
	for n := range sizes {
		sizes[n] %= 20
	}
	plans := []fuzz.Plan{{Sizes: sizes, WithEOF: len(noise)%2 == 0}, fuzz.ByteByByte()}
	frametest.Split(t, c.Format, wire, plans...)
	return t.what == ""
}, anyFormat, gen.SliceOfN(3, gen.SliceOf(gen.UInt8())), gen.SliceOf(gen.UInt8()), gen.IntRange(0, 1000), gen.SliceOf(gen.IntRange(0, 40)))

var anyFormat = gen.IntRange(0, len(formats)-1)

// failures is a testing.TB that remembers that a law was broken.
type failures struct {
	testing.TB
	what string
}

func (f *failures) Helper() {}
func (f *failures) Fatalf(format string, args ...any) {
	f.what = fmt.Sprintf(format, args...)
	panic(f.what) // gopter reports it with the arguments
}

func TestProperties(t *testing.T) {
	params := gopter.DefaultTestParametersWithSeed(1)
	params.MinSuccessfulTests = 1500
	params.MaxSize = 16
	props := gopter.NewProperties(params)
	props.Property("inverse", inverse)
	props.Property("split invariance", anyCut)
	props.TestingRun(t)
}

func FuzzInverse(f *testing.F) { f.Fuzz(fuzzprop.Target(inverse)) }

func FuzzAnyCut(f *testing.F) { f.Fuzz(fuzzprop.Target(anyCut)) }

// FuzzSplit gives raw bytes to one format under one cut; the table's streams are its seeds.
func FuzzSplit(f *testing.F) {
	for i, c := range formats {
		f.Add(uint8(i), c.Stream(f), []byte{1, 2, 3})
		for _, s := range c.Streams {
			f.Add(uint8(i), []byte(s), []byte{7})
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, wire, cut []byte) {
		if len(wire) > 4096 {
			return
		}
		c := formats[int(i)%len(formats)]
		frametest.Split(t, c.Format, wire, fuzz.ByteByByte(), fuzz.PlanFrom(fuzz.NewSource(cut), len(wire)))
	})
}

// FuzzReframe: what was split and framed again gives the same bytes, where there is one spelling.
func FuzzReframe(f *testing.F) {
	for i, c := range formats {
		f.Add(uint8(i), c.Stream(f))
	}
	f.Fuzz(func(t *testing.T, i uint8, wire []byte) {
		c := formats[int(i)%len(formats)]
		if c.Spellings {
			return
		}
		r := frame.NewReader(bytes.NewReader(wire), c.Format)
		for {
			if _, err := r.Next(); err == io.EOF {
				break
			} else if err != nil {
				return
			}
		}
		frametest.Reframe(t, c.Format, wire)
	})
}
