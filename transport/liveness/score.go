package liveness

import (
	"time"

	"github.com/parleyproto/parley/transport"
)

// Config tunes a [Score]. The zero value works.
type Config struct {
	Beat      int           // what a heartbeat in time takes from the score; 0: 1
	Miss      int           // what a missed one adds; 0: 2
	Threshold int           // the score that is a strike; 0: 5
	Strikes   int           // strikes until the session is leaving; 0: 3
	Steady    int           // heartbeats in a row that forgive all strikes; 0: 10
	LeaveFor  time.Duration // how long a session may be leaving before it is dead; 0: 2 minutes
}

func (c Config) withDefaults() Config {
	for _, f := range []struct {
		field *int
		def   int
	}{{&c.Beat, 1}, {&c.Miss, 2}, {&c.Threshold, 5}, {&c.Strikes, 3}, {&c.Steady, 10}} {
		if *f.field <= 0 {
			*f.field = f.def
		}
	}
	if c.LeaveFor <= 0 {
		c.LeaveFor = 2 * time.Minute
	}
	return c
}

// Score judges one session by its heartbeats. It has no clock and no goroutine; it is not
// safe for concurrent use. Make one with [Config.Score].
type Score struct {
	cfg     Config
	state   transport.Liveness
	score   int       // grows with misses, falls with beats
	strikes int       // how often the score reached its threshold
	row     int       // beats since the last miss
	left    time.Time // when it began to leave
}

// Score returns the score of a new session: alive.
func (c Config) Score() *Score { return &Score{cfg: c.withDefaults()} }

// New returns a maker of scores, for a server's Monitor.
func New(c Config) func(*transport.Session) transport.Monitor {
	return func(*transport.Session) transport.Monitor { return c.Score() }
}

// State returns the verdict of the last observation.
func (s *Score) State() transport.Liveness { return s.state }

// Observe takes one heartbeat, or its absence, and returns the verdict. It is to be called
// about once each heartbeat interval.
func (s *Score) Observe(now time.Time, heard bool) transport.Liveness {
	if s.state == transport.Dead {
		return s.state
	}
	if heard {
		s.beat()
	} else {
		s.miss(now)
	}
	if s.state == transport.Leaving && now.Sub(s.left) > s.cfg.LeaveFor {
		s.state = transport.Dead
	}
	return s.state
}

func (s *Score) beat() {
	s.score = max(0, s.score-s.cfg.Beat)
	s.row++
	if s.row >= s.cfg.Steady {
		s.strikes, s.score = 0, 0
		s.state = transport.Alive
	}
}

func (s *Score) miss(now time.Time) {
	s.row = 0
	s.score += s.cfg.Miss
	if s.score < s.cfg.Threshold {
		return
	}
	s.score = 0
	s.strikes = min(s.strikes+1, s.cfg.Strikes)
	if s.strikes == s.cfg.Strikes && s.state == transport.Alive {
		s.state, s.left = transport.Leaving, now
	}
}
