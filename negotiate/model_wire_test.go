package negotiate_test

import (
	"fmt"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
)

// The model's envelope, the smallest that carries a negotiation: the version in whose dialect
// the frame is, the length of what follows, a kind, an epoch and the kind's fields.
//
//	v  n  k  epoch  …
//
// A decoder of one version that meets a frame of another has read across a switch.
const (
	kProbe    = 'P'
	kPropose  = 'p'
	kAccept   = 'a'
	kReject   = 'r'
	kWithdraw = 'w'
	kCut      = 'U'
	kAttach   = 'A'
	kData     = 'D'
)

// attach opens or resumes the model's session, and answers that. stateful says that its
// sender has sent or received something in it; an answer with life 0, that the session is
// not known.
type attach struct{ life, generation, received, stateful uint8 }

// data is one message of the model's session.
type data struct{ seq uint8 }

// encode returns a frame of version v. f is a frame of negotiate's, an attach or a data.
func encode(v codec.Version, f any) string {
	b := []byte{byte(v), 0}
	proposal := func(k byte, epoch uint64, v codec.Version, n negotiate.Nonce) {
		b = append(b, k, byte(epoch), byte(v), n[0])
	}
	switch f := f.(type) {
	case negotiate.Probe:
		b = append(append(b, kProbe, byte(f.Epoch)), f.Proof[:]...)
	case negotiate.Propose:
		proposal(kPropose, f.Epoch, f.Version, f.Nonce)
	case negotiate.Accept:
		proposal(kAccept, f.Epoch, f.Version, f.Nonce)
	case negotiate.Reject:
		b = append(b, kReject, byte(f.Epoch), byte(f.Code))
	case negotiate.Withdraw:
		b = append(b, kWithdraw, byte(f.Epoch))
	case negotiate.Cut:
		b = append(append(b, kCut, byte(f.Epoch), byte(f.Last), byte(f.Frames)), f.Proof[:]...)
	case attach:
		b = append(b, kAttach, f.life, f.generation, f.received, f.stateful)
	case data:
		b = append(b, kData, f.seq)
	default:
		panic(fmt.Sprintf("cannot encode %T", f))
	}
	b[1] = byte(len(b) - 2)
	return string(b)
}

// decode takes one frame from the front of b; n is 0 when it is incomplete. What it does not
// know it returns as nil.
func decode(b string) (v codec.Version, f any, n int) {
	if len(b) < 2 || len(b) < 2+int(b[1]) {
		return 0, nil, 0
	}
	n = 2 + int(b[1])
	v, p := codec.Version(b[0]), b[2:n]
	want := map[byte]int{kProbe: 34, kPropose: 4, kAccept: 4, kReject: 3, kWithdraw: 2, kCut: 36, kAttach: 5, kData: 2}
	if len(p) < 2 || want[p[0]] != len(p) {
		return v, nil, n
	}
	epoch := uint64(p[1])
	switch p[0] {
	case kProbe:
		f = negotiate.Probe{Epoch: epoch, Proof: negotiate.Proof([]byte(p[2:]))}
	case kPropose:
		f = negotiate.Propose{Epoch: epoch, Version: codec.Version(p[2]), Nonce: negotiate.Nonce{p[3]}}
	case kAccept:
		f = negotiate.Accept{Epoch: epoch, Version: codec.Version(p[2]), Nonce: negotiate.Nonce{p[3]}}
	case kReject:
		f = negotiate.Reject{Epoch: epoch, Code: negotiate.RejectCode(p[2])}
	case kWithdraw:
		f = negotiate.Withdraw{Epoch: epoch}
	case kCut:
		f = negotiate.Cut{Epoch: epoch, Last: uint64(p[2]), Frames: uint64(p[3]), Proof: negotiate.Proof([]byte(p[4:]))}
	case kAttach:
		f = attach{p[1], p[2], p[3], p[4]}
	case kData:
		f = data{p[1]}
	}
	return v, f, n
}

// pipe is one direction of a connection: what was written and is still under way, frame by
// frame. It is a value; its strings are never changed.
type pipe struct {
	frames []string
	off    int // bytes of frames[0] already delivered
}

func (p pipe) empty() bool { return len(p.frames) == 0 }

func (p pipe) write(frames ...string) pipe {
	p.frames = append(p.frames[:len(p.frames):len(p.frames)], frames...)
	return p
}

// one takes a byte.
func (p pipe) one() (string, pipe) {
	b := p.frames[0][p.off : p.off+1]
	if p.off++; p.off == len(p.frames[0]) {
		p = pipe{frames: p.frames[1:]}
	}
	return b, p
}

// frame takes the rest of a frame.
func (p pipe) frame() (string, pipe) {
	return p.frames[0][p.off:], pipe{frames: p.frames[1:]}
}

// all takes everything.
func (p pipe) all() (string, pipe) {
	b := ""
	for len(p.frames) > 0 {
		var s string
		s, p = p.frame()
		b += s
	}
	return b, p
}
