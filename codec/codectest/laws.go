package codectest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/parleyproto/parley/codec"
)

func describe(m codec.Message, b []byte) string { return fmt.Sprintf("%+v\n% x", m, b) }

// roundTrip: what was encoded decodes to an equal value, and that encodes to the same bytes.
func roundTrip(c check, m codec.Message, b []byte) error {
	got, err := c.codec.Codec.Decode(b)
	if err != nil {
		return err
	}
	again, err := c.codec.Codec.Append(nil, got)
	if err != nil {
		return fmt.Errorf("what was decoded does not encode: %w", err)
	}
	if !c.Converts {
		if d := Diff(m, got); d != "" {
			return fmt.Errorf("the decoded value differs at %s", d)
		}
		return same(b, again)
	}
	next, err := c.codec.Codec.Decode(again)
	if err != nil {
		return fmt.Errorf("the second encoding does not decode: %w", err)
	}
	third, err := c.codec.Codec.Append(nil, next)
	if err != nil {
		return err
	}
	return same(again, third)
}

func same(want, got []byte) error {
	if bytes.Equal(want, got) {
		return nil
	}
	return fmt.Errorf("encoded again: % x", got)
}

// size: the size that is told is the size that is written, within the stated bounds.
func size(c check, m codec.Message, b []byte) error {
	n, err := codec.Size(c.codec.Codec, m)
	if err != nil {
		return err
	}
	if n != len(b) {
		return fmt.Errorf("the told size is %d, the real one %d", n, len(b))
	}
	if n < c.MinSize || c.MaxSize > 0 && n > c.MaxSize {
		return fmt.Errorf("size %d is outside %d–%d", n, c.MinSize, c.MaxSize)
	}
	return nil
}

// prefix: every strict prefix is an unexpected end, or its counts claim more memory than so
// few bytes may take; of long payloads, some.
func prefix(c check, m codec.Message, b []byte) error {
	if c.Tail {
		return nil
	}
	step := 1 + len(b)/200
	for n := 0; n < len(b); n += step {
		got, err := c.codec.Codec.Decode(b[:n:n])
		if err == nil {
			return fmt.Errorf("the first %d bytes decode to %+v", n, got)
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) && !c.overBudget(err, n) {
			return fmt.Errorf("the first %d bytes: %w, not an unexpected EOF", n, err)
		}
	}
	return nil
}

// overBudget tells whether an error is that n bytes may not take so much memory, by the
// stated factor.
func (c check) overBudget(err error, n int) bool {
	var limit *codec.LimitError
	return errors.As(err, &limit) && limit.What == "memory" &&
		limit.Size > limit.Limit && limit.Limit <= uint64(n*c.PerByte)
}

// trailing: one byte more is an error, unless the schema says otherwise.
func trailing(c check, m codec.Message, b []byte) error {
	_, err := c.codec.Codec.Decode(append(slices.Clone(b), 'x'))
	if c.Tail {
		return err
	}
	if !errors.Is(err, codec.ErrTrailing) {
		return fmt.Errorf("with a byte behind: %v", err)
	}
	return nil
}

// mutation: changing one byte gives an error or another value, of which the changed bytes
// are the encoding.
func mutation(c check, m codec.Message, b []byte) error {
	for range 20 {
		x := slices.Clone(b)
		k := c.rand.Intn(len(x))
		x[k] ^= 1 << c.rand.Intn(8)
		if err := c.arbitrary(x); err != nil {
			return fmt.Errorf("with byte %d changed to %#x: %w", k, x[k], err)
		}
	}
	return nil
}

// arbitrary: bytes that may be anything are refused, or are the encoding of what they
// decode to, by all ways of decoding.
func (c check) arbitrary(b []byte) error {
	m, err := c.codec.Codec.Decode(b)
	if err != nil {
		if a, ok := c.codec.Codec.(codec.AliasDecoder); ok {
			if _, aerr := a.DecodeAlias(b); aerr == nil || aerr.Error() != err.Error() {
				return fmt.Errorf("copying decode says %v, aliasing decode %v", err, aerr)
			}
		}
		return nil
	}
	if reflect.TypeOf(m) != c.message {
		return nil // the id became that of a message with other rules
	}
	again, err := c.codec.Codec.Append(nil, m)
	switch {
	case err != nil && c.Converts:
		return nil
	case err != nil:
		return fmt.Errorf("what was decoded does not encode: %w", err)
	case c.codec.Text:
		return roundTrip(c, m, again)
	case c.Converts:
		return roundTrip(c, m, again)
	case c.Tail && bytes.HasPrefix(b, again):
		return nil
	}
	return same(b, again)
}

// memory: decoding hostile counts takes no more memory than the stated factor allows.
func memory(c check, m codec.Message, b []byte) error {
	x := slices.Clone(b)
	if len(x) > 2 {
		k := 1 + c.rand.Intn(len(x)-1)
		for ; k < len(x) && c.rand.Intn(4) > 0; k++ {
			x[k] = 0xff
		}
	}
	factor := uint64(c.PerByte + 8)
	if c.codec.Text {
		factor += 100
	}
	limit := 8192 + 2*uint64(len(x))*factor + uint64(reflect.TypeOf(m).Elem().Size())
	used, err := uint64(math.MaxUint64), error(nil)
	// The figure is that of the whole process, so the least of some runs counts.
	for try := 0; try < 5 && used > limit; try++ {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = c.codec.Codec.Decode(x)
		runtime.ReadMemStats(&after)
		used = min(used, after.TotalAlloc-before.TotalAlloc)
	}
	if used > limit {
		return fmt.Errorf("%d bytes of input took %d of memory, over %d (%v)", len(x), used, limit, err)
	}
	return nil
}

// alias: Decode keeps nothing of its input; DecodeAlias gives the same value.
func alias(c check, m codec.Message, b []byte) error {
	src := slices.Clone(b)
	got, err := c.codec.Codec.Decode(src)
	if err != nil {
		return err
	}
	want, err := c.codec.Codec.Decode(b)
	if err != nil {
		return err
	}
	for k := range src {
		src[k] ^= 0xff
	}
	if d := Diff(want, got); d != "" {
		return fmt.Errorf("the copying decode kept its input: %s", d)
	}
	a, ok := c.codec.Codec.(codec.AliasDecoder)
	if !ok {
		return nil
	}
	if got, err = a.DecodeAlias(b); err != nil {
		return err
	}
	if d := Diff(want, got); d != "" {
		return fmt.Errorf("the aliasing decode gives another value: %s", d)
	}
	return nil
}

// reuse: decoding into a used value gives what decoding into a new one gives.
func reuse(c check, m codec.Message, b []byte) error {
	into, ok := c.codec.Codec.(codec.IntoDecoder)
	if !ok {
		return nil
	}
	want, err := c.codec.Codec.Decode(b)
	if err != nil {
		return err
	}
	used := c.Random(&Rand{Rand: c.rand, Levels: 6})
	for range 2 {
		if err := into.DecodeInto(used, b); err != nil {
			return err
		}
		if d := Diff(want, used); d != "" {
			return fmt.Errorf("decoded into a used value: %s", d)
		}
	}
	return nil
}

// golden: payloads of a frozen version decode and encode as they always did.
func (c check) golden(t *testing.T) {
	for _, b := range c.Golden {
		m, err := c.codec.Codec.Decode(b)
		if err != nil {
			t.Errorf("% x: %v", b, err)
			continue
		}
		again, err := c.codec.Codec.Append(nil, m)
		if err != nil || !bytes.Equal(again, b) && !c.Tail {
			t.Errorf("% x encodes again to % x, %v", b, again, err)
		}
	}
}

// loss: values of all versions either encode in c's, or lose something that is listed.
func (m *Message) loss(t *testing.T, c check) {
	for _, v := range m.Versions {
		for range 30 {
			value := v.Random(&Rand{Rand: c.rand, Levels: 4})
			lost := codec.Loss(c.codec.Codec, value)
			b, err := c.codec.Codec.Append(nil, value)
			var loss *codec.LossError
			switch {
			case errors.As(err, &loss) && len(lost) == 0:
				t.Errorf("%v: Loss is empty\n%+v", err, value)
			case errors.As(err, &loss) && len(b) > 0:
				t.Errorf("%v: bytes were written before the loss was found", err)
			case v.Version == c.Version.Version && len(lost) > 0:
				t.Errorf("%v loses %v of a value of its own\n%+v", v.Version, lost, value)
			case err == nil && len(lost) == 0 && !c.Converts && !v.Converts:
				got, err := c.codec.Codec.Decode(b)
				if err != nil {
					t.Error(err)
				} else if d := Diff(value, got); d != "" {
					t.Errorf("nothing is lost, but the decoded value differs at %s", d)
				}
			}
		}
	}
}
