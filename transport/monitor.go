package transport

import (
	"log/slog"
	"strconv"
	"time"

	"github.com/parleyproto/parley/transport/session"
)

// Liveness is what a [Monitor] thinks of a session.
type Liveness int

const (
	// Alive: the peer is there.
	Alive Liveness = iota
	// Leaving: it has been silent too often. It may come back.
	Leaving
	// Dead: it does not come back; the server closes the session and frees its slot.
	Dead
)

// String returns "alive", "leaving" or "dead".
func (l Liveness) String() string {
	switch l {
	case Alive:
		return "alive"
	case Leaving:
		return "leaving"
	case Dead:
		return "dead"
	}
	return "liveness(" + strconv.Itoa(int(l)) + ")"
}

// Monitor judges one session by its heartbeats. Package liveness has one.
type Monitor interface {
	// Observe is called once each heartbeat interval, for the first time one and a half of
	// them after the session began, whether the session has a connection at the time or not. heard tells whether anything came from the peer
	// since the last call. A session found Dead is closed. Calls do not overlap.
	Observe(now time.Time, heard bool) Liveness
}

// judgement is a session's monitor and what it said last. Guarded by the session's lock.
type judgement struct {
	monitor  Monitor
	liveness Liveness
	heard    uint64        // bytes received when it last observed
	at       time.Time     // when that was, or when the session began
	interval time.Duration // of the peer's heartbeats, as last known
}

// observe shows the monitor one heartbeat interval when it has passed. It tells whether the
// session is dead, and tells changed, if set, when that is new.
func (s *Session) observe(now time.Time, usual time.Duration, changed func(s *Session, from, to Liveness)) (dead bool) {
	s.mu.Lock()
	j := s.judged
	if j == nil || s.err != nil {
		s.unlock()
		return false
	}
	if d := s.m.PeerInterval(); d > 0 {
		j.interval = d
	}
	// Half an interval of grace, as for the connection's silence (docs/protocol.md, 8.2).
	if now.Sub(j.at) < orDefault(j.interval, usual)*3/2 {
		s.unlock()
		return false
	}
	in := s.m.Stats().BytesIn
	heard := in != j.heard
	j.heard, j.at = in, now
	s.unlock()
	to := j.monitor.Observe(now, heard) // it may ask the session
	s.mu.Lock()
	defer s.unlock()
	from := j.liveness
	if j.liveness = to; to != from {
		s.note(slog.LevelInfo, "transport: liveness", "was", from.String(), "is", to.String())
		if changed != nil {
			s.notify(func() { changed(s, from, to) })
		}
	}
	return to == Dead
}

// judgeBy gives a new session its monitor; nil: none.
func (s *Session) judgeBy(m Monitor) {
	if m == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.judged = &judgement{monitor: m, at: time.Now()}
}

// liveness returns what the monitor said last; Alive if there is none.
func (s *Session) liveness() Liveness {
	if s.judged == nil {
		return Alive
	}
	return s.judged.liveness
}

// watch observes all sessions until the server stops. One goroutine does it for all of them.
func (s *Server) watch() {
	usual := s.profile.Offer().Heartbeat.Interval
	ticker := time.NewTicker(max(usual/8, 10*time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-s.stopped:
			return
		case now := <-ticker.C:
			for _, sess := range s.all() {
				if sess.observe(now, usual, s.OnLiveness) {
					sess.Close(session.CloseIdle, "too many heartbeats were missed")
				}
			}
		}
	}
}
