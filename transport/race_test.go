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

func runRace(t *testing.T, runners ...runner) (winner int, elapsed time.Duration, started []time.Duration, discarded []string, err error) {
	begin := time.Now()
	started = make([]time.Duration, len(runners))
	for i := range started {
		started[i] = -1
	}
	_, winner, err = transport.Race(t.Context(), len(runners), func(ctx context.Context, i int) (string, error) {
		started[i] = time.Since(begin)
		done := ctx.Done()
		if runners[i].deaf {
			done = nil
		}
		select {
		case <-time.After(runners[i].after):
			return string(rune('a' + i)), runners[i].err
		case <-done:
			return "", ctx.Err()
		}
	}, func(s string) { discarded = append(discarded, s) })
	return winner, time.Since(begin), started, discarded, err
}

func TestRaceStaggers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		winner, elapsed, started, _, err := runRace(t, runner{after: time.Hour}, runner{after: 300 * time.Millisecond}, runner{after: time.Hour})
		if err != nil || winner != 1 || elapsed != 550*time.Millisecond {
			t.Errorf("winner %d after %v, %v; want 1 after 550ms", winner, elapsed, err)
		}
		want := []time.Duration{0, 250 * time.Millisecond, 500 * time.Millisecond}
		if diff := cmp.Diff(want, started); diff != "" {
			t.Errorf("starts (-want +got):\n%s", diff)
		}
	})
}

func TestRaceGoesOnAtOnceAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		no := errors.New("no")
		winner, elapsed, _, _, err := runRace(t, runner{after: time.Millisecond, err: no}, runner{after: time.Millisecond, err: no}, runner{after: time.Millisecond})
		if err != nil || winner != 2 || elapsed != 3*time.Millisecond {
			t.Errorf("winner %d after %v, %v; want 2 after 3ms", winner, elapsed, err)
		}
		_, _, _, _, err = runRace(t, runner{err: no}, runner{err: no})
		if !errors.Is(err, no) {
			t.Errorf("all failed: %v, want their errors", err)
		}
	})
}

func TestRaceDiscardsTheSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		winner, _, _, discarded, err := runRace(t, runner{after: 300 * time.Millisecond}, runner{after: 100 * time.Millisecond, deaf: true})
		if err != nil || winner != 0 {
			t.Errorf("winner %d, %v; want 0", winner, err)
		}
		if diff := cmp.Diff([]string{"b"}, discarded); diff != "" {
			t.Errorf("discarded (-want +got):\n%s", diff)
		}
	})
}
