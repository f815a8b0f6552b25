//go:build race

package transport_test

// The race detector's own memory is in what the tests measure.
func init() { raced = true }
