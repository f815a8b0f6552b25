package session

import (
	"time"

	"github.com/parleyproto/parley/negotiate"
)

// What follows is a server's: whom it lets in, and how it says no to an ATTACH.

// Identify notes who the client of this connection is, as the driver knows it: by its certificate,
// say. A session belongs to the identity that began it; another one cannot attach to it. Empty, as
// without this call, is an identity like any other. Call it before the opening is attached.
func (o *Opening) Identify(identity string) { o.identity = identity }

// Identity returns what Identify noted.
func (o *Opening) Identity() string { return o.identity }

// NewFor returns the session that the client of o, a ready server's opening, wants to begin. It
// knows its id, version, agreement and identity before o is attached to it; no other secret and no
// other identity can be attached.
func (p *Profile) NewFor(now time.Time, o *Opening) *Machine {
	m := p.New(now)
	if _, _, secret := o.Session(); o.state == OpeningReady && secret {
		m.begin(o)
	}
	return m
}

// begin makes the session that of the opening's client.
func (m *Machine) begin(o *Opening) {
	m.id, m.secret = o.attach.Session, o.attach.Auth
	if name := o.identity; name != "" {
		m.identity = &name
	}
	m.agreement = o.link.agreement
	m.stats.version = m.agreement.Version
}

// begun tells whether a server's session is some client's.
func (m *Machine) begun() bool { return m.agreement != nil }

// Identity returns that of the client who began the session, as Opening.Identify was told.
func (m *Machine) Identity() string {
	if m.identity == nil {
		return ""
	}
	return *m.identity
}

// Agreement returns what was negotiated on the present connection, or on the last one; nil before
// the first. It must not be changed.
func (m *Machine) Agreement() *negotiate.Agreement { return m.agreement }

// Refuse answers a ready server's opening that its session is not served here now. The client keeps
// the session, and comes again after r.RetryAfter, or at one of r.Alternatives. The opening fails
// with r: write Output, then close the connection.
func (o *Opening) Refuse(r *negotiate.Refusal) {
	if o.state == OpeningReady {
		o.link.send(goAwayFrame(&GoAwayError{RetryAfter: r.RetryAfter, Alternatives: r.Alternatives}))
		o.fail(r)
	}
}

// Deny answers a ready server's opening as if its proof did not verify, without a word why, and
// ends its session at the client. Write Output, then close the connection.
func (o *Opening) Deny() {
	if o.state == OpeningReady {
		o.deny(&CloseError{Code: CloseDenied})
	}
}

// refused takes a GOAWAY that came in the place of ATTACHED: the server does not serve the session
// now. Nothing of it is lost.
func (m *Machine) refused(l *link, away *GoAwayError) {
	r := negotiate.Refusal{Code: negotiate.CodeOverload, RetryAfter: away.RetryAfter, Alternatives: away.Alternatives,
		Message: "no session is attached"}
	if len(r.Alternatives) > 0 {
		r.Code = negotiate.CodeGoAway
	}
	m.detach(l, &negotiate.RefusedError{Refusal: r})
}
