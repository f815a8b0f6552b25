package negotiate

import (
	"bytes"
	"errors"
	"fmt"
	"time"
)

// DefaultTimeout is how long a handshake, and a change of version, may take: the preface
// timeout of golang.org/x/net/http2 and the upgrade timeout of engine.io.
const DefaultTimeout = 10 * time.Second

// RestPolicy says what becomes of bytes that follow the handshake's last line and came
// together with it.
type RestPolicy uint8

const (
	// RestToDialect gives them to the dialect chosen, whose first frame must be a PROBE
	// that verifies.
	RestToDialect RestPolicy = iota

	// RestFatal closes the connection with a [RestError]. Use it where trust is raised
	// after the handshake, as with STARTTLS: what came before in plaintext may have been
	// injected (CVE-2011-0411).
	RestFatal
)

// HandshakeConfig is shared by all handshakes of an endpoint and must not change while one
// of them runs. Its zero value lacks only the Offer.
type HandshakeConfig struct {
	Role    Role
	Offer   Offer         // its Nonce is not used; see NewHandshake
	Timeout time.Duration // for the whole handshake; 0: DefaultTimeout
	Rest    RestPolicy

	// Recognizer tells legacy peers; nil: there are none. The version it names must not
	// be below Offer.Min and need not be among Offer.Versions.
	Recognizer Recognizer

	// Refuse, when not nil, is a server's answer to every greeting.
	Refuse *Refusal
}

// HandshakeState is a state of a [Handshake].
type HandshakeState uint8

const (
	// Greeting is a client that has sent nothing. Left for AwaitAnswer by the first Step,
	// which sends the greeting.
	Greeting HandshakeState = iota

	// AwaitAnswer is a client that waits for the rest of the answer's line. Left for
	// Finished by OK, for Failed by NO, by a broken line and by the timeout, for
	// Recognizing by a byte that no answer can have.
	AwaitAnswer

	// AwaitGreeting is a server that waits for the rest of the greeting's line. Left for
	// Finished when the answer is sent, for Failed when a refusal is sent and by the
	// timeout, for Recognizing by a byte that no greeting can have.
	AwaitGreeting

	// Recognizing shows the peer's first bytes to the recogniser. Left for Finished or
	// Failed by its verdict, for Failed by the timeout.
	Recognizing

	// Finished has the agreement; it is final. Until the peer's PROBE has verified, the
	// agreement is no more than what the peer seems to have said.
	Finished

	// Failed is final.
	Failed

	handshakeStates
)

var handshakeStateNames = [handshakeStates]string{
	Greeting: "Greeting", AwaitAnswer: "AwaitAnswer", AwaitGreeting: "AwaitGreeting",
	Recognizing: "Recognizing", Finished: "Finished", Failed: "Failed",
}

// String returns the constant's name.
func (s HandshakeState) String() string {
	if s < handshakeStates {
		return handshakeStateNames[s]
	}
	return "unknown state"
}

// Output is what a step of a [Handshake] gives.
type Output struct {
	// Taken is how many bytes of the input belonged to the handshake. Unless Done it is
	// all of them.
	Taken int

	// Send is to be written, also when there is an error: then it is a refusal, and the
	// connection is closed after it. It is valid until the next Step.
	Send []byte

	// Done says that Agreement is set. What the peer sends from here on belongs to the
	// dialect agreed on: first Replay, then the input from Taken on.
	Done      bool
	Agreement Agreement

	// Replay holds the bytes by which a legacy peer was recognised; otherwise it is
	// empty. It is valid until the next Step.
	Replay []byte
}

// Handshake is one side's greeting: bytes and the time go in, bytes come out, until it is
// done or refused. It is a comparable value without pointers to memory of its own. The
// result does not depend on how the bytes were cut. It is not safe for concurrent use.
type Handshake struct {
	cfg      *HandshakeConfig
	deadline time.Time
	nonce    Nonce
	state    HandshakeState
	n        uint16
	line     [MaxLine]byte // the first n bytes are the peer's line so far
}

// NewHandshake returns a handshake that begins now. The nonce must be random and fresh. A
// client's first Step, which may have no input, gives the greeting to send.
func NewHandshake(cfg *HandshakeConfig, nonce Nonce, now time.Time) Handshake {
	h := Handshake{cfg: cfg, nonce: nonce, state: Greeting, deadline: now.Add(cfg.timeout())}
	if cfg.Role == Server {
		h.state = AwaitGreeting
	}
	return h
}

func (c *HandshakeConfig) timeout() time.Duration { return orDefault(c.Timeout) }

func orDefault(d time.Duration) time.Duration {
	if d <= 0 {
		return DefaultTimeout
	}
	return d
}

// State returns the present state.
func (h *Handshake) State() HandshakeState { return h.state }

// Deadline returns when the handshake must be over. Call Step then.
func (h *Handshake) Deadline() time.Time { return h.deadline }

// Step takes bytes that the peer sent, or none when only time has passed. After an error the
// connection must be closed, once Output.Send is written. Errors are [*Refusal] (a server
// refuses), [*RefusedError] (a client was refused), [*ChoiceError], [*SyntaxError] (a broken
// answer), [*NotParleyError], [*RestError], [*TimeoutError], [*OfferError] and
// [ErrFinished].
//
// The end of the stream is the caller's to handle: before Done it is always a failure, never
// a reason to try a lower version.
func (h *Handshake) Step(now time.Time, in []byte) (Output, error) {
	if h.state >= Finished {
		return Output{}, ErrFinished
	}
	if !now.Before(h.deadline) {
		h.state = Failed
		return Output{}, &TimeoutError{Waiting: h.cfg.Role.Peer().String() + "'s line", After: h.cfg.timeout()}
	}
	var out Output
	if h.state == Greeting {
		greeting, err := h.greeting(nil)
		if err != nil {
			h.state = Failed
			return Output{}, err
		}
		out.Send = greeting
		h.state = AwaitAnswer
	}
	err := h.feed(&out, in)
	if err == nil && out.Done && h.cfg.Rest == RestFatal && out.Taken < len(in) {
		err = &RestError{Bytes: len(in) - out.Taken}
		out.Send = nil
	}
	switch {
	case err != nil:
		h.state = Failed
		out.Done, out.Agreement, out.Replay = false, Agreement{}, nil
	case out.Done:
		h.state = Finished
	}
	return out, err
}

// feed takes input until the line is complete or a recogniser has decided.
func (h *Handshake) feed(out *Output, in []byte) error {
	for out.Taken < len(in) {
		if h.state == Recognizing {
			if done, err := h.recognize(out, in[out.Taken]); done || err != nil {
				return err
			}
			continue
		}
		c := in[out.Taken]
		if m := h.magic(); int(h.n) < len(m) && c != m[h.n] {
			h.state = Recognizing
			continue
		}
		rest := in[out.Taken:]
		if int(h.n) < len(magic)+2 {
			rest = rest[:1] // compare the first bytes one by one
		}
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			rest = rest[:i+1]
		}
		k := copy(h.line[h.n:], rest)
		h.n += uint16(k)
		out.Taken += k
		if h.line[h.n-1] == '\n' {
			return h.complete(out)
		}
		if h.n == MaxLine {
			return h.refuse(out, &Refusal{Code: CodeGreeting, Err: &SyntaxError{
				Offset: MaxLine - 1, Reason: "the line is longer than 1024 bytes with its LF"}})
		}
	}
	return nil
}

// magic is what the peer's line must begin with, or it is no line of Parley's.
func (h *Handshake) magic() string {
	if h.cfg.Role == Server {
		return magic
	}
	return version1 + " "
}

// complete handles the peer's whole line.
func (h *Handshake) complete(out *Output) error {
	line := h.line[:h.n-1]
	var err error
	if h.cfg.Role == Server {
		err = h.answer(out, line)
	} else {
		err = h.confirm(out, line)
	}
	out.Done = err == nil
	return err
}

// answer is a server's choice.
func (h *Handshake) answer(out *Output, line []byte) error {
	client, err := ParseGreeting(line)
	if err != nil {
		return h.refuse(out, &Refusal{Code: CodeGreeting, Err: err})
	}
	if h.cfg.Refuse != nil {
		return h.refuse(out, h.cfg.Refuse)
	}
	client.share(&h.cfg.Offer)
	a, err := Choose(h.cfg.Offer, client)
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return h.refuse(out, refusal)
	}
	if err := h.cfg.Offer.Validate(); err != nil {
		return err
	}
	local := h.cfg.Offer
	local.Nonce = h.nonce
	local.Features = local.chosen(a.Features)
	var buf [MaxLine]byte
	answer := appendAnswer(buf[:0], Answer{Version: a.Version, Offer: local}, true)
	a.Digest = GreetingDigest(line, answer[:len(answer)-1])
	out.Agreement = a
	out.Send = h.line[:copy(h.line[:], answer)]
	return nil
}

// confirm is a client's check of the answer.
func (h *Handshake) confirm(out *Output, line []byte) error {
	answer, err := ParseAnswer(line)
	if err != nil {
		return err
	}
	a, err := Confirm(h.cfg.Offer, answer)
	if err != nil {
		return err
	}
	var buf [MaxLine]byte
	greeting, err := h.greeting(buf[:0])
	if err != nil {
		return err
	}
	a.Digest = GreetingDigest(greeting[:len(greeting)-1], line)
	out.Agreement = a
	return nil
}

// greeting appends the client's line. It is made twice, to send and for the digest, so that
// it need not be kept.
func (h *Handshake) greeting(dst []byte) ([]byte, error) {
	if err := h.cfg.Offer.Validate(); err != nil {
		return dst, err
	}
	o := h.cfg.Offer
	o.Nonce = h.nonce
	return appendGreeting(dst, o, true), nil
}

// refuse makes a server send r; a client only fails, with r's cause, which it must have.
func (h *Handshake) refuse(out *Output, r *Refusal) error {
	if h.cfg.Role == Server {
		out.Send = AppendRefusal(nil, r)
		return r
	}
	return r.Err
}

// recognize shows the recogniser one byte more.
func (h *Handshake) recognize(out *Output, c byte) (done bool, err error) {
	h.line[h.n] = c
	h.n++
	out.Taken++
	first := h.line[:h.n]
	if h.cfg.Recognizer == nil {
		return true, h.refuse(out, notParley(first))
	}
	v, verdict := h.cfg.Recognizer(first)
	switch {
	case verdict == NeedMore && h.n < MaxLine:
		return false, nil
	case verdict != Recognized:
		return true, h.refuse(out, notParley(first))
	case v < h.cfg.Offer.Min:
		return true, h.refuse(out, &Refusal{Code: CodeVersion, Versions: h.cfg.Offer.Versions, Min: h.cfg.Offer.Min,
			Err: &ChoiceError{Version: v, Reason: fmt.Sprintf("a legacy peer's, and the minimum is %d", h.cfg.Offer.Min)}})
	}
	out.Done = true
	out.Agreement = Agreement{Version: v, Legacy: true, Peer: Offer{Protocol: h.cfg.Offer.Protocol}}
	out.Replay = first
	return true, nil
}

func notParley(first []byte) *Refusal {
	return &Refusal{Code: CodeGreeting, Err: &NotParleyError{First: bytes.Clone(first[:min(len(first), 64)])}}
}

// chosen returns o's features that were agreed on, as an answer names them.
func (o *Offer) chosen(features []string) []Feature {
	fs := make([]Feature, len(features))
	for i, f := range features {
		fs[i] = Feature{Name: f}
	}
	return fs
}
