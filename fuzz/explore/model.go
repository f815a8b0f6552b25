package explore

// A Model is a system to explore: states S, and choices C between them. Its
// functions are called by several goroutines at once, and must give the same
// answer whenever they are asked again. They must not modify the state they are
// given, nor anything that it points to.
type Model[S, C any] struct {
	// Init holds the initial states, at most 65,535.
	Init []S
	// Choices appends what can happen in s to dst, at most 65,535 choices. A
	// story prints a choice with fmt.Sprint.
	Choices func(dst []C, s S) []C
	// Step returns the state that a choice leads to. An error says that the step
	// itself was wrong; so does a panic.
	Step func(s S, c C) (S, error)

	// Key appends bytes that are equal for two states exactly when the states
	// mean the same. Leave out what does not matter for what comes: counters,
	// absolute times. Nil means the state itself, which must be comparable.
	Key func(dst []byte, s S) []byte
	// Check returns an error if something is wrong in s. Nil: nothing is.
	Check func(s S) error
	// Done tells whether s is a state in which the system may rest. From every
	// state one of them must be in reach. Nil: nothing is asked.
	Done func(s S) bool
	// Reach lists states that must exist.
	Reach []Reach[S]
	// Show prints a state on one line of a story. Nil means fmt's %+v.
	Show func(s S) string
}

// A Reach is a kind of state that must be found in a complete exploration.
type Reach[S any] struct {
	Name string
	Is   func(s S) bool
}

// Bounds limit an exploration. The zero Bounds explore everything.
type Bounds struct {
	// MaxStates is the number of states after which no new ones are taken up.
	// Those there are are still checked. 0: no limit.
	MaxStates int
	// MaxDepth is the number of steps from an initial state after which no more
	// are made. 0: no limit.
	MaxDepth int
	// Workers is the number of goroutines. 0: one for each processor. The result
	// does not depend on it.
	Workers int
}
