package session

// renews tells whether a client begins a new session in place of one that its server has ended.
func (p *Profile) renews(why *CloseError) bool {
	if p.role != client {
		return false
	}
	switch why.Code {
	case CloseSuperseded, CloseDenied, CloseViolation:
		return false // a new session would take another's place, or do the same wrong again
	}
	if f := p.cfg.Renew; f != nil {
		return f(why)
	}
	return why.Renewable()
}

// Renewable tells whether the session ended for a reason that lies with the server or the
// network: CloseIdle, CloseLimits, CloseShutdown. The other codes are a decision of the
// application or a verdict on this client. It is the default of Config.Renew.
func (e *CloseError) Renewable() bool {
	switch e.Code {
	case CloseIdle, CloseLimits, CloseShutdown:
		return true
	}
	return false
}

// closedBy takes the peer's CLOSE, which ends the session. A client may go on with a new one, just
// as if the server had lost the session.
func (m *Machine) closedBy(l *link, why *CloseError) {
	if !m.p.renews(why) {
		m.end = why
		m.detach(l, why)
		return
	}
	why.Renewed = true
	m.detach(l, why)
	m.lose(why)
	m.identify()
}
