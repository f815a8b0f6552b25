package kafka

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/parleyproto/parley/codec"
)

// TestSameBytes holds every message against kmsg: at every version that kmsg knows, for
// random values, the bytes are the same, and each side decodes the other's.
func TestSameBytes(t *testing.T) {
	for _, p := range pairs {
		t.Run(p.name, func(t *testing.T) {
			for v := range p.theirs().MaxVersion() + 1 {
				r := rand.New(rand.NewPCG(uint64(v), 4))
				for range 200 {
					sameBytes(t, p, v, r)
				}
			}
		})
	}
}

func sameBytes(t *testing.T, p pair, version int16, r *rand.Rand) {
	release, err := p.protocol.Release(codec.Version(version))
	if err != nil {
		t.Fatal(err)
	}
	random := p.theirs()
	fill(r, reflect.ValueOf(random).Elem())
	random.SetVersion(version)
	want := random.AppendTo(nil)

	// kmsg drops silently what a version does not have. Decoding shows what is left.
	theirs := read(t, p, version, want)
	ours := reflect.New(reflect.TypeOf(p.ours).Elem()).Interface()
	convert(ours, theirs)
	payload, err := release.Codec.Append(nil, ours)
	if err != nil {
		t.Fatalf("v%d: %v\n%+v", version, err, ours)
	}
	id := payload[:1]
	if got := payload[1:]; !bytes.Equal(got, want) {
		t.Fatalf("v%d of %+v\nours %x\nkmsg %x", version, theirs, got, want)
	}

	decoded, err := release.Codec.Decode(append(id[:1:1], want...))
	if err != nil {
		t.Fatalf("v%d: our decoder on kmsg's bytes %x: %v", version, want, err)
	}
	back := p.theirs()
	convert(back, decoded)
	back.SetVersion(version)
	if got := back.AppendTo(nil); !bytes.Equal(got, want) {
		t.Fatalf("v%d: what we decoded is another message\nours %x\nkmsg %x", version, got, want)
	}
	read(t, p, version, payload[1:])
}

// read decodes with kmsg.
func read(t *testing.T, p pair, version int16, b []byte) body {
	m := p.theirs()
	m.SetVersion(version)
	if err := m.ReadFrom(b); err != nil {
		t.Fatalf("v%d: kmsg on %x: %v", version, b, err)
	}
	return m
}
