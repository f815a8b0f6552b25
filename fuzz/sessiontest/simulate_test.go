package sessiontest_test

import (
	"errors"
	"flag"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/parleyproto/parley/fuzz/sessiontest"
)

var simFaults = flag.Int("sim.faults", 2_000, "simulate until so many faults happened")

// Whatever the network and the processes do, every message is handed over once and in order, or
// its sender learns why not. A failure is printed as the shortest story that the shrinker finds.
func TestSimulation(t *testing.T) {
	var (
		mu    sync.Mutex
		total sessiontest.Counts
		runs  int
	)
	workers := runtime.GOMAXPROCS(0)
	t.Run("seeds", func(t *testing.T) {
		for w := range workers {
			t.Run(fmt.Sprint(w), func(t *testing.T) {
				t.Parallel()
				// Each worker has its own share, so that every run has the same seeds.
				var sum sessiontest.Counts
				n := 0
				for seed := uint64(w + 1); sum.Of(sessiontest.Harm) < *simFaults/workers && !t.Failed(); seed += uint64(workers) {
					sum.Add(simulate(t, seed))
					n++
				}
				mu.Lock()
				defer mu.Unlock()
				total.Add(sum)
				runs += n
			})
		}
	})
	t.Logf("%d faults in %d runs: nothing lost, duplicated or reordered; every message has an outcome\n%v",
		total.Of(sessiontest.Harm), runs, total)
	if *simFaults < 2_000 {
		return
	}
	for do, n := range total {
		if n == 0 {
			t.Errorf("%v was never done: the simulation lacks a kind of step", sessiontest.Do(do))
		}
	}
}

func simulate(t *testing.T, seed uint64) sessiontest.Counts {
	counts, err := sessiontest.Simulate(seed, sessiontest.Steps(seed, 150))
	var broken *sessiontest.Broken
	switch {
	case errors.As(err, &broken):
		t.Errorf("%v\n\nthe shortest story found:\n%v", broken.Err, sessiontest.Shrink(seed, broken.Steps))
	case err != nil:
		t.Error(err)
	}
	return counts
}
