package transport_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestShrink(t *testing.T) {
	var events []string
	for i := range 60 {
		events = append(events, fmt.Sprint(i))
	}
	fails := func(dropped []string) bool { return !slices.Contains(dropped, "17") && !slices.Contains(dropped, "42") }
	if dropped := shrink(events, 1000, fails); len(dropped) != 58 || !fails(dropped) {
		t.Errorf("%d of 60 events were left out, want all but the two that matter", len(dropped))
	}
	tries := 0
	shrink(events, 10, func([]string) bool { tries++; return false })
	if tries != 10 {
		t.Errorf("%d tries, want 10", tries)
	}
}

// A world that breaks a promise when two things happen is shrunk to these two, and what is left
// happens as it did in the whole story.
func TestSimulationIsShrunk(t *testing.T) {
	const seed = 88
	told := func(w *world, event string) bool { return strings.Contains(w.story(), event) }
	look := func(w *world) {
		if told(w, "jumps by") && told(w, "is parted") {
			w.accuse("planted")
		}
	}
	w, failure := play(t, seed, newScript(), look)
	if failure == "" {
		t.Fatalf("the seed has not both events; its story is\n%s", w.story())
	}
	all, left := w.script, []string(nil)
	shrink(all.events, shrinkTries, func(dropped []string) bool {
		again, failure := play(t, seed, all.less(dropped), look)
		if failure != "" {
			left = again.script.events
		}
		return failure != ""
	})
	if len(left) != 2 || !strings.HasPrefix(left[0]+left[1], "step") && !strings.HasPrefix(left[0]+left[1], "jump") {
		t.Errorf("of %d events these are left: %v; want a step and a jump", len(all.events), left)
	}
}
