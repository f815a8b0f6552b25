package transport_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parleyproto/parley/transport"
)

// runner is one candidate of a race: it ends after some time, with or without success.
type runner struct {
	after time.Duration
	err   error
	deaf  bool // it does not hear that it was cancelled
}

// heat is what came of a race.
type heat struct {
	winner    string // its letter
	elapsed   time.Duration
	started   []time.Duration
	discarded []string
}

// runRace races candidates that come after some time each, all at once without.
func runRace(t *testing.T, come []time.Duration, runners ...runner) (h heat) {
	t.Helper()
	begin := time.Now()
	h.started = make([]time.Duration, len(runners))
	in := make(chan int)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		defer close(in)
		for i := range runners {
			h.started[i] = -1
			if come != nil {
				time.Sleep(time.Until(begin.Add(come[i])))
			}
			select {
			case in <- i:
			case <-ctx.Done():
			}
		}
	}()
	winner, ok := transport.Race(ctx, in, func(ctx context.Context, i int) (string, error) {
		h.started[i] = time.Since(begin)
		done := ctx.Done()
		if runners[i].deaf {
			done = nil
		}
		select {
		case <-after(runners[i].after):
			return string(rune('a' + i)), runners[i].err
		case <-done:
			return "", ctx.Err()
		}
	}, func(s string) { h.discarded = append(h.discarded, s) })
	if ok != (winner != "") {
		t.Errorf("ok is %v of winner %q", ok, winner)
	}
	h.winner, h.elapsed = winner, time.Since(begin)
	cancel()
	synctest.Wait()
	return h
}

var errLoses = errors.New("loses")

func TestRaceStaggers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := runRace(t, nil, runner{after: time.Hour}, runner{after: 300 * time.Millisecond}, runner{after: time.Hour})
		if h.winner != "b" || h.elapsed != 550*time.Millisecond {
			t.Errorf("winner %q after %v; want b after 550ms", h.winner, h.elapsed)
		}
		want := []time.Duration{0, 250 * time.Millisecond, 500 * time.Millisecond}
		if diff := cmp.Diff(want, h.started); diff != "" {
			t.Errorf("starts (-want +got):\n%s", diff)
		}
	})
}

func TestRaceGoesOnAtOnceAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loser := runner{after: time.Millisecond, err: errLoses}
		if h := runRace(t, nil, loser, loser, runner{after: time.Millisecond}); h.winner != "c" || h.elapsed != 3*time.Millisecond {
			t.Errorf("winner %q after %v; want c after 3ms", h.winner, h.elapsed)
		}
		if h := runRace(t, nil, loser, loser); h.winner != "" || h.elapsed != 2*time.Millisecond {
			t.Errorf("all failed: winner %q after %v; want none after 2ms", h.winner, h.elapsed)
		}
	})
}

// Who comes late starts at once if it is their turn.
func TestRaceTakesWhoComesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		come := []time.Duration{0, 100 * time.Millisecond, 700 * time.Millisecond, 2 * time.Second}
		slow := runner{after: time.Hour}
		h := runRace(t, come, slow, slow, slow, runner{after: time.Millisecond})
		want := []time.Duration{0, 250 * time.Millisecond, 700 * time.Millisecond, 2 * time.Second}
		if diff := cmp.Diff(want, h.started); diff != "" || h.winner != "d" {
			t.Errorf("winner %q; starts (-want +got):\n%s", h.winner, diff)
		}
		loser := runner{after: time.Millisecond, err: errLoses}
		if h := runRace(t, []time.Duration{0, 900 * time.Millisecond}, loser, runner{}); h.winner != "b" || h.elapsed != 900*time.Millisecond {
			t.Errorf("after a failure, winner %q after %v; want b after 900ms", h.winner, h.elapsed)
		}
		if h := runRace(t, []time.Duration{0, time.Minute}, loser, runner{}); h.winner != "" || h.elapsed != time.Second+time.Millisecond {
			t.Errorf("nobody came: winner %q after %v; want none after 1.001s", h.winner, h.elapsed)
		}
		if h := runRace(t, []time.Duration{time.Minute}, runner{}); h.winner != "a" || h.elapsed != time.Minute {
			t.Errorf("the first is waited for: winner %q after %v; want a after 1m", h.winner, h.elapsed)
		}
	})
}

func TestRaceIsCalledOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		_, ok := transport.Race(ctx, make(chan int), nil, nil)
		if d := time.Since(begin); ok || d != time.Second {
			t.Errorf("ok %v after %v, want false after 1s", ok, d)
		}
	})
}

func TestRaceDiscardsTheSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := runRace(t, nil, runner{after: 300 * time.Millisecond}, runner{after: 100 * time.Millisecond, deaf: true})
		if h.winner != "a" {
			t.Errorf("winner %q; want a", h.winner)
		}
		if diff := cmp.Diff([]string{"b"}, h.discarded); diff != "" {
			t.Errorf("discarded (-want +got):\n%s", diff)
		}
	})
}
