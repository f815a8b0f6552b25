package fuzz_test

import (
	"bytes"
	"math/rand"
	randv2 "math/rand/v2"
	"testing"

	"github.com/parleyproto/parley/fuzz"
)

var (
	_ rand.Source64 = (*fuzz.Source)(nil)
	_ randv2.Source = (*fuzz.Source)(nil)
)

func TestSourceDecisionsFromFrontPayloadFromBack(t *testing.T) {
	s := fuzz.NewSource([]byte{7, 3, 0x01, 0x02, 'c', 'b', 'a'})
	if got := s.Choose(5); got != 2 {
		t.Errorf("Choose(5) of byte 7 = %d, want 2", got)
	}
	if got := s.Payload(100); string(got) != "abc" {
		t.Errorf("Payload = %q, want %q", got, "abc")
	}
	if got := s.Choose(1 << 16); got != 0x0201 {
		t.Errorf("Choose(65536) = %#x, want 0x201", got)
	}
	if s.Len() != 0 {
		t.Errorf("Len = %d, want 0", s.Len())
	}
}

// An edit of a payload byte leaves the decisions, and a longer payload leaves
// the ones after it.
func TestSourceEditsStayLocal(t *testing.T) {
	decisions := func(data []byte) [4]int {
		s := fuzz.NewSource(data)
		a, b := s.Choose(256), s.Choose(256)
		s.Payload(100)
		return [4]int{a, b, s.Choose(256), s.Choose(256)}
	}
	base := []byte{10, 20, 2, 30, 40, 'x', 'y'}
	want := [4]int{10, 20, 30, 40}
	for name, data := range map[string][]byte{
		"base":           base,
		"payload edited": {10, 20, 2, 30, 40, 'q', 'y'},
		"payload longer": {10, 20, 4, 30, 40, 'x', 'y', 'z', 'w'},
	} {
		if got := decisions(data); got != want {
			t.Errorf("%s: decisions %v, want %v", name, got, want)
		}
	}
}

func TestSourceExhausted(t *testing.T) {
	s := fuzz.NewSource(nil)
	if s.Choose(9) != 0 || s.Boundary(9) != 0 || len(s.Payload(9)) != 0 || s.Bool() {
		t.Error("an exhausted source does not give its smallest answers")
	}
	a, b := s.Uint64(), s.Uint64()
	if a == b {
		t.Error("an exhausted source repeats its numbers: a retrying generator would be stuck")
	}
	if again := fuzz.NewSource(nil).Uint64(); again != a {
		t.Error("the same input gave different numbers")
	}
	if other := fuzz.NewSource([]byte{1}); other.Choose(256) == 1 && other.Uint64() == a {
		t.Error("different inputs go on with the same numbers")
	}
}

func TestSourceUint64TakesBytes(t *testing.T) {
	s := fuzz.NewSource([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9})
	if got := s.Uint64(); got != 0x0807060504030201 {
		t.Errorf("Uint64 = %#x", got)
	}
	if got := s.Uint64(); got&0xff != 9 || got>>8 == 0 {
		t.Errorf("Uint64 at the end = %#x, want 9 below pseudo-random bits", got)
	}
}

func TestSourceSeedKeepsTheInput(t *testing.T) {
	a, b := fuzz.NewSource([]byte("12345678")), fuzz.NewSource([]byte("12345678"))
	b.Seed(99)
	if a.Int63() != b.Int63() {
		t.Error("Seed changed what the input's bytes say")
	}
	if a.Int63() == b.Int63() {
		t.Error("Seed did not change what follows the input")
	}
}

func TestSourcePayloadIsACopy(t *testing.T) {
	data := []byte{8, 1, 2, 3, 4, 5, 6, 7, 8}
	before := bytes.Clone(data)
	p := fuzz.NewSource(data).Payload(8)
	if len(p) != 8 {
		t.Fatalf("%d bytes, want 8", len(p))
	}
	clear(p)
	if !bytes.Equal(data, before) {
		t.Error("Payload shares memory with the input")
	}
}

func TestBoundaryFindsEdges(t *testing.T) {
	seen := map[uint64]bool{}
	const max = 300
	for a := range 256 {
		for b := range 256 {
			v := fuzz.NewSource([]byte{byte(a), byte(b)}).Boundary(max)
			if v > max {
				t.Fatalf("Boundary(%d) = %d", max, v)
			}
			seen[v] = true
		}
	}
	for _, want := range []uint64{0, 1, 2, 127, 128, 129, 255, 256, 257, max - 1, max} {
		if !seen[want] {
			t.Errorf("Boundary(%d) never gives %d", max, want)
		}
	}
	for a := range 256 {
		if v := fuzz.NewSource([]byte{byte(a), 63}).Boundary(0); v != 0 {
			t.Fatalf("Boundary(0) = %d", v)
		}
		fuzz.NewSource([]byte{byte(a)}).Boundary(^uint64(0))
	}
}

func FuzzSourceStaysInRange(f *testing.F) {
	f.Add([]byte("a few bytes of input"), 7)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		s := fuzz.NewSource(data)
		for range 20 {
			if got := s.Choose(n); got < 0 || got > 0 && got >= n {
				t.Fatalf("Choose(%d) = %d", n, got)
			}
			if got := s.Boundary(uint64(n)); got > uint64(n) {
				t.Fatalf("Boundary(%d) = %d", uint64(n), got)
			}
			if got := s.Payload(n % 1000); len(got) > max(n%1000, 0) {
				t.Fatalf("Payload(%d) gave %d bytes", n%1000, len(got))
			}
			s.Rand().IntN(10)
		}
	})
}
