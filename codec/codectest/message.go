package codectest

import (
	"bytes"
	"math"
	"math/rand"
	"reflect"
	"testing"

	"github.com/leanovate/gopter"

	"github.com/parleyproto/parley/codec"
)

// Message is one message of a protocol, in all of its versions.
type Message struct {
	Protocol *codec.Protocol
	Name     string
	Versions []Version
}

// Version is what the laws need to know of a message in one version.
type Version struct {
	codec.Version
	// Random returns a value that the version carries in full.
	Random func(*Rand) codec.Message
	// Converts says that fields are derived from others, so that only the second
	// encoding is a fixed point.
	Converts bool
	// Tail says that bytes after the fields are kept or skipped.
	Tail bool
	// MinSize and MaxSize are those of a binary payload; MaxSize is 0 if there is none.
	MinSize, MaxSize int
	// PerByte is how many bytes lists, maps and pointers may take for each byte of the
	// payload.
	PerByte int
	// Golden are payloads that the version has had since it was frozen.
	Golden [][]byte
}

// law is one property of a payload b, which is m's, in a version.
type law func(c check, m codec.Message, b []byte) error

// check is a version with its release.
type check struct {
	Version
	codec   *codec.Release
	rand    *rand.Rand
	message reflect.Type
}

// newCheck returns the check of a version.
func newCheck(v Version, r *codec.Release, rng *rand.Rand) check {
	return check{v, r, rng, reflect.TypeOf(v.Random(&Rand{Rand: rand.New(rand.NewSource(1))}))}
}

// Test checks all laws in all versions.
func (m *Message) Test(t *testing.T) {
	for _, v := range m.Versions {
		t.Run(v.Version.String(), func(t *testing.T) {
			r, err := m.Protocol.Release(v.Version)
			if err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewSource(int64(len(m.Name)) + int64(v.Version)))
			c := newCheck(v, r, rng)
			for _, l := range laws {
				t.Run(l.name, func(t *testing.T) { c.property(t, l.law) })
			}
			t.Run("Golden", func(t *testing.T) { c.golden(t) })
			t.Run("Loss", func(t *testing.T) { m.loss(t, c) })
		})
	}
}

var laws = []struct {
	name string
	law  law
}{
	{"RoundTrip", roundTrip},
	{"Size", size},
	{"Prefix", prefix},
	{"Trailing", trailing},
	{"Mutation", mutation},
	{"Memory", memory},
	{"Alias", alias},
	{"Reuse", reuse},
}

// property runs a law as a gopter property over random values.
func (c check) property(t *testing.T, l law) {
	parameters := gopter.DefaultTestParametersWithSeed(1)
	parameters.MinSuccessfulTests = 60
	result := gopter.SaveProp(func(*gopter.GenParameters) *gopter.PropResult {
		m := c.Random(&Rand{Rand: c.rand, Levels: 6})
		b, err := c.codec.Codec.Append([]byte("dst"), m)
		if err != nil {
			return c.result(m, nil, c.unlessConverted(err))
		}
		if _, err := c.codec.Codec.Decode(b[3:]); err != nil {
			return c.result(m, b[3:], c.unlessConverted(err))
		}
		return c.result(m, b[3:], l(c, m, b[3:]))
	}).Check(parameters)
	if !result.Passed() {
		gopter.NewFormatedReporter(false, 80, testWriter{t}).ReportTestResult("law", result)
		t.Fail()
	}
}

// unlessConverted passes over values that the user's conversions may refuse.
func (c check) unlessConverted(err error) error {
	if c.Converts {
		return nil
	}
	return err
}

func (c check) result(m codec.Message, b []byte, err error) *gopter.PropResult {
	if err == nil {
		return &gopter.PropResult{Status: gopter.PropTrue}
	}
	return &gopter.PropResult{
		Status: gopter.PropFalse,
		Labels: []string{err.Error()},
		Args:   []*gopter.PropArg{{Arg: m, ArgFormatted: describe(m, b)}},
	}
}

// testWriter lets gopter's reports go to the test's log.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(string(bytes.TrimSpace(b)))
	return len(b), nil
}

// Fuzz feeds arbitrary payloads to all versions. Seeds are golden payloads and some random
// values.
func (m *Message) Fuzz(f *testing.F) {
	for k, v := range m.Versions {
		r, err := m.Protocol.Release(v.Version)
		if err != nil {
			f.Fatal(err)
		}
		rng := &Rand{Rand: rand.New(rand.NewSource(7)), Levels: 4}
		for range 4 {
			if b, err := r.Codec.Append(nil, v.Random(rng)); err == nil {
				f.Add(uint8(k), b)
			}
		}
		for _, b := range v.Golden {
			f.Add(uint8(k), b)
		}
	}
	f.Fuzz(func(t *testing.T, k uint8, b []byte) {
		v := m.Versions[int(k)%len(m.Versions)]
		r, err := m.Protocol.Release(v.Version)
		if err != nil {
			t.Fatal(err)
		}
		c := newCheck(v, r, nil)
		if err := c.arbitrary(b); err != nil {
			t.Errorf("%v: %v\n% x", v.Version, err, b)
		}
	})
}

// Bench measures encoding and decoding in all versions, with one random value each.
func (m *Message) Bench(b *testing.B) {
	for _, v := range m.Versions {
		r, err := m.Protocol.Release(v.Version)
		if err != nil {
			b.Fatal(err)
		}
		rng := &Rand{Rand: rand.New(rand.NewSource(math.MaxInt32)), Levels: 3}
		value := v.Random(rng)
		payload, err := r.Codec.Append(nil, value)
		for tries := 0; err != nil && tries < 100; tries++ {
			value = v.Random(rng)
			payload, err = r.Codec.Append(nil, value)
		}
		if err != nil {
			b.Fatal(err)
		}
		b.Run(v.Version.String()+"/append", func(b *testing.B) {
			b.SetBytes(int64(len(payload)))
			b.ReportAllocs()
			buf := make([]byte, 0, len(payload))
			for b.Loop() {
				if _, err := r.Codec.Append(buf, value); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(v.Version.String()+"/decode", func(b *testing.B) {
			b.SetBytes(int64(len(payload)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Codec.Decode(payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
