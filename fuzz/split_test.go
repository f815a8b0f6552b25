package fuzz_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/parleyproto/parley/fuzz"
)

// read is the outcome of one Read.
type read struct {
	data string
	err  error
}

func reads(r io.Reader, bufSize int) []read {
	var out []read
	for range 50 {
		p := make([]byte, bufSize)
		n, err := r.Read(p)
		out = append(out, read{string(p[:n]), err})
		if err == io.EOF {
			break
		}
	}
	return out
}

func TestSplitReader(t *testing.T) {
	errBoom := errors.New("boom")
	for _, test := range []struct {
		name string
		plan fuzz.Plan
		want []read
	}{
		{"whole", fuzz.Plan{}, []read{{"abcdef", nil}, {"", io.EOF}}},
		{"one cut", fuzz.Plan{Sizes: []int{2}}, []read{{"ab", nil}, {"cdef", nil}, {"", io.EOF}}},
		{"empty reads", fuzz.Plan{Sizes: []int{0, 4, 0}}, []read{{"", nil}, {"abcd", nil}, {"", nil}, {"ef", nil}, {"", io.EOF}}},
		{"repeat", fuzz.Plan{Sizes: []int{1, 2}, Repeat: true}, []read{{"a", nil}, {"bc", nil}, {"d", nil}, {"ef", nil}, {"", io.EOF}}},
		{"with EOF", fuzz.Plan{Sizes: []int{4}, WithEOF: true}, []read{{"abcd", nil}, {"ef", io.EOF}}},
		{"with EOF after one", fuzz.Plan{Sizes: []int{5, 1}, WithEOF: true}, []read{{"abcde", nil}, {"f", io.EOF}}},
		{"interrupt", fuzz.Plan{Sizes: []int{3, fuzz.Interrupt}}, []read{{"abc", nil}, {"", fuzz.ErrInjected}, {"def", nil}, {"", io.EOF}}},
		{"named interrupt", fuzz.Plan{Sizes: []int{fuzz.Interrupt}, Err: errBoom}, []read{{"", errBoom}, {"abcdef", nil}, {"", io.EOF}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := reads(fuzz.SplitReader(bytes.NewReader([]byte("abcdef")), test.plan), 16)
			if !slices.Equal(got, test.want) {
				t.Errorf("plan %v:\n got %v\nwant %v", test.plan, got, test.want)
			}
		})
	}
}

func TestSplitReaderFailsForGood(t *testing.T) {
	r := fuzz.SplitReader(bytes.NewReader([]byte("abcdef")), fuzz.Plan{Fail: true, FailAt: 4})
	got, err := io.ReadAll(r)
	if string(got) != "abcd" || err != fuzz.ErrInjected {
		t.Errorf("got %q, %v", got, err)
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != fuzz.ErrInjected {
		t.Errorf("the error does not stay: %d, %v", n, err)
	}
}

func TestSplitReaderScratch(t *testing.T) {
	p := bytes.Repeat([]byte{'.'}, 8)
	r := fuzz.SplitReader(bytes.NewReader([]byte("abc")), fuzz.Plan{Scratch: true})
	if n, _ := r.Read(p); n != 3 || p[3] == '.' || p[7] == '.' {
		t.Errorf("read %d bytes, buffer %q", n, p)
	}
}

// Whatever the plan, the bytes are the same, the source's own cuts do not
// matter, and its error comes through.
func TestSplitReaderKeepsTheBytes(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789"), 30)
	errBoom := errors.New("boom")
	for _, p := range fuzz.Plans(len(data)) {
		if p.Fail {
			continue
		}
		src := io.MultiReader(iotest.HalfReader(bytes.NewReader(data)), iotest.ErrReader(errBoom))
		got, err := io.ReadAll(fuzz.SplitReader(src, p))
		if !bytes.Equal(got, data) || err != errBoom {
			t.Fatalf("plan %v: %d bytes, error %v", p, len(got), err)
		}
	}
}

func TestTwoWayCuts(t *testing.T) {
	plans := fuzz.TwoWayCuts(4)
	if len(plans) != 3 {
		t.Fatalf("%d plans, want 3", len(plans))
	}
	for i, p := range plans {
		if !slices.Equal(p.Sizes, []int{i + 1}) {
			t.Errorf("plan %d cuts at %v", i, p.Sizes)
		}
	}
	if len(fuzz.TwoWayCuts(0)) != 0 || len(fuzz.TwoWayCuts(1)) != 0 {
		t.Error("a stream of at most one byte cannot be cut")
	}
}

// Plans stays bounded, and never has two empty reads in a row.
func TestPlansAreBounded(t *testing.T) {
	for _, n := range []int{0, 1, 2, 127, 128, 129, 1000, 1 << 20} {
		plans := fuzz.Plans(n)
		if len(plans) > 200 {
			t.Errorf("%d plans for %d bytes", len(plans), n)
		}
		for _, p := range plans {
			for i := 1; i < len(p.Sizes); i++ {
				if p.Sizes[i] == 0 && p.Sizes[i-1] == 0 {
					t.Fatalf("two empty reads in a row: %v", p.Sizes)
				}
			}
		}
	}
}

func FuzzPlanFrom(f *testing.F) {
	f.Add([]byte{1, 1, 3, 0, 200}, []byte("some text to cut"))
	f.Fuzz(func(t *testing.T, decisions, data []byte) {
		p := fuzz.PlanFrom(fuzz.NewSource(decisions), len(data))
		got, err := io.ReadAll(fuzz.SplitReader(bytes.NewReader(data), p))
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("plan %v: %q, %v", p, got, err)
		}
	})
}
