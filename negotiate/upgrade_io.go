package negotiate

import (
	"errors"
	"strings"

	"github.com/parleyproto/parley/codec"
)

// Input is what [Upgrade.Step] takes: [Begin], [Start], [Cancel], [Ready], [Received],
// [Nacked], [Timer] or [Lost].
type Input interface{ input() }

// Begin is the first input of a connection, at the byte after the greeting's answer. The
// server's PROBE is sent by it. Data is held from here to the first [Release].
type Begin struct {
	// Worked is the version that last worked with this peer, to which a NACK may fall
	// back before there was an upgrade on this connection.
	Worked    codec.Version
	HasWorked bool
}

// Start asks for another version, higher or lower. Its outcome is a [Done] or an
// [Abandoned] action.
type Start struct {
	Version codec.Version
	Nonce   Nonce // fresh and random
}

// Cancel takes back the own proposal. Once either side has cut it does nothing.
type Cancel struct{}

// Ready says that the writer may be switched now: no message's fragments are open. Give it
// when [Upgrade.WantsCut] is true; otherwise it does nothing.
type Ready struct {
	Last   uint64 // the highest sequence number sent
	Frames uint64 // sent in the present dialect on this connection, without the CUT to come
}

// Received is a frame of the peer's, in the order of the stream.
type Received struct {
	Frame Frame

	// For a Propose: a code other than 0 declines it, though the offers allow it.
	Veto RejectCode
	Text string

	// For a Cut: what this side counted.
	Last   uint64 // the highest sequence number received, handed over or not
	Frames uint64 // received in the present dialect on this connection, with the CUT
}

// Nacked says that the peer could not decode message Seq. Its outcome is a [Resend] or a
// [GiveUp] action, perhaps after a downgrade.
type Nacked struct {
	Seq   uint64
	Nonce Nonce // fresh and random, for the downgrade's PROPOSE
}

// Timer says that time has passed; give it when [Upgrade.Deadline] has come. Earlier it
// does nothing.
type Timer struct{}

// Lost says that the connection is gone.
type Lost struct{}

func (Begin) input()    {}
func (Start) input()    {}
func (Cancel) input()   {}
func (Ready) input()    {}
func (Received) input() {}
func (Nacked) input()   {}
func (Timer) input()    {}
func (Lost) input()     {}

// Action is what [Upgrade.Step] asks of its caller, to be done in the order given: [Send],
// [SwitchWriter], [SwitchReader], [Hold], [Release], [Done], [Abandoned], [Resend] or
// [GiveUp].
type Action interface{ action() }

// Send puts a frame on the stream after all that was written before.
type Send struct{ Frame Frame }

// SwitchWriter says that all frames from here on are written in Version's dialect. It stands
// between the Send of the CUT and that of the PROBE; put both in one write.
type SwitchWriter struct{ Version codec.Version }

// SwitchReader says that the bytes after the frame just received are in Version's dialect.
type SwitchReader struct{ Version codec.Version }

// Hold says to write control frames only until [Release]: no DATA and no GAP, neither new
// ones nor those that an ATTACH or a NACK asks for again.
type Hold struct{}

// Release says that data may be written again.
type Release struct{}

// Done says that an epoch is complete on this side: both dialects are switched and the
// peer's proofs verified.
type Done struct {
	Epoch   uint64
	Version codec.Version
	Digest  Digest
}

// Abandoned says that a change of version, this side's or the peer's, came to nothing. The
// connection goes on in the present version.
type Abandoned struct {
	Version codec.Version
	Own     bool // this side had asked for it
	Why     Why
	Code    RejectCode // when Why is Rejected
	Text    string     // when Why is Rejected
}

// Resend says to go back to message Seq and send from there again, encoded anew in the
// writer's version, when data is not held.
type Resend struct{ Seq uint64 }

// GiveUp says that the peer cannot decode message Seq in any version that may be tried: send
// a GAP in its place, its outcome is dropped(undecodable).
type GiveUp struct{ Seq uint64 }

func (Send) action()         {}
func (SwitchWriter) action() {}
func (SwitchReader) action() {}
func (Hold) action()         {}
func (Release) action()      {}
func (Done) action()         {}
func (Abandoned) action()    {}
func (Resend) action()       {}
func (GiveUp) action()       {}

// Why says why a change of version came to nothing.
type Why uint8

const (
	Rejected   Why = iota + 1 // the peer answered REJECT
	NotOffered                // one of the offers does not allow the version; nothing was sent
	Busy                      // another change is under way; nothing was sent
	Overtaken                 // the peer's proposal won
	Withdrawn                 // its proposer took it back
	TimedOut                  // it took longer than the timeout
	Gone                      // the connection was lost meanwhile
	Broken                    // a proof did not verify, or the peer broke a rule
)

// String returns the reason in words.
func (w Why) String() string {
	switch w {
	case Rejected:
		return "rejected"
	case NotOffered:
		return "not offered"
	case Busy:
		return "busy"
	case Overtaken:
		return "overtaken by the peer's proposal"
	case Withdrawn:
		return "withdrawn"
	case TimedOut:
		return "timed out"
	case Gone:
		return "connection lost"
	case Broken:
		return "broken"
	}
	return "unknown"
}

// Failed tells whether the reason counts as a failed upgrade for a [Backoff]: the peer
// declined, or did not get through with it.
func (w Why) Failed() bool {
	return w == Rejected || w == TimedOut || w == Gone || w == Broken
}

// ErrLate is the cause of an [UpgradeError] when a change was withdrawn or forgotten on one
// side after the other had cut. Nobody broke a rule; close and attach anew.
var ErrLate = errors.New("negotiate: the change was taken back after one side had cut")

// ErrProof is the cause of an [UpgradeError] when a PROBE or CUT does not verify: the two
// sides do not agree on what was negotiated, or not on the key.
var ErrProof = errors.New("negotiate: the peer's proof does not verify: the negotiation was altered on its way, or the keys differ")

// UpgradeError says why a connection must be closed. A client attaches anew.
type UpgradeError struct {
	State State  // in which it happened
	Input string // what came, such as "CUT"
	Err   error  // the cause: ErrLate, ErrProof, a *TimeoutError, or a broken rule
}

func (e *UpgradeError) Error() string {
	cause := strings.TrimPrefix(e.Err.Error(), "negotiate: ")
	return "negotiate: " + e.Input + " while " + e.State.String() + ": " + cause + "; close the connection and attach anew"
}

// Unwrap returns the cause.
func (e *UpgradeError) Unwrap() error { return e.Err }
