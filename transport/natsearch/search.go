package natsearch

import "time"

// Config tunes a [Search]. The zero value works. Min, Max, Margin and the confirming
// failures are those of Tencent's mars; the way to search is not.
type Config struct {
	Min       time.Duration // the interval to begin with, and the shortest; 0: 30 s
	Max       time.Duration // the longest, at most 30 minutes; 0: 28 minutes
	Precision time.Duration // the search ends when it knows the limit this well; 0: 20 s
	Margin    time.Duration // what to stay below the longest interval that worked; 0: 10 s; negative: none
	Confirm   int           // failures in a row at one interval that prove it too long; 0: 2
	Recheck   time.Duration // after so long at the found interval, try a longer one; 0: 7 days
}

// longest is half of the longest interval that a session allows: between two PINGs of a server
// there is room for a silence as long as that.
const longest = 30 * time.Minute

func (c Config) withDefaults() Config {
	set := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	set(&c.Min, 30*time.Second)
	set(&c.Max, 28*time.Minute)
	set(&c.Precision, 20*time.Second)
	set(&c.Margin, 10*time.Second)
	set(&c.Recheck, 7*24*time.Hour)
	c.Margin = max(c.Margin, 0)
	c.Min = min(max(c.Min.Truncate(time.Millisecond), time.Millisecond), longest)
	c.Max = min(max(c.Max.Truncate(time.Millisecond), c.Min), longest)
	if c.Confirm <= 0 {
		c.Confirm = 2
	}
	return c
}

// Phase is what a [Search] is doing.
type Phase int

const (
	// Gallop doubles the interval. Left for Bisect when one is too long, for Settled at Max.
	Gallop Phase = iota
	// Bisect halves the gap between what worked and what did not. Left for Settled when it
	// is within the precision.
	Bisect
	// Settled uses what was found. Left for Gallop when that fails, or after Recheck.
	Settled
)

// String returns the phase in a word.
func (p Phase) String() string { return [...]string{"gallop", "bisect", "settled"}[p] }

// Search looks for the longest heartbeat interval that one path allows. It has no clock and
// no goroutine; it is not safe for concurrent use. Make one with [Config.Search].
type Search struct {
	cfg      Config
	phase    Phase
	good     time.Duration // the longest interval that worked; 0: none yet
	bad      time.Duration // the shortest proved too long; 0: none yet
	try      time.Duration // now in use
	failures int           // in a row at try
	settled  time.Time
}

// Search returns a search that begins at c.Min.
func (c Config) Search() *Search {
	c = c.withDefaults()
	return &Search{cfg: c, try: c.Min}
}

// Interval returns the interval to use now.
func (s *Search) Interval() time.Duration { return s.try }

// Phase returns what the search is doing.
func (s *Search) Phase() Phase { return s.phase }

// Succeeded notes that the path was silent for [Search.Interval], and then carried a
// heartbeat and its answer.
func (s *Search) Succeeded(now time.Time) {
	s.failures = 0
	if s.phase == Settled {
		if now.Sub(s.settled) >= s.cfg.Recheck {
			s.phase, s.bad = Gallop, 0
			s.next(now)
		}
		return
	}
	s.good = max(s.good, s.try)
	s.next(now)
}

// Failed notes that no answer came after a silence of [Search.Interval].
func (s *Search) Failed(now time.Time) {
	s.failures++
	if s.failures < s.cfg.Confirm {
		return
	}
	s.failures = 0
	if s.phase == Settled || s.try <= s.good || s.try <= s.cfg.Min {
		s.restart() // the path is another one, or its limit shrank
		return
	}
	s.bad = s.try
	s.next(now)
}

// restart forgets what was found.
func (s *Search) restart() {
	s.phase, s.good, s.bad, s.try = Gallop, 0, 0, s.cfg.Min
}

// next chooses the interval to try after one more is known.
func (s *Search) next(now time.Time) {
	switch {
	case s.good >= s.cfg.Max, s.bad > 0 && s.bad-s.good <= s.cfg.Precision:
		s.phase, s.settled = Settled, now
		s.try = max(s.good-s.cfg.Margin, s.cfg.Min)
	case s.bad == 0:
		s.phase = Gallop
		s.try = min(2*max(s.good, s.cfg.Min/2), s.cfg.Max)
	default:
		s.phase = Bisect
		s.try = s.good + (s.bad-s.good)/2
	}
}
