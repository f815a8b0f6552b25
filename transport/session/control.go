package session

import (
	"fmt"

	"github.com/parleyproto/parley/negotiate"
)

// control takes one frame that is not DATA.
func (m *Machine) control(l *link, b []byte) error {
	var e Envelope
	if err := e.Parse(b, l.read.Text); err != nil {
		return err
	}
	if f := frameOf(&e); f != nil {
		m.receivedFrame(l, f)
		return nil
	}
	if !l.up.Admits(false) {
		return &ProtocolError{Section: "7.5", Reason: e.Kind.String() + " where only PROBE may come"}
	}
	switch e.Kind {
	case KindPing:
		m.pinged(l, &e)
		return nil
	case KindPong:
		m.pong(l, e.ID)
		return nil
	case KindClose:
		m.closedBy(l, &CloseError{Code: CloseCode(e.Code), Text: string(e.Text), Remote: true})
		return nil
	case KindAttached:
		return m.attachedBy(l, &e)
	}
	if e.Kind == KindGoAway && m.state == Attaching {
		m.refused(l, awayOf(&e))
		return nil
	}
	if m.state != Attached {
		return &ProtocolError{Section: "6.3", Reason: e.Kind.String() + " before ATTACHED"}
	}
	switch e.Kind {
	case KindAck:
		return m.ack(l, &e)
	case KindGap:
		return m.gap(l, &e)
	case KindNack:
		return m.nacked(l, &e)
	case KindGoAway:
		m.goneAway(l, &e)
		return nil
	}
	return &ProtocolError{Section: "5.7", Reason: e.Kind.String() + " cannot come here"}
}

func (m *Machine) ack(l *link, e *Envelope) error {
	if e.Flags&FlagAsk != 0 {
		if in := &m.inbox; in.done >= l.lastIn {
			in.asked = true
		} else {
			in.ask = l.lastIn
		}
	}
	return m.acked(l, e.Done, e.Received, e.Dropped)
}

// nacked goes back to a message that the peer could not decode. A GAP needs no decoding.
func (m *Machine) nacked(l *link, e *Envelope) error {
	o := &m.outbox
	if reach := o.reach(l); e.Seq <= o.got || e.Seq > reach || o.flight.at(int(e.Seq-o.first)).has(itemGone) {
		return &ProtocolError{Section: "6.8", Reason: fmt.Sprintf("NACK of %d, when %d were received and %d at most can be", e.Seq, o.got, reach)}
	}
	m.stats.seldom().nacked++
	o.flight.at(int(e.Seq - o.first)).flags |= itemRaw // perhaps that helps
	m.step(l, negotiate.Nacked{Seq: e.Seq, Nonce: m.p.nonce()})
	return nil
}
