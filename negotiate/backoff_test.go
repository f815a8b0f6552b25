package negotiate_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/parleyproto/parley/negotiate"
)

func TestBackoff(t *testing.T) {
	var b negotiate.Backoff
	for i := 1; i < negotiate.DefaultFailures; i++ {
		if _, resting := b.Failed("a:1", start); resting || !b.Allows("a:1", start) {
			t.Fatalf("left alone after %d failures", i)
		}
	}
	until, resting := b.Failed("a:1", start)
	if !resting || !until.Equal(start.Add(negotiate.DefaultRest)) {
		t.Fatalf("after %d failures: %v, %v", negotiate.DefaultFailures, until, resting)
	}
	if b.Allows("a:1", until.Add(-1)) || !b.Allows("a:1", until) || !b.Allows("b:1", start) {
		t.Error("an endpoint is left alone too long, too shortly, or with its neighbour")
	}
	if _, resting := b.Failed("a:1", until); resting {
		t.Error("the count does not begin anew after the rest")
	}
}

func TestBackoffSuccess(t *testing.T) {
	b := negotiate.Backoff{Failures: 2, Rest: time.Minute}
	b.Failed("a:1", start)
	b.Succeeded("a:1")
	if _, resting := b.Failed("a:1", start); resting {
		t.Error("a success between two failures is not counted")
	}
	if until, resting := b.Failed("a:1", start); !resting || !until.Equal(start.Add(time.Minute)) {
		t.Errorf("got %v, %v", until, resting)
	}
}

// Of many endpoints the one that failed longest ago is forgotten.
func TestBackoffForgets(t *testing.T) {
	b := negotiate.Backoff{Failures: 1, Rest: 24 * time.Hour}
	for i := range 1025 {
		b.Failed(fmt.Sprint(i), start.Add(time.Duration(i)))
	}
	now := start.Add(time.Hour)
	if !b.Allows("0", now) || b.Allows("1", now) || b.Allows("1024", now) {
		t.Error("not the oldest was forgotten")
	}
}
