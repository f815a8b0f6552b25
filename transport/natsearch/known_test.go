package natsearch_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/natsearch"
	"github.com/parleyproto/parley/transport/session"
)

// What one process has found serves the next: its first heartbeat is as late as the last one's.
func TestKnownIsLearnt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := connect(t, 4*time.Minute, session.Config{}, transport.Config{}, nil)
		if known := first.memory.Known(); len(known) != 0 {
			t.Errorf("%v is known before the search has settled", known)
		}
		found, _ := first.settle(24 * time.Hour)
		known := first.memory.Known()
		if k := known["server"]; k.Interval != found || time.Since(k.Since) > time.Minute {
			t.Fatalf("known are %v, want %v since less than a minute", known, found)
		}

		second := connect(t, 4*time.Minute, session.Config{}, transport.Config{}, known)
		time.Sleep(24 * time.Hour)
		if s := second.Stats(); s.Interval != found || s.Attaches != 1 {
			t.Errorf("the interval is %v after %d connections, want %v and one", s.Interval, s.Attaches, found)
		}
		moved := connect(t, time.Minute, session.Config{}, transport.Config{}, known) // what is known does not hold there
		time.Sleep(time.Hour)
		if interval, _ := moved.settle(24 * time.Hour); interval >= time.Minute || interval < 30*time.Second {
			t.Errorf("on a path of a minute it settled at %v", interval)
		}
	})
}

// What is read from a file may be wrong, too long, or from the future.
func TestLearnIsCareful(t *testing.T) {
	now := time.Now()
	known := map[string]natsearch.Known{
		"short":  {Interval: time.Second, Since: now},
		"long":   {Interval: 100 * time.Hour, Since: now},
		"zero":   {Since: now},
		"minus":  {Interval: -time.Minute, Since: now},
		"future": {Interval: time.Minute, Since: now.AddDate(100, 0, 0)},
	}
	m := natsearch.Config{}.Install(&transport.Config{})
	m.Learn(known)
	got := m.Known()
	want := []string{"future", "long", "short"}
	if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, want) {
		t.Errorf("learnt %v, want %v", names, want)
	}
	if got["short"].Interval != 30*time.Second || got["long"].Interval != 28*time.Minute {
		t.Errorf("learnt %v, want intervals between 30s and 28m", got)
	}
	if got["future"].Since.After(time.Now()) {
		t.Errorf("learnt a time in the future: %v", got["future"].Since)
	}
}

func TestLearnIsBounded(t *testing.T) {
	known := map[string]natsearch.Known{}
	for i := range 100 {
		known[fmt.Sprint(i)] = natsearch.Known{Interval: time.Minute, Since: time.Unix(int64(i), 0)}
	}
	m := natsearch.Config{}.Install(&transport.Config{})
	m.Learn(known)
	if n := len(m.Known()); n != 64 {
		t.Errorf("%d endpoints are known, want 64", n)
	}
	if _, ok := m.Known()["99"]; !ok {
		t.Error("the latest was left out")
	}
}
