package transport

import (
	"io"
	"net"
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
	endpoint string
	reader   int  // the goroutine that has the reading role; it grows when the role is taken
	reading  bool // and it waits for bytes, or for the lock with them
	writing  bool // somebody writes; who comes meanwhile leaves the bytes to them
	vector   net.Buffers
	patience time.Time
	linger   bool          // the peer should get the last words
	over     chan struct{} // closed when the session has done with the connection
	err      *Error        // why
	readyAt  time.Time     // when the session was attached; zero: not yet
	away     *session.GoAwayError
	plain    bool // a slow handler keeps the role: nothing else bounds what a legacy peer sends
}

// attach gives the session a connection, in place of the one it may have. The caller runs
// read. After an error the opening's last output is to be written, and the connection closed.
func (s *Session) attach(conn net.Conn, o *session.Opening, endpoint string) (*link, error) {
	s.mu.Lock()
	defer s.unlock()
	gen, err := s.m.Attach(s.time(), o)
	if err != nil {
		s.settle()
		return nil, err
	}
	if old := s.link; old != nil {
		s.detached(old, session.ErrStale)
	}
	l := &link{conn: conn, gen: gen, endpoint: endpoint, over: make(chan struct{})}
	s.link, s.remote = l, conn.RemoteAddr()
	s.settle()
	s.flush(false)
	return l, nil
}

// read moves bytes from the connection to the machine, and does what they cause, until the
// connection is over or the reading role, whose number is me, was given to another
// goroutine.
func (s *Session) read(l *link, me int) {
	s.mu.Lock()
	s.work()
	for s.link == l && l.reader == me {
		s.flush(s.m.Backlog() <= direct)
		if s.link != l || l.reader != me {
			break
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
			s.work()
		}
		if err != nil {
			s.m.Detach(s.time(), l.gen, streamError(l.endpoint, err))
			s.work()
		}
	}
	role := l.reader == me
	s.flush(true)
	s.unlock()
	if role {
		l.hangUp()
	}
}

// hangUp closes the connection. It is called by the reader when the session has done with it.
func (l *link) hangUp() {
	if c, ok := l.conn.(interface{ CloseWrite() error }); ok && l.linger && c.CloseWrite() == nil {
		l.conn.SetReadDeadline(time.Now().Add(lingerFor))
		io.CopyN(io.Discard, l.conn, 1<<20)
	}
	l.conn.Close()
}

// drop ends the session's use of l. The reader closes it; unless last words are on their way,
// it is woken by closing the connection.
func (s *Session) drop(l *link, err *Error, linger bool) {
	if s.link == l {
		s.link = nil
	}
	l.err, l.linger = err, linger
	close(l.over)
	if linger {
		l.conn.SetReadDeadline(time.Now())
	} else {
		l.conn.Close()
	}
}
