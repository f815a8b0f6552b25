package session_test

import (
	"testing"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// peer is the other side of a machine under test, which says what the test tells it to say,
// right or wrong. It knows the handshake and nothing else.
type peer struct {
	t   testing.TB
	now time.Time
	m   *session.Machine
	gen uint64
	o   *session.Opening

	role    negotiate.Role // of the peer
	hello   negotiate.Handshake
	digest  negotiate.Digest
	up      negotiate.Upgrade
	greeted bool
	dec     *frame.Decoder
	unread  []session.Envelope
	events  []session.Event
	version codec.Version
	slow    bool // it reads one batch at a time, which takes 10 ms
}

// newPeer opens a connection between a machine of profile p (nil m: made at the attachment)
// and a peer, in the given version, up to the PROBEs. A client's machine is attached then.
func newPeer(t *testing.T, p *session.Profile, m *session.Machine, v codec.Version) *peer {
	t.Helper()
	x := openPeer(t, p, m, v)
	if x.role == negotiate.Server {
		x.attach()
	}
	return x
}

// openPeer is newPeer that attaches nothing.
func openPeer(t *testing.T, p *session.Profile, m *session.Machine, v codec.Version) *peer {
	t.Helper()
	return newPeerOf(t, p, m, v, peerWindow)
}

// newPeerOf is openPeer with a peer that allows the machine another window.
func newPeerOf(t testing.TB, p *session.Profile, m *session.Machine, v codec.Version, window uint64) *peer {
	t.Helper()
	return newPeerWith(t, p, m, v, negotiate.Offer{Window: window})
}

// newPeerWith is openPeer with a peer that allows the machine another window and largest message.
func newPeerWith(t testing.TB, p *session.Profile, m *session.Machine, v codec.Version, allows negotiate.Offer) *peer {
	t.Helper()
	role := p.Role().Peer()
	offer := negotiate.Offer{Protocol: "sessiontest", Versions: negotiate.VersionSet(v), Window: allows.Window, MaxMessage: allows.MaxMessage,
		Features: []negotiate.Feature{{Name: session.FeatureMetadata}, {Name: session.FeatureDeflate}}}
	x := &peer{t: t, role: role, now: sessiontest.Epoch, m: m, version: v, dec: frame.NewDecoder(formatOf(v))}
	x.hello = negotiate.NewHandshake(&negotiate.HandshakeConfig{Role: role, Offer: offer}, negotiate.Nonce{1}, x.now)
	x.o = p.Open(x.now, negotiate.Key{})
	if role == negotiate.Client {
		out, err := x.hello.Step(x.now, nil)
		x.must(err)
		x.write(out.Send)
	}
	x.pump()
	return x
}

// peerWindow is what a peer allows the machine.
const peerWindow = 1000

// newServerPeer is the client of a server's machine, attached at generation 1.
func newServerPeer(t *testing.T, p *session.Profile) *peer {
	t.Helper()
	return newServerPeerOf(t, p, peerWindow)
}

// newServerPeerOf is newServerPeer with a peer that allows the machine another window.
func newServerPeerOf(t *testing.T, p *session.Profile, window uint64) *peer {
	t.Helper()
	x := newPeerOf(t, p, nil, 2, window)
	x.attachAs(session.Envelope{Generation: 1, First: 1, Flags: session.FlagSecret, Auth: [32]byte{1}})
	x.m = p.New(x.now)
	x.attach()
	return x
}

// attachAs sends an ATTACH to session 7.
func (x *peer) attachAs(e session.Envelope) {
	x.t.Helper()
	e.Kind, e.Session = session.KindAttach, [16]byte{7}
	x.send(e)
	if x.o.State() != session.OpeningReady {
		x.t.Fatalf("after ATTACH the opening is %v: %v", x.o.State(), x.o.Err())
	}
}

// newClientPeer is the server of a client's machine; its session is new.
func newClientPeer(t *testing.T, p *session.Profile) *peer {
	t.Helper()
	x := newPeer(t, p, p.New(sessiontest.Epoch), 2)
	a := x.take(session.KindAttach)
	x.send(session.Envelope{Kind: session.KindAttached, Generation: a.Generation, Epoch: 5, First: 1})
	return x
}

// profile makes a profile of the test protocol.
func profile(t testing.TB, role negotiate.Role, change func(*session.Config)) *session.Profile {
	t.Helper()
	client, server := sessiontest.Configs(1)
	cfg := client
	if role == negotiate.Server {
		cfg = server
	}
	if change != nil {
		change(&cfg)
	}
	p, err := session.NewProfile(role, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// data is a DATA with a message that can be decoded in version 2.
func data(seq uint64, body string) session.Envelope {
	b, _ := sessiontest.Protocol(false).Releases[1].Codec.Append(nil, &sessiontest.Msg{N: seq, Body: body})
	return session.Envelope{Kind: session.KindData, Seq: seq, Payload: b}
}

func formatOf(v codec.Version) frame.Format {
	if v == 1 {
		return frame.LF
	}
	return frame.Uint32BE
}

func (x *peer) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

// attach makes the machine take the connection.
func (x *peer) attach() {
	x.t.Helper()
	gen, err := x.m.Attach(x.now, x.o)
	x.must(err)
	x.gen, x.o = gen, nil
	x.pump()
}

// write gives the machine bytes.
func (x *peer) write(b []byte) {
	for len(b) > 0 {
		if x.o != nil {
			n := copy(x.o.Space(), b)
			x.o.Wrote(x.now, n)
			b = b[n:]
			continue
		}
		n := copy(x.m.Space(x.gen), b)
		if n == 0 {
			return
		}
		x.m.Wrote(x.now, x.gen, n)
		b = b[n:]
		x.pump()
	}
}

// send gives the machine an envelope.
func (x *peer) send(e session.Envelope) {
	x.t.Helper()
	b, err := formatOf(x.version).AppendFrame(nil, e.Append(nil, x.version == 1))
	x.must(err)
	x.write(b)
	x.pump()
}

// tell gives the machine envelopes in one read, before it can write.
func (x *peer) tell(all ...session.Envelope) {
	x.t.Helper()
	var b []byte
	for _, e := range all {
		var err error
		b, err = formatOf(x.version).AppendFrame(b, e.Append(nil, x.version == 1))
		x.must(err)
	}
	x.m.Wrote(x.now, x.gen, copy(x.m.Space(x.gen), b))
	for ev := (session.Event{}); x.m.Next(&ev); {
		x.events = append(x.events, ev)
	}
}

// pump takes the machine's events and reads what it writes.
func (x *peer) pump() {
	x.t.Helper()
	for more := true; more; {
		more = false
		if x.o != nil {
			if b := x.o.Output(); b != nil {
				b = append([]byte(nil), b...)
				x.o.Flushed() // reading makes the peer answer, and so write
				x.read(b)
				more = true
			}
			continue
		}
		for ev := (session.Event{}); x.m.Next(&ev); {
			x.events = append(x.events, ev)
		}
		var all []byte
		for _, b := range x.m.Output(x.now, x.gen) {
			all = append(all, b...)
		}
		if x.slow {
			x.now = x.now.Add(10 * time.Millisecond)
		}
		x.m.Written(x.now, x.gen)
		if len(all) > 0 {
			x.read(all)
			more = !x.slow
		}
	}
}

func (x *peer) read(b []byte) {
	x.t.Helper()
	if !x.greeted {
		out, err := x.hello.Step(x.now, b)
		x.must(err)
		x.write(out.Send)
		if !out.Done {
			return
		}
		x.greeted = true
		a := out.Agreement
		x.digest = a.Digest
		x.up = negotiate.NewUpgrade(&negotiate.UpgradeConfig{Role: x.role}, &a, negotiate.Key{})
		x.step(negotiate.Begin{})
		b = b[out.Taken:]
	}
	x.dec.Write(b)
	for {
		p, err := x.dec.Next()
		if err == frame.ErrShort {
			return
		}
		x.must(err)
		var e session.Envelope
		x.must(e.Parse(append([]byte(nil), p...), x.version == 1))
		if e.Kind == session.KindProbe && x.up.State() == negotiate.Probing {
			x.step(negotiate.Received{Frame: negotiate.Probe{Epoch: e.Epoch, Proof: e.Proof}})
			continue
		}
		x.unread = append(x.unread, e)
	}
}

func (x *peer) step(in negotiate.Input) {
	x.t.Helper()
	actions, err := x.up.Step(x.now, in)
	x.must(err)
	for _, a := range actions {
		if s, ok := a.(negotiate.Send); ok {
			p := s.Frame.(negotiate.Probe)
			x.send(session.Envelope{Kind: session.KindProbe, Epoch: p.Epoch, Proof: p.Proof})
		}
	}
}

// take returns the next envelope of a kind that the machine wrote, and forgets those before.
func (x *peer) take(k session.Kind) session.Envelope {
	x.t.Helper()
	for i, e := range x.unread {
		if e.Kind == k {
			x.unread = x.unread[i+1:]
			return e
		}
	}
	x.t.Fatalf("the machine wrote no %v: %v", k, x.unread)
	return session.Envelope{}
}

// wrote returns how many envelopes of a kind wait to be taken.
func (x *peer) wrote(k session.Kind) (n int) {
	for _, e := range x.unread {
		if e.Kind == k {
			n++
		}
	}
	return n
}

// event returns the last event of a kind.
func (x *peer) event(k session.EventKind) session.Event {
	x.t.Helper()
	for i := len(x.events) - 1; i >= 0; i-- {
		if x.events[i].Kind == k {
			return x.events[i]
		}
	}
	x.t.Fatalf("no event %v: %+v", k, x.events)
	return session.Event{}
}

// saw returns how many events of a kind came.
func (x *peer) saw(k session.EventKind) (n int) {
	for _, ev := range x.events {
		if ev.Kind == k {
			n++
		}
	}
	return n
}

func (x *peer) later(d time.Duration) {
	x.now = x.now.Add(d)
	x.m.Tick(x.now)
	x.pump()
}
