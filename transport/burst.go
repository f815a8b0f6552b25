package transport

import (
	"math"
	"net"
	"time"
)

// Whoever sends a stream of messages writes them, too, 64 KiB at a time: a goroutine that did it
// beside would want the session's lock all the time, and on another processor the bytes are not
// in the cache. The goroutine that would otherwise gather them is kept back for restFor after
// each such write; it comes when the stream pauses.
const (
	maxBurst  = 64 << 10
	maxRounds = 4
	restFor   = 100 * time.Microsecond
)

// takeOver writes what there is in place of the goroutine that was started or kept back for it,
// as far as the socket takes it without waiting.
func (s *Session) takeOver(l *link) {
	if !l.writable() {
		l.burst = math.MaxInt
		return
	}
	l.starting = false
	l.burst = maxBurst
	s.time()
	for range maxRounds { // others may go on sending meanwhile
		bufs := s.m.Output(s.clock, l.gen)
		if len(bufs) == 0 { // the peer's window is full
			l.burst += s.m.Unsent()
			break
		}
		s.rearm()
		if len(bufs) == 1 {
			bufs = s.try(l, bufs)
		}
		if len(bufs) > 0 {
			go s.finish(l, bufs)
			return
		}
		if s.m.Unsent() < maxBurst {
			break
		}
	}
	s.keepBack(l)
}

// writable tells whether the connection can be written to without waiting.
func (l *link) writable() bool {
	if l.socket == nil && l.burst < math.MaxInt {
		l.socket = newSocket(l.conn)
	}
	return l.socket != nil
}

// streams tells, after a write during which messages came, that somebody sends so fast that they
// had better write.
func (s *Session) streams(l *link) bool {
	return s.m.Unsent() >= maxBurst/4 && s.waiting.room == nil && l.writable()
}

// keepBack starts the goroutine that gathers in a while, unless who sends is faster.
func (s *Session) keepBack(l *link) {
	l.writing, l.starting = true, true
	if l.kept == nil {
		l.kept = time.AfterFunc(restFor, func() {
			s.mu.Lock()
			s.workOff(l)
			s.unlock()
		})
	} else {
		l.kept.Reset(restFor)
	}
}

// try writes the one buffer in bufs, without the lock and without waiting. It returns what is left.
func (s *Session) try(l *link, bufs net.Buffers) (rest net.Buffers) {
	s.extend(l)
	s.leave()
	n, err := l.socket.write(bufs[0])
	s.mu.Lock()
	if bufs[0] = bufs[0][n:]; err == nil && len(bufs[0]) > 0 {
		return bufs
	}
	s.written(l, err)
	return nil
}
