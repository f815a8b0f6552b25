package transport

import "time"

// The defaults of [Backoff]: base, factor and cap are gRPC's, the uptime is that of
// reconnecting-websocket.
const (
	defaultBase      = time.Second
	defaultFactor    = 1.6
	defaultCap       = 120 * time.Second
	defaultFloor     = 100 * time.Millisecond
	defaultMinUptime = 5 * time.Second

	// maxHint bounds what a server may ask a client to wait; Backoff says so.
	maxHint = 10 * time.Minute
)

// Backoff says how long a client waits between attempts to connect. Attempt n waits a random
// time between Floor and min(Cap, Base·Factorⁿ), all of it jitter ("full jitter"), so that
// clients stay spread also at the cap:
//
//	attempt   0    1    2     3        at the cap
//	at most   1 s  1.6  2.56  4.1  …   120 s
//	          ├────┤                   ├──────────┤  a random point of this
//
// A server may ask to wait (an overload, a shutdown): its endpoint is left alone for that long,
// at most 10 minutes, and while all endpoints are, the wait goes on until the first is free; the
// jitter comes on top.
//
// The zero value means the defaults.
type Backoff struct {
	Base   time.Duration // the longest wait after the first failure; 0: 1 s
	Factor float64       // growth of the longest wait; below 1: 1.6
	Cap    time.Duration // of the longest wait; 0: 120 s
	Floor  time.Duration // the shortest wait; 0: 100 ms; negative: none

	// MinUptime is how long a connection must have been up to count as a success that
	// resets the wait. So a server that accepts and closes at once meets no hot loop.
	// 0: 5 s.
	MinUptime time.Duration

	// Attempts is how many attempts in a row may fail before the client gives up; 0: it
	// never does. A connection that was up for MinUptime is no failed attempt, whatever
	// ended it; one that was not is.
	Attempts int
}

// Ceiling returns the longest wait after n failures before this one.
func (b Backoff) Ceiling(n int) time.Duration {
	top := orDefault(b.Cap, defaultCap)
	d := float64(orDefault(b.Base, defaultBase))
	factor := b.Factor
	if factor < 1 {
		factor = defaultFactor
	}
	for ; n > 0 && d < float64(top) && factor > 1; n-- {
		d *= factor
	}
	return time.Duration(min(d, float64(top)))
}

// Wait returns the wait after n failures before this one, from a random number u in [0, 1).
// A server's hint, of at most 10 minutes, is never undercut: the jitter comes on top of it.
func (b Backoff) Wait(n int, u float64, hint time.Duration) time.Duration {
	d := time.Duration(u * float64(b.Ceiling(n)))
	d = max(d, orDefault(b.Floor, defaultFloor), 0)
	return d + min(max(hint, 0), maxHint)
}

// orDefault returns d, or def when d is 0.
func orDefault(d, def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return d
}

// pace counts the failures of one client.
type pace struct {
	Backoff
	rand     func() float64 // in [0, 1)
	failures int
	attempts int       // that failed in a row
	upSince  time.Time // zero while there is no connection
}

// up notes that a connection is ready.
func (p *pace) up(now time.Time) { p.upSince = now }

// fail notes the end of a connection or of an attempt. It returns how long to wait, and false
// when the attempts are used up.
func (p *pace) fail(now time.Time, hint time.Duration) (wait time.Duration, again bool) {
	p.attempts++
	if !p.upSince.IsZero() && now.Sub(p.upSince) >= orDefault(p.MinUptime, defaultMinUptime) {
		p.attempts = 0
		p.failures = 0
	}
	p.upSince = time.Time{}
	wait = p.Wait(p.failures, p.rand(), hint)
	p.failures++
	return wait, p.Attempts <= 0 || p.attempts < p.Attempts
}

// kick forgets the failures: somebody asked to connect now.
func (p *pace) kick() { p.failures, p.attempts = 0, 0 }
