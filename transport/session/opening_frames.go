package session

import (
	"errors"
	"time"

	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/negotiate"
)

// frames takes the frames before the session: PROBE, and at a server ATTACH. It takes none
// behind them.
func (o *Opening) frames(now time.Time) {
	for o.state == OpeningWaits {
		b, err := o.link.dec.Next()
		if errors.Is(err, frame.ErrShort) {
			return
		}
		if err == nil {
			err = o.frame(now, b)
		}
		if err != nil {
			o.fail(err)
		}
	}
}

func (o *Opening) frame(now time.Time, b []byte) error {
	l := o.link
	l.framesIn++
	var e Envelope
	if err := e.Parse(b, l.read.Text); err != nil {
		return err
	}
	switch {
	case e.Kind == KindProbe:
		_, err := l.step(now, negotiate.Received{Frame: frameOf(&e)})
		if err == nil && o.p.role == negotiate.Client {
			o.state = OpeningReady
		}
		return err
	case e.Kind == KindAttach && o.p.role == negotiate.Server && l.up.Admits(false):
		if e.Generation == 0 || e.First == 0 {
			return &ProtocolError{Section: "6.2", Reason: "ATTACH with generation or first 0"}
		}
		if e.Generation > lastNumber {
			return &ProtocolError{Section: "6.12", Reason: "ATTACH with a generation beyond 2^63-1"}
		}
		o.attach = e
		o.state = OpeningReady
		return nil
	case e.Kind == KindPing && o.unknown:
		l.send(&Envelope{Kind: KindPong, ID: e.ID})
		return nil
	case e.Kind == KindClose:
		why := &CloseError{Code: CloseCode(e.Code), Text: string(e.Text), Remote: true}
		why.Renewed = o.p.renews(why) // it names no session, so none has ended: come again
		return why
	}
	return &ProtocolError{Section: "6.2", Reason: e.Kind.String() + " where PROBE or ATTACH belongs"}
}

// take hands the connection to a machine.
func (o *Opening) take() *link {
	l := o.link
	l.ctl = append(o.out[o.flushed:], l.ctl...) // the driver has the rest
	o.out = nil
	o.link, o.state = nil, OpeningDone
	return l
}

// deny answers a server's ATTACH by a CLOSE; the connection is to be closed when it is written.
func (o *Opening) deny(err *CloseError) error {
	o.link.send(&Envelope{Kind: KindClose, Code: uint64(err.Code), Text: words(err.Text)})
	o.fail(err)
	return err
}
