package transport

import (
	"container/list"
	"net/netip"
)

// slots counts a server's sessions, in all and per address, and knows those that wait for their
// clients. It is guarded by the server's lock.
type slots struct {
	max, maxPerAddr int
	used            int
	hosts           map[netip.Addr]*host
	waiting         list.List // *Session without a connection, for longest first
}

// host is an address with its sessions, as hostOf tells addresses apart.
type host struct {
	addr    netip.Addr
	used    int
	waiting list.List // as that of slots
}

// slot is the place of one session. Its host is nil before the session has the slot and after it
// gave it back.
type slot struct {
	id           [16]byte // by which the server knows the session
	host         *host
	inAll, among *list.Element // in the waiting of all and of its host, or nil
}

// full tells whether another session of the address would be one too many, and if so which
// sessions may be given up for it.
func (s *slots) full(addr netip.Addr) (candidates *list.List, full bool) {
	if h := s.hosts[addr]; h != nil && h.used >= s.maxPerAddr {
		return &h.waiting, true
	}
	return &s.waiting, s.used >= s.max
}

// enter gives a session a slot.
func (s *slots) enter(sess *Session, addr netip.Addr) {
	s.used++
	s.move(sess.slot, addr)
}

// move makes the address that of the session.
func (s *slots) move(at *slot, addr netip.Addr) {
	if h := at.host; h != nil {
		if h.used--; h.used == 0 {
			delete(s.hosts, h.addr)
		}
	}
	h := s.hosts[addr]
	if h == nil {
		if s.hosts == nil {
			s.hosts = map[netip.Addr]*host{}
		}
		h = &host{addr: addr}
		s.hosts[addr] = h
	}
	h.used++
	at.host = h
}

// leave takes a session's slot back, if it has one.
func (s *slots) leave(sess *Session) {
	at := sess.slot
	if at.host == nil {
		return
	}
	s.found(at)
	s.used--
	if at.host.used--; at.host.used == 0 {
		delete(s.hosts, at.host.addr)
	}
	at.host = nil
}

// attached notes that a session has a connection, and from where.
func (s *slots) attached(sess *Session, addr netip.Addr) {
	at := sess.slot
	if at.host == nil {
		return
	}
	s.found(at)
	if at.host.addr != addr {
		s.move(at, addr)
	}
}

// detached notes that a session waits for its client.
func (s *slots) detached(sess *Session) {
	at := sess.slot
	if at.host == nil || at.inAll != nil {
		return
	}
	at.inAll, at.among = s.waiting.PushBack(sess), at.host.waiting.PushBack(sess)
}

// found notes that a session does not wait any more.
func (s *slots) found(at *slot) {
	if at.inAll != nil {
		s.waiting.Remove(at.inAll)
		at.host.waiting.Remove(at.among)
		at.inAll, at.among = nil, nil
	}
}

// spare returns the candidate that has waited for longest, or nil. It is the last to be looked at
// again, so that those that cannot be given up do not stand before the others.
func (s *slots) spare(candidates *list.List) *Session {
	e := candidates.Front()
	if e == nil {
		return nil
	}
	sess := e.Value.(*Session)
	s.waiting.MoveToBack(sess.slot.inAll)
	sess.slot.host.waiting.MoveToBack(sess.slot.among)
	return sess
}
