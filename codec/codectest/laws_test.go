package codectest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand"
	"testing"

	"github.com/parleyproto/parley/codec"
)

// note is a message, and plain a codec of it that keeps all laws: a length of two bytes, then
// the text.
type note struct{ Text string }

type plain struct{}

func (plain) Append(dst []byte, m codec.Message) ([]byte, error) {
	n := m.(*note)
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(n.Text))), n.Text...), nil
}

func (plain) Decode(src []byte) (codec.Message, error) {
	if len(src) < 2 || len(src)-2 < int(binary.BigEndian.Uint16(src)) {
		return nil, &codec.DecodeError{Err: io.ErrUnexpectedEOF}
	}
	if len(src)-2 > int(binary.BigEndian.Uint16(src)) {
		return nil, &codec.DecodeError{Err: codec.ErrTrailing}
	}
	return &note{string(src[2:])}, nil
}

func (c plain) DecodeAlias(src []byte) (codec.Message, error) { return c.Decode(src) }

func (c plain) DecodeInto(m codec.Message, src []byte) error {
	got, err := c.Decode(src)
	if err == nil {
		*m.(*note) = *got.(*note)
	}
	return err
}

// Faulty codecs, each of which breaks one law.
type (
	forgets   struct{ plain } // the last byte
	lenient   struct{ plain } // about prefixes and trailing bytes
	missizes  struct{ plain }
	keepsOld  struct{ plain } // of a used message
	wasteful  struct{ plain }
	otherwise struct{ plain } // decodes aliasing
	disturbed struct{ plain } // no fault: now and then another goroutine allocates meanwhile
	careless  struct{ plain } // about the length's high byte
	stingy    struct{ plain } // with the memory that it says it has
)

func (forgets) Decode(src []byte) (codec.Message, error) {
	m, err := plain{}.Decode(src)
	if n, ok := m.(*note); ok && len(n.Text) > 0 {
		n.Text = n.Text[:len(n.Text)-1]
	}
	return m, err
}

func (lenient) Decode(src []byte) (codec.Message, error) {
	return &note{string(src[min(2, len(src)):])}, nil
}

func (missizes) Size(m codec.Message) (int, error) { return 1 + len(m.(*note).Text), nil }

func (keepsOld) DecodeInto(m codec.Message, src []byte) error {
	old := m.(*note).Text
	err := plain{}.DecodeInto(m, src)
	m.(*note).Text += old
	return err
}

var sink []byte

func (wasteful) Decode(src []byte) (codec.Message, error) {
	sink = make([]byte, 1<<16)
	return plain{}.Decode(src)
}

var decodes int

func (disturbed) Decode(src []byte) (codec.Message, error) {
	if decodes++; decodes%3 == 0 {
		sink = make([]byte, 1<<16)
	}
	return plain{}.Decode(src)
}

func (otherwise) DecodeAlias([]byte) (codec.Message, error) { return &note{}, nil }

func (careless) Decode(src []byte) (codec.Message, error) {
	if len(src) < 2 {
		return plain{}.Decode(src)
	}
	return plain{}.Decode(append([]byte{byte((len(src) - 2) >> 8)}, src[1:]...))
}

func (stingy) Decode(src []byte) (codec.Message, error) {
	m, err := plain{}.Decode(src)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = &codec.DecodeError{Err: &codec.LimitError{What: "memory", Size: 2, Limit: 1}}
	}
	return m, err
}

func TestLawsFindFaults(t *testing.T) {
	for _, test := range []struct {
		codec codec.Codec
		law   string // that must find the fault; "" for none
	}{
		{plain{}, ""},
		{disturbed{}, ""},
		{forgets{}, "RoundTrip"},
		{lenient{}, "Prefix"},
		{lenient{}, "Trailing"},
		{missizes{}, "Size"},
		{keepsOld{}, "Reuse"},
		{wasteful{}, "Memory"},
		{otherwise{}, "Alias"},
		{careless{}, "Mutation"},
		{stingy{}, "Prefix"},
	} {
		broken := map[string]bool{}
		for _, l := range laws {
			broken[l.name] = breaks(test.codec, l.law)
		}
		if test.law == "" {
			for name, b := range broken {
				if b {
					t.Errorf("%T breaks %s", test.codec, name)
				}
			}
		} else if !broken[test.law] {
			t.Errorf("%T does not break %s; broken are %v", test.codec, test.law, broken)
		}
	}
}

// breaks tells whether some of many values breaks a law.
func breaks(c codec.Codec, l law) bool {
	rng := rand.New(rand.NewSource(1))
	r := &Rand{Rand: rng}
	v := Version{Random: func(r *Rand) codec.Message { return &note{r.Text(0, 300)} }}
	for range 100 {
		m := v.Random(r)
		b, err := c.Append(nil, m)
		if err != nil || l(newCheck(v, &codec.Release{Codec: c}, rng), m, b) != nil {
			return true
		}
	}
	return false
}

// A codec that drops a field without saying so is found by the comparison of versions.
func TestDiff(t *testing.T) {
	type part struct {
		F float64
		P *int32
		S []string
		M map[string]int32
	}
	x, y := int32(1), int32(2)
	base := func() *part { return &part{1, &x, []string{"a"}, map[string]int32{"k": 1}} }
	for _, test := range []struct {
		change func(*part)
		want   string
	}{
		{func(*part) {}, ""},
		{func(p *part) { p.F = 2 }, ".F: 1 ≠ 2"},
		{func(p *part) { p.P = &y }, ".P: 1 ≠ 2"},
		{func(p *part) { p.S[0] = "b" }, ".S[0]: a ≠ b"},
		{func(p *part) { p.S = nil }, ".S: [a] ≠ []"},
		{func(p *part) { p.M["k"] = 2 }, ".M[k]: 1 ≠ 2"},
	} {
		changed := base()
		test.change(changed)
		if got := Diff(base(), changed); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// Random values reach the boundaries they are asked for.
func TestRandReachesBoundaries(t *testing.T) {
	r := &Rand{Rand: rand.New(rand.NewSource(1))}
	seen := map[string]bool{}
	for range 2000 {
		switch r.Int(-5, 1000) {
		case -5:
			seen["low int"] = true
		case 1000:
			seen["high int"] = true
		}
		switch r.Uint(3, 1<<63) {
		case 3:
			seen["low uint"] = true
		case 1 << 63:
			seen["high uint"] = true
		}
		switch n := len(r.Text(2, 9)); {
		case n < 2 || n > 9:
			t.Fatalf("a text of %d bytes, not 2 to 9", n)
		case n == 2:
			seen["short text"] = true
		case n == 9:
			seen["long text"] = true
		}
		if b := r.Bytes(0, 4); b != nil && bytes.Equal(b, nil) {
			t.Fatal("empty bytes that are not nil")
		}
	}
	if len(seen) != 6 {
		t.Errorf("only reached %v", seen)
	}
}
