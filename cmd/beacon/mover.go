package main

import (
	"context"
	"sync"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// movePause is how often a mover looks for sessions that came, or came back, since.
const movePause = 500 * time.Millisecond

// mover keeps a server's sessions at the version that an operator has asked for. Without it a
// device that connects again would be back at the version that the server prefers. Safe for
// concurrent use.
type mover struct {
	srv *transport.Server

	mu sync.Mutex
	to codec.Version // 0: nothing was asked for
}

// order moves the sessions that are connected, and has keep move those that come later.
func (m *mover) order(ctx context.Context, to codec.Version) []transport.UpgradeResult {
	m.mu.Lock()
	m.to = to
	m.mu.Unlock()
	return m.srv.Upgrade(ctx, to)
}

// keep moves sessions, each once a connection, until ctx ends.
func (m *mover) keep(ctx context.Context) {
	type try struct {
		attaches uint64
		to       codec.Version
	}
	tried := map[[16]byte]try{}
	for pause(ctx, movePause) {
		m.mu.Lock()
		to := m.to
		m.mu.Unlock()
		if to == 0 {
			continue
		}
		seen := map[[16]byte]try{}
		var late []*transport.Session
		for _, s := range m.srv.Sessions() {
			if s.Legacy || s.State != session.Attached {
				continue
			}
			seen[s.ID] = try{s.Attaches, to}
			if s.Version != to && tried[s.ID] != seen[s.ID] {
				late = append(late, s.Session)
			}
		}
		tried = seen
		if len(late) > 0 {
			m.srv.Upgrade(ctx, to, late...)
		}
	}
}
