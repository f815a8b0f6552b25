package transport_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parleyproto/parley/transport"
)

func wantOrder(t *testing.T, e *transport.Endpoints, now time.Time, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, e.Order(now)); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestEndpointsByHealth(t *testing.T) {
	now := time.Unix(0, 0)
	e := transport.NewEndpoints("a:1", "b:1", "c:1", "a:1")
	wantOrder(t, e, now, "a:1", "b:1", "c:1")
	e.Failed("a:1", now)
	e.Failed("a:1", now)
	e.Failed("b:1", now)
	wantOrder(t, e, now, "c:1", "b:1", "a:1")
	e.Succeeded("a:1")
	wantOrder(t, e, now, "a:1", "c:1", "b:1")
	wantOrder(t, e, now.Add(5*time.Minute), "a:1", "b:1", "c:1")
}

func TestEndpointsOfGoAway(t *testing.T) {
	now := time.Unix(0, 0)
	e := transport.NewEndpoints("a:1", "b:1")
	e.Failed("b:1", now)
	e.GoAway("a:1", []string{"x:1", "a:1", "", "b:1"}, now)
	wantOrder(t, e, now, "x:1", "b:1", "a:1")
	e.GoAway("x:1", []string{"y:1"}, now)
	wantOrder(t, e, now, "y:1", "b:1", "a:1", "x:1")
	e.GoAway("y:1", nil, now)
	wantOrder(t, e, now, "b:1", "a:1", "y:1")
}

func TestEndpointsTakeFewAlternatives(t *testing.T) {
	now := time.Unix(0, 0)
	e := transport.NewEndpoints("a:1")
	for round := range 100 {
		alternatives := make([]string, 1000)
		for i := range alternatives {
			alternatives[i] = string(rune('A'+i)) + string(rune('A'+round))
		}
		e.GoAway("a:1", alternatives, now)
	}
	if n := len(e.Order(now)); n > 17 {
		t.Errorf("a server's alternatives grew the list to %d, want at most 16 of them", n)
	}
}

func TestEndpointsRest(t *testing.T) {
	now := time.Unix(0, 0)
	e := transport.NewEndpoints("a:1", "b:1")
	e.NotBefore("a:1", 5*time.Minute, now)
	e.NotBefore("a:1", time.Minute, now) // the longer one counts
	wantOrder(t, e, now.Add(5*time.Minute-1), "b:1")
	if d := e.Rest(now); d != 0 {
		t.Errorf("all rest for %v, want 0: b is free", d)
	}
	e.NotBefore("b:1", time.Hour, now)
	if d := e.Rest(now); d != 5*time.Minute {
		t.Errorf("all rest for %v, want 5m", d)
	}
	wantOrder(t, e, now, "a:1") // the first to be free
	wantOrder(t, e, now.Add(5*time.Minute), "a:1")
	wantOrder(t, e, now.Add(10*time.Minute-1), "a:1")
	wantOrder(t, e, now.Add(10*time.Minute), "a:1", "b:1") // the most that a server may ask for
	e.Succeeded("a:1")
	wantOrder(t, e, now, "a:1")
}
