package sessiontest_test

import (
	"strings"
	"testing"

	. "github.com/parleyproto/parley/fuzz/sessiontest"
)

// Steps that change nothing are not counted, and only what harms is a fault.
func TestCounts(t *testing.T) {
	counts, err := Simulate(1, []Step{
		{Do: Cut}, {Do: Stall}, // there is no connection
		{Do: Send, A: 1}, {Do: Pump, A: 1 << 30, B: 1 << 30}, {Do: Pump, A: 1 << 30, B: 1 << 30},
		{Do: Stall}, {Do: Stall}, {Do: Stall, A: 1}, {Do: Resume}, {Do: Resume},
		{Do: Busy}, {Do: Busy}, {Do: Redial},
		{Do: Lose}, {Do: Lose}, {Do: HalfOpen}, {Do: HalfOpen},
		{Do: Cut}, {Do: Cut}, {Do: CutOne},
	})
	if err != nil {
		t.Fatal(err)
	}
	for do, want := range map[Do]int{Cut: 1, CutOne: 0, Stall: 2, Resume: 1, Busy: 1, Redial: 1, Lose: 1, HalfOpen: 1, Send: 1} {
		if counts[do] != want {
			t.Errorf("%v was counted %d times, want %d", do, counts[do], want)
		}
	}
	if n := counts.Of(Harm); n != 5 {
		t.Errorf("%d faults, want 5", n)
	}
	if s := counts.String(); !strings.Contains(s, "faults        5: cut 1, cut-one 0, stall 2, lose 1") {
		t.Errorf("the counts are told as\n%s", s)
	}
}
