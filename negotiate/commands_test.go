package negotiate_test

import (
	"fmt"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/commands"
	"github.com/leanovate/gopter/gen"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
)

// expected is section 7 of the specification said a second time, as a table: what state an
// upgrade machine is in after each input. gopter runs it beside the machine.
type expected struct {
	role         negotiate.Role
	state        negotiate.State
	mine, theirs uint64 // the highest epochs proposed
	epoch        uint64 // of the change under way
	own          bool
	version, to  codec.Version
	last         uint64 // the last complete epoch
	completed    int
}

// act is what a command does: an input of this side, or a frame of its peer.
type act string

const (
	actBegin    act = "Begin"
	actFirst    act = "the peer's first PROBE"
	actStart    act = "Start"
	actCancel   act = "Cancel"
	actReady    act = "Ready"
	actTimer    act = "Timer at the deadline"
	actPropose  act = "the peer's PROPOSE"
	actCross    act = "the peer's PROPOSE, crossing ours"
	actAccept   act = "the peer's ACCEPT"
	actReject   act = "the peer's REJECT"
	actWithdraw act = "the peer's WITHDRAW"
	actCut      act = "the peer's CUT"
	actProbe    act = "the peer's PROBE"
)

func (x expected) underWay() bool {
	return x.state >= negotiate.Proposing && x.state <= negotiate.ProbeSeen
}

// possible tells whether the peer has anything to make the frame of.
func (x expected) possible(a act) bool {
	switch a {
	case actCross:
		return x.mine > x.theirs
	case actAccept, actReject:
		return x.mine > 0
	case actWithdraw:
		return x.theirs > 0
	case actCut, actProbe:
		return x.underWay()
	}
	return true
}

// next is the table.
func (x expected) next(a act, v codec.Version) expected {
	if x.state == negotiate.Closed {
		return x
	}
	probeOnly := x.state == negotiate.CutSeen || x.state == negotiate.BothCut
	switch a {
	case actStart, actCancel, actTimer, actReady, actProbe:
	default: // another frame of the peer's
		if probeOnly {
			return x.closed()
		}
	}
	switch a {
	case actStart:
		if x.state == negotiate.Open {
			x.mine = max(x.mine, x.theirs) + 1
			x.state, x.own, x.epoch, x.to = negotiate.Proposing, true, x.mine, v
		}
	case actCancel:
		if x.own && (x.state == negotiate.Proposing || x.state == negotiate.Agreed) {
			x.state = negotiate.Open
		}
	case actTimer:
		switch x.state {
		case negotiate.Proposing, negotiate.Agreed:
			x.state = negotiate.Open
		case negotiate.CutSent, negotiate.CutSeen, negotiate.BothCut, negotiate.ProbeSeen:
			return x.closed()
		}
	case actReady:
		switch x.state {
		case negotiate.Agreed:
			x.state = negotiate.CutSent
		case negotiate.CutSeen:
			x.state = negotiate.BothCut
		case negotiate.ProbeSeen:
			return x.complete()
		}
	case actPropose:
		x.theirs = max(x.mine, x.theirs) + 1
		return x.takes(v, x.theirs)
	case actCross:
		x.theirs = x.mine
		if x.role == negotiate.Client && x.mine > x.last {
			return x.takes(v, x.theirs)
		}
	case actAccept:
		if x.state == negotiate.Proposing {
			x.state = negotiate.Agreed
		}
	case actReject:
		if x.state == negotiate.Proposing {
			x.state = negotiate.Open
		}
	case actWithdraw:
		if x.underWay() && !x.own && x.epoch == x.theirs {
			if x.state != negotiate.Agreed {
				return x.closed()
			}
			x.state = negotiate.Open
		}
	case actCut:
		switch x.state {
		case negotiate.Agreed:
			x.state = negotiate.CutSeen
		case negotiate.CutSent:
			x.state = negotiate.BothCut
		default:
			return x.closed()
		}
	case actProbe:
		switch x.state {
		case negotiate.CutSeen:
			x.state = negotiate.ProbeSeen
		case negotiate.BothCut:
			return x.complete()
		default:
			return x.closed()
		}
	}
	return x
}

// takes is a later proposal of the peer's: it replaces what has not been cut.
func (x expected) takes(v codec.Version, epoch uint64) expected {
	switch x.state {
	case negotiate.Open, negotiate.Proposing, negotiate.Agreed:
		x.state, x.own, x.epoch, x.to = negotiate.Agreed, false, epoch, v
		return x
	}
	return x.closed()
}

func (x expected) complete() expected {
	x.state, x.version, x.last, x.completed = negotiate.Open, x.to, x.epoch, x.completed+1
	return x
}

func (x expected) closed() expected {
	x.state = negotiate.Closed
	return x
}

// machine is the system under test: the real one, and what its peer would know.
type machine struct {
	up           negotiate.Upgrade
	role         negotiate.Role
	offered      negotiate.Propose // the last proposal this side sent
	change       negotiate.Propose // the one agreed on last
	mine, theirs uint64
	digest       negotiate.Digest
	completed    int
	err          error // of the last step
	bad          string
}

func freshMachine(role negotiate.Role) *machine {
	cfg := &negotiate.UpgradeConfig{Role: role, Offer: negotiate.Offer{Versions: negotiate.Versions{{Lo: 1, Hi: 5}}}}
	a := &negotiate.Agreement{Version: 5, Peer: cfg.Offer}
	return &machine{role: role, up: negotiate.NewUpgrade(cfg, a, negotiate.Key{})}
}

// newMachine returns one that is open.
func newMachine(role negotiate.Role) *machine {
	m := freshMachine(role)
	m.act(actBegin, 0)
	m.act(actFirst, 0)
	return m
}

// act does one act.
func (m *machine) act(a act, v codec.Version) {
	switch a {
	case actBegin:
		m.give(negotiate.Begin{})
	case actStart:
		m.give(to(v))
	case actCancel:
		m.give(negotiate.Cancel{})
	case actReady:
		m.give(negotiate.Ready{})
	case actTimer:
		m.give(negotiate.Timer{})
	default:
		m.give(negotiate.Received{Frame: m.frame(a, v), Last: 3, Frames: 4})
	}
}

// give steps the machine and notes what its peer would learn.
func (m *machine) give(in negotiate.Input) {
	now := start
	if _, ok := in.(negotiate.Timer); ok && !m.up.Deadline().IsZero() {
		now = m.up.Deadline()
	}
	as, err := m.up.Step(now, in)
	m.err = err
	for _, a := range as {
		switch a := a.(type) {
		case negotiate.Send:
			switch f := a.Frame.(type) {
			case negotiate.Propose:
				m.offered, m.mine = f, f.Epoch
			case negotiate.Accept:
				m.change = negotiate.Propose(f)
			}
		case negotiate.Done:
			m.completed++
			if a.Epoch > 0 && a.Digest != m.next() {
				m.bad = "another digest than the specification's"
			}
			m.digest = a.Digest
		}
	}
}

func (m *machine) next() negotiate.Digest {
	return m.digest.Next(m.change, negotiate.Accept(m.change))
}

// frame makes what the peer sends.
func (m *machine) frame(a act, v codec.Version) negotiate.Frame {
	e := m.change.Epoch
	proof := func(k negotiate.Kind) negotiate.Proof { return m.next().Proof(negotiate.Key{}, m.role.Peer(), k, e) }
	switch a {
	case actPropose:
		m.theirs = max(m.mine, m.theirs) + 1
		return negotiate.Propose{Epoch: m.theirs, Version: v}
	case actCross:
		m.theirs = m.mine
		return negotiate.Propose{Epoch: m.theirs, Version: v}
	case actAccept:
		if m.up.State() == negotiate.Proposing {
			m.change = m.offered
		}
		return negotiate.Accept(m.offered)
	case actReject:
		return negotiate.Reject{Epoch: m.offered.Epoch, Code: negotiate.RejectBusy}
	case actWithdraw:
		return negotiate.Withdraw{Epoch: m.theirs}
	case actFirst:
		return negotiate.Probe{Proof: m.digest.Proof(negotiate.Key{}, m.role.Peer(), negotiate.KindProbe, 0)}
	case actCut:
		return negotiate.Cut{Epoch: e, Last: 3, Frames: 4, Proof: proof(negotiate.KindCut)}
	}
	return negotiate.Probe{Epoch: e, Proof: proof(negotiate.KindProbe)}
}

// command is one act with one version.
type command struct {
	act act
	v   codec.Version
}

func (c command) String() string { return fmt.Sprintf("%s (%d)", c.act, c.v) }

func (c command) Run(sut commands.SystemUnderTest) commands.Result {
	m := sut.(*machine)
	m.act(c.act, c.v)
	return *m
}

func (c command) NextState(s commands.State) commands.State { return s.(expected).next(c.act, c.v) }

func (c command) PreCondition(s commands.State) bool { return s.(expected).possible(c.act) }

func (c command) PostCondition(s commands.State, result commands.Result) *gopter.PropResult {
	x, m := s.(expected), result.(machine)
	got := fmt.Sprintf("%v in version %d, %d complete %s", m.up.State(), m.up.Version(), m.completed, m.bad)
	want := fmt.Sprintf("%v in version %d, %d complete ", x.state, x.version, x.completed)
	if got == want {
		return &gopter.PropResult{Status: gopter.PropTrue}
	}
	return &gopter.PropResult{Status: gopter.PropFalse, Labels: []string{"got " + got, "want " + want}}
}

// TestCommands runs random inputs against the machine and the table.
func TestCommands(t *testing.T) {
	// Those that lead on come more often than those that end it.
	acts := []act{actCancel, actTimer, actCross, actReject, actWithdraw}
	for range 3 {
		acts = append(acts, actStart, actReady, actPropose, actAccept, actCut, actProbe)
	}
	for _, role := range roles {
		props := gopter.NewProperties(parameters(400))
		props.Property(role.String()+" as in the table", commands.Prop(&commands.ProtoCommands{
			NewSystemUnderTestFunc: func(commands.State) commands.SystemUnderTest { return newMachine(role) },
			InitialStateGen:        gen.Const(expected{role: role, state: negotiate.Open, version: 5, completed: 1}),
			GenCommandFunc: func(s commands.State) gopter.Gen {
				var open []any
				for _, a := range acts {
					if s.(expected).possible(a) {
						open = append(open, a)
					}
				}
				return gopter.CombineGens(gen.OneConstOf(open...), gen.UInt32Range(1, 5)).Map(func(v []any) commands.Command {
					return command{v[0].(act), codec.Version(v[1].(uint32))}
				})
			},
		}))
		props.TestingRun(t)
	}
}
