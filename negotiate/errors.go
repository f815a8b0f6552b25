package negotiate

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/parleyproto/parley/codec"
)

// RefusalCode says why a server refuses (docs/protocol.md, section 3). The set is frozen; a
// code that a peer sends and this package does not know is kept as it is.
type RefusalCode string

const (
	CodeVersion     RefusalCode = "version"     // no common version
	CodeFingerprint RefusalCode = "fingerprint" // common versions, but with other layouts
	CodeFeature     RefusalCode = "feature"     // a required feature is missing
	CodeProtocol    RefusalCode = "protocol"    // the server does not speak this protocol
	CodeOverload    RefusalCode = "overload"    // too many connections, or sessions
	CodeGoAway      RefusalCode = "goaway"      // the server is going away
	CodeGreeting    RefusalCode = "greeting"    // not a greeting, or a malformed one
)

// Refusal says that this side cannot speak with its peer, and what would have been
// acceptable. It is the error of [Choose] and of a server's [Handshake]; what a client
// receives is a [RefusedError].
//
// errors.Is(err, &Refusal{Code: c}) tells whether err is a refusal with that code.
type Refusal struct {
	Code         RefusalCode
	Versions     Versions      // version, fingerprint: those offered here
	Min          codec.Version // version: the lowest that is spoken here
	Fingerprints []Fingerprint // fingerprint: those here
	Features     []string      // feature: the required ones that are missing
	Protocols    []string      // protocol: those spoken here
	RetryAfter   time.Duration // overload, goaway: when to come again; 0: not said
	Alternatives []string      // goaway: other addresses
	Message      string        // for a person, printable ASCII

	Err error // the local cause, such as a *SyntaxError; not sent
}

func (r *Refusal) Error() string { return "negotiate: refused the peer: " + r.describe() }

// Unwrap returns the local cause.
func (r *Refusal) Unwrap() error { return r.Err }

// Is tells whether target is a *Refusal with the same code and nothing else.
func (r *Refusal) Is(target error) bool {
	t, ok := target.(*Refusal)
	return ok && t.Code == r.Code
}

func (r *Refusal) describe() string {
	var b strings.Builder
	switch r.Code {
	case CodeVersion:
		fmt.Fprintf(&b, "no common version; acceptable are %v", r.Versions)
		if r.Min > 0 {
			fmt.Fprintf(&b, ", none below %d", r.Min)
		}
	case CodeFingerprint:
		fmt.Fprintf(&b, "the common versions have other layouts; build both sides from the same frozen schema (versions here: %v)", r.Versions)
	case CodeFeature:
		fmt.Fprintf(&b, "required features are missing: %s", strings.Join(r.Features, ", "))
	case CodeProtocol:
		fmt.Fprintf(&b, "unknown protocol; spoken here: %s", strings.Join(r.Protocols, ", "))
	case CodeOverload:
		b.WriteString("the server is full")
	case CodeGoAway:
		b.WriteString("going away")
	case CodeGreeting:
		b.WriteString("not a Parley greeting")
	default:
		fmt.Fprintf(&b, "code %q", string(r.Code))
	}
	if r.RetryAfter > 0 {
		fmt.Fprintf(&b, "; come again after %v", r.RetryAfter)
	}
	if len(r.Alternatives) > 0 {
		fmt.Fprintf(&b, "; go to %s", strings.Join(r.Alternatives, ", "))
	}
	if r.Message != "" {
		fmt.Fprintf(&b, " (%s)", r.Message)
	}
	if r.Err != nil {
		fmt.Fprintf(&b, ": %s", strings.TrimPrefix(r.Err.Error(), "negotiate: "))
	}
	return b.String()
}

// RefusedError says that the server refused this client.
type RefusedError struct{ Refusal Refusal }

func (e *RefusedError) Error() string {
	return "negotiate: the server refused: " + e.Refusal.describe()
}

// Is tells whether target is a *Refusal with the same code.
func (e *RefusedError) Is(target error) bool { return e.Refusal.Is(target) }

// SyntaxError says where a greeting, an answer or a refusal breaks the syntax.
type SyntaxError struct {
	Offset int    // of the byte in the line
	Key    string // whose value is wrong, or empty
	Reason string
}

func (e *SyntaxError) Error() string {
	if e.Key != "" {
		return fmt.Sprintf("negotiate: byte %d of the line, key %s: %s", e.Offset, e.Key, e.Reason)
	}
	return fmt.Sprintf("negotiate: byte %d of the line: %s", e.Offset, e.Reason)
}

// OfferError says what is wrong with an offer of this side; nothing was sent.
type OfferError struct {
	Field  string
	Reason string
}

func (e *OfferError) Error() string { return "negotiate: Offer." + e.Field + ": " + e.Reason }

// ChoiceError says that a server chose what the client had not offered, or that a legacy
// server was recognised whose version is below the minimum. The client closes.
type ChoiceError struct {
	Version codec.Version
	Reason  string
}

func (e *ChoiceError) Error() string {
	return fmt.Sprintf("negotiate: the server's version %d breaks this client's offer: %s", e.Version, e.Reason)
}

// NotParleyError says that the peer's first bytes begin no greeting or answer, and that no
// recogniser knows them.
type NotParleyError struct {
	First []byte // up to the byte that showed it, at most 64
}

func (e *NotParleyError) Error() string {
	return fmt.Sprintf("negotiate: the peer does not speak Parley: it began with %q; to serve such a peer configure a Recognizer", e.First)
}

// RestError says that bytes came after the handshake's last line where RestFatal forbids it.
type RestError struct{ Bytes int }

func (e *RestError) Error() string {
	return fmt.Sprintf("negotiate: %d bytes followed the handshake in plaintext; someone may have injected them, so the connection must be closed", e.Bytes)
}

// TimeoutError says what did not happen in time.
type TimeoutError struct {
	Waiting string // for what
	After   time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("negotiate: no %s within %v", e.Waiting, e.After)
}

// Timeout returns true, for os.IsTimeout.
func (e *TimeoutError) Timeout() bool { return true }

// ErrFinished is returned by a step of a machine that has failed or finished before.
var ErrFinished = errors.New("negotiate: the machine has finished; make a new one for a new connection")
