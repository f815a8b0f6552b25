package fuzz

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"
)

// CheckSplit checks split invariance: decode must give the same events and the
// same error however its reader cuts data up. decode reads to the end and
// returns owned events and the error that ended it, nil for a clean end. With
// no plans given, those of Plans(len(data)) are used.
//
// Under a plan whose reads fail for good after FailAt bytes, decode must give
// what it gives for data[:FailAt], and an error that wraps the plan's. At most
// one event may be missing, the one that only a clean end completes.
//
// Events are compared by reflect.DeepEqual, those of type []byte by their
// bytes; errors by type and text. A decoder that goes on reading after the end
// is reported as `ORACLE progress`, everything else as `ORACLE split`.
func CheckSplit[E any](t testing.TB, data []byte, decode func(io.Reader) ([]E, error), plans ...Plan) {
	t.Helper()
	if len(plans) == 0 {
		plans = Plans(len(data))
	}
	c := splitCheck[E]{data: data, decode: decode}
	want, wantErr := c.run(t, data, Plan{})
	for _, p := range plans {
		got, err := c.run(t, data, p)
		if p.Fail {
			c.checkFailed(t, p, got, err)
			continue
		}
		if i := firstDifference(got, want); i >= 0 {
			fail(t, "split", "events differ", "plan %v, event %d of %d:\n got %s\nwant %s\ndata %s",
				p, i, len(want), showEvent(got, i), showEvent(want, i), show(data))
			return
		}
		if !sameError(err, wantErr) {
			fail(t, "split", "errors differ", "plan %v:\n got %T %v\nwant %T %v\ndata %s",
				p, err, err, wantErr, wantErr, show(data))
			return
		}
	}
}

type splitCheck[E any] struct {
	data   []byte
	decode func(io.Reader) ([]E, error)
}

// run decodes one cutting. The reader gets a copy of the bytes: a decoder that
// works in place must not spoil the next run.
func (c *splitCheck[E]) run(t testing.TB, data []byte, p Plan) ([]E, error) {
	t.Helper()
	return c.decode(&endless{t: t, r: SplitReader(bytes.NewReader(data), p), plan: p})
}

// checkFailed compares a run under a failing reader with a run on the bytes
// that came before the failure.
func (c *splitCheck[E]) checkFailed(t testing.TB, p Plan, got []E, err error) {
	t.Helper()
	before := c.data[:min(max(p.FailAt, 0), len(c.data))]
	want, wantErr := c.run(t, before, Plan{})
	early := len(want) - len(got)
	if firstDifference(got, want[:min(len(got), len(want))]) >= 0 || early < 0 || early > 1 {
		fail(t, "split", "events before a read error differ", "plan %v: %d events, %d without the error\ndata %s",
			p, len(got), len(want), show(c.data))
		return
	}
	if err == nil || !errors.Is(err, p.err()) && !sameError(err, wantErr) {
		fail(t, "split", "read error lost", "plan %v:\n got %T %v\nwant %v\ndata %s",
			p, err, err, p.err(), show(c.data))
	}
}

// firstDifference returns the index of the first event that differs, else -1.
func firstDifference[E any](a, b []E) int {
	for i := range min(len(a), len(b)) {
		if !sameEvent(a[i], b[i]) {
			return i
		}
	}
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	return -1
}

func sameEvent(a, b any) bool {
	x, ok := a.([]byte)
	if y, ok2 := b.([]byte); ok && ok2 {
		return bytes.Equal(x, y)
	}
	return reflect.DeepEqual(a, b)
}

func sameError(a, b error) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return reflect.TypeOf(a) == reflect.TypeOf(b) && a.Error() == b.Error()
}

func showEvent[E any](events []E, i int) string {
	if i >= len(events) {
		return "no event"
	}
	if p, ok := any(events[i]).([]byte); ok {
		return show(p)
	}
	return fmt.Sprintf("%+v", events[i])
}

// endless fails the test when a decoder goes on reading at the end: it would
// never return.
type endless struct {
	t    testing.TB
	r    io.Reader
	plan Plan
	idle int // Reads in a row that gave no byte
}

// mostIdle is far above the 100 empty Reads after which bufio gives up.
const mostIdle = 10_000

func (e *endless) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if e.idle++; n > 0 {
		e.idle = 0
	}
	if e.idle > mostIdle {
		e.t.Helper()
		fail(e.t, "progress", "decoder reads on after the end", "plan %v, %d-byte reads", e.plan, len(p))
	}
	return n, err
}
