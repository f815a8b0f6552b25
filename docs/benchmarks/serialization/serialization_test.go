package serialization

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parleyproto/parley/docs/benchmarks/turns"
)

func smallEntries() []Entry[SmallStruct] {
	return slices.Concat(parleySmall(), baselineSmall(), bencSmall(), musSmall(), msgpSmall(), protoSmall())
}

func listEntries() []Entry[List] {
	return slices.Concat(parleyList(), baselineList(), bencList(), musList(), msgpList(), protoList())
}

func blobEntries() []Entry[Blob] {
	return slices.Concat(parleyBlob(), baselineBlob(), bencBlob(), musBlob(), msgpBlob(), protoBlob())
}

func TestRoundTrip(t *testing.T) {
	roundTrip(t, smallEntries(), randSmall, 100)
	roundTrip(t, listEntries(), randList, 3)
	roundTrip(t, blobEntries(), randBlob, 1)
}

// roundTrip checks that what is measured is right: every entry gives back each value, also
// into a destination that held another one.
func roundTrip[T any](t *testing.T, entries []Entry[T], random func(*rand.Rand) T, n int) {
	same := cmp.Options{cmp.Comparer(time.Time.Equal), cmp.Comparer(bytes.Equal)}
	for _, e := range entries {
		r := rand.New(rand.NewPCG(1, 2))
		o := e.New()
		for range n {
			v := random(r)
			b, err := e.Marshal(e.From(&v))
			if err != nil {
				t.Fatalf("%s %s: Marshal: %v", e.Name, e.Kind, err)
			}
			if err := e.Unmarshal(b, o); err != nil {
				t.Fatalf("%s %s: Unmarshal: %v", e.Name, e.Kind, err)
			}
			if diff := cmp.Diff(v, e.To(o), same); diff != "" {
				t.Fatalf("%s %s gave back another value (-want +got):\n%s", e.Name, e.Kind, diff)
			}
		}
	}
}

func BenchmarkSmall(b *testing.B) { benchmark(b, smallEntries(), randSmall, values) }
func BenchmarkList(b *testing.B)  { benchmark(b, listEntries(), randList, 10) }
func BenchmarkBlob(b *testing.B)  { benchmark(b, blobEntries(), randBlob, 4) }

// benchmark races the entries of each kind: encoding, decoding, and both in turn.
func benchmark[T any](b *testing.B, entries []Entry[T], random func(*rand.Rand) T, n int) {
	for _, kind := range []string{"safe", "reuse", "aliasing"} {
		var marshal, unmarshal, both []turns.Contender
		for _, e := range entries {
			if e.Kind != kind {
				continue
			}
			m, u := operations(b, e, random, n)
			marshal = append(marshal, turns.Contender{Name: e.Name, Run: m})
			unmarshal = append(unmarshal, turns.Contender{Name: e.Name, Run: u})
			both = append(both, turns.Contender{Name: e.Name, Run: func(n int) error { return errors.Join(m(n), u(n)) }})
		}
		b.Run(kind+"/marshal", func(b *testing.B) { turns.Race(b, turnLength, marshal) })
		b.Run(kind+"/unmarshal", func(b *testing.B) { turns.Race(b, turnLength, unmarshal) })
		b.Run(kind+"/both", func(b *testing.B) { turns.Race(b, turnLength, both) })
	}
}

const turnLength = 200 * time.Microsecond

// operations returns what is timed: a random pick, and a call by way of an interface.
func operations[T any](b *testing.B, e Entry[T], random func(*rand.Rand) T, n int) (marshal, unmarshal func(n int) error) {
	r := rand.New(rand.NewPCG(1, 2))
	var data []any
	var encoded [][]byte
	for range n {
		v := random(r)
		o := e.From(&v)
		d, err := e.Marshal(o)
		if err != nil {
			b.Fatal(err)
		}
		data, encoded = append(data, o), append(encoded, slices.Clone(d))
	}
	s, o := e.Serializer, e.New()
	marshal = func(n int) error {
		for range n {
			if _, err := s.Marshal(data[rand.IntN(len(data))]); err != nil {
				return err
			}
		}
		return nil
	}
	unmarshal = func(n int) error {
		for range n {
			if err := s.Unmarshal(encoded[rand.IntN(len(encoded))], o); err != nil {
				return err
			}
		}
		return nil
	}
	return marshal, unmarshal
}

// BenchmarkSize reports the bytes on the wire and the allocations of each entry.
func BenchmarkSize(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, e := range smallEntries() {
		b.Run(e.Name+"/"+e.Kind, func(b *testing.B) {
			v := randSmall(r)
			native, o := e.From(&v), e.New()
			d, _ := e.Marshal(native)
			d = slices.Clone(d)
			for b.Loop() {
				b.ReportMetric(float64(len(d)), "bytes")
				b.ReportMetric(testing.AllocsPerRun(100, func() { e.Marshal(native) }), "marshal-allocs")
				b.ReportMetric(testing.AllocsPerRun(100, func() { e.Unmarshal(d, o) }), "unmarshal-allocs")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}
