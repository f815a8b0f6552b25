package sessiontest_test

import (
	"errors"
	"flag"
	"testing"

	"github.com/parleyproto/parley/fuzz/sessiontest"
)

var simFaults = flag.Int("sim.faults", 20_000, "simulate until so many faults happened")

// Whatever the network and the processes do, every message is handed over once and in order, or
// its sender learns why not. A failure is printed as the shortest story that the shrinker finds.
func TestSimulation(t *testing.T) {
	total, runs := 0, 0
	for seed := uint64(1); total < *simFaults; seed++ {
		faults, err := sessiontest.Simulate(seed, sessiontest.Steps(seed, 150))
		total += faults
		runs++
		var broken *sessiontest.Broken
		if errors.As(err, &broken) {
			t.Fatalf("in run %d: %v\n\nthe shortest story found:\n%v", runs, broken.Err, sessiontest.Shrink(seed, broken.Steps))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d faults in %d runs: nothing lost, duplicated or reordered; every message has an outcome", total, runs)
}
