package explore_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/parleyproto/parley/fuzz/explore"
	"github.com/parleyproto/parley/fuzz/internal/recorder"
)

// grid is a model with size^dims states: counters that go up to size-1.
func grid(dims int, size uint8) explore.Model[[6]uint8, int] {
	return explore.Model[[6]uint8, int]{
		Init: [][6]uint8{{}},
		Choices: func(dst []int, s [6]uint8) []int {
			for i := range dims {
				if s[i] < size-1 {
					dst = append(dst, i)
				}
			}
			return dst
		},
		Step: func(s [6]uint8, i int) ([6]uint8, error) { s[i]++; return s, nil },
		Key:  func(dst []byte, s [6]uint8) []byte { return append(dst, s[:]...) },
	}
}

func TestFiguresOfAGrid(t *testing.T) {
	m := grid(3, 20)
	m.Done = func(s [6]uint8) bool { return s == [6]uint8{19, 19, 19} }
	for _, workers := range []int{1, 2, 7} {
		r := m.Explore(explore.Bounds{Workers: workers})
		if r.States != 8000 || r.Transitions != 3*19*400 || r.Depth != 57 || !r.Complete {
			t.Errorf("%d workers: %v", workers, r)
		}
	}
}

func TestStoryDoesNotDependOnWorkers(t *testing.T) {
	m := grid(4, 12)
	m.Check = func(s [6]uint8) error {
		if s[0]*s[1] == 42 || s[2]*s[3] == 42 {
			return errors.New("42")
		}
		return nil
	}
	want := m.Explore(explore.Bounds{Workers: 1})
	if want.Violation == nil || len(want.Violation.Choices) != 13 {
		t.Fatalf("%v", want.Violation)
	}
	for range 5 {
		got := m.Explore(explore.Bounds{Workers: 4})
		if !reflect.DeepEqual(got.Violation.States, want.Violation.States) {
			t.Fatalf("got %v\nwant %v", got.Violation, want.Violation)
		}
	}
}

func TestWithoutKeyTheStateIsTheKey(t *testing.T) {
	m := grid(3, 6)
	m.Key = nil
	if r := m.Explore(explore.Bounds{}); r.States != 216 || !r.Complete {
		t.Errorf("%v", r)
	}
}

// A Key that leaves out the order of the counters makes one state of many.
func TestKeyMergesStates(t *testing.T) {
	m := grid(3, 6)
	m.Key = func(dst []byte, s [6]uint8) []byte {
		return append(dst, min(s[0], s[1], s[2]), max(s[0], s[1], s[2]), s[0]+s[1]+s[2])
	}
	if r := m.Explore(explore.Bounds{}); r.States != 56 || !r.Complete { // C(6+2, 3)
		t.Errorf("%v", r)
	}
}

func TestMaxStates(t *testing.T) {
	m := grid(3, 20)
	visited := 0
	m.Check = func([6]uint8) error { visited++; return nil }
	m.Done = func([6]uint8) bool { return false } // unknown beyond the bound: no verdict
	r := m.Explore(explore.Bounds{MaxStates: 1000, Workers: 1})
	if r.States != 1000 || visited != 1000 || r.Complete || r.Violation != nil {
		t.Errorf("visited %d: %v", visited, r)
	}
}

func TestMaxDepth(t *testing.T) {
	m := grid(3, 20)
	m.Done = func([6]uint8) bool { return false }
	r := m.Explore(explore.Bounds{MaxDepth: 2})
	if r.States != 1+3+6 || r.Depth != 2 || r.Complete || r.Violation != nil {
		t.Errorf("%v", r)
	}
	m.Check = func(s [6]uint8) error {
		if s[0] == 2 {
			return errors.New("two")
		}
		return nil
	}
	if r := m.Explore(explore.Bounds{MaxDepth: 2}); r.Violation == nil {
		t.Errorf("the states at the bound are not checked: %v", r)
	}
}

func TestUnreached(t *testing.T) {
	m := grid(2, 3)
	m.Reach = []explore.Reach[[6]uint8]{
		{Name: "full", Is: func(s [6]uint8) bool { return s[0] == 2 && s[1] == 2 }},
		{Name: "beyond", Is: func(s [6]uint8) bool { return s[0] == 3 }},
	}
	r := m.Explore(explore.Bounds{})
	if r.Violation == nil || r.Violation.Kind != explore.Unreached || !strings.Contains(r.Violation.Error(), "no state is beyond") {
		t.Errorf("%v, %v", r, r.Violation)
	}
	if r := m.Explore(explore.Bounds{MaxDepth: 1}); r.Violation != nil {
		t.Errorf("a bounded exploration says nothing of what it did not visit: %v", r.Violation)
	}
}

// A wrong state has a shorter story than a wrong step of its level.
func TestStateBeforeStep(t *testing.T) {
	m := grid(2, 10)
	m.Step = func(s [6]uint8, i int) ([6]uint8, error) {
		if s[0] == 3 {
			return s, errors.New("step from three")
		}
		s[i]++
		return s, nil
	}
	m.Check = func(s [6]uint8) error {
		if s[1] == 3 {
			return errors.New("three")
		}
		return nil
	}
	v := m.Explore(explore.Bounds{}).Violation
	if v == nil || v.Kind != explore.InvariantBroken || len(v.Choices) != 3 {
		t.Errorf("%v", v)
	}
}

func TestSeveralInitialStates(t *testing.T) {
	m := grid(2, 4)
	m.Init = [][6]uint8{{3, 3}, {0, 2}, {0, 2}}
	m.Check = func(s [6]uint8) error {
		if s[0] == 1 {
			return errors.New("one")
		}
		return nil
	}
	v := m.Explore(explore.Bounds{}).Violation
	if v == nil || v.States[0] != [6]uint8{0, 2} || len(v.Choices) != 1 {
		t.Errorf("%v", v)
	}
}

func TestTestReports(t *testing.T) {
	m := grid(2, 4)
	if msg := recorder.Run(func(t testing.TB) { explore.Test(t, m, explore.Bounds{}) }); msg != "" {
		t.Errorf("a right model: %s", msg)
	}
	m.Check = func(s [6]uint8) error { return fmt.Errorf("%d is too few", s[0]) }
	msg := recorder.Run(func(t testing.TB) { explore.Test(t, m, explore.Bounds{}) })
	if !strings.HasPrefix(msg, "ORACLE explore invariant broken\nexplore: invariant broken after 0 steps: 0 is too few\n") {
		t.Errorf("%s", msg)
	}
}

// BenchmarkExplore reports the states a second and the memory of one.
func BenchmarkExplore(b *testing.B) {
	m := grid(6, 10)
	m.Done = func(s [6]uint8) bool { return s == [6]uint8{9, 9, 9, 9, 9, 9} }
	b.ReportAllocs()
	for b.Loop() {
		if r := m.Explore(explore.Bounds{}); r.States != 1_000_000 {
			b.Fatal(r)
		}
	}
	b.ReportMetric(float64(b.N)*1e6/b.Elapsed().Seconds(), "states/s")
}
