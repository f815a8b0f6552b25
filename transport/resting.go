package transport

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// RestingError says that changes of version have failed too often in a row with a peer, so it
// is left alone for a while: 10 minutes after 3 failures. The session goes on in its version.
type RestingError struct {
	Place string // the client's endpoint, or at a server the session's id
}

func (e *RestingError) Error() string {
	return fmt.Sprintf("transport: changes of version rest at %s, because %d in a row failed; try again in at most %v",
		e.Place, negotiate.DefaultFailures, negotiate.DefaultRest)
}

// place names where changes of version are counted: a client's failures belong to the endpoint,
// a server's to the session.
func (s *Session) place() string {
	if _, ok := s.owner.(*Server); ok {
		id := s.m.ID()
		return hex.EncodeToString(id[:])
	}
	if s.link != nil {
		return s.link.endpoint
	}
	return ""
}

// judge remembers how a change of version ended, and reports it when a peer is left alone.
func (s *Session) judge(place string, err error) {
	var r *session.RejectedError
	switch {
	case err == nil:
		s.rests.Succeeded(place)
	case errors.As(err, &r) && r.Why.Failed():
		if until, resting := s.rests.Failed(place, time.Now()); resting {
			s.log.Warn("transport: changes of version rest", "session", s, "place", place, "until", until, "err", err)
		}
	}
}
