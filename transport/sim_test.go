package transport_test

import (
	"flag"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz"
)

var (
	simRuns = flag.Int("sim.runs", 10, "how many seeds TestSimulation runs")
	simSeed = flag.Uint64("sim.seed", 0, "run this seed only, and tell its story")
)

// Clients and servers as users run them, over a network on which everything goes wrong, in
// virtual time: nothing is lost, duplicated or reordered, every message has an outcome, no
// goroutine stays, and all ends within a bounded time. The machines' own simulator is in
// fuzz/sessiontest; this one proves the drivers: their locks, goroutines, timers and waits.
//
// A seed fixes what is done and which faults there are. The order in which goroutines run is
// the scheduler's, so a failure may need a seed to be run several times: -sim.seed=N -count=20.
func TestSimulation(t *testing.T) {
	if *simSeed != 0 {
		w := simulate(t, *simSeed)
		t.Logf("seed %d:\n%s", *simSeed, w.story())
		return
	}
	var faults, parcels, virtual atomic.Int64
	const workers = 2
	t.Run("seeds", func(t *testing.T) {
		for i := range workers {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				for seed := i + 1; seed <= *simRuns && !t.Failed(); seed += workers {
					w := simulate(t, uint64(seed))
					faults.Add(w.faults())
					parcels.Add(int64(len(w.parcels)))
					virtual.Add(int64(w.took))
				}
			})
		}
	})
	t.Logf("%d runs, %d faults, %d messages, %v of virtual time: nothing lost, duplicated or reordered, every message has an outcome, no goroutine left",
		*simRuns, faults.Load(), parcels.Load(), time.Duration(virtual.Load()).Round(time.Minute))
}

// simulate runs one seed in a bubble.
func simulate(t *testing.T, seed uint64) (w *world) {
	defer fuzz.Watchdog(3 * time.Minute)()
	defer func() {
		if p := recover(); p != nil { // everybody in the bubble waits for somebody
			t.Errorf("seed %d: %v; run it again with -sim.seed=%d\nthe story:\n%s\nwho waits:\n%s",
				seed, p, seed, w.story(), strings.Join(stacks("synctest bubble"), "\n\n"))
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		w = newWorld(seed)
		w.run()
		if broken := w.verdict(); len(broken) > 0 {
			t.Errorf("seed %d: run it again with -sim.seed=%d\n", seed, seed)
			for _, b := range broken {
				t.Errorf("broken: %s", b)
			}
			t.Logf("the story:\n%s", w.story())
		}
	})
	return w
}

// Seeds that found mistakes once.
func TestSimulationSeedsThatFoundMistakes(t *testing.T) {
	for _, seed := range []uint64{3} {
		simulate(t, seed)
	}
}
