package explore

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// A Result says what an exploration found.
type Result[S, C any] struct {
	States      int // distinct
	Transitions int // choices made, also those that led to known states
	Depth       int // steps from an initial state to the farthest visited
	// Complete tells that every reachable state was visited: no bound was met,
	// nothing was wrong.
	Complete bool
	// Violation is what was wrong, or nil.
	Violation *Violation[S, C]
}

// String gives the figures in one line.
func (r Result[S, C]) String() string {
	s := fmt.Sprintf("%d states, %d transitions, depth %d", r.States, r.Transitions, r.Depth)
	switch {
	case r.Violation != nil:
		s += ", " + r.Violation.Kind.String()
	case r.Complete:
		s += ", complete"
	default:
		s += ", bounded"
	}
	return s
}

func (e *explorer[S, C]) result() Result[S, C] {
	return Result[S, C]{
		States:      len(e.parents),
		Transitions: e.transitions,
		Depth:       max(e.depth-1, 0),
		Complete:    e.violation == nil && !e.bounded,
		Violation:   e.violation,
	}
}

// A Kind says what sort of thing is wrong.
type Kind int

const (
	InvariantBroken Kind = iota // Check failed, or a function of the model panicked
	StepFailed                  // Step returned an error or panicked
	NoProgress                  // no Done state is in reach
	Unreached                   // a Reach does not exist
)

// String returns the kind in words.
func (k Kind) String() string {
	switch k {
	case InvariantBroken:
		return "invariant broken"
	case StepFailed:
		return "step failed"
	case NoProgress:
		return "no progress"
	case Unreached:
		return "unreached"
	}
	return fmt.Sprintf("Kind(%d)", int(k))
}

// A Violation is something wrong and the shortest story that leads to it. It is
// an error; its text is the story.
type Violation[S, C any] struct {
	Kind Kind
	Err  error // what Check or Step said
	// States and Choices are the story: Choices[i] leads from States[i] to
	// States[i+1]. When a step failed, its choice is the last and leads nowhere.
	// Both are empty for Unreached.
	States  []S
	Choices []C

	show func(S) string
}

// A PanicError is the Err of a Violation whose cause was a panic.
type PanicError struct {
	Value any    // what was given to panic
	Stack []byte // of the goroutine
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns Err.
func (v *Violation[S, C]) Unwrap() error { return v.Err }

// Error tells the story, one line for each step: its number, the choice, and
// the state that it led to.
func (v *Violation[S, C]) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "explore: %v after %d steps: %v", v.Kind, len(v.Choices), v.Err)
	if len(v.States) == 0 {
		return b.String()
	}
	labels := []string{"start"}
	width := len(labels[0])
	for _, c := range v.Choices {
		label := fmt.Sprint(c)
		labels = append(labels, label)
		width = min(max(width, len(label)), 40)
	}
	for i, label := range labels {
		state := "✗"
		if i < len(v.States) {
			state = v.showState(v.States[i])
		}
		fmt.Fprintf(&b, "\n%4d  %-*s  %s", i, width, label, state)
	}
	var p *PanicError
	if errors.As(v.Err, &p) {
		fmt.Fprintf(&b, "\n\n%s", p.Stack)
	}
	return b.String()
}

func (v *Violation[S, C]) showState(s S) string {
	if v.show != nil {
		return v.show(s)
	}
	return fmt.Sprintf("%+v", s)
}

// report makes the story of a finding by making its choices again.
func (e *explorer[S, C]) report(f finding) *Violation[S, C] {
	v := &Violation[S, C]{Kind: f.kind, Err: f.err, show: e.model.Show}
	var path []uint16 // choices, last first
	n := f.state
	for e.parents[n] != noParent {
		path = append(path, e.choices[n])
		n = e.parents[n]
	}
	s := e.model.Init[e.choices[n]]
	v.States = append(v.States, s)
	for i := len(path) - 1; i >= 0; i-- {
		c := e.model.Choices(nil, s)[path[i]]
		s, _ = e.model.Step(s, c)
		v.States = append(v.States, s)
		v.Choices = append(v.Choices, c)
	}
	if f.choice != noChoice {
		v.Choices = append(v.Choices, e.model.Choices(nil, s)[f.choice])
	}
	return v
}

// Test explores m and fails t with the story if something is wrong; the first
// line is `ORACLE explore <kind>`. It logs the figures.
func Test[S, C any](t testing.TB, m Model[S, C], b Bounds) Result[S, C] {
	t.Helper()
	r := m.Explore(b)
	t.Log(r)
	if r.Violation != nil {
		t.Fatalf("ORACLE explore %v\n%v", r.Violation.Kind, r.Violation)
	}
	return r
}
