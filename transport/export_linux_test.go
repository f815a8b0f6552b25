package transport

import (
	"testing"
	"time"
)

// Loan tells how the reading role of a session's connection stands: the call that has it, or would
// get it.
func Loan(s *Session) (offered, taken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.link; l != nil && l.loan != nil {
		return l.loan.offered, l.loan.taken
	}
	return false, false
}

// Serial is how many calls in a row count for lending the reading role.
func Serial(s *Session) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int(s.waiting.serial)
}

// BreakLookout lets the lookout of a session's connection fail from now on.
func BreakLookout(s *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link.loan.lookout.op = -1
}

// Lookouts is how many there are in the process.
func Lookouts() int { return int(lookouts.Load()) }

// MaxLookouts is how many there may be.
const MaxLookouts = maxLookouts

// FillLookouts makes as many as there may be, until free is called.
func FillLookouts(t *testing.T) (free func()) {
	conn, _ := sockets(t)
	var all []*lookout
	for k := newLookout(conn); k != nil; k = newLookout(conn) {
		all = append(all, k)
	}
	return func() {
		for _, k := range all {
			k.close()
		}
	}
}

// Tire lets the time pass after which an idle connection's reading role is not lent any more. It
// tells whether there was one to tire.
func Tire(s *Session) bool { return endWaitAt(s, past) }

// Untiring lets that time not come.
func Untiring(s *Session) bool { return endWaitAt(s, never()) }

func endWaitAt(s *Session, deadline time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.link
	if l == nil || l.loan == nil {
		return false
	}
	l.loan.lookout.file.SetReadDeadline(deadline)
	return true
}
