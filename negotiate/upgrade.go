package negotiate

import (
	"errors"
	"time"

	"github.com/parleyproto/parley/codec"
)

// UpgradeConfig is shared by the connections of an endpoint and must not change while one of
// them is open. Its zero value is a client's.
type UpgradeConfig struct {
	Role    Role
	Offer   Offer         // what this side offered in the greeting
	Timeout time.Duration // for the first PROBE, and for each change from its PROPOSE; 0: DefaultTimeout

	// NoDowngrade keeps a NACK from leading to a lower version.
	NoDowngrade bool
}

// Upgrade is one side of a connection's changes of version, from the first PROBE to the end
// (docs/protocol.md, section 7). It knows frames as structs, not their spelling; it has no
// clock and does no I/O. It is a comparable value; copies are independent. It is not safe
// for concurrent use.
type Upgrade struct {
	cfg  *UpgradeConfig
	peer *Offer
	key  Key

	state    State
	deadline time.Time // zero: none

	// What the last complete epoch made true.
	epoch   uint64
	version codec.Version
	digest  Digest

	// The change under way, or the last one that was.
	own    bool // this side proposed it
	change Propose
	next   Digest // once agreed

	// The highest epochs proposed on this connection, so that late frames are known.
	mine, theirs uint64

	worked    codec.Version // where a NACK may fall back to
	hasWorked bool
	nack      nack
}

// nack counts how often the peer could not decode a message.
type nack struct {
	seq   uint64
	times int
	owed  bool // a Resend follows when the change under way is over
}

// NewUpgrade returns the machine for a connection that has agreed on a. The agreement must
// not change as long as the machine is used. Its first input is [Begin].
func NewUpgrade(cfg *UpgradeConfig, a *Agreement, key Key) Upgrade {
	return Upgrade{cfg: cfg, peer: &a.Peer, key: key, version: a.Version, digest: a.Digest}
}

// State returns the present state.
func (u *Upgrade) State() State { return u.state }

// Version returns the version of the last complete epoch.
func (u *Upgrade) Version() codec.Version { return u.version }

// Epoch returns the last complete epoch, 0 for that of the greeting.
func (u *Upgrade) Epoch() uint64 { return u.epoch }

// Digest returns the digest of the last complete epoch.
func (u *Upgrade) Digest() Digest { return u.digest }

// Deadline returns when to give [Timer]; it is zero while nothing has to happen in time.
func (u *Upgrade) Deadline() time.Time { return u.deadline }

// WantsCut tells whether [Ready] is wanted as soon as no message's fragments are open.
func (u *Upgrade) WantsCut() bool {
	return u.state == Agreed || u.state == CutSeen || u.state == ProbeSeen
}

// SendsData tells whether DATA and GAP may be written now.
func (u *Upgrade) SendsData() bool {
	switch u.state {
	case Open, Proposing, Agreed, CutSeen, ProbeSeen:
		return true
	}
	return false
}

// Admits tells whether a frame that is not one of this package's may be received now: data
// stands for DATA and GAP, which may not come before the peer has verified this side's
// PROBE. If it is false, the peer broke the protocol and the connection must be closed.
func (u *Upgrade) Admits(data bool) bool {
	switch u.state {
	case Open, Proposing, Agreed, CutSent:
		return true
	case ProbeSeen:
		return !data
	}
	return false
}

// Step takes one input and returns what to do, in order. An error means that the connection
// must be closed, after the actions are done; it is an [*UpgradeError], or [ErrFinished] in
// state Closed.
func (u *Upgrade) Step(now time.Time, in Input) ([]Action, error) {
	if u.state == Closed {
		return nil, ErrFinished
	}
	s := step{Upgrade: u, now: now, input: in}
	if _, begins := in.(Begin); begins != (u.state == Fresh) {
		if _, lost := in.(Lost); !lost {
			return s.fail(errOrder)
		}
	}
	switch in := in.(type) {
	case Begin:
		s.begin(in)
	case Start:
		s.start(in.Version, in.Nonce)
	case Cancel:
		s.cancel(Withdrawn)
	case Ready:
		s.ready(in)
	case Received:
		s.received(in)
	case Nacked:
		s.nacked(in)
	case Timer:
		s.timer()
	case Lost:
		s.close(Gone)
	}
	if s.err != nil {
		return s.fail(s.err)
	}
	return s.actions, nil
}

// Causes of an UpgradeError that say which rule was broken.
var (
	errOrder  = errors.New("out of order: the first input is Begin, and only the first")
	errPlace  = errors.New("this frame cannot come here")
	errEpoch  = errors.New("an epoch that nobody proposed")
	errEcho   = errors.New("an ACCEPT that does not repeat the proposal")
	errLast   = errors.New("the CUT's last is not what arrived; a frame was lost or added on the way")
	errFrames = errors.New("the CUT's frames are not what arrived; a frame was lost or added on the way")
)

// step is one call of Step: the actions gathered, and the error that ends it.
type step struct {
	*Upgrade
	now     time.Time
	input   Input
	actions []Action
	err     error
}

func (s *step) do(a Action) { s.actions = append(s.actions, a) }

func (s *step) send(f Frame) { s.do(Send{f}) }

// fail closes the machine. A change under way is reported.
func (s *step) fail(cause error) ([]Action, error) {
	err := &UpgradeError{State: s.state, Input: inputName(s.input), Err: cause}
	why := Broken
	var timeout *TimeoutError
	switch {
	case errors.Is(cause, ErrLate):
		why = Withdrawn
	case errors.As(cause, &timeout):
		why = TimedOut
	}
	s.close(why)
	return s.actions, err
}

// close ends the machine. What a NACK still owed comes with the replay after the next ATTACH.
func (s *step) close(why Why) {
	s.nack.owed = false
	s.abandon(why)
	s.state, s.deadline = Closed, time.Time{}
}

// to enters a state; the deadline runs until the next Open.
func (s *step) to(next State) {
	if s.state = next; next == Open {
		s.deadline = time.Time{}
	}
}

// underWay tells whether a change has been proposed and is not over.
func (u *Upgrade) underWay() bool { return u.state >= Proposing && u.state <= ProbeSeen }

// abandon reports the change under way, if any, as over, and goes back to Open.
func (s *step) abandon(why Why) {
	if s.underWay() {
		s.do(Abandoned{Version: s.change.Version, Own: s.own, Why: why})
		s.over()
	}
}

// over goes to Open after a change, complete or abandoned.
func (s *step) over() {
	s.to(Open)
	if s.nack.owed {
		s.nack.owed = false
		s.do(Resend{s.nack.seq})
	}
}

func (s *step) begin(in Begin) {
	s.worked, s.hasWorked = in.Worked, in.HasWorked
	s.deadline = s.now.Add(orDefault(s.cfg.Timeout))
	s.to(Probing)
	if s.cfg.Role == Server {
		s.sendProbe(0, s.digest)
	}
}

func (s *step) sendProbe(epoch uint64, d Digest) {
	s.send(Probe{Epoch: epoch, Proof: d.Proof(s.key, s.cfg.Role, KindProbe, epoch)})
}

// start proposes version v.
func (s *step) start(v codec.Version, nonce Nonce) {
	switch {
	case s.state != Open:
		s.do(Abandoned{Version: v, Own: true, Why: Busy})
	case !speaks(&s.cfg.Offer, s.peer, v):
		s.do(Abandoned{Version: v, Own: true, Why: NotOffered})
	default:
		s.mine = max(s.mine, s.theirs) + 1
		s.propose(Propose{Epoch: s.mine, Version: v, Nonce: nonce}, true)
		s.to(Proposing)
		s.send(s.change)
	}
}

// propose begins a change.
func (s *step) propose(p Propose, own bool) {
	s.change, s.own = p, own
	s.deadline = s.now.Add(orDefault(s.cfg.Timeout))
}

// cancel takes the own proposal back, as long as neither side has cut.
func (s *step) cancel(why Why) {
	if s.own && (s.state == Proposing || s.state == Agreed) {
		s.send(Withdraw{Epoch: s.change.Epoch})
		s.abandon(why)
	}
}

// ready ends the old dialect of the writing direction and begins the new.
func (s *step) ready(in Ready) {
	if !s.WantsCut() {
		return
	}
	e := s.change.Epoch
	s.send(Cut{Epoch: e, Last: in.Last, Frames: in.Frames + 1, Proof: s.next.Proof(s.key, s.cfg.Role, KindCut, e)})
	s.do(SwitchWriter{s.change.Version})
	s.sendProbe(e, s.next)
	switch s.state {
	case Agreed:
		s.do(Hold{})
		s.to(CutSent)
	case CutSeen:
		s.do(Hold{})
		s.to(BothCut)
	case ProbeSeen:
		s.complete()
	}
}

// complete makes the change true: both sides have cut, and the peer's proofs verified.
func (s *step) complete() {
	s.worked, s.hasWorked = s.version, true
	s.epoch, s.version, s.digest = s.change.Epoch, s.change.Version, s.next
	s.do(Done{Epoch: s.epoch, Version: s.version, Digest: s.digest})
	s.over()
}

func (s *step) timer() {
	if s.deadline.IsZero() || s.now.Before(s.deadline) {
		return
	}
	switch s.state {
	case Proposing, Agreed:
		if s.own {
			s.cancel(TimedOut)
		} else {
			s.abandon(TimedOut)
		}
	default:
		waiting := "end of the change of version"
		if s.state == Probing {
			waiting = "PROBE"
		}
		s.err = &TimeoutError{Waiting: waiting, After: orDefault(s.cfg.Timeout)}
	}
}
