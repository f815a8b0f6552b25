package fuzz

import (
	"bytes"
	"fmt"
	"testing"
)

// fail ends the test with a message whose first line is stable: it holds no
// number and no byte of the input, so that two inputs with one cause give one
// line, by which a campaign tells findings apart.
func fail(t testing.TB, id, what, format string, args ...any) {
	t.Helper()
	t.Fatalf("ORACLE %s %s\n%s", id, what, fmt.Sprintf(format, args...))
}

// show prints bytes for a person, at most 64 of them.
func show(p []byte) string {
	const most = 64
	if len(p) > most {
		return fmt.Sprintf("%q… (%d bytes)", p[:most], len(p))
	}
	return fmt.Sprintf("%q", p)
}

// A Codec is the pair of functions that the oracles check. Its methods fail t
// with a first line `ORACLE <id> <detail>`, id being the method's name in lower
// case. They call Enc and Dec and keep nothing.
type Codec[T any] struct {
	// Enc returns the bytes of v. They belong to the caller.
	Enc func(v T) ([]byte, error)
	// Dec reads one value from the front of wire and tells how many bytes it
	// took. What it returns must not share memory with wire.
	Dec func(wire []byte) (v T, n int, err error)
	// Eq tells whether two values mean the same. Compare floats by their bits:
	// NaN equals NaN.
	Eq func(a, b T) bool
}

// RoundTrip checks that v, which must be encodable, survives Enc and Dec, that
// Dec takes all the bytes, and that encoding what it gave gives them again.
func (c Codec[T]) RoundTrip(t testing.TB, v T) {
	t.Helper()
	wire, err := c.Enc(v)
	if err != nil {
		fail(t, "roundtrip", "encode failed", "%v\nvalue %+v", err, v)
		return
	}
	got, n, err := c.Dec(bytes.Clone(wire))
	switch {
	case err != nil:
		fail(t, "roundtrip", "own encoding refused", "%v\nvalue %+v\nwire %s", err, v, show(wire))
		return
	case n != len(wire):
		fail(t, "roundtrip", "own encoding not taken whole", "%d of %d bytes\nvalue %+v\nwire %s", n, len(wire), v, show(wire))
		return
	case !c.Eq(v, got):
		fail(t, "roundtrip", "value changed", " got %+v\nwant %+v\nwire %s", got, v, show(wire))
		return
	}
	again, err := c.Enc(got)
	if err != nil || !bytes.Equal(again, wire) {
		fail(t, "roundtrip", "second encoding differs", "error %v\n got %s\nwant %s", err, show(again), show(wire))
	}
}

// Canonical checks that a value has one spelling: if Dec accepts wire, Enc
// gives the bytes that Dec took. A wire that Dec refuses passes.
func (c Codec[T]) Canonical(t testing.TB, wire []byte) {
	t.Helper()
	v, n, err := c.Dec(bytes.Clone(wire))
	if err != nil {
		return
	}
	again, err := c.Enc(v)
	switch {
	case err != nil:
		fail(t, "canonical", "decoded value refused by encoder", "%v\nvalue %+v\nwire %s", err, v, show(wire[:n]))
	case !bytes.Equal(again, wire[:n]):
		fail(t, "canonical", "second spelling accepted", "value %+v\naccepted  %s\ncanonical %s", v, show(wire[:n]), show(again))
	}
}

// Prefix checks that truncation is noticed: of the bytes that Dec accepts,
// every strict prefix must be an error. Of more than 512 bytes the first 256,
// the last 64 and 64 prefixes between are tried.
func (c Codec[T]) Prefix(t testing.TB, wire []byte) {
	t.Helper()
	_, n, err := c.Dec(bytes.Clone(wire))
	if err != nil {
		return
	}
	for k := range n {
		if n > 512 && k >= 256 && k < n-64 && k%(n/64) != 0 {
			continue
		}
		if v, took, err := c.Dec(bytes.Clone(wire[:k])); err == nil {
			fail(t, "prefix", "truncated input accepted", "%d of %d bytes gave %+v, took %d\nwire %s", k, n, v, took, show(wire[:n]))
			return
		}
	}
}

// Trailing checks that bytes after a value do not become part of it: if Dec
// takes all of wire, then with one more byte it must refuse or leave that byte.
func (c Codec[T]) Trailing(t testing.TB, wire []byte) {
	t.Helper()
	v, n, err := c.Dec(bytes.Clone(wire))
	if err != nil || n != len(wire) {
		return
	}
	for _, extra := range []byte{0, 1, 0x7f, 0x80, 0xff, ' ', '\n'} {
		longer := append(bytes.Clone(wire), extra)
		got, took, err := c.Dec(longer)
		switch {
		case err != nil:
		case took > n:
			fail(t, "trailing", "extra byte taken", "byte %#x, value %+v\nwire %s", extra, got, show(wire))
			return
		case !c.Eq(v, got):
			fail(t, "trailing", "extra byte changed the value", "byte %#x\n got %+v\nwant %+v\nwire %s", extra, got, v, show(wire))
			return
		}
	}
}

// NoAlias checks that a decoded value shares no memory with its input, nor an
// encoding with its value, and that Dec does not write to its input. A wire
// that Dec refuses passes.
func (c Codec[T]) NoAlias(t testing.TB, wire []byte) {
	t.Helper()
	want, _, err := c.Dec(bytes.Clone(wire))
	if err != nil {
		return
	}
	in := bytes.Clone(wire)
	got, _, err := c.Dec(in)
	switch {
	case err != nil:
		fail(t, "noalias", "second decoding of the same bytes failed", "%v\nwire %s", err, show(wire))
		return
	case !bytes.Equal(in, wire):
		fail(t, "noalias", "decoder wrote to its input", " now %s\nwire %s", show(in), show(wire))
		return
	}
	scribble(in)
	if !c.Eq(got, want) {
		fail(t, "noalias", "value shares memory with its input", " got %+v\nwant %+v\nwire %s", got, want, show(wire))
		return
	}
	out, err := c.Enc(got)
	if err != nil {
		return // Canonical reports it
	}
	scribble(out)
	if !c.Eq(got, want) {
		fail(t, "noalias", "encoding shares memory with its value", " got %+v\nwant %+v\nwire %s", got, want, show(wire))
	}
}

// scribble changes every byte of p.
func scribble(p []byte) {
	for i := range p {
		p[i] = ^p[i]
	}
}

// Differential checks that two decoders agree on wire: both refuse it, or both
// accept it and eq holds. Failures read `ORACLE differential …`.
func Differential[T any](t testing.TB, wire []byte, a, b func(wire []byte) (T, error), eq func(a, b T) bool) {
	t.Helper()
	x, errA := a(bytes.Clone(wire))
	y, errB := b(bytes.Clone(wire))
	switch {
	case (errA == nil) != (errB == nil):
		fail(t, "differential", "one decoder refuses", "a: %v\nb: %v\nwire %s", errA, errB, show(wire))
	case errA == nil && !eq(x, y):
		fail(t, "differential", "values differ", "a: %+v\nb: %+v\nwire %s", x, y, show(wire))
	}
}
