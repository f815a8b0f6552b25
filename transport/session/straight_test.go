package session_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// copied is a codec of byte strings.
type copied struct{}

func (copied) Append(dst []byte, m codec.Message) ([]byte, error) {
	return append(dst, m.([]byte)...), nil
}
func (copied) Decode(src []byte) (codec.Message, error) { return bytes.Clone(src), nil }

// However the reads are cut, messages of all sizes arrive as they were sent, also when most of
// their fragments are read straight to their places.
func TestLargeMessagesAnyCut(t *testing.T) {
	straight := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		cm, sm, now := couple(t, copied{})
		var want [][]byte
		for range 6 {
			m := make([]byte, r.IntN(100)<<r.IntN(14))
			for i := 0; i < len(m); i += 1 + r.IntN(20) {
				m[i] = byte(r.Uint32())
			}
			if _, err := cm.Send(now, m, session.SendOptions{}); err != nil {
				t.Fatal(err)
			}
			want = append(want, m)
		}
		for step := 0; len(want) > 0; step++ {
			var wire []byte
			for _, b := range cm.Output(now, cm.Generation()) {
				wire = append(wire, b...)
			}
			cm.Written(now, cm.Generation())
			for len(wire) > 0 {
				room := sm.Space(sm.Generation())
				n := copy(room[:min(len(room), 1+r.IntN(1<<(4+seed%14)))], wire)
				if sm.ReadsStraight() {
					straight++
				}
				sm.Wrote(now, sm.Generation(), n)
				wire = wire[n:]
				for ev := (session.Event{}); sm.Next(&ev); {
					if ev.Kind != session.EventMessage {
						continue
					}
					if got := ev.Message.([]byte); !bytes.Equal(got, want[0]) {
						t.Fatalf("seed %d: a message of %d bytes arrived as another one of %d", seed, len(want[0]), len(got))
					}
					want = want[1:]
					sm.Done(ev.ID)
				}
				if r.IntN(50) == 0 {
					sm.Idle()
				}
			}
			transfer(now, sm, cm)
			if step > 1000 || sm.State() != session.Attached {
				t.Fatalf("seed %d: %d messages did not come; the session is %v", seed, len(want), sm.State())
			}
		}
	}
	if straight < 1000 {
		t.Errorf("only %d reads went straight", straight)
	}
}

// beginStraight sends a server's machine the first fragment of a message of three, and as much of the
// next as makes it read the rest straight. It returns the bytes of that fragment's frame, of which have
// were sent, and of the last one.
func beginStraight(t *testing.T, x *peer) (second, third []byte, have int) {
	t.Helper()
	whole := data(1, strings.Repeat("x", 3*session.MaxFragment-1000)).Payload
	fragment := func(from int, flags session.Flags) []byte {
		e := session.Envelope{Kind: session.KindData, Seq: 1, Flags: flags, Payload: whole[from:min(len(whole), from+session.MaxFragment)]}
		b, err := frame.Uint32BE.AppendFrame(nil, e.Append(nil, false))
		x.must(err)
		return b
	}
	x.write(fragment(0, session.FlagMore))
	second = fragment(session.MaxFragment, session.FlagMore|session.FlagCont)
	third = fragment(2*session.MaxFragment, session.FlagCont)
	x.write(second[:1000])
	x.m.Space(x.gen)
	if !x.m.ReadsStraight() {
		t.Fatal("the second fragment is not read straight")
	}
	return second, third, 1000
}

// Who still reads for a connection that was superseded does not write into the message that the new
// one brings.
func TestStraightReadOfASupersededConnection(t *testing.T) {
	p := profile(t, negotiate.Server, nil)
	x := newServerPeer(t, p)
	beginStraight(t, x)
	old := x.m.Space(x.gen)
	y := reattach(t, p, x, session.Envelope{Generation: 2, First: 1}, true)
	y.attach()
	second, third, have := beginStraight(t, y)
	y.write(second[have:])
	for i := range old {
		old[i] = '!'
	}
	y.write(third)
	ev := y.event(session.EventMessage)
	if body := ev.Message.(*sessiontest.Msg).Body; strings.Trim(body, "x") != "" {
		t.Error("the message has bytes that were read from the old connection")
	}
}

// A fragment that is read straight has a deadline like any frame, and giving memory back in between
// does not take its place away.
func TestStraightFragmentHasADeadline(t *testing.T) {
	for _, slow := range []bool{false, true} {
		x := newServerPeer(t, profile(t, negotiate.Server, func(c *session.Config) {
			c.FrameTimeout = 3 * time.Second
		}))
		x.send(session.Envelope{Kind: session.KindPong, ID: x.take(session.KindPing).ID})
		second, third, have := beginStraight(t, x)
		x.later(2 * time.Second)
		x.write(second[have : have+10])
		if x.m.Idle(); !slow {
			x.write(second[have+10:])
			x.write(third)
			if n := x.saw(session.EventMessage); n != 1 {
				t.Errorf("%d messages, want 1", n)
			}
			continue
		}
		x.later(2 * time.Second)
		if ev := x.event(session.EventDetached); !errors.Is(ev.Err, session.ErrSlowFrame) {
			t.Errorf("the connection ended by %v, want ErrSlowFrame", ev.Err)
		}
	}
}

// Fragments of more than the largest message, and those that are too large themselves, end the
// connection, wherever they would be read to.
func TestStraightFragmentsAreBounded(t *testing.T) {
	for _, tt := range []struct {
		last    int // the size of the fourth fragment
		section string
	}{{session.MaxFragment, "1.2"}, {session.MaxFragment + 1, "5"}} {
		x := newServerPeer(t, profile(t, negotiate.Server, func(c *session.Config) {
			if c.Offer.MaxMessage = 8 * session.MaxFragment; tt.section == "1.2" {
				c.Offer.MaxMessage = 3*session.MaxFragment + 10
			}
		}))
		e := session.Envelope{Kind: session.KindData, Seq: 1, Flags: session.FlagMore, Payload: make([]byte, session.MaxFragment)}
		for i := range 4 {
			if i == 3 {
				e.Payload = make([]byte, tt.last)
			}
			b, err := frame.Uint32BE.AppendFrame(nil, e.Append(nil, false))
			x.must(err)
			x.write(b[:1000])
			x.write(b[1000:])
			e.Flags = session.FlagMore | session.FlagCont
		}
		var violation *session.ProtocolError
		if ev := x.event(session.EventDetached); !errors.As(ev.Err, &violation) || violation.Section != tt.section {
			t.Errorf("the connection ended by %v, want a violation of %s", ev.Err, tt.section)
		}
	}
}

// Fragments that may not come end the connection, or are discarded, also when they are read straight.
func TestStraightFragmentsAreChecked(t *testing.T) {
	for _, tt := range []struct {
		name    string
		flags   session.Flags
		seq     uint64
		section string
	}{
		{"another first fragment", session.FlagMore, 1, "5.5"},
		{"of another message", session.FlagMore | session.FlagCont, 2, "5.5"},
		{"of an old message", session.FlagMore | session.FlagCont, 0, "5.5"},
		{"acknowledges what was not sent", session.FlagMore | session.FlagCont | session.FlagAck, 1, "6.6"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := newServerPeer(t, profile(t, negotiate.Server, nil))
			x.send(data(1, "before"))
			piece := make([]byte, session.MaxFragment)
			x.send(session.Envelope{Kind: session.KindData, Seq: 2, Flags: session.FlagMore, Payload: piece})
			e := session.Envelope{Kind: session.KindData, Seq: 1 + tt.seq, Flags: tt.flags, Payload: piece}
			if tt.flags&session.FlagAck != 0 {
				e.Received = 7
			}
			b, err := frame.Uint32BE.AppendFrame(nil, e.Append(nil, false))
			x.must(err)
			x.write(b[:1000])
			if x.m.Space(x.gen); !x.m.ReadsStraight() {
				t.Fatal("it is not read straight")
			}
			x.write(b[1000:])
			var violation *session.ProtocolError
			if ev := x.event(session.EventDetached); !errors.As(ev.Err, &violation) || violation.Section != tt.section {
				t.Errorf("the connection ended by %v, want a violation of %s", ev.Err, tt.section)
			}
		})
	}
}

// A fragment's declared size alone takes no memory: it goes straight only where the message has so
// much already.
func TestStraightFragmentsTakeWhatHasCome(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	first := data(1, "x")
	first.Flags = session.FlagMore
	x.send(first)
	before := x.m.Held()
	big := session.Envelope{Kind: session.KindData, Seq: 1, Flags: session.FlagMore | session.FlagCont, Payload: make([]byte, session.MaxFragment)}
	b, err := frame.Uint32BE.AppendFrame(nil, big.Append(nil, false))
	x.must(err)
	x.write(b[:100])
	x.m.Space(x.gen)
	if x.m.ReadsStraight() {
		t.Error("after a fragment of a few bytes one of 64 KiB is read straight")
	}
	if after := x.m.Held(); after > before+16<<10 {
		t.Errorf("100 bytes took %d of memory", after-before)
	}
}
