package session

import (
	"fmt"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/negotiate"
)

// maxControl bounds the control frames that wait for a blocked writer. Only a peer that asks
// and asks and does not read the answers gets there.
const maxControl = 64 << 10

// link is what belongs to one connection: where both directions stand in their dialects, and
// what is being written. It begins in an Opening and is handed to a Machine.
type link struct {
	p         *Profile
	agreement *negotiate.Agreement
	gen       uint64

	dec   *frame.Decoder
	read  *Dialect
	write *Dialect
	out   frame.Format // the writing direction's format
	up    negotiate.Upgrade

	bytesIn, bytesOut uint64

	framesIn  uint64 // in the present dialect of the reading direction
	framesOut uint64 // likewise, with those that wait in ctl
	lastIn    uint64 // the highest seq on this connection; at its beginning, received
	lastOut   uint64

	ctl     []byte // control frames to be written, framed
	env     []byte // room to spell one envelope
	scratch []byte // transcoded payload
	err     error  // of the writer's format, sticky
	rewind  uint64 // go back to this number when no fragments are open; 0: do not
	batch   batch
	beat    beat
	frag    fragment

	metadata bool // agreed: messages carry it
	inflate  bool // agreed: the peer's may be compressed
	deflate  bool // and this side's are

	writing bool // a batch is with the driver
	wrote   bool // data was written in the session before this connection's ATTACH
	early   bool // data may follow ATTACH at once
	closing bool // nothing is read any more, and the connection ends when ctl is written
	goaway  bool // the peer goes away: no new numbers
	drained bool // and EventDrained told that nothing keeps this side
	away    bool // this side goes away: GOAWAY was written
}

// newLink makes the link of a connection that has agreed on a.
func newLink(p *Profile, a *negotiate.Agreement, key negotiate.Key) (*link, error) {
	d := p.dialect(a.Version)
	if d == nil {
		return nil, &codec.VersionError{Protocol: p.cfg.Protocol.Name, Version: a.Version, Have: p.cfg.Protocol.Versions()}
	}
	l := &link{p: p, agreement: a, dec: d.decoder(), read: d, write: d, out: d.writer()}
	l.metadata, l.inflate = a.Has(FeatureMetadata), a.Has(FeatureDeflate)
	l.deflate = l.inflate && p.cfg.Compress != nil
	l.up = negotiate.NewUpgrade(&p.upgrade, a, key)
	return l, nil
}

// send queues a control frame.
func (l *link) send(e *Envelope) {
	if l.err != nil {
		return
	}
	l.env = e.Append(l.env[:0], l.write.Text)
	l.ctl = l.frame(l.ctl, l.env)
	if len(l.ctl) > maxControl {
		l.err = &ProtocolError{Section: "5", Reason: "the peer asks for answers and does not read them"}
	}
}

// frame appends an envelope's frame to dst and counts it.
func (l *link) frame(dst, envelope []byte) []byte {
	dst, err := l.out.AppendFrame(dst, envelope)
	if err != nil {
		l.err = fmt.Errorf("session: the format of %v cannot carry an envelope: %w", l.write.Version, err)
		return dst
	}
	l.framesOut++
	return dst
}

// step gives the upgrade machine one input and does of its actions what concerns this
// connection only. The others are returned for the session.
func (l *link) step(now time.Time, in negotiate.Input) (rest []negotiate.Action, err error) {
	actions, err := l.up.Step(now, in)
	for _, a := range actions {
		switch a := a.(type) {
		case negotiate.Send:
			l.send(wire(a.Frame))
		case negotiate.SwitchWriter:
			l.write = l.p.dialect(a.Version)
			l.out, l.framesOut = l.write.writer(), 0
		case negotiate.SwitchReader:
			l.read = l.p.dialect(a.Version)
			l.dec.SetFormat(l.read.Format)
			l.framesIn = 0
		case negotiate.Hold, negotiate.Release: // SendsData tells
		default:
			rest = append(rest, a)
		}
	}
	return rest, err
}

// wire spells a frame of package negotiate as an envelope.
func wire(f negotiate.Frame) *Envelope {
	switch f := f.(type) {
	case negotiate.Probe:
		return &Envelope{Kind: KindProbe, Epoch: f.Epoch, Proof: f.Proof}
	case negotiate.Propose:
		return &Envelope{Kind: KindPropose, Epoch: f.Epoch, Version: uint64(f.Version), Nonce: f.Nonce}
	case negotiate.Accept:
		return &Envelope{Kind: KindAccept, Epoch: f.Epoch, Version: uint64(f.Version), Nonce: f.Nonce}
	case negotiate.Reject:
		return &Envelope{Kind: KindReject, Epoch: f.Epoch, Code: uint64(f.Code), Text: words(f.Text)}
	case negotiate.Withdraw:
		return &Envelope{Kind: KindWithdraw, Epoch: f.Epoch}
	case negotiate.Cut:
		return &Envelope{Kind: KindCut, Epoch: f.Epoch, Last: f.Last, Frames: f.Frames, Proof: f.Proof}
	}
	return &Envelope{}
}

// frameOf is the inverse of wire. It is nil for kinds that have nothing to do with upgrades.
func frameOf(e *Envelope) negotiate.Frame {
	switch e.Kind {
	case KindProbe:
		return negotiate.Probe{Epoch: e.Epoch, Proof: e.Proof}
	case KindPropose:
		return negotiate.Propose{Epoch: e.Epoch, Version: codec.Version(e.Version), Nonce: e.Nonce}
	case KindAccept:
		return negotiate.Accept{Epoch: e.Epoch, Version: codec.Version(e.Version), Nonce: e.Nonce}
	case KindReject:
		return negotiate.Reject{Epoch: e.Epoch, Code: negotiate.RejectCode(e.Code), Text: string(e.Text)}
	case KindWithdraw:
		return negotiate.Withdraw{Epoch: e.Epoch}
	case KindCut:
		return negotiate.Cut{Epoch: e.Epoch, Last: e.Last, Frames: e.Frames, Proof: e.Proof}
	}
	return nil
}

// maxWords bounds "text to the end", in bytes.
const maxWords = 200

// words makes s fit for "text to the end".
func words(s string) []byte {
	b := []byte(s)
	b = b[:min(len(b), maxWords)]
	for i, c := range b {
		if c < ' ' || c >= 0x7f {
			b[i] = '?'
		}
	}
	return b
}
