package sessiontest

import "github.com/parleyproto/parley/transport/session"

// Restart kills the server's process: its connections end, its sessions are gone, and nobody is
// left to learn the outcome of what it had sent.
func (p *Pair) Restart() {
	if p.Conn != nil {
		p.Cut(p.Conn)
	}
	clear(p.sessions)
	p.Server.Machine = nil
	p.Server.forget()
}

// Evict ends the session by its server, which tells the client if it can, and forgets it. It
// returns false if there is none.
func (p *Pair) Evict(code session.CloseCode) bool {
	m := p.Server.Machine
	if !p.Server.close(code) {
		return false
	}
	p.Server.take()
	if p.Conn != nil {
		p.Flush(p.Conn)
	}
	delete(p.sessions, m.ID())
	if m.Stats().Epoch > 1 {
		p.late[m.ID()] = true
	}
	return true
}

// Crash kills the client's process. The next one begins a session of its own; of the old one's
// messages, in both directions, nobody learns more.
func (p *Pair) Crash() {
	if p.Conn != nil {
		p.Cut(p.Conn)
	}
	p.Client.Machine = p.Client.Profile.New(p.Now)
	p.Client.forget()
	p.Server.Machine = nil
	p.Server.forget()
}

// CutEnd tells one end of a connection that it is gone, the client's or the server's. The other
// end learns nothing, and what it writes from now on vanishes.
func (p *Pair) CutEnd(c *Conn, client bool) {
	s, e, out := p.Server, &c.server, &c.Up
	if client {
		s, e, out = p.Client, &c.client, &c.Down
	}
	if e.opening == nil && !e.closed && e.machine == s.Machine {
		s.Machine.Detach(p.Now, e.gen, ErrCut)
		s.take()
	}
	e.closed = true
	out.Lost = true
}
