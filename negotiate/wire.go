package negotiate

import (
	"encoding/hex"
	"strconv"

	"github.com/parleyproto/parley/codec"
)

// The frames of a live upgrade (docs/protocol.md, section 7). Their spelling on the wire
// belongs to the session's envelope; only the text of PROPOSE and ACCEPT is made here,
// because the digest is taken over it.

// Frame is [Probe], [Propose], [Accept], [Reject], [Withdraw] or [Cut].
type Frame interface{ frame() }

// Probe is the first frame of a dialect in one direction.
type Probe struct {
	Epoch uint64
	Proof Proof
}

// Propose asks for another version.
type Propose struct {
	Epoch   uint64
	Version codec.Version
	Nonce   Nonce
}

// Accept agrees to a proposal and repeats it.
type Accept struct {
	Epoch   uint64
	Version codec.Version
	Nonce   Nonce
}

// Reject declines a proposal.
type Reject struct {
	Epoch uint64
	Code  RejectCode
	Text  string // for a person
}

// Withdraw takes back a proposal.
type Withdraw struct{ Epoch uint64 }

// Cut is the last frame of a dialect in one direction.
type Cut struct {
	Epoch  uint64
	Last   uint64 // the highest sequence number that its sender has sent
	Frames uint64 // sent in the old dialect on this connection, PROBE and CUT included
	Proof  Proof
}

func (Probe) frame()    {}
func (Propose) frame()  {}
func (Accept) frame()   {}
func (Reject) frame()   {}
func (Withdraw) frame() {}
func (Cut) frame()      {}

// RejectCode says why a proposal is declined.
type RejectCode uint64

const (
	RejectVersion RejectCode = 1 // not offered, below a minimum, or another layout
	RejectLoss    RejectCode = 2 // what is queued cannot be carried
	RejectBusy    RejectCode = 3
	RejectPolicy  RejectCode = 4
)

// String returns the code's meaning.
func (c RejectCode) String() string {
	switch c {
	case RejectVersion:
		return "version not offered"
	case RejectLoss:
		return "cannot carry what is queued"
	case RejectBusy:
		return "busy"
	case RejectPolicy:
		return "policy"
	}
	return "code " + strconv.FormatUint(uint64(c), 10)
}

// maxProposeText is enough for the text of a PROPOSE or an ACCEPT.
const maxProposeText = len("PROPOSE epoch=18446744073709551615 version=4294967295 nonce=") + 32

// AppendText appends p's text spelling, "PROPOSE epoch=1 version=2 nonce=00…", without LF.
func (p Propose) AppendText(dst []byte) []byte {
	return appendProposal(append(dst, "PROPOSE"...), p.Epoch, p.Version, p.Nonce)
}

// AppendText appends a's text spelling, "ACCEPT epoch=1 version=2 nonce=00…", without LF.
func (a Accept) AppendText(dst []byte) []byte {
	return appendProposal(append(dst, "ACCEPT"...), a.Epoch, a.Version, a.Nonce)
}

func appendProposal(dst []byte, epoch uint64, v codec.Version, n Nonce) []byte {
	dst = strconv.AppendUint(append(dst, " epoch="...), epoch, 10)
	dst = strconv.AppendUint(append(dst, " version="...), uint64(v), 10)
	return hex.AppendEncode(append(dst, " nonce="...), n[:])
}
