package fuzz

import (
	"strings"
	"testing"
)

// A Machine is something with a state that is fuzzed by scripts: a list of
// operations, decided by the bytes of an input. M holds the system under test
// and, beside it, the simple model that knows what it should do.
//
//	input:  op  its decisions   op  its decisions   …   ← payloads
//	        │                   │
//	        Run, Check          Run, Check          stop at the first difference
//
// Every byte string is a script. Operations are numbered in the order of Ops:
// new ones go to the end, so that old scripts keep their meaning.
type Machine[M any] struct {
	// New returns a fresh machine. Operations modify it, so M is a pointer or
	// holds some.
	New func() M
	// Ops are what a script can do, at most 256.
	Ops []Op[M]
	// Check fails t if something is wrong in m; it is called after New and after
	// each operation. Nil: the operations check for themselves.
	Check func(t testing.TB, m M)
	// State returns what tells the machine's states apart for the engine (see
	// Observe). Nil: code reached is all the feedback there is.
	State func(m M) uint64
	// Close ends a machine, also after a failure. Nil: there is nothing to end.
	Close func(m M)
	// Most is the number of operations after which a script ends. 0 means 64.
	Most int
}

// An Op is one thing that a script can do to a machine.
type Op[M any] struct {
	Name string
	// Pre tells whether the operation makes sense now; if not, the script goes on
	// with the next. Nil: it always does.
	Pre func(m M) bool
	// Run performs the operation on system and model, with arguments drawn from
	// s, and fails t with t.Fatalf where they differ. The first line of the
	// message should begin with "ORACLE" and an id, and be the same for all
	// inputs with one cause.
	Run func(t testing.TB, m M, s *Source)
}

// Fuzz runs a script: it is the body of a fuzz target.
//
//	f.Fuzz(func(t *testing.T, script []byte) { machine.Fuzz(t, script) })
//
// When it fails, the operations that led there stand in the test's log.
func (m Machine[M]) Fuzz(t testing.TB, script []byte) {
	t.Helper()
	r := m.Start()
	finished := false
	defer func() {
		if !finished || t.Failed() {
			t.Logf("script: %s", strings.Join(r.names, ", "))
		}
		r.Close()
	}()
	r.Check(t)
	s := NewSource(script)
	most := m.Most
	if most <= 0 {
		most = 64
	}
	for n := 0; n < most && s.Len() > 0 && !t.Failed(); n++ {
		r.Do(t, s.Choose(len(m.Ops)), s)
	}
	finished = true
}

// A Run is one machine on its way through operations.
type Run[M any] struct {
	machine Machine[M]
	m       M
	names   []string        // operations performed
	seen    map[uint64]bool // states
}

// Start makes a machine, for those who drive it by something else than a
// script. Call Check, then Do as often as you like, and Close at the end.
func (m Machine[M]) Start() *Run[M] {
	return &Run[M]{machine: m, m: m.New(), seen: make(map[uint64]bool)}
}

// Do performs operation number op, unless its Pre forbids it, and checks the
// machine. It reports whether it was performed.
func (r *Run[M]) Do(t testing.TB, op int, s *Source) bool {
	t.Helper()
	o := r.machine.Ops[op]
	if o.Pre != nil && !o.Pre(r.m) {
		return false
	}
	r.names = append(r.names, o.Name)
	o.Run(t, r.m, s)
	r.Check(t)
	return true
}

// Close ends the machine.
func (r *Run[M]) Close() {
	if r.machine.Close != nil {
		r.machine.Close(r.m)
	}
}

// Check calls the machine's Check, and tells the engine its State.
func (r *Run[M]) Check(t testing.TB) {
	t.Helper()
	if r.machine.Check != nil {
		r.machine.Check(t, r.m)
	}
	if r.machine.State != nil {
		// Once in a script: how often it was there is no news.
		if state := r.machine.State(r.m); !r.seen[state] {
			r.seen[state] = true
			Observe(state)
		}
	}
}

// A Call is one operation of a script that is written by hand or recorded.
type Call struct {
	Op   string
	Args func(w *Script) // writes what Run draws, in its order; nil: nothing
}

// Encode returns the script of the calls, as a seed: f.Add(m.Encode(f, …)). An
// unknown name fails t.
func (m Machine[M]) Encode(t testing.TB, calls ...Call) []byte {
	t.Helper()
	var w Script
	for _, c := range calls {
		w.Choose(len(m.Ops), m.index(t, c.Op))
		if c.Args != nil {
			c.Args(&w)
		}
	}
	return w.Bytes()
}

func (m Machine[M]) index(t testing.TB, name string) int {
	t.Helper()
	var names []string
	for i, o := range m.Ops {
		if o.Name == name {
			return i
		}
		names = append(names, o.Name)
	}
	t.Fatalf("fuzz: the machine has no operation %q; it has %s", name, strings.Join(names, ", "))
	return 0
}
