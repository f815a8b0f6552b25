package session

import (
	"fmt"

	"github.com/parleyproto/parley/negotiate"
)

// Kind is the kind of an envelope (docs/protocol.md, 5.2).
type Kind byte

const (
	KindData     Kind = 0x01
	KindAck      Kind = 0x02
	KindPing     Kind = 0x03
	KindPong     Kind = 0x04
	KindProbe    Kind = 0x05
	KindAttach   Kind = 0x06
	KindAttached Kind = 0x07
	KindPropose  Kind = 0x08
	KindAccept   Kind = 0x09
	KindReject   Kind = 0x0A
	KindWithdraw Kind = 0x0B
	KindCut      Kind = 0x0C
	KindNack     Kind = 0x0D
	KindGap      Kind = 0x0E
	KindGoAway   Kind = 0x0F
	KindClose    Kind = 0x10
)

// String returns the kind as the text spelling has it: "ATTACH".
func (k Kind) String() string {
	if k.valid() {
		return layouts[k].name
	}
	return fmt.Sprintf("kind 0x%02x", byte(k))
}

func (k Kind) valid() bool { return k >= KindData && k <= KindClose }

// Flags of an envelope. DATA has its own set; three control kinds have one flag each.
type Flags byte

const (
	FlagAck   Flags = 0x01 // DATA: Done and Received are set
	FlagMore  Flags = 0x02 // DATA: another fragment of this message follows
	FlagCont  Flags = 0x04 // DATA: not the first fragment
	FlagCall  Flags = 0x08 // DATA: Call is set, this message wants a reply
	FlagReply Flags = 0x10 // DATA: Call is set, this message is the reply to it
	FlagDup   Flags = 0x20 // DATA: it may have been delivered before
	FlagExt   Flags = 0x80 // DATA: Ext is set

	FlagAsk    Flags = 0x01 // ACK: answer when all that was sent before is done
	FlagSecret Flags = 0x01 // ATTACH: Auth is the secret, not a proof
	FlagKnown  Flags = 0x01 // ATTACHED: the server has the session's state

	dataFlags = FlagAck | FlagMore | FlagCont | FlagCall | FlagReply | FlagDup | FlagExt
	// A further fragment says only what differs.
	contFlags = FlagAck | FlagMore | FlagCont
)

const (
	// MaxFragment is the most payload bytes in one DATA.
	MaxFragment = 1 << 16
	// MaxEnvelope is the most bytes in one envelope.
	MaxEnvelope = MaxFragment + 1024
)

// Envelope is what a frame's payload says. Its Kind decides which fields have a meaning; all
// others are zero. Text, Ext and Payload of a parsed envelope share the memory of what was
// parsed.
type Envelope struct {
	Kind  Kind
	Flags Flags

	Seq            uint64 // DATA, NACK, GAP
	Done, Received uint64 // ACK, DATA with FlagAck; Received also of ATTACH and ATTACHED
	Dropped        uint64 // ACK: the message that its handler could not complete; 0: none
	Call           uint64 // DATA with FlagCall or FlagReply
	Ext            []byte // DATA with FlagExt: extensions, see docs/protocol.md, 5.3
	Payload        []byte // DATA: a message or a fragment of one

	ID   uint64 // PING, PONG
	Next uint64 // PING: ms until the next at the latest

	Session    [16]byte // ATTACH
	Generation uint64   // ATTACH, ATTACHED
	First      uint64   // ATTACH, ATTACHED
	Auth       [32]byte // ATTACH

	Epoch   uint64          // ATTACHED, and all kinds of an upgrade
	Version uint64          // PROPOSE, ACCEPT: at most 65535
	Nonce   negotiate.Nonce // PROPOSE, ACCEPT
	Last    uint64          // CUT
	Frames  uint64          // CUT
	Proof   negotiate.Proof // CUT, PROBE

	Code  uint64 // REJECT, GAP, CLOSE
	Retry uint64 // GOAWAY: ms
	Text  []byte // REJECT, NACK, GAP, CLOSE: for a person; GOAWAY: alternatives. No control characters
}

// Append appends e to dst in the binary or the text spelling. It checks nothing: what breaks
// a rule of section 5 is refused by Parse.
func (e *Envelope) Append(dst []byte, text bool) []byte {
	if e.Kind == KindData {
		h := e.header()
		return append(h.append(dst, text), e.Payload...)
	}
	if text {
		return e.appendText(dst)
	}
	return e.appendBinary(dst)
}

// Parse sets e to what b says in the binary or the text spelling. The error is a
// [*ProtocolError], and e's contents are unspecified then. Only the canonical spelling is
// accepted, but for bytes that a newer peer may add to control frames.
func (e *Envelope) Parse(b []byte, text bool) error {
	*e = Envelope{}
	if isData(b, text) {
		var h header
		payload, err := h.parse(b, text)
		if err != nil {
			return err
		}
		e.Kind, e.Flags, e.Seq, e.Call = KindData, h.flags, h.seq, h.call
		e.Done, e.Received, e.Ext, e.Payload = h.done, h.received, h.ext, payload
		return nil
	}
	if text {
		return e.parseText(b)
	}
	return e.parseBinary(b)
}

func (e *Envelope) header() header {
	return header{flags: e.Flags, seq: e.Seq, done: e.Done, received: e.Received, call: e.Call, ext: e.Ext}
}

// malformed is the error for bytes that are no envelope.
func malformed(k Kind, offset int, reason string) error {
	return &ProtocolError{Section: "5", Reason: fmt.Sprintf("%v, byte %d: %s", k, offset, reason)}
}
