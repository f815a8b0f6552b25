package serialization

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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

func benchmark[T any](b *testing.B, entries []Entry[T], random func(*rand.Rand) T, n int) {
	for _, kind := range []string{"safe", "reuse", "aliasing"} {
		for _, e := range entries {
			if e.Kind == kind {
				b.Run(kind+"/"+e.Name+"/marshal", func(b *testing.B) { marshal(b, e, random, n) })
				b.Run(kind+"/"+e.Name+"/unmarshal", func(b *testing.B) { unmarshal(b, e, random, n) })
			}
		}
	}
}

func natives[T any](e Entry[T], random func(*rand.Rand) T, n int) []any {
	r := rand.New(rand.NewPCG(1, 2))
	data := make([]any, n)
	for i := range data {
		v := random(r)
		data[i] = e.From(&v)
	}
	return data
}

func marshal[T any](b *testing.B, e Entry[T], random func(*rand.Rand) T, n int) {
	data := natives(e, random, n)
	var s Serializer = e.Serializer
	size := 0
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		d, err := s.Marshal(data[rand.IntN(len(data))])
		if err != nil {
			b.Fatal(err)
		}
		size += len(d)
	}
	b.ReportMetric(float64(size)/float64(b.N), "B/msg")
}

func unmarshal[T any](b *testing.B, e Entry[T], random func(*rand.Rand) T, n int) {
	var encoded [][]byte
	for _, v := range natives(e, random, n) {
		d, err := e.Marshal(v)
		if err != nil {
			b.Fatal(err)
		}
		encoded = append(encoded, slices.Clone(d))
	}
	var s Serializer = e.Serializer
	o := e.New()
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if err := s.Unmarshal(encoded[rand.IntN(len(encoded))], o); err != nil {
			b.Fatal(err)
		}
	}
}
