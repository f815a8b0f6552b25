package transport

import (
	"errors"
	"net"
	"os"
	"time"
)

const (
	// writeTimeout is how long the peer may take for one batch of about 64 KiB; at least
	// half of it is always allowed. It ends a peer that pings and never reads.
	writeTimeout = time.Minute

	// direct is how many bytes may be on their way for the goroutine that caused the
	// output to write it: so few fit into the buffers of any socket, so it will not block.
	direct = 16 << 10
)

// flush sees to it that what the machine has to write is written, and that its next deadline
// is kept. With here it may be written by this goroutine, without the lock: worth it when
// nothing else is on its way, because nobody has to be woken; the caller has just read the
// clock. Without, a writer is started that gathers what comes meanwhile; it ends when there
// is nothing more.
func (s *Session) flush(here bool) {
	l := s.link
	switch {
	case l == nil || l.writing && !l.starting:
		s.rearm()
		return
	case l.writing || !here:
		s.start(l)
		return
	}
	l.writing = true
	bufs := s.m.Output(s.clock, l.gen)
	if len(bufs) > 0 {
		s.write(l, bufs)
		bufs = s.m.Output(s.clock, l.gen)
	}
	if len(bufs) > 0 {
		go s.finish(l, bufs)
	} else {
		l.writing = false
		s.settle() // a writer's mistake shows in Output
	}
	s.rearm()
}

// start sees to it that a goroutine writes what there is. It may still be there from the last
// time.
func (s *Session) start(l *link) {
	l.writing, l.starting = true, true
	if !l.pending {
		l.pending = true
		go s.gather(l)
	}
}

// gather is the goroutine that start wants. Somebody may have been faster.
func (s *Session) gather(l *link) {
	s.mu.Lock()
	l.pending = false
	s.workOff(l)
	s.unlock()
}

// workOff writes what there is, unless somebody else was faster.
func (s *Session) workOff(l *link) {
	if l.starting {
		l.starting = false
		if l.socket != nil {
			l.burst = maxBurst // the peer's window may have opened
		}
		s.time()
		s.empty(l, nil)
	}
}

// finish writes the rest of a batch, and then what comes.
func (s *Session) finish(l *link, bufs net.Buffers) {
	s.mu.Lock()
	s.empty(l, bufs)
	s.unlock()
}

// empty writes bufs and then what comes, until there is nothing more.
func (s *Session) empty(l *link, bufs net.Buffers) {
	for {
		if len(bufs) > 0 {
			s.rearm()
			before := s.m.Unsent()
			if s.write(l, bufs); s.m.Unsent() > before && s.streams(l) {
				s.keepBack(l)
				return
			}
		}
		if bufs = s.m.Output(s.clock, l.gen); len(bufs) == 0 {
			break
		}
	}
	l.writing = false
	s.settle()
	s.rearm()
}

// write writes one batch, without the lock.
func (s *Session) write(l *link, bufs net.Buffers) {
	s.extend(l)
	s.leave()
	err := l.send(bufs)
	s.mu.Lock()
	s.written(l, err)
}

// extend gives the next write its time.
func (s *Session) extend(l *link) { l.extend(s.clock) }

func (l *link) extend(now time.Time) {
	if l.patience.Sub(now) < writeTimeout/2 {
		l.patience = now.Add(writeTimeout)
		l.conn.SetWriteDeadline(l.patience)
	}
}

// send writes bufs. A long batch may take longer than writeTimeout, as long as each 64 KiB does
// not.
func (l *link) send(bufs net.Buffers) error {
	if len(bufs) == 1 {
		_, err := l.conn.Write(bufs[0])
		return err
	}
	if _, gathers := l.conn.(*net.TCPConn); !gathers {
		for i, b := range bufs {
			if i > 0 {
				l.extend(time.Now())
			}
			if _, err := l.conn.Write(b); err != nil {
				return err
			}
		}
		return nil
	}
	if l.vector == nil { // kept with the link, because WriteTo makes it escape
		l.vector = new(net.Buffers)
	}
	*l.vector = bufs
	for {
		n, err := l.vector.WriteTo(l.conn)
		if n < 64<<10 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		l.extend(time.Now())
	}
}

// written tells the machine how a batch went.
func (s *Session) written(l *link, err error) {
	if err != nil {
		s.m.Detach(s.time(), l.gen, streamError(l.name(), err))
	} else {
		s.m.Written(s.time(), l.gen)
	}
	s.settle()
}

// time returns the time, and notes it as the session's clock.
func (s *Session) time() time.Time {
	s.clock = time.Now()
	return s.clock
}

// rearm sets the timer to the machine's deadline. It is left alone when it fires sooner: it
// then looks again.
func (s *Session) rearm() {
	d := s.m.Deadline()
	if d.IsZero() || !s.alarm.IsZero() && !d.Before(s.alarm) {
		return
	}
	s.alarm = d
	if s.clock.IsZero() {
		s.time()
	}
	in := max(d.Sub(s.clock), 1) // timers due at once crash the race detector in tests (go.dev/issue/78156)
	if s.timer == nil {
		s.timer = time.AfterFunc(in, s.tick)
	} else {
		s.timer.Reset(in)
	}
}

// tick runs when the machine's deadline has come.
func (s *Session) tick() {
	s.mu.Lock()
	s.alarm = time.Time{}
	s.m.Tick(s.time())
	s.settle()
	s.flush(false)
	s.unlock()
}
