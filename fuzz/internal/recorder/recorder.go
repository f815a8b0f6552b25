// Package recorder runs a check against a testing.TB that records its failure,
// so that tests can assert that an oracle fails.
package recorder

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// Run calls check with a testing.TB of its own and returns its failures'
// messages, or "" if there was none. Only Helper, Error(f), Fatal(f), FailNow,
// Log(f) and Failed of the testing.TB may be used. A panic of check reaches the
// caller.
func Run(check func(t testing.TB)) string {
	r := &tb{}
	done := make(chan any)
	go func() {
		var panicked any
		defer func() { done <- panicked }()
		defer func() { panicked = recover() }()
		check(r)
	}()
	if p := <-done; p != nil {
		panic(p)
	}
	return strings.Join(r.failures, "\n")
}

type tb struct {
	testing.TB // nil: what is not overridden may not be called
	failures   []string
}

func (r *tb) Helper()                      {}
func (r *tb) Log(args ...any)              {}
func (r *tb) Logf(f string, args ...any)   {}
func (r *tb) Failed() bool                 { return len(r.failures) > 0 }
func (r *tb) Error(args ...any)            { r.failures = append(r.failures, fmt.Sprint(args...)) }
func (r *tb) Errorf(f string, args ...any) { r.failures = append(r.failures, fmt.Sprintf(f, args...)) }

func (r *tb) FailNow() { runtime.Goexit() }

func (r *tb) Fatal(args ...any) {
	r.Error(args...)
	r.FailNow()
}

func (r *tb) Fatalf(f string, args ...any) {
	r.Errorf(f, args...)
	r.FailNow()
}
