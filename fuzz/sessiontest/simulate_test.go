package sessiontest_test

import (
	"errors"
	"flag"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/parleyproto/parley/fuzz/sessiontest"
)

var simFaults = flag.Int64("sim.faults", 5_000, "simulate until so many faults happened")

// Whatever the network and the processes do, every message is handed over once and in order, or
// its sender learns why not. A failure is printed as the shortest story that the shrinker finds.
func TestSimulation(t *testing.T) {
	var total, runs atomic.Int64
	workers := runtime.GOMAXPROCS(0)
	t.Run("seeds", func(t *testing.T) {
		for w := range workers {
			t.Run(fmt.Sprint(w), func(t *testing.T) {
				t.Parallel()
				// Each worker has its own share, so that every run has the same seeds.
				faults := int64(0)
				for seed := uint64(w + 1); faults < *simFaults/int64(workers) && !t.Failed(); seed += uint64(workers) {
					faults += int64(simulate(t, seed))
					runs.Add(1)
				}
				total.Add(faults)
			})
		}
	})
	t.Logf("%d faults in %d runs: nothing lost, duplicated or reordered; every message has an outcome", total.Load(), runs.Load())
}

func simulate(t *testing.T, seed uint64) (faults int) {
	faults, err := sessiontest.Simulate(seed, sessiontest.Steps(seed, 150))
	var broken *sessiontest.Broken
	switch {
	case errors.As(err, &broken):
		t.Errorf("%v\n\nthe shortest story found:\n%v", broken.Err, sessiontest.Shrink(seed, broken.Steps))
	case err != nil:
		t.Error(err)
	}
	return faults
}
