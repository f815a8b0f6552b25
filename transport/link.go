package transport

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/parleyproto/parley/transport/session"
)

// lingerFor is how long a connection is read, and what comes thrown away, after its last
// words were written: closing at once could destroy them on their way.
const lingerFor = time.Second

// link is one connection of a session. Its fields are guarded by the session's lock.
type link struct {
	conn     net.Conn
	gen      uint64
	endpoint string       // at a client
	reader   int          // the goroutine that has the reading role; it grows when the role is taken
	reading  bool         // and it waits for bytes, or for the lock with them
	writing  bool         // somebody writes; who comes meanwhile leaves the bytes to them
	starting bool         // and that is a goroutine that has not run yet; it keeps the deadlines
	pending  bool         // such a goroutine is there, needed or not
	linger   bool         // the peer should get the last words
	plain    bool         // a slow handler keeps the role: nothing else bounds what a legacy peer sends
	burst    int          // when so much waits for it, who sends does its work
	kept     *time.Timer  // the goroutine that was kept back
	socket   *socket      // nil: it cannot be written to without waiting
	stirred  time.Time    // when the deadline of reading was set; zero: there is none
	loan     *loan        // of the reading role; nil: it was not lent lately
	vector   *net.Buffers // made by the first write of several buffers
	patience time.Time
	over     chan struct{} // closed when the session has done with the connection; nil: nobody has asked
	err      *Error        // why it has
	readyAt  *time.Time    // at a client, when the session was attached; zero: not yet
	away     *session.GoAwayError
	gate     *admission      // that counts the connection; nil at a client
	tasks    *sync.WaitGroup // that waits for its end
}

// newLink describes a connection that is to be attached. tasks waits for its end, and gate, at
// a server, counts it.
func newLink(conn net.Conn, tasks *sync.WaitGroup, gate *admission) *link {
	tasks.Add(1)
	return &link{conn: conn, tasks: tasks, gate: gate, reading: true, burst: maxBurst}
}

// name tells the peer's end of the connection, for errors: the endpoint or, at a server, the
// address.
func (l *link) name() string {
	if l.endpoint != "" {
		return l.endpoint
	}
	return l.conn.RemoteAddr().String()
}

// overLater returns a channel that is closed when the session has done with the connection, which it
// has not yet. It is called with the session's lock.
func (l *link) overLater() <-chan struct{} {
	if l.over == nil {
		l.over = make(chan struct{})
	}
	return l.over
}

// attach gives the session a connection, in place of the one it may have. The caller runs
// begin. After an error the opening's last output is to be written, and the connection closed.
func (s *Session) attach(l *link, o *session.Opening) error {
	s.mu.Lock()
	defer s.unlock()
	gen, err := s.m.Attach(s.time(), o)
	if err != nil {
		s.settle()
		s.flush(false) // it may have ended the session
		return err
	}
	if old := s.link; old != nil {
		s.detached(old, session.ErrStale)
	}
	l.gen = gen
	s.link, s.meeting, s.remote = l, nil, l.conn.RemoteAddr()
	s.settle()
	s.flush(false)
	return nil
}

// begin does what came with the opening, or was left by the goroutine before, and reads on.
func (s *Session) begin(l *link, me int) {
	s.mu.Lock()
	s.time()
	l.reading = l.reading && l.reader != me
	s.work()
	s.flush(s.m.Backlog() <= direct)
	s.unlock()
	s.read(l, me)
}

// read moves bytes from the connection to the machine, and does what they cause, until the
// connection is over or the reading role, whose number is me, was given to another
// goroutine.
func (s *Session) read(l *link, me int) {
	s.mu.Lock()
	for s.link == l && l.reader == me {
		if idle := s.receive(l); idle {
			l.reader++
			go s.read(l, l.reader)
			s.unlock()
			return
		}
	}
	role := l.reader == me
	s.unlock()
	if role {
		l.hangUp()
	}
}

// receive waits for bytes and does what they cause. The lock is free while it waits. It tells
// whether the connection has become idle: the memory of the machine is given back then, and
// the goroutine is to be replaced by a fresh one, whose stack is small.
func (s *Session) receive(l *link) (idle bool) {
	if s.waiting.serial >= lendAfter && !l.plain {
		if idle = s.lend(l); idle {
			s.rest(l)
		}
		if idle || s.link != l {
			return idle
		}
	}
	buf := s.m.Space(l.gen)
	if buf == nil { // the last words are being written; what comes is thrown away
		buf = make([]byte, 512)
	}
	l.reading = true
	s.unlock()
	n, err := l.conn.Read(buf)
	s.mu.Lock()
	l.reading = false
	if n > 0 {
		s.m.Wrote(s.time(), l.gen, n)
		s.stir(l)
		s.work()
	}
	switch {
	case err == nil:
	case n == 0 && s.link == l && errors.Is(err, os.ErrDeadlineExceeded):
		s.rest(l)
		return true
	default:
		s.m.Detach(s.time(), l.gen, streamError(l.name(), err))
		s.work()
	}
	s.flush(s.m.Backlog() <= direct)
	return false
}

// rest gives the memory back that an idle session does not need.
func (s *Session) rest(l *link) {
	l.stirred = time.Time{}
	l.conn.SetReadDeadline(time.Time{})
	s.m.Idle()
	s.turns.queue.trim()
	s.waiting.trim()
}

// idleAfter is when a connection that was busy is idle: between one and two of it.
const idleAfter = time.Second

// stir notes that bytes came, and keeps a deadline in the future, which only an idle
// connection meets.
func (s *Session) stir(l *link) {
	if s.link == l && s.clock.Sub(l.stirred) > idleAfter && !l.plain {
		l.stirred = s.clock
		l.conn.SetReadDeadline(s.clock.Add(2 * idleAfter))
	}
}

// hangUp closes the connection when the session has done with it. It is called by who has the
// reading role.
func (l *link) hangUp() {
	if c, ok := l.conn.(interface{ CloseWrite() error }); ok && l.linger && c.CloseWrite() == nil {
		l.conn.SetReadDeadline(time.Now().Add(lingerFor))
		io.CopyN(io.Discard, l.conn, 1<<20)
	}
	l.conn.Close()
	if l.gate != nil {
		l.gate.leave(l.conn.RemoteAddr())
	}
	if l.tasks != nil {
		l.tasks.Done()
	}
}

// drop ends the session's use of l. The reader closes it; unless last words are on their way,
// it is woken by closing the connection. When it does not read, it may be in a handler that waits
// for just that, by Close: then another goroutine takes its role.
func (s *Session) drop(l *link, err *Error, linger bool) {
	if s.link == l {
		s.link = nil
	}
	l.err, l.linger = err, linger
	if l.over != nil {
		close(l.over)
	}
	if l.loan != nil && !l.loan.taken { // else the call that reads wakes the owner when it is out of Read
		l.loan.lookout.close()
	}
	if !l.reading {
		l.reader++
		go l.hangUp()
	}
	if linger {
		l.conn.SetReadDeadline(time.Now())
	} else {
		l.conn.Close()
	}
}
