package transport_test

import (
	"flag"
	"fmt"
	"strings"
	"sync"
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
// the scheduler's, so a failure may need a seed to be run several times: -sim.seed=N -count=20. A
// seed that fails is shrunk: events are left out while it still does.
func TestSimulation(t *testing.T) {
	if *simSeed != 0 {
		w := simulate(t, *simSeed)
		t.Logf("seed %d:\n%s", *simSeed, w.story())
		return
	}
	var faults, parcels, virtual, jumps atomic.Int64
	var mu sync.Mutex
	outcomes := map[string]int{}
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
					jumps.Add(w.jumped.Load())
					mu.Lock()
					w.countOutcomes(outcomes)
					mu.Unlock()
				}
			})
		}
	})
	t.Logf("%d runs, %d faults, %d messages, %v of virtual time: nothing lost, duplicated or reordered, every message has an outcome, no goroutine left",
		*simRuns, faults.Load(), parcels.Load(), time.Duration(virtual.Load()).Round(time.Minute))
	t.Logf("%d jumps of clocks; outcomes: %v", jumps.Load(), outcomes)
	if *simRuns < 40 {
		return
	}
	for _, what := range []string{"acked", "expired", "overflowed", "too large", "failed", "unsent", "unknown"} {
		if outcomes[what] == 0 {
			t.Errorf("in %d runs no message was %s: the simulation does not get there", *simRuns, what)
		}
	}
}

// simulate runs one seed. If it fails, it tells the story of the fewest events that still do.
func simulate(t *testing.T, seed uint64) *world {
	t.Helper()
	w, failure := play(t, seed, newScript(), nil)
	if failure == "" {
		return w
	}
	t.Errorf("seed %d: run it again with -sim.seed=%d\n%s", seed, seed, failure)
	all := w.script
	short := w
	dropped := shrink(all.events, shrinkTries, func(dropped []string) bool {
		again, broken := play(t, seed, all.less(dropped), nil)
		if broken != "" {
			short, failure = again, broken
		}
		return broken != ""
	})
	t.Logf("of %d events %d are enough: %v\n%s\nthe story:\n%s",
		len(all.events), len(all.events)-len(dropped), short.script.events, failure, short.story())
	return w
}

// shrinkTries bounds how often a seed that failed is run again.
const shrinkTries = 100

// play runs a script in a bubble, and returns what was broken; nothing: "". What else is to be
// looked at is in look, if set.
func play(t *testing.T, seed uint64, s *script, look func(*world)) (w *world, failure string) {
	defer fuzz.Watchdog(3 * time.Minute)()
	defer func() {
		if p := recover(); p != nil { // everybody in the bubble waits for somebody
			failure = fmt.Sprintf("%v\nwho waits:\n%s", p, strings.Join(stacks("synctest bubble"), "\n\n"))
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		w = newWorld(seed, s)
		w.run()
		if look != nil {
			look(w)
		}
		if broken := w.verdict(); len(broken) > 0 {
			failure = "broken: " + strings.Join(broken, "\nbroken: ")
		}
	})
	return w, failure
}

// Seeds that found mistakes once.
func TestSimulationSeedsThatFoundMistakes(t *testing.T) {
	for _, seed := range []uint64{3} {
		simulate(t, seed)
	}
}
