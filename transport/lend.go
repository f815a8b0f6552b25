package transport

import (
	"context"
	"errors"
	"os"
	"time"
)

// A goroutine that reads for others has to wake them, which takes longer than all else that a
// session does for a call. So after lendAfter calls, one after the other, the reading role is lent to
// whoever calls: a call reads its reply itself, as far as that comes soon. The owner of the role waits
// at a lookout meanwhile, and reads as ever when anything comes that no call waits for.
const (
	lendAfter = 32
	// lendFor is how long a call reads, or up to twice as long; its context is not heard then.
	lendFor = 2 * time.Millisecond
)

// loan is what a link knows of its reading role when that can be lent.
type loan struct {
	lookout *lookout
	offered bool      // the owner waits at the lookout
	taken   bool      // a call reads
	used    bool      // since the owner last looked
	until   time.Time // when a call stops reading; it is the connection's deadline
}

// lend offers the reading role to calls, and waits until there is something that none of them reads,
// the connection is over, or nothing was called for a while: then it is idle. It returns at once
// where the role cannot be lent. The lock is free while it waits.
func (s *Session) lend(l *link) (idle bool) {
	if l.loan == nil {
		if k := newLookout(l.conn); k != nil {
			l.loan = &loan{lookout: k}
		}
	}
	n := l.loan
	if n == nil || n.lookout.on() != nil {
		s.waiting.serial = 0
		return false
	}
	l.reading, n.offered = true, true
	for again := true; again; {
		n.used = false
		s.unlock()
		err := n.lookout.wait(time.Now().Add(idleAfter))
		s.mu.Lock()
		idle = !n.used && errors.Is(err, os.ErrDeadlineExceeded)
		again = n.taken || s.link == l && n.used && errors.Is(err, os.ErrDeadlineExceeded)
	}
	l.reading, n.offered = false, false
	if s.link != l {
		return false
	}
	if idle {
		s.waiting.serial = 0
		n.lookout.close()
		l.loan = nil
		return true
	}
	l.stirred = time.Time{} // the connection's deadline was of a call
	s.time()
	s.stir(l)
	return false
}

// borrow takes the reading role for a call and returns the connection; nil: it is not offered. It
// is to be called before the call is written: its reply may come at once.
func (s *Session) borrow(ctx context.Context) *link {
	l := s.link
	if l == nil || l.loan == nil || !l.loan.offered || l.loan.taken || s.waiting.serial < lendAfter {
		return nil
	}
	n := l.loan
	if d, ok := ctx.Deadline(); ok && d.Sub(s.clock) < 2*lendFor || n.lookout.off() != nil {
		return nil
	}
	n.taken, n.used = true, true
	if n.until.Sub(s.clock) < lendFor {
		n.until = s.clock.Add(2 * lendFor)
		l.conn.SetReadDeadline(n.until)
	}
	return l
}

// fetch reads from l until call c, which has borrowed the reading role, is finished, and for a while
// at most. Handlers run elsewhere. The lock is free while it waits.
func (s *Session) fetch(ctx context.Context, l *link, c *waitingCall) {
	for s.link == l && !c.over && ctx.Err() == nil {
		buf := s.m.Space(l.gen)
		if buf == nil {
			break
		}
		s.unlock()
		n, err := l.conn.Read(buf)
		s.mu.Lock()
		if n > 0 {
			s.m.Wrote(s.time(), l.gen, n)
			s.settle()
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			s.waiting.serial = 0 // it takes long: a change of goroutines does not count
			break
		}
		if err != nil {
			s.m.Detach(s.time(), l.gen, streamError(l.name(), err))
			s.settle()
		}
		s.flush(s.m.Backlog() <= direct)
	}
	l.loan.taken = false
	if s.link != l || l.loan.lookout.on() != nil {
		l.loan.lookout.close() // the owner hangs up, or reads on
	}
}
