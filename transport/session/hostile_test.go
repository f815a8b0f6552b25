package session_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// wide makes a byte a number: small, about the last that is used, or about 2^64.
func wide(b byte) uint64 {
	switch {
	case b >= 0xf0:
		return math.MaxUint64 - uint64(0xff-b)
	case b >= 0xe0:
		return last - 8 + uint64(b-0xe0)
	}
	return uint64(b)
}

// long is the body of a message that needs several batches.
var long = strings.Repeat("0123456789", 30_000)

// hostile lets a peer say what the script says: four bytes make an envelope, of any kind, with
// small numbers and with some near the end, that may or may not be legal where it comes. The
// machine's own numbers may be near the end, too. It must stay bounded, and either go on or give
// the connection up with a reason.
func hostile(t *testing.T, script []byte, late bool) {
	window := uint64(peerWindow)
	if len(script)/4%2 == 1 { // long messages with others behind them
		window = 1 << 20
	}
	x := newServerPeerOf(t, profile(t, negotiate.Server, nil), window)
	i := uint64(1)
	if late {
		x.m.StartAt(session.Numbers{Sent: last - 4, Received: last - 3, IDs: last - 9, Base: math.MaxUint64 - 2})
		i = last - 2
	}
	for ; len(script) >= 4 && x.m.State() == session.Attached; script = script[4:] {
		kind, flags, a, b := script[0], script[1], wide(script[2]), wide(script[3])
		e := data(a, "x")
		if kind&0x40 == 0 {
			e = session.Envelope{Seq: a, Done: b, Received: a, Call: b, ID: a, Next: b * 100, Generation: a, First: b, Epoch: a, Version: b % 5, Last: a, Frames: b, Code: b, Retry: a}
		}
		e.Kind, e.Flags = session.Kind(kind%17), session.Flags(flags)
		if e.Kind != session.KindData {
			e.Flags &= 1
		}
		if kind&0x20 != 0 { // what would be legal next, to get further
			e = data(i, "x")
			i++
		}
		if kind&0x80 != 0 {
			msg := sessiontest.Msg{N: a}
			if flags&0x80 != 0 { // the peer's envelopes come between its fragments
				msg.Body, x.slow = long, true
			}
			x.m.Send(x.now, &msg, session.SendOptions{})
		}
		if e.Kind != 0 {
			x.send(e)
		}
		if err := x.m.Audit(); err != nil {
			t.Fatal(err)
		}
	}
	if x.m.State() == session.Attached {
		return
	}
	for _, ev := range x.events {
		if ev.Kind == session.EventDetached && ev.Err == nil {
			t.Fatal("the connection was given up without a reason")
		}
	}
	if s := x.m.Stats(); s.State != session.Detached && s.State != session.Ended {
		t.Fatalf("the session is %v", s.State)
	}
}

func TestHostilePeer(t *testing.T) {
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 3))
		script := make([]byte, 4*(1+r.IntN(40)))
		for i := range script {
			if script[i] = byte(r.Uint32()); i%4 >= 2 && r.IntN(2) == 0 {
				script[i] %= 6
			}
		}
		hostile(t, script, seed%4 == 3)
	}
}

// refusedInPieces is a script in which a long message, and those behind it, are written, refused, and,
// while the long one is written again, acknowledged or refused once more.
func refusedInPieces(kind, a, b byte) []byte {
	const send, pong, nack = 0x88, 0x04, 0x0d
	return []byte{send, 0x80, 1, 1, send, 0, 2, 1, send, 0, 3, 1, send, 0, 4, 1, pong, 0, 9, 9, pong, 0, 9, 9, pong, 0, 9, 9, pong, 0, 9, 9,
		nack, 0, 1, 1, kind, 0, a, b, kind, 0, a, b, send, 0, 5, 1, pong, 0, 9, 9, pong, 0, 9, 9, pong, 0, 9, 9}
}

// What is written in pieces again is neither acknowledged nor refused before its last piece.
func TestHostilePeerOfLongMessages(t *testing.T) {
	for _, kind := range []session.Kind{session.KindAck, session.KindNack} {
		for n := range byte(25) {
			hostile(t, refusedInPieces(byte(kind), n/5, n%5), false)
		}
	}
}

func FuzzHostilePeer(f *testing.F) {
	f.Add([]byte{0x20, 0, 1, 1, 0x88, 0, 1, 3, 2, 1, 0, 0, 0x0d, 0, 1, 0}, false)
	// The last numbers are used; then DATA, GAP and an ACK beyond them.
	f.Add([]byte{0xa0, 0, 1, 1, 0xa0, 1, 0xe9, 0xe9, 0x20, 0, 1, 1, 0x41, 0, 0xe8, 0, 0x0e, 0, 0xff, 1}, true)
	f.Add([]byte{0x80, 0, 1, 1, 0x02, 0, 0xff, 0xff}, true)
	f.Add(refusedInPieces(0x02, 4, 4), false)
	f.Add(refusedInPieces(0x0d, 1, 1), false)
	f.Fuzz(func(t *testing.T, script []byte, late bool) {
		if len(script) <= 400 {
			hostile(t, script, late)
		}
	})
}

// Raw bytes instead of envelopes, from the connection's first byte, in both spellings.
func FuzzBytes(f *testing.F) {
	f.Add([]byte("PARLEY/1 sessiontest v=1\nPROBE epoch=0 proof=00\n"))
	f.Add([]byte("PARLEY/1 sessiontest v=2\n\x00\x00\x00\x02\x05\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p := profile(t, negotiate.Server, func(c *session.Config) { c.Recognizer = negotiate.RecognizeLines(codec.Version(1)) })
		o := p.Open(sessionEpoch, negotiate.Key{})
		feed(o, string(b))
		if o.State() == session.OpeningReady {
			t.Fatal("ready without a proof")
		}
		if o.State() == session.OpeningFailed && o.Err() == nil {
			t.Fatal("failed without a reason")
		}
	})
}
