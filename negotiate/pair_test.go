package negotiate_test

import (
	"testing"

	"github.com/parleyproto/parley/negotiate"
)

// pair is two ends of one connection, for tests that tell a story. Frames wait in the pipes
// until they are delivered.
type pair struct {
	t              testing.TB
	client, server *end
	up, down       pipe // client to server, server to client
	log            []delivery
}

// delivery is a frame that was delivered, ">" to the server or "<" to the client.
type delivery struct{ arrow, bytes string }

// newPair returns a pair that has greeted and exchanged its first PROBEs. The offer is that
// of both.
func newPair(t testing.TB, greeting string) *pair {
	p := newPairOf(t, newEndConfig(negotiate.Client, offer(t, greeting), negotiate.Nonce{1}),
		newEndConfig(negotiate.Server, offer(t, greeting), negotiate.Nonce{2}))
	p.settle()
	if p.client.up.State() != negotiate.Open || p.server.up.State() != negotiate.Open {
		t.Fatalf("not open: client %v, %v; server %v, %v", p.client.up.State(), p.client.cause, p.server.up.State(), p.server.cause)
	}
	return p
}

// newPairOf returns a pair whose client has sent its greeting.
func newPairOf(t testing.TB, cc, sc *endConfig) *pair {
	t.Helper()
	client, greeting := newEnd(cc)
	server, _ := newEnd(sc)
	return &pair{t: t, client: &client, server: &server, up: pipe{}.write(greeting...)}
}

// step gives one end an input.
func (p *pair) step(e *end, in negotiate.Input) { p.send(e, e.step(start, in)) }

// timeout lets the deadline of one end pass.
func (p *pair) timeout(e *end) { p.send(e, e.step(e.up.Deadline(), negotiate.Timer{})) }

// ready lets one end cut.
func (p *pair) ready(e *end) { p.send(e, e.ready()) }

func (p *pair) send(e *end, frames []string) {
	if e == p.client {
		p.up = p.up.write(frames...)
	} else {
		p.down = p.down.write(frames...)
	}
}

// deliver gives the next frame under way to e, and tells whether there was one.
func (p *pair) deliver(e *end) bool {
	p.t.Helper()
	from, arrow := &p.down, "<"
	if e == p.server {
		from, arrow = &p.up, ">"
	}
	if from.empty() {
		return false
	}
	var b string
	b, *from = from.frame()
	p.log = append(p.log, delivery{arrow, b})
	out, _, err := e.receive(b)
	if err != nil {
		p.t.Fatal(err)
	}
	p.send(e, out)
	return true
}

// flow delivers frames until none is under way.
func (p *pair) flow() {
	for p.deliver(p.server) || p.deliver(p.client) {
	}
}

// settle delivers frames and cuts where it is wanted until nothing is left to do.
func (p *pair) settle() {
	for {
		p.flow()
		switch {
		case p.client.up.WantsCut():
			p.ready(p.client)
		case p.server.up.WantsCut():
			p.ready(p.server)
		default:
			return
		}
	}
}

// want checks both ends' state, version and, when both are open, that they agree.
func (p *pair) want(state negotiate.State, version uint32) {
	p.t.Helper()
	for _, e := range []*end{p.client, p.server} {
		if e.up.State() != state || uint32(e.up.Version()) != version {
			p.t.Errorf("%v: %v in version %d (%v), want %v in version %d",
				e.cfg.up.Role, e.up.State(), e.up.Version(), e.cause, state, version)
		}
	}
	if state == negotiate.Open && (p.client.up.Digest() != p.server.up.Digest() || p.client.held || p.server.held) {
		p.t.Error("both are open, but the digests differ or data is held")
	}
}
