package transport

import (
	"slices"

	"github.com/parleyproto/parley/negotiate"
)

// Features returns the names of the features that both sides offered (Session.Offer.Features) on
// the present connection, or on the last one. It is empty before the first, and with legacy peers.
// The slice is the caller's.
func (s *Session) Features() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.m.Agreement(); a != nil {
		return slices.Clone(a.Features)
	}
	return nil
}

// PeerVersions returns the versions that the peer offered on the present connection, or on the last
// one, in ascending order. Upgrade can move the session to those of them that this side offers too,
// are not below either side's minimum, and have equal layouts. It is empty before the first
// connection, and with legacy peers. The slice is the caller's.
func (s *Session) PeerVersions() negotiate.Versions {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peerVersions()
}

func (s *Session) peerVersions() negotiate.Versions {
	a := s.m.Agreement()
	if a == nil {
		return nil
	}
	vs := slices.Clone(a.Peer.Versions)
	for i := range vs { // those above the highest are offered to be ignored
		vs[i].Hi = min(vs[i].Hi, negotiate.MaxVersion)
	}
	return slices.DeleteFunc(vs, func(r negotiate.Range) bool { return r.Lo > r.Hi })
}
