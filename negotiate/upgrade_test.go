package negotiate_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
)

func to(v codec.Version) negotiate.Start {
	return negotiate.Start{Version: v, Nonce: negotiate.Nonce{byte(v)}}
}

// actions gives e an input and returns what the machine asks, for tests that look at it.
func actions(t *testing.T, e *end, in negotiate.Input) []negotiate.Action {
	t.Helper()
	as, err := e.up.Step(start, in)
	if err != nil {
		t.Fatal(err)
	}
	return as
}

func TestUpgradeUpAndDown(t *testing.T) {
	p := newPair(t, "p v=1-3")
	p.want(negotiate.Open, 3)
	before := p.client.up.Digest()
	p.step(p.server, to(1))
	p.settle()
	p.want(negotiate.Open, 1)
	p.step(p.client, to(2))
	p.settle()
	p.want(negotiate.Open, 2)
	if p.client.up.Epoch() != 2 || p.client.up.Digest() == before {
		t.Errorf("epoch %d, digest unchanged: %v", p.client.up.Epoch(), p.client.up.Digest() == before)
	}
}

// CUT is the last frame in the old dialect, PROBE the first in the new, adjacent; then data
// is held.
func TestCutThenProbe(t *testing.T) {
	p := newPair(t, "p v=1-2")
	p.step(p.client, to(1))
	p.flow()
	got := actions(t, p.client, negotiate.Ready{Last: 7, Frames: 3})
	if len(got) != 4 {
		t.Fatalf("got %+v", got)
	}
	cut, _ := got[0].(negotiate.Send).Frame.(negotiate.Cut)
	probe, _ := got[2].(negotiate.Send).Frame.(negotiate.Probe)
	if cut.Epoch != 1 || cut.Last != 7 || cut.Frames != 4 || probe.Epoch != 1 {
		t.Errorf("got %+v, %+v", cut, probe)
	}
	want := []negotiate.Action{negotiate.SwitchWriter{Version: 1}, negotiate.Hold{}}
	if diff := cmp.Diff(want, []negotiate.Action{got[1], got[3]}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if p.client.up.SendsData() || !p.client.up.Admits(true) {
		t.Error("after the own CUT data must be held, and the peer's old data is still read")
	}
}

// The second to cut, when it has the peer's PROBE, is done at once.
func TestPerDirection(t *testing.T) {
	p := newPair(t, "p v=1-2")
	p.step(p.client, to(1))
	p.flow()
	p.ready(p.client)
	p.flow()
	if s := p.server.up; s.State() != negotiate.ProbeSeen || !s.SendsData() || s.Admits(true) || !s.Admits(false) {
		t.Errorf("server: %v", s.State())
	}
	p.settle()
	p.want(negotiate.Open, 1)
}

func TestBothCutAtOnce(t *testing.T) {
	p := newPair(t, "p v=1-2")
	p.step(p.server, to(1))
	p.flow()
	p.ready(p.server)
	p.ready(p.client)
	p.flow()
	p.want(negotiate.Open, 1)
}

func TestCrossingProposalsTheServerWins(t *testing.T) {
	p := newPair(t, "p v=1-3")
	p.step(p.client, to(1))
	p.step(p.server, to(2))
	p.settle()
	p.want(negotiate.Open, 2)
	if p.client.done != 2 || p.server.done != 2 {
		t.Errorf("completed epochs: %d, %d, want the greeting's and one more", p.client.done, p.server.done)
	}
}

// The loser of a crossing learns it, and may ask again.
func TestOvertakenIsReported(t *testing.T) {
	p := newPair(t, "p v=1-3")
	p.step(p.server, to(2))
	actions(t, p.client, to(1))
	b, _ := p.down.frame()
	_, f, _ := decode(b)
	got := actions(t, p.client, negotiate.Received{Frame: f.(negotiate.Frame)})
	want := []negotiate.Action{
		negotiate.Abandoned{Version: 1, Own: true, Why: negotiate.Overtaken},
		negotiate.Send{Frame: negotiate.Accept{Epoch: 1, Version: 2, Nonce: negotiate.Nonce{2}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestStartRefused(t *testing.T) {
	p := newPair(t, "p v=1-3 min=2")
	for _, c := range []struct {
		v   codec.Version
		why negotiate.Why
	}{{1, negotiate.NotOffered}, {4, negotiate.NotOffered}} {
		want := []negotiate.Action{negotiate.Abandoned{Version: c.v, Own: true, Why: c.why}}
		if diff := cmp.Diff(want, actions(t, p.client, to(c.v))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	p.step(p.client, to(2))
	want := []negotiate.Action{negotiate.Abandoned{Version: 3, Own: true, Why: negotiate.Busy}}
	if diff := cmp.Diff(want, actions(t, p.client, to(3))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReject(t *testing.T) {
	p := newPair(t, "p v=1-3 min=2")
	for _, c := range []struct {
		in   negotiate.Received
		want negotiate.Reject
	}{
		{negotiate.Received{Frame: negotiate.Propose{Epoch: 1, Version: 1}},
			negotiate.Reject{Epoch: 1, Code: negotiate.RejectVersion, Text: "not in both offers"}},
		{negotiate.Received{Frame: negotiate.Propose{Epoch: 2, Version: 2}, Veto: negotiate.RejectLoss, Text: "Note is set"},
			negotiate.Reject{Epoch: 2, Code: negotiate.RejectLoss, Text: "Note is set"}},
	} {
		got := actions(t, p.server, c.in)
		if diff := cmp.Diff([]negotiate.Action{negotiate.Send{Frame: c.want}}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	actions(t, p.client, to(2))
	got := actions(t, p.client, negotiate.Received{Frame: negotiate.Reject{Epoch: 1, Code: negotiate.RejectPolicy, Text: "no"}})
	want := []negotiate.Action{negotiate.Abandoned{Version: 2, Own: true, Why: negotiate.Rejected, Code: negotiate.RejectPolicy, Text: "no"}}
	if diff := cmp.Diff(want, got); diff != "" || !negotiate.Rejected.Failed() {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWithdraw(t *testing.T) {
	p := newPair(t, "p v=1-2")
	p.step(p.client, to(1))
	p.flow()
	p.step(p.client, negotiate.Cancel{})
	p.flow()
	p.want(negotiate.Open, 2)
	p.step(p.server, to(1)) // nothing of the old change is left
	p.settle()
	p.want(negotiate.Open, 1)
}

// The answer to a proposal that was withdrawn is not taken for the answer to the next.
func TestLateAnswer(t *testing.T) {
	p := newPair(t, "p v=1-3")
	p.step(p.client, to(1))
	p.step(p.client, negotiate.Cancel{})
	p.step(p.client, to(2))
	p.settle()
	p.want(negotiate.Open, 2)
	if p.client.up.Epoch() != 2 {
		t.Errorf("epoch %d, want 2: a withdrawn proposal keeps its number", p.client.up.Epoch())
	}
}

// WITHDRAW meets a CUT on the way: both sides close, and nobody broke a rule.
func TestWithdrawMeetsCut(t *testing.T) {
	p := newPair(t, "p v=1-2")
	p.step(p.client, to(1))
	p.deliver(p.server)
	p.ready(p.server)
	p.step(p.client, negotiate.Cancel{})
	p.flow()
	p.want(negotiate.Closed, 2)
	if !errors.Is(p.client.cause, negotiate.ErrLate) || !errors.Is(p.server.cause, negotiate.ErrLate) {
		t.Errorf("client: %v; server: %v", p.client.cause, p.server.cause)
	}
}

func TestCancelAfterCutDoesNothing(t *testing.T) {
	p := newPair(t, "p v=1-2")
	p.step(p.client, to(1))
	p.flow()
	p.ready(p.client)
	p.step(p.client, negotiate.Cancel{})
	p.settle()
	p.want(negotiate.Open, 1)
}

func TestUpgradeTimeouts(t *testing.T) {
	for _, c := range []struct {
		name  string
		until func(p *pair) *end // leads there and returns the end whose time is up
		state negotiate.State
	}{
		{"no answer", func(p *pair) *end { p.step(p.client, to(1)); return p.client }, negotiate.Open},
		{"no cut, proposer", func(p *pair) *end { p.step(p.client, to(1)); p.flow(); return p.client }, negotiate.Open},
		{"no cut, other side", func(p *pair) *end { p.step(p.client, to(1)); p.flow(); return p.server }, negotiate.Open},
		{"own cut only", func(p *pair) *end { p.step(p.client, to(1)); p.flow(); p.ready(p.client); return p.client }, negotiate.Closed},
		{"peer's cut only", func(p *pair) *end { p.step(p.client, to(1)); p.flow(); p.ready(p.client); p.flow(); return p.server }, negotiate.Closed},
	} {
		p := newPair(t, "p v=1-2")
		e := c.until(p)
		if e.up.Deadline() != start.Add(negotiate.DefaultTimeout) {
			t.Errorf("%s: deadline %v", c.name, e.up.Deadline())
		}
		p.step(e, negotiate.Timer{}) // too early: nothing
		p.timeout(e)
		if e.up.State() != c.state || e.failures != 1 {
			t.Errorf("%s: %v after the timeout, %d failures", c.name, e.up.State(), e.failures)
		}
		if c.state == negotiate.Open && e == p.client { // which has told the server
			p.settle()
			p.want(negotiate.Open, 2)
		} else if c.state == negotiate.Closed && !errors.As(e.cause, new(*negotiate.TimeoutError)) {
			t.Errorf("%s: closed by %v", c.name, e.cause)
		}
	}
}

// A first PROBE that does not come closes the connection.
func TestProbeTimeout(t *testing.T) {
	o := offer(t, "p v=1")
	p := newPairOf(t, newEndConfig(negotiate.Client, o, negotiate.Nonce{1}), newEndConfig(negotiate.Server, o, negotiate.Nonce{2}))
	p.deliver(p.server)
	if p.server.up.State() != negotiate.Probing || p.server.up.SendsData() || p.server.up.Admits(false) {
		t.Fatalf("server: %v", p.server.up.State())
	}
	p.timeout(p.server)
	if p.server.up.State() != negotiate.Closed {
		t.Errorf("server: %v", p.server.up.State())
	}
	if _, err := p.server.up.Step(start, negotiate.Timer{}); !errors.Is(err, negotiate.ErrFinished) {
		t.Errorf("a step after the end: %v", err)
	}
}

func TestLostIsReported(t *testing.T) {
	p := newPair(t, "p v=1-2")
	p.step(p.client, to(1))
	got := actions(t, p.client, negotiate.Lost{})
	want := []negotiate.Action{negotiate.Abandoned{Version: 1, Own: true, Why: negotiate.Gone}}
	if diff := cmp.Diff(want, got); diff != "" || p.client.up.State() != negotiate.Closed {
		t.Errorf("%v (-want +got):\n%s", p.client.up.State(), diff)
	}
}

// What a peer must not send closes the connection, and the machine is not to be used again.
func TestUpgradeViolations(t *testing.T) {
	agreed := func(p *pair) { p.step(p.server, to(1)); p.flow() }
	for _, c := range []struct {
		name  string
		until func(p *pair)
		frame negotiate.Frame
	}{
		{"a second PROBE", func(*pair) {}, negotiate.Probe{}},
		{"CUT of nothing", func(*pair) {}, negotiate.Cut{Epoch: 1}},
		{"CUT of the greeting's epoch", func(*pair) {}, negotiate.Cut{}},
		{"ACCEPT of nothing", func(*pair) {}, negotiate.Accept{Epoch: 1}},
		{"REJECT of nothing", func(*pair) {}, negotiate.Reject{Epoch: 1}},
		{"WITHDRAW of nothing", func(*pair) {}, negotiate.Withdraw{Epoch: 1}},
		{"PROPOSE from the future", func(*pair) {}, negotiate.Propose{Epoch: 2, Version: 1}},
		{"PROPOSE of epoch 0", func(*pair) {}, negotiate.Propose{Version: 1}},
		{"ACCEPT of another version", func(p *pair) { p.step(p.client, to(1)) }, negotiate.Accept{Epoch: 1, Version: 2, Nonce: negotiate.Nonce{1}}},
		{"ACCEPT with another nonce", func(p *pair) { p.step(p.client, to(1)) }, negotiate.Accept{Epoch: 1, Version: 1}},
		{"CUT before ACCEPT", func(p *pair) { p.step(p.client, to(1)) }, negotiate.Cut{Epoch: 1, Frames: 3}},
		{"CUT with another last", agreed, negotiate.Cut{Epoch: 1, Last: 1, Frames: 3}},
		{"CUT with another count", agreed, negotiate.Cut{Epoch: 1, Frames: 9}},
		{"CUT with a wrong proof", agreed, negotiate.Cut{Epoch: 1, Frames: 3}},
		{"PROBE before CUT", agreed, negotiate.Probe{Epoch: 1}},
		{"anything between CUT and PROBE", func(p *pair) {
			agreed(p)
			p.ready(p.server)
			p.deliver(p.client)
		}, negotiate.Withdraw{Epoch: 1}},
	} {
		p := newPair(t, "p v=1-2")
		c.until(p)
		frames := uint64(p.client.framesIn) + 1
		_, err := p.client.up.Step(start, negotiate.Received{Frame: c.frame, Frames: frames})
		var broken *negotiate.UpgradeError
		if !errors.As(err, &broken) || errors.Is(err, negotiate.ErrLate) || p.client.up.State() != negotiate.Closed {
			t.Errorf("%s: %v, %v", c.name, p.client.up.State(), err)
		}
	}
}

// Begin comes first, and once.
func TestInputOrder(t *testing.T) {
	a := negotiate.Agreement{Version: 1}
	u := negotiate.NewUpgrade(&negotiate.UpgradeConfig{}, &a, negotiate.Key{})
	v := u
	if _, err := u.Step(start, to(1)); err == nil || u.State() != negotiate.Closed {
		t.Errorf("Start before Begin: %v", err)
	}
	if _, err := v.Step(start, negotiate.Begin{}); err != nil {
		t.Error(err)
	}
	if _, err := v.Step(start, negotiate.Begin{}); err == nil {
		t.Error("a second Begin: no error")
	}
}
