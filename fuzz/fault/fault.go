package fault

import (
	"fmt"
	"strconv"
	"time"
)

// An Op is one of the two operations whose calls a schedule counts.
type Op int

const (
	Read  Op = iota // net.Conn.Read, written "r"
	Write           // net.Conn.Write, written "w"
)

// A Kind says what goes wrong.
type Kind int

const (
	// Stall, "stall(5ms)", holds the operation for D before it begins. The
	// connection's deadline and Close end the wait.
	Stall Kind = iota
	// Fragment, "fragment(3)", cuts a Write into several of at most N bytes,
	// and lets a Read return at most N.
	Fragment
	// Short, "short(5)", lets a Write pass N bytes and return io.ErrShortWrite.
	// A Read returns at most N bytes.
	Short
	// Reset, "reset(5)", passes N bytes of the operation, then breaks the
	// connection for both ends with ECONNRESET.
	Reset
	// HalfOpen, "halfopen", is a peer that vanished: from here on every Write
	// succeeds and goes nowhere, every Read waits for its deadline or Close,
	// and the peer never learns of the Close.
	HalfOpen
	// Lose, "lose", throws away the bytes of the operation. A Write succeeds; a
	// Read goes on to the next bytes. "w3-:lose" is loss in one direction from
	// the fourth Write on.
	Lose
	// Corrupt, "corrupt(5)", flips the lowest bit of byte N modulo the length.
	Corrupt
	// EOF, "eof", ends one direction: Reads return io.EOF from here on; a Write
	// passes nothing, tells the peer that no more will come, and returns EPIPE.
	EOF
	kinds
)

var kindNames = [kinds]string{"stall", "fragment", "short", "reset", "halfopen", "lose", "corrupt", "eof"}

// String returns the kind's name in schedules.
func (k Kind) String() string {
	if k < 0 || k >= kinds {
		return "Kind(" + strconv.Itoa(int(k)) + ")"
	}
	return kindNames[k]
}

// String returns "r" or "w".
func (o Op) String() string {
	if o == Write {
		return "w"
	}
	return "r"
}

// hasCount tells whether the kind has an argument N.
func (k Kind) hasCount() bool {
	return k == Fragment || k == Short || k == Reset || k == Corrupt
}

// Forever, as Fault.To, means every operation from Fault.From on.
const Forever = -1

// A Fault is one thing that goes wrong at the operations From to To of a
// connection, counted from 0 for Reads and Writes apart. A count of operations
// means the same in every run, which a time does not.
type Fault struct {
	Op       Op
	From, To int // both inclusive; To may be Forever
	Kind     Kind
	N        int           // bytes, for Fragment (at least 1), Short, Reset, Corrupt
	D        time.Duration // for Stall
}

// At reports whether f stands at operation i.
func (f Fault) At(i int) bool { return i >= f.From && (f.To == Forever || i <= f.To) }

// String gives the textual form that Parse reads.
func (f Fault) String() string {
	s := f.Op.String() + strconv.Itoa(f.From)
	switch f.To {
	case f.From:
	case Forever:
		s += "-"
	default:
		s += "-" + strconv.Itoa(f.To)
	}
	s += ":" + f.Kind.String()
	switch {
	case f.Kind == Stall:
		s += fmt.Sprintf("(%v)", f.D)
	case f.Kind.hasCount():
		s += fmt.Sprintf("(%d)", f.N)
	}
	return s
}
