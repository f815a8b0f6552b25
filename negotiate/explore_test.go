package negotiate_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/explore"
	"github.com/parleyproto/parley/negotiate"
)

// newModel returns a model of two sides that can speak versions 1 to 3; the client proposes
// version 2 and the server version 1.
func newModel(t testing.TB, left budget) explore.Model[world, choice] {
	r := newRules(offer(t, "p v=1-3"), offer(t, "p v=1-4"), []codec.Version{1, 2, 3}, [2]codec.Version{2, 1})
	w := world{client: party{life: 1}, left: left}
	r.dial(&w)
	m := explore.Model[world, choice]{
		Init: []world{w}, Choices: r.choices, Step: r.step, Key: r.key, Check: r.check, Done: r.done, Show: r.show,
	}
	for _, role := range roles {
		for s := negotiate.Probing; s < negotiate.Closed; s++ {
			m.Reach = append(m.Reach, explore.Reach[world]{Name: fmt.Sprintf("%v of a %v", s, role), Is: func(w world) bool {
				l := w.conns[0]
				return l != nil && l.ends[role].open() && l.ends[role].up.State() == s
			}})
		}
	}
	return m
}

func TestExploreX(t *testing.T) {
	for _, b := range []budget{
		{proposals: [2]uint8{1, 1}},
		{proposals: [2]uint8{1, 1}, cancels: 1},
		{proposals: [2]uint8{1, 1}, cancels: 1, messages: [2]uint8{1, 1}},
		{proposals: [2]uint8{1, 1}, cancels: 1, timers: 1, dials: 1, messages: [2]uint8{1, 1}},
		{proposals: [2]uint8{1, 1}, dials: 1, drops: 1, tampers: 1, messages: [2]uint8{1, 1}},
		{proposals: [2]uint8{1, 0}, dials: 1, twins: 1, messages: [2]uint8{1, 1}},
		{proposals: [2]uint8{1, 0}, dials: 1, crashes: 1, messages: [2]uint8{1, 1}},
		{proposals: [2]uint8{2, 2}, cancels: 1, messages: [2]uint8{1, 1}, ones: 1},
	} {
		m := newModel(t, b)
		m.Reach = nil
		t.Logf("%+v", b)
		r := m.Explore(explore.Bounds{MaxStates: 2_000_000})
		t.Log(r)
		if r.Violation != nil {
			t.Errorf("%v", r.Violation)
		}
	}
}

var _ = os.Getenv
