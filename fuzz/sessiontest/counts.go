package sessiontest

import (
	"fmt"
	"strings"
)

// Kind tells what a step does to the sessions.
type Kind uint8

const (
	Work   Kind = iota // what sessions are for: messages, bytes that arrive, time
	Unrest             // nothing is lost, but things come at another time or in another form
	Harm               // something is lost, blocked or ended: a fault
)

// Kind returns whether d is a fault, or less. A new connection beside the old one is no fault
// by itself, nor is what arrives late on the old one, in small pieces, or in another version.
func (d Do) Kind() Kind {
	switch d {
	case Fragment, Redial, Late, Busy, Upgrade:
		return Unrest
	case Cut, CutOne, Stall, Lose, HalfOpen, Restart, Crash, Jump, Close, Evict:
		return Harm
	}
	return Work
}

// Counts is how often each step was done and changed something, indexed by [Do].
type Counts [doCount]int

// Add adds the counts of another simulation.
func (c *Counts) Add(d Counts) {
	for do, n := range d {
		c[do] += n
	}
}

// Of returns the sum of the steps of a kind.
func (c Counts) Of(k Kind) (sum int) {
	for do, n := range c {
		if Do(do).Kind() == k {
			sum += n
		}
	}
	return sum
}

// String has a line for each kind: "faults  83: cut 30, stall 22, …".
func (c Counts) String() string {
	var lines []string
	for k, name := range []string{"work", "unrest", "faults"} {
		var parts []string
		for do, n := range c {
			if Do(do).Kind() == Kind(k) {
				parts = append(parts, fmt.Sprintf("%v %d", Do(do), n))
			}
		}
		lines = append(lines, fmt.Sprintf("%-6s %8d: %s", name, c.Of(Kind(k)), strings.Join(parts, ", ")))
	}
	return strings.Join(lines, "\n")
}
