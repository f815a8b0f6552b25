package transport

import (
	"time"

	"github.com/parleyproto/parley/transport/session"
)

// AdaptiveInterval returns a heartbeat interval for session.Config.Interval that is short on a
// bad link and long on a stable one: an eighth of the time that the connection has been up,
// between shortest and longest. A connection that was lost begins again at the shortest; so
// does one whose round trips vary by more than their mean, which is how congestion and
// bad radio look.
//
//	up for     80 s   4 min   20 min   80 min
//	interval   10 s    30 s  2.5 min   10 min      with 10 s and 10 min
//
// It keeps no state, so one function serves all sessions of a server.
func AdaptiveInterval(shortest, longest time.Duration) func(session.Stats) time.Duration {
	return func(s session.Stats) time.Duration {
		if s.RTTVar > s.RTT {
			return shortest
		}
		return max(shortest, min(longest, s.LastReceived.Sub(s.Since)/8))
	}
}
