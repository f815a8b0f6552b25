package session

import (
	"errors"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
)

var errDetached = errors.New("there is no connection; it will negotiate a version when there is one")

// RejectedError says that a change of version came to nothing, and why.
type RejectedError struct {
	Why  negotiate.Why
	Code negotiate.RejectCode // when Why is negotiate.Rejected
	Text string
}

func (e *RejectedError) Error() string {
	s := e.Why.String()
	if e.Why == negotiate.Rejected {
		s += ": " + e.Code.String()
	}
	if e.Text != "" {
		s += " (" + e.Text + ")"
	}
	return s
}

// Upgrade proposes another version, higher or lower, on the present connection. What becomes
// of it is told by EventUpgraded or EventUpgradeFailed. An error, an [*UpgradeError], says
// that it was not even proposed: there is no connection, or what is queued cannot be carried
// by that version.
func (m *Machine) Upgrade(now time.Time, v codec.Version) error {
	m.enter(now)
	l := m.link
	if l == nil || m.state != Attached {
		return &UpgradeError{Version: v, Err: errDetached}
	}
	if err := m.carries(v); err != nil {
		return &UpgradeError{Version: v, Err: err}
	}
	m.step(l, negotiate.Start{Version: v, Nonce: m.p.nonce()})
	return nil
}

// carries returns why a lower version cannot carry what is queued or not yet received.
func (m *Machine) carries(v codec.Version) error {
	d := m.p.dialect(v)
	if d == nil {
		_, err := m.p.cfg.Protocol.Release(v)
		return err
	}
	o := &m.outbox
	var scratch []byte
	check := func(it *item) (err error) {
		if it.version > v && !it.has(itemGone) && !it.has(itemFail) {
			scratch, err = m.p.cfg.Protocol.Transcode(scratch[:0], it.version, v, o.shelf.payload(it))
		}
		return err
	}
	for i := range o.flight.len() {
		if o.first+uint64(i) <= o.got {
			continue
		}
		if err := check(o.flight.at(i)); err != nil {
			return err
		}
	}
	for l := range o.lane {
		for i := range o.lane[l].len() {
			if err := check(o.lane[l].at(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// receivedFrame gives the peer's frame about versions to the upgrade machine.
func (m *Machine) receivedFrame(l *link, f negotiate.Frame) {
	if _, cut := f.(negotiate.Cut); cut && m.inbox.building {
		m.detach(l, &ProtocolError{Section: "7.4", Reason: "CUT between the fragments of a message"})
		return
	}
	in := negotiate.Received{Frame: f, Last: l.lastIn, Frames: l.framesIn}
	if p, ok := f.(negotiate.Propose); ok {
		in.Veto, in.Text = m.veto(l, p.Version)
	}
	m.step(l, in)
}

// veto decides on the peer's proposal.
func (m *Machine) veto(l *link, v codec.Version) (negotiate.RejectCode, string) {
	if f := m.p.cfg.AcceptUpgrade; f != nil && !f(l.up.Version(), v) {
		return negotiate.RejectPolicy, ""
	}
	if m.state != Attached {
		return negotiate.RejectBusy, "not attached"
	}
	if v < l.up.Version() {
		if err := m.carries(v); err != nil {
			return negotiate.RejectLoss, err.Error()
		}
	}
	return 0, ""
}

// step gives the upgrade machine an input and does what it asks of the session.
func (m *Machine) step(l *link, in negotiate.Input) {
	actions, err := l.step(m.base.Add(m.now), in)
	for _, a := range actions {
		switch a := a.(type) {
		case negotiate.Done:
			if a.Epoch > 0 {
				m.stats.seldom().upgrades++
				m.emit(Event{Kind: EventUpgraded, Version: a.Version, Generation: l.gen})
			}
		case negotiate.Abandoned:
			if a.Own {
				why := &RejectedError{Why: a.Why, Code: a.Code, Text: a.Text}
				m.emit(Event{Kind: EventUpgradeFailed, Version: a.Version, Generation: l.gen,
					Err: &UpgradeError{Version: a.Version, Err: why}})
			}
		case negotiate.Resend:
			l.goBackTo(a.Seq)
		case negotiate.GiveUp:
			m.gone(a.Seq, Undecodable, nil)
			l.goBackTo(a.Seq)
		}
	}
	if err != nil && !errors.Is(err, negotiate.ErrFinished) {
		m.detach(l, err)
	}
}

// goBackTo makes the writer go back as soon as no message's fragments are open.
func (l *link) goBackTo(seq uint64) {
	if l.rewind == 0 || seq < l.rewind {
		l.rewind = seq
	}
}
