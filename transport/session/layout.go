package session

// field is one field of a control frame.
type field uint8

const (
	fDone field = iota + 1
	fReceived
	fID
	fNext
	fSession
	fGeneration
	fFirst
	fAuth
	fEpoch
	fVersion
	fNonce
	fLast
	fFrames
	fProof
	fSeq
	fCode
	fRetry
	fText // to the end
	fAlt  // to the end
	fDropped
)

var fieldNames = [...]string{
	fDone: "done", fReceived: "received", fID: "id", fNext: "next", fSession: "session",
	fGeneration: "generation", fFirst: "first", fAuth: "auth", fEpoch: "epoch",
	fVersion: "version", fNonce: "nonce", fLast: "last", fFrames: "frames", fProof: "proof",
	fSeq: "seq", fCode: "code", fRetry: "retry", fText: "msg", fAlt: "alt",
	fDropped: "dropped",
}

// layout is how one kind is spelled, in both spellings (docs/protocol.md, 5.2).
type layout struct {
	name   string
	flag   string  // the name of flag 0x01; empty: no flags
	fields []field // in order
	exact  bool    // nothing may follow the last field
	extra  field   // a number that may follow the last field, absent when it is 0; 0: none
}

var layouts = [...]layout{
	KindData:     {name: "DATA"},
	KindAck:      {name: "ACK", flag: "ask", fields: []field{fDone, fReceived}, extra: fDropped},
	KindPing:     {name: "PING", fields: []field{fID, fNext}},
	KindPong:     {name: "PONG", fields: []field{fID}},
	KindProbe:    {name: "PROBE", fields: []field{fEpoch, fProof}, exact: true},
	KindAttach:   {name: "ATTACH", flag: "secret", fields: []field{fSession, fGeneration, fReceived, fFirst, fAuth}},
	KindAttached: {name: "ATTACHED", flag: "known", fields: []field{fGeneration, fEpoch, fReceived, fFirst}},
	KindPropose:  {name: "PROPOSE", fields: []field{fEpoch, fVersion, fNonce}, exact: true},
	KindAccept:   {name: "ACCEPT", fields: []field{fEpoch, fVersion, fNonce}, exact: true},
	KindReject:   {name: "REJECT", fields: []field{fEpoch, fCode, fText}},
	KindWithdraw: {name: "WITHDRAW", fields: []field{fEpoch}},
	KindCut:      {name: "CUT", fields: []field{fEpoch, fLast, fFrames, fProof}, exact: true},
	KindNack:     {name: "NACK", fields: []field{fSeq, fText}},
	KindGap:      {name: "GAP", fields: []field{fSeq, fCode, fText}},
	KindGoAway:   {name: "GOAWAY", fields: []field{fRetry, fAlt}},
	KindClose:    {name: "CLOSE", fields: []field{fCode, fText}},
}

// num returns where a number is kept, or nil if f is none.
func (e *Envelope) num(f field) *uint64 {
	switch f {
	case fDone:
		return &e.Done
	case fReceived:
		return &e.Received
	case fID:
		return &e.ID
	case fNext:
		return &e.Next
	case fGeneration:
		return &e.Generation
	case fFirst:
		return &e.First
	case fEpoch:
		return &e.Epoch
	case fVersion:
		return &e.Version
	case fLast:
		return &e.Last
	case fFrames:
		return &e.Frames
	case fSeq:
		return &e.Seq
	case fCode:
		return &e.Code
	case fRetry:
		return &e.Retry
	case fDropped:
		return &e.Dropped
	}
	return nil
}

// extra returns where the number that may follow the last field is kept, or nil if e's kind has
// none.
func (e *Envelope) extra() *uint64 { return e.num(layouts[e.Kind].extra) }

// fixed returns where a byte string of fixed size is kept, or nil if f is none.
func (e *Envelope) fixed(f field) []byte {
	switch f {
	case fSession:
		return e.Session[:]
	case fAuth:
		return e.Auth[:]
	case fNonce:
		return e.Nonce[:]
	case fProof:
		return e.Proof[:]
	}
	return nil
}

const maxWireVersion = 65535

// printable tells whether b can stand in "text to the end": no control characters.
func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return true
}
