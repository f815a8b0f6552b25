package transport

import "time"

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
