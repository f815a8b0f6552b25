package transport

import (
	"net"
	"slices"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// remove forgets a session, and frees its slot.
func (s *Server) remove(sess *Session) {
	epoch := sess.Stats().Epoch
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); epoch > 1 {
		s.late.add(sess.slot.id, now, now.Add(s.handshakeTimeout()), s.slots.max)
	}
	if s.sessions[sess.slot.id] == sess {
		delete(s.sessions, sess.slot.id)
	}
	delete(s.legacy, sess)
	s.slots.leave(sess)
}

// all returns the sessions at this moment.
func (s *Server) all() []*Session {
	s.init() // it may be asked before, or while, Serve is called
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*Session, 0, len(s.sessions)+len(s.legacy))
	for _, sess := range s.sessions {
		out = append(out, sess)
	}
	for sess := range s.legacy {
		out = append(out, sess)
	}
	return out
}

// SessionInfo is one line of a server's table of sessions.
type SessionInfo struct {
	Session  *Session
	ID       [16]byte // zero for legacy clients
	Addr     net.Addr // of the present or last connection
	Identity string   // as Session.Identity
	Version  codec.Version
	State    session.State
	Legacy   bool // a client without envelopes
	Liveness Liveness

	// PeerVersions are those that the client offered: of these, Upgrade can move it to the
	// ones that the server offers too. Empty for legacy clients.
	PeerVersions negotiate.Versions

	Since    time.Time     // when the session began
	LastSeen time.Time     // when the last byte came
	RTT      time.Duration // 0: not measured yet

	BytesIn, BytesOut       uint64
	MessagesIn, MessagesOut uint64
	Queued                  int    // bytes that wait to be sent or acknowledged
	Held                    int    // memory, in bytes, as session.Config.Memory counts it
	Attaches                uint64 // connections so far
}

// Sessions returns the table of the sessions, those that wait for their client to come back
// among them, oldest first.
func (s *Server) Sessions() []SessionInfo {
	all := s.all()
	table := make([]SessionInfo, len(all))
	for i, sess := range all {
		table[i] = sess.info()
	}
	slices.SortStableFunc(table, func(a, b SessionInfo) int { return a.Since.Compare(b.Since) })
	return table
}

func (s *Session) info() SessionInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.m.Stats()
	return SessionInfo{
		Session: s, ID: s.m.ID(), Addr: s.remote, Identity: s.m.Identity(), Version: st.Version, State: st.State,
		Legacy: s.isLegacy(), Liveness: s.liveness(), PeerVersions: s.peerVersions(),
		Since: st.Begun, LastSeen: st.LastReceived, RTT: st.RTT,
		BytesIn: st.BytesIn, BytesOut: st.BytesOut, MessagesIn: st.MessagesIn, MessagesOut: st.MessagesOut,
		Queued: st.QueueBytes, Held: st.Held, Attaches: st.Attaches,
	}
}

// What follows are the events of the sessions; they come in order, without their locks.

func (s *Server) attached(sess *Session, l *link, _ bool) {
	s.mu.Lock()
	s.slots.attached(sess, hostOf(l.conn.RemoteAddr()))
	s.mu.Unlock()
	s.log.Info("transport: attached", "session", sess, "version", sess.Version())
}

func (s *Server) detached(sess *Session, l *link) {
	s.mu.Lock()
	s.slots.detached(sess)
	s.mu.Unlock()
	s.log.Info("transport: detached", "session", sess, "err", l.err)
}

func (s *Server) end(sess *Session, err error) {
	s.remove(sess)
	s.log.Info("transport: ended", "session", sess, "err", err)
	if s.OnClose != nil {
		s.OnClose(sess, err)
	}
}
