package transport

import (
	"strconv"
	"time"
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
	// Observe is called once each heartbeat interval, whether the session has a
	// connection at the time or not. heard tells whether anything came from the peer
	// since the last call. A session found Dead is closed. Calls do not overlap.
	Observe(now time.Time, heard bool) Liveness
}
