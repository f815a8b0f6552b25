//go:build race

package frame

// poisoning overwrites a frame when its time is over, so that tests under the race detector
// catch who keeps a borrowed frame.
const poisoning = true
