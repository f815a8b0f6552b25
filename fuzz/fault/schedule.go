package fault

import (
	"strings"
	"time"
)

// A Schedule lists the faults of one connection. The order has no meaning;
// several faults may stand at one operation.
type Schedule []Fault

// String gives the textual form that Parse reads, such as
// "w3:short(5) r7:reset(0) r0-:stall(5ms)".
func (s Schedule) String() string {
	parts := make([]string, len(s))
	for i, f := range s {
		parts[i] = f.String()
	}
	return strings.Join(parts, " ")
}

// at implements script.
func (s Schedule) at(op Op, i int) []Fault {
	var found []Fault
	for _, f := range s {
		if f.Op == op && f.At(i) {
			found = append(found, f)
		}
	}
	return found
}

// A Chooser makes decisions: Choose returns a number in [0, n). A fuzz.Source
// is one.
type Chooser interface {
	Choose(n int) int
}

// ScheduleFrom draws a schedule of at most max faults, so that a fuzzing engine
// minimises the faults together with the data. A Chooser that has nothing more
// to say and answers 0 ends the schedule. Faults stand at the first 64
// operations of either kind.
func ScheduleFrom(c Chooser, max int) Schedule {
	var s Schedule
	for len(s) < max {
		kind := Kind(c.Choose(int(kinds)+1)) - 1
		if kind < 0 {
			break
		}
		f := Fault{Op: Op(c.Choose(2)), Kind: kind, From: c.Choose(64)}
		f.To = f.From
		switch c.Choose(4) {
		case 1:
			f.To = Forever
		case 2:
			f.To = f.From + c.Choose(8)
		}
		switch {
		case kind == Stall:
			f.D = stalls[c.Choose(len(stalls))]
		case kind == Fragment:
			f.N = 1 + c.Choose(16)
		case kind.hasCount():
			f.N = c.Choose(256)
		}
		s = append(s, f)
	}
	return s
}

// stalls lie below, between and beyond the usual timeouts.
var stalls = [...]time.Duration{
	time.Millisecond, 50 * time.Millisecond, time.Second, 10 * time.Second, time.Minute, time.Hour,
}
