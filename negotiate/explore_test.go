package negotiate_test

import (
	"errors"
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
	return explore.Model[world, choice]{
		Init: []world{w}, Choices: r.choices, Step: r.step, Key: r.key, Check: r.check, Done: r.done, Show: r.show,
	}
}

// once is a connection's worth of messages.
var once = [2]uint8{1, 1}

// An exploration is a budget of what may happen, all of it in every order.
var explorations = []struct {
	name string
	full bool // only where PARLEY_EXPLORE=full
	left budget
}{
	{"changes", false, budget{proposals: [2]uint8{2, 1}, cancels: 1, messages: once}},
	{"bytes", false, budget{proposals: [2]uint8{1, 1}, ones: 3}},
	{"timeouts", false, budget{proposals: [2]uint8{1, 1}, timers: 2}},
	{"meddler", false, budget{proposals: [2]uint8{1, 0}, tampers: 1, dials: 1, messages: once}},
	{"nacks", false, budget{proposals: [2]uint8{1, 0}, nacks: 3, messages: once}},
	{"drops", false, budget{proposals: [2]uint8{1, 0}, drops: 1, dials: 1, messages: once}},
	{"crashes", false, budget{crashes: 1, dials: 2, messages: once}},
	{"twins", false, budget{twins: 1, dials: 1, messages: once}},

	{"all changes", true, budget{proposals: [2]uint8{2, 2}, cancels: 1, drops: 1, dials: 1, messages: once, ones: 1}},
	{"all connections", true, budget{proposals: [2]uint8{1, 1}, timers: 1, drops: 1, twins: 1, dials: 1, messages: once}},
	{"all crashes", true, budget{proposals: [2]uint8{1, 0}, crashes: 1, twins: 1, dials: 2, messages: once}},
	{"all bytes", true, budget{proposals: [2]uint8{2, 1}, cancels: 1, timers: 1, nacks: 1, messages: once, ones: 2}},
}

// Every order of what can happen, within each budget: .ci/run sets PARLEY_EXPLORE=full for
// the large ones.
func TestExplore(t *testing.T) {
	full := os.Getenv("PARLEY_EXPLORE") == "full"
	states := 0
	for _, x := range explorations {
		if x.full && !full {
			continue
		}
		t.Run(x.name, func(t *testing.T) {
			m := newModel(t, x.left)
			m.Reach = reach(x.left)
			r := explore.Test(t, m, explore.Bounds{})
			if !r.Complete {
				t.Errorf("not complete: %v", r)
			}
			states += r.States
		})
	}
	t.Logf("%d states together", states)
	if full && states < 1_000_000 {
		t.Errorf("%d states, want at least a million", states)
	}
}

// reach lists what an exploration must come to, so that an empty one cannot pass.
func reach(left budget) []explore.Reach[world] {
	var rs []explore.Reach[world]
	is := func(name string, f func(c, s *end) bool) {
		rs = append(rs, explore.Reach[world]{Name: name, Is: func(w world) bool {
			l := w.conns[0]
			return l != nil && f(&l.ends[negotiate.Client], &l.ends[negotiate.Server])
		}})
	}
	is("both are open", func(c, s *end) bool {
		return c.open() && s.open() && c.up.State() == negotiate.Open && s.up.State() == negotiate.Open
	})
	if left.proposals[0] > 0 && left.tampers == 0 {
		for _, state := range []negotiate.State{negotiate.Agreed, negotiate.CutSent, negotiate.CutSeen, negotiate.BothCut, negotiate.ProbeSeen} {
			is(fmt.Sprintf("the client is in %v", state), func(c, _ *end) bool { return c.open() && c.up.State() == state })
			is(fmt.Sprintf("the server is in %v", state), func(_, s *end) bool { return s.open() && s.up.State() == state })
		}
		is("both have changed to version 2", func(c, s *end) bool {
			return c.open() && s.open() && c.up.Version() == 2 && s.up.Version() == 2
		})
	}
	if left.proposals[1] > 0 {
		is("proposals cross", func(c, s *end) bool {
			return c.open() && s.open() && c.up.State() == negotiate.Proposing && s.up.State() == negotiate.Proposing
		})
	}
	if left.cancels > 0 {
		is("a WITHDRAW meets a CUT", func(_, s *end) bool { return errors.Is(s.cause, negotiate.ErrLate) })
	}
	if left.tampers > 0 {
		is("meddling is found", func(c, _ *end) bool { return errors.Is(c.cause, negotiate.ErrProof) })
	}
	if left.timers > 0 {
		is("time runs out after a CUT", func(c, _ *end) bool {
			return errors.As(c.cause, new(*negotiate.TimeoutError)) && c.done > 0
		})
	}
	if left.nacks > 2 {
		is("a message is given up", func(c, _ *end) bool { return c.gaveUp > 0 })
	}
	return rs
}

// A walk makes choices at random, as far as the bytes reach: longer stories than an
// exploration has, with everything in them.
func FuzzWalk(f *testing.F) {
	f.Add([]byte("a short walk"))
	f.Add([]byte{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 6, 2, 6, 4, 3, 3, 8, 3, 2, 7, 9, 5, 0, 2, 8, 8})
	m := newModel(f, budget{dials: 5, twins: 2, proposals: [2]uint8{20, 20}, cancels: 9, timers: 3, drops: 2, crashes: 2,
		tampers: 2, nacks: 9, messages: [2]uint8{30, 30}, ones: 90})
	f.Fuzz(func(t *testing.T, path []byte) {
		w := m.Init[0]
		var story []string
		for _, b := range path {
			cs := m.Choices(nil, w)
			if len(cs) == 0 {
				return
			}
			c := cs[int(b)%len(cs)]
			next, err := m.Step(w, c)
			if story = append(story, fmt.Sprintf("%-40v %s", c, m.Show(next))); err == nil {
				err = m.Check(next)
			}
			if err != nil {
				for _, line := range story {
					t.Log(line)
				}
				t.Fatal(err)
			}
			w = next
		}
	})
}
