package fuzz_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/parleyproto/parley/fuzz"
	"github.com/parleyproto/parley/fuzz/internal/recorder"
)

// A note is the sample message: a uvarint and a text.
type note struct {
	ID   uint64
	Text []byte
}

func sameNote(a, b note) bool { return a.ID == b.ID && bytes.Equal(a.Text, b.Text) }

var errBad = errors.New("bad note")

func encodeNote(n note) ([]byte, error) {
	wire := binary.AppendUvarint(nil, n.ID)
	wire = append(wire, byte(len(n.Text)))
	return append(wire, n.Text...), nil
}

func decodeNote(wire []byte) (note, int, error) {
	id, n := binary.Uvarint(wire)
	if n <= 0 || n > 1 && wire[n-1] == 0 {
		return note{}, 0, errBad
	}
	if n == len(wire) {
		return note{}, 0, io.ErrUnexpectedEOF
	}
	size := int(wire[n])
	n++
	if size > len(wire)-n {
		return note{}, 0, io.ErrUnexpectedEOF
	}
	return note{id, bytes.Clone(wire[n : n+size])}, n + size, nil
}

func noteCodec() fuzz.Codec[note] {
	return fuzz.Codec[note]{Enc: encodeNote, Dec: decodeNote, Eq: sameNote}
}

// checkAll runs every oracle of the codec on a value and its wire form.
func checkAll(t testing.TB, c fuzz.Codec[note], v note) {
	wire, err := encodeNote(v)
	if err != nil {
		t.Fatal(err)
	}
	c.RoundTrip(t, v)
	c.Canonical(t, wire)
	c.Prefix(t, wire)
	c.Trailing(t, wire)
	c.NoAlias(t, wire)
	c.AllocBound(t, wire, 4, 512)
}

func TestOraclesPassARightCodec(t *testing.T) {
	for _, v := range []note{{}, {1, []byte("x")}, {1 << 63, bytes.Repeat([]byte("y"), 255)}} {
		if msg := recorder.Run(func(t testing.TB) { checkAll(t, noteCodec(), v) }); msg != "" {
			t.Errorf("%+v: %s", v, msg)
		}
	}
	c := noteCodec()
	for _, refused := range []string{"", "\x80", "\x80\x00\x00", "\x01\x05ab"} {
		if msg := recorder.Run(func(t testing.TB) {
			wire := []byte(refused)
			c.Canonical(t, wire)
			c.Prefix(t, wire)
			c.Trailing(t, wire)
			c.NoAlias(t, wire)
			c.AllocBound(t, wire, 4, 512)
		}); msg != "" {
			t.Errorf("%q: %s", refused, msg)
		}
	}
}

var shared = make([]byte, 0, 1024)

// Each planted fault is found by the oracle that is named, in a sample that the
// right codec passes.
func TestOraclesFindPlantedFaults(t *testing.T) {
	sample := note{300, []byte("hello")}
	wire, _ := encodeNote(sample)
	type codec = fuzz.Codec[note]
	for _, test := range []struct {
		fault string
		plant func(*codec)
		check func(codec, testing.TB)
		want  string
	}{
		{"encoder refuses", func(c *codec) {
			c.Enc = func(note) ([]byte, error) { return nil, errBad }
		}, func(c codec, t testing.TB) { c.RoundTrip(t, sample) }, "ORACLE roundtrip encode failed\n"},
		{"decoder refuses", func(c *codec) {
			c.Dec = func([]byte) (note, int, error) { return note{}, 0, errBad }
		}, func(c codec, t testing.TB) { c.RoundTrip(t, sample) }, "ORACLE roundtrip own encoding refused\n"},
		{"last byte not taken", func(c *codec) {
			c.Dec = func(w []byte) (note, int, error) { v, n, err := decodeNote(w); return v, n - 1, err }
		}, func(c codec, t testing.TB) { c.RoundTrip(t, sample) }, "ORACLE roundtrip own encoding not taken whole\n"},
		{"id truncated to 8 bits", func(c *codec) {
			c.Enc = func(n note) ([]byte, error) { n.ID &= 0xff; return encodeNote(n) }
		}, func(c codec, t testing.TB) { c.RoundTrip(t, sample) }, "ORACLE roundtrip value changed\n"},
		{"encoding is not stable", func(c *codec) {
			calls := 0
			c.Enc = func(n note) ([]byte, error) {
				calls++
				w, err := encodeNote(n)
				return append(w, bytes.Repeat([]byte{0}, calls-1)...), err
			}
		}, func(c codec, t testing.TB) { c.RoundTrip(t, sample) }, "ORACLE roundtrip second encoding differs\n"},
		{"varint with leading zeros accepted", func(c *codec) {
			c.Dec = func(w []byte) (note, int, error) {
				if bytes.HasPrefix(w, []byte{0x81, 0}) {
					v, n, err := decodeNote(w[1:])
					return note{1, v.Text}, n + 1, err
				}
				return decodeNote(w)
			}
		}, func(c codec, t testing.TB) { c.Canonical(t, []byte("\x81\x00\x01a")) }, "ORACLE canonical second spelling accepted\n"},
		{"decoder accepts what the encoder refuses", func(c *codec) {
			c.Enc = func(note) ([]byte, error) { return nil, errBad }
		}, func(c codec, t testing.TB) { c.Canonical(t, wire) }, "ORACLE canonical decoded value refused by encoder\n"},
		{"truncation gives the zero value", func(c *codec) {
			c.Dec = func(w []byte) (note, int, error) {
				v, n, err := decodeNote(w)
				if err == io.ErrUnexpectedEOF {
					return note{}, len(w), nil
				}
				return v, n, err
			}
		}, func(c codec, t testing.TB) { c.Prefix(t, wire) }, "ORACLE prefix truncated input accepted\n"},
		{"trailing byte swallowed", func(c *codec) {
			c.Dec = func(w []byte) (note, int, error) { v, _, err := decodeNote(w); return v, len(w), err }
		}, func(c codec, t testing.TB) { c.Trailing(t, wire) }, "ORACLE trailing extra byte taken\n"},
		{"trailing byte shows", func(c *codec) {
			c.Dec = func(w []byte) (note, int, error) {
				v, n, err := decodeNote(w)
				v.ID += uint64(len(w) - n)
				return v, n, err
			}
		}, func(c codec, t testing.TB) { c.Trailing(t, wire) }, "ORACLE trailing extra byte changed the value\n"},
		{"payload aliases the buffer", func(c *codec) {
			c.Dec = func(w []byte) (note, int, error) {
				v, n, err := decodeNote(w)
				if err == nil {
					v.Text = w[n-len(v.Text) : n]
				}
				return v, n, err
			}
		}, func(c codec, t testing.TB) { c.NoAlias(t, wire) }, "ORACLE noalias value shares memory with its input\n"},
		{"decoder writes to its input", func(c *codec) {
			c.Dec = func(w []byte) (note, int, error) { v, n, err := decodeNote(w); w[0] = 0; return v, n, err }
		}, func(c codec, t testing.TB) { c.NoAlias(t, wire) }, "ORACLE noalias decoder wrote to its input\n"},
		{"decoder keeps state", func(c *codec) {
			calls := 0
			c.Dec = func(w []byte) (note, int, error) {
				if calls++; calls > 1 {
					return note{}, 0, errBad
				}
				return decodeNote(w)
			}
		}, func(c codec, t testing.TB) { c.NoAlias(t, wire) }, "ORACLE noalias second decoding of the same bytes failed\n"},
		{"encoder returns the value's memory", func(c *codec) {
			c.Enc = func(n note) ([]byte, error) { return n.Text, nil }
		}, func(c codec, t testing.TB) { c.NoAlias(t, wire) }, "ORACLE noalias encoding shares memory with its value\n"},
		{"declared length is allocated", func(c *codec) {
			c.Dec = func(w []byte) (note, int, error) {
				shared = make([]byte, int(w[2])<<12)
				return decodeNote(w)
			}
		}, func(c codec, t testing.TB) { c.AllocBound(t, wire, 4, 512) }, "ORACLE allocbound too much allocated\n"},
	} {
		t.Run(test.fault, func(t *testing.T) {
			clean := recorder.Run(func(t testing.TB) { checkAll(t, noteCodec(), sample) })
			c := noteCodec()
			test.plant(&c)
			msg := recorder.Run(func(t testing.TB) { test.check(c, t) })
			if clean != "" || !strings.HasPrefix(msg, test.want) {
				t.Errorf("clean: %q\nplanted: %q\nwant a message that starts with %q", clean, msg, test.want)
			}
		})
	}
}

func TestDifferential(t *testing.T) {
	lenient := func(w []byte) (note, error) { v, _, err := decodeNote(w); return v, err }
	strict := func(w []byte) (note, error) {
		v, n, err := decodeNote(w)
		if err == nil && n < len(w) {
			err = errBad
		}
		return v, err
	}
	lastWins := func(w []byte) (note, error) { v, err := strict(w); v.ID++; return v, err }
	for _, test := range []struct {
		name, wire string
		b          func([]byte) (note, error)
		want       string
	}{
		{"agree", "\x01\x01a", strict, ""},
		{"both refuse", "\x01", strict, ""},
		{"one refuses", "\x01\x01ab", strict, "ORACLE differential one decoder refuses\n"},
		{"values differ", "\x01\x01a", lastWins, "ORACLE differential values differ\n"},
	} {
		msg := recorder.Run(func(t testing.TB) {
			fuzz.Differential(t, []byte(test.wire), lenient, test.b, sameNote)
		})
		if !strings.HasPrefix(msg, test.want) || (test.want == "") != (msg == "") {
			t.Errorf("%s: got %q, want %q", test.name, msg, test.want)
		}
	}
}

func FuzzNoteOracles(f *testing.F) {
	f.Add([]byte("\xac\x02\x05hello"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		c := noteCodec()
		c.Canonical(t, wire)
		c.Prefix(t, wire)
		c.Trailing(t, wire)
		c.NoAlias(t, wire)
		c.AllocBound(t, wire, 4, 512)
		if v, _, err := c.Dec(wire); err == nil {
			c.RoundTrip(t, v)
		}
	})
}
