package fuzz

import (
	"fmt"
	"runtime"
	"time"
)

// Watchdog ends the process if the returned function is not called within d,
// with a panic whose message begins with "ORACLE hang" and holds the stacks of
// all goroutines. The engine gives an input ten seconds, then kills the process,
// and who runs the finding again waits for nothing; so, for a d below ten
// seconds:
//
//	f.Fuzz(func(t *testing.T, data []byte) {
//		defer fuzz.Watchdog(5 * time.Second)()
//		…
//
// Call it outside of testing/synctest bubbles, in which time is another.
func Watchdog(d time.Duration) (stop func()) {
	timer := time.AfterFunc(d, func() {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		panic(fmt.Sprintf("ORACLE hang input took too long\nmore than %v\n%s", d, stacks))
	})
	return func() { timer.Stop() }
}
