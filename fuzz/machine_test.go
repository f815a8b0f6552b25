package fuzz_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/parleyproto/parley/fuzz"
	"github.com/parleyproto/parley/fuzz/internal/recorder"
)

// A window is a receiver that drops repeated messages by a window of the last
// four numbers, and the model that remembers all.
type window struct {
	fault string
	bits  uint8 // of the last numbers; bit 0: top
	top   uint8
	seen  map[uint8]bool // the model
}

func (w *window) accept(n uint8) bool {
	size := uint8(4)
	if w.fault == "window one short" {
		size = 3
	}
	switch {
	case n > w.top:
		w.bits = w.bits<<min(n-w.top, 8) | 1
		w.top = n
		return true
	case w.top-n >= size:
		return w.fault == "window one short" && w.top-n == size
	case w.bits>>(w.top-n)&1 == 1:
		return false
	}
	w.bits |= 1 << (w.top - n)
	return true
}

// windowMachine checks that nothing is accepted twice.
func windowMachine(fault string) fuzz.Machine[*window] {
	return fuzz.Machine[*window]{
		New: func() *window { return &window{fault: fault, seen: map[uint8]bool{}} },
		Ops: []fuzz.Op[*window]{
			{Name: "next", Run: func(t testing.TB, w *window, s *fuzz.Source) { w.receive(t, w.top+1) },
				Pre: func(w *window) bool { return w.top < 200 }},
			{Name: "old", Run: func(t testing.TB, w *window, s *fuzz.Source) {
				w.receive(t, w.top-uint8(s.Choose(int(w.top)+1)))
			}},
			{Name: "bytes", Run: func(t testing.TB, w *window, s *fuzz.Source) { s.Payload(300) }},
		},
		State: func(w *window) uint64 { return uint64(w.bits & 15) },
	}
}

func (w *window) receive(t testing.TB, n uint8) {
	t.Helper()
	if w.accept(n) {
		if w.seen[n] {
			t.Fatalf("ORACLE window accepted twice\nnumber %d, top %d", n, w.top)
		}
		w.seen[n] = true
	}
}

// randomScripts are inputs as an engine without feedback makes them.
func randomScripts(n, most int) [][]byte {
	rnd := rand.New(rand.NewPCG(3, 4))
	out := make([][]byte, n)
	for i := range out {
		out[i] = make([]byte, rnd.IntN(most))
		for j := range out[i] {
			out[i][j] = byte(rnd.Uint32())
		}
	}
	return out
}

func TestMachinePassesARightOne(t *testing.T) {
	m := windowMachine("")
	for _, script := range randomScripts(500, 80) {
		if msg := recorder.Run(func(t testing.TB) { m.Fuzz(t, script) }); msg != "" {
			t.Fatalf("%q: %s", script, msg)
		}
	}
}

func TestMachineFindsAPlantedFault(t *testing.T) {
	m := windowMachine("window one short")
	for i, script := range randomScripts(500, 80) {
		if msg := recorder.Run(func(t testing.TB) { m.Fuzz(t, script) }); msg != "" {
			if !strings.HasPrefix(msg, "ORACLE window accepted twice\n") {
				t.Errorf("%s", msg)
			}
			t.Logf("found by script %d", i)
			return
		}
	}
	t.Error("not found")
}

func old(n int) fuzz.Call {
	return fuzz.Call{Op: "old", Args: func(w *fuzz.Script) { w.Choose(100, n) }}
}

// A story written by hand is a seed, and fails as the story says.
func TestMachineEncode(t *testing.T) {
	m := windowMachine("window one short")
	next := fuzz.Call{Op: "next"}
	script := m.Encode(t, next, next, next, next, old(3))
	msg := recorder.Run(func(t testing.TB) { m.Fuzz(t, script) })
	if !strings.HasPrefix(msg, "ORACLE window accepted twice\n") {
		t.Errorf("%q: %s", script, msg)
	}
	if msg := recorder.Run(func(t testing.TB) { windowMachine("").Fuzz(t, script) }); msg != "" {
		t.Errorf("the right machine: %s", msg)
	}
	msg = recorder.Run(func(t testing.TB) { m.Encode(t, fuzz.Call{Op: "nonsense"}) })
	if !strings.Contains(msg, "next, old, bytes") {
		t.Errorf("unknown operation: %q", msg)
	}
}

func TestMachineStopsAndCloses(t *testing.T) {
	ran, closed := 0, 0
	m := fuzz.Machine[int]{
		New:   func() int { return 0 },
		Ops:   []fuzz.Op[int]{{Name: "a", Run: func(testing.TB, int, *fuzz.Source) { ran++ }}, {Name: "b", Run: func(t testing.TB, _ int, _ *fuzz.Source) { ran++; t.Fatalf("b") }}},
		Close: func(int) { closed++ },
		Most:  5,
	}
	m.Fuzz(t, make([]byte, 100))
	if ran != 5 || closed != 1 {
		t.Errorf("%d operations, closed %d times; want Most, 5, and 1", ran, closed)
	}
	recorder.Run(func(t testing.TB) { m.Fuzz(t, []byte{0, 1, 0, 0}) })
	if ran != 7 || closed != 2 {
		t.Errorf("%d operations, closed %d times; want 7, as it fails, and 2", ran, closed)
	}
	m.Check = func(t testing.TB, _ int) { t.Fatalf("at once") }
	recorder.Run(func(t testing.TB) { m.Fuzz(t, nil) })
	if closed != 3 {
		t.Errorf("closed %d times after a failed first check, want 3", closed)
	}
}

// What a Script writes, a Source reads.
func FuzzScriptIsTheInverse(f *testing.F) {
	f.Add(uint16(3), uint64(1<<40), []byte("payload"), true)
	f.Add(uint16(70), uint64(0), bytes.Repeat([]byte("long"), 80), false)
	f.Fuzz(func(t *testing.T, a uint16, b uint64, p []byte, c bool) {
		if len(p) > 5000 {
			return
		}
		var w fuzz.Script
		w.Payload(5000, p)
		w.Choose(300, int(a)%300)
		w.Bool(c)
		w.Boundary(1<<41, b%(1<<41))
		w.Payload(1<<17, p[:len(p)/2])
		w.Uint64(b)
		s := fuzz.NewSource(w.Bytes())
		if got := s.Payload(5000); !bytes.Equal(got, p) {
			t.Fatalf("Payload: %q, want %q", got, p)
		}
		if got := s.Choose(300); got != int(a)%300 {
			t.Fatalf("Choose: %d, want %d", got, a%300)
		}
		if got := s.Bool(); got != c {
			t.Fatalf("Bool: %v", got)
		}
		if got := s.Boundary(1 << 41); got != b%(1<<41) {
			t.Fatalf("Boundary: %d, want %d", got, b%(1<<41))
		}
		if got := s.Payload(1 << 17); !bytes.Equal(got, p[:len(p)/2]) {
			t.Fatalf("Payload: %q, want %q", got, p[:len(p)/2])
		}
		if got := s.Uint64(); got != b || s.Len() != 0 {
			t.Fatalf("Uint64: %d, want %d; %d bytes left", got, b, s.Len())
		}
	})
}

func FuzzWindow(f *testing.F) {
	m := windowMachine("")
	f.Add(m.Encode(f, fuzz.Call{Op: "next"}, fuzz.Call{Op: "next"}, old(1)))
	f.Fuzz(func(t *testing.T, script []byte) { m.Fuzz(t, script) })
}
