package transport_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/parleyproto/parley/transport"
)

func TestBackoffCeilingGrowsToItsCap(t *testing.T) {
	var b transport.Backoff
	for n, want := range []time.Duration{time.Second, 1600 * time.Millisecond, 2560 * time.Millisecond, 4096 * time.Millisecond} {
		if got := b.Ceiling(n).Round(time.Millisecond); got != want {
			t.Errorf("Ceiling(%d) = %v, want %v", n, got, want)
		}
	}
	for _, n := range []int{11, 100, math.MaxInt} {
		if got := b.Ceiling(n); got != 2*time.Minute {
			t.Errorf("Ceiling(%d) = %v, want the cap of 2m", n, got)
		}
	}
}

// Full jitter has to hold at the cap, where it matters: a spread of ±20 % after the cap, or
// none at all, is what makes a fleet come back in waves.
func TestBackoffStaysSpreadAtTheCap(t *testing.T) {
	var b transport.Backoff
	r := rand.New(rand.NewPCG(1, 2))
	var tenths [10]int
	for range 10_000 {
		d := b.Wait(30, r.Float64(), 0)
		tenths[min(9, int(d*10/(2*time.Minute)))]++
	}
	for i, n := range tenths {
		if n < 850 || n > 1150 {
			t.Errorf("tenth %d of the cap got %d of 10,000 waits, want about 1,000", i, n)
		}
	}
}

func TestBackoffWaitStaysWithinItsBounds(t *testing.T) {
	properties := gopter.NewProperties(gopter.DefaultTestParametersWithSeed(1))
	properties.Property("floor+hint ≤ wait ≤ max(floor, ceiling)+hint", prop.ForAll(
		func(n int, u float64, hint int64) bool {
			var b transport.Backoff
			h := min(time.Duration(hint), 10*time.Minute)
			d := b.Wait(n, u, time.Duration(hint))
			return d >= 100*time.Millisecond+h && d <= max(100*time.Millisecond, b.Ceiling(n))+h
		},
		gen.IntRange(0, 1000), gen.Float64Range(0, 0.999999), gen.Int64Range(0, int64(time.Hour)),
	))
	properties.TestingRun(t)
}

func TestBackoffResetsOnlyAfterUptime(t *testing.T) {
	p := transport.NewPace(transport.Backoff{}, func() float64 { return 0.999999 })
	now := time.Unix(0, 0)
	fail := func() time.Duration {
		d, again := p.Fail(now, 0)
		if !again {
			t.Fatal("gave up, but there is no limit")
		}
		return d.Round(10 * time.Millisecond)
	}
	fail()
	fail()
	p.Up(now)
	now = now.Add(4 * time.Second)
	if d := fail(); d != 2560*time.Millisecond {
		t.Errorf("after 4 s of uptime the wait is %v, want that of the third failure, 2.56s", d)
	}
	p.Up(now)
	now = now.Add(5 * time.Second)
	if d := fail(); d != time.Second {
		t.Errorf("after 5 s of uptime the wait is %v, want the base of 1s", d)
	}
	if d := fail(); d != 1600*time.Millisecond {
		t.Errorf("the uptime counted twice: the wait is %v, want 1.6s", d)
	}
}

func TestBackoffGivesUpAfterItsAttempts(t *testing.T) {
	p := transport.NewPace(transport.Backoff{Attempts: 3}, func() float64 { return 0 })
	for i, want := range []bool{true, true, false} {
		if _, again := p.Fail(time.Unix(0, 0), 0); again != want {
			t.Errorf("after %d failures again = %v, want %v", i+1, again, want)
		}
	}
}

// The loss of a connection that was good is no failed attempt.
func TestBackoffCountsNoGoodConnection(t *testing.T) {
	p := transport.NewPace(transport.Backoff{Attempts: 2}, func() float64 { return 0 })
	now := time.Unix(0, 0)
	fail := func(uptime time.Duration, want bool) {
		t.Helper()
		if uptime > 0 {
			p.Up(now)
			now = now.Add(uptime)
		}
		if _, again := p.Fail(now, 0); again != want {
			t.Errorf("after %v of uptime again = %v, want %v", uptime, again, want)
		}
	}
	fail(0, true)
	for range 10 {
		fail(5*time.Second, true)
		fail(0, true)
	}
	fail(4*time.Second, false) // too short to be good
}
