package fuzz

//go:generate go run ./internal/observegen

// Observe tells the fuzzing engine that the code under test came to a state.
// The engine keeps inputs that reach new code; a machine driven by tables, or
// one whose states are values, reaches new states without it. Observe comes to
// another piece of code for each state, so that such inputs are kept too.
//
// There are 1,024 such pieces. States that share one, by chance, are one state
// to the engine: give a number for what tells states apart (a phase, a window's
// fill), not a hash of all that there is. Outside of fuzzing it does nothing.
func Observe(state uint64) {
	// The high bits of the product depend on all bits of the state.
	const golden = 0x9E3779B97F4A7C15
	arm((state * golden) >> 54)
}
