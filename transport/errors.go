package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

var (
	// ErrClosed says that the client, session or server was closed on this side.
	ErrClosed = errors.New("transport: closed")

	// ErrUnknownOutcome says that a call's session ended before its reply: the other side
	// may have executed it or not. It is never executed again.
	ErrUnknownOutcome = errors.New("transport: outcome unknown: the session ended before the reply; ask the peer for the effect before you repeat the call")
)

// Kind says what went wrong with a connection.
type Kind int

const (
	// Unreachable: no connection came about; the name, the route or the time.
	Unreachable Kind = iota + 1

	// Refused: the host answered that nobody listens there.
	Refused

	// TLS: the handshake of crypto/tls failed.
	TLS

	// Negotiation: the peers found no version or feature in common, or the server
	// refused for another reason that it said; the cause is a *negotiate.RefusedError then.
	Negotiation

	// HeartbeatLost: the peer was silent for too long.
	HeartbeatLost

	// PeerClosed: the connection ended or was reset.
	PeerClosed

	// Violation: the peer sent what the protocol forbids, or a proof that does not verify.
	Violation

	// Ended: the peer closed the session; the cause is a *session.CloseError. It is final.
	Ended

	// Renewed: the server closed the session, and a new one begins in its place, as
	// session.Config.Renew decided; the cause is a *session.CloseError. The client goes on.
	Renewed

	kinds
)

var kindNames = [kinds]string{
	Unreachable: "unreachable", Refused: "refused", TLS: "TLS", Negotiation: "negotiation",
	HeartbeatLost: "heartbeat lost", PeerClosed: "peer closed", Violation: "protocol violation", Ended: "session ended",
	Renewed: "session ended, a new one begins",
}

// String returns the kind in words.
func (k Kind) String() string {
	if k < 1 || k >= kinds {
		return "kind(" + strconv.Itoa(int(k)) + ")"
	}
	return kindNames[k]
}

// Error is why a connection could not be made or did not last.
type Error struct {
	Kind     Kind
	Endpoint string        // the address that was dialled, or the peer's
	Retry    time.Duration // how long the server asked to wait; of several endpoints, until the first may be tried; 0: not at all
	Err      error         // the cause
}

func (e *Error) Error() string {
	s := "transport: "
	if e.Endpoint != "" {
		s += e.Endpoint + ": "
	}
	s += e.Kind.String()
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Retry > 0 {
		s += fmt.Sprintf("; the server asks to wait %v", e.Retry)
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is lets errors.Is match by kind: a target *Error with nothing but a Kind.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && *t == Error{Kind: e.Kind}
}

// Temporary tells whether another attempt may help: all kinds but Ended. A certificate can be
// renewed and a server upgraded while a device tries on. It is the default of
// Config.Retry.
func (e *Error) Temporary() bool { return e.Kind != Ended }

// dialError sorts an error of dialling.
func dialError(endpoint string, err error) *Error {
	kind := Unreachable
	if errors.Is(err, syscall.ECONNREFUSED) {
		kind = Refused
	}
	return &Error{Kind: kind, Endpoint: endpoint, Err: err}
}

// streamError sorts an error of reading or writing an established connection; under TLS also
// one of its handshake.
func streamError(endpoint string, err error) *Error {
	var typed *Error
	if errors.As(err, &typed) {
		return typed
	}
	kind := PeerClosed
	switch {
	case isTLS(err):
		kind = TLS
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		kind = HeartbeatLost
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &Error{Kind: kind, Endpoint: endpoint, Err: err}
}

// machineError sorts why a machine gave up a connection, or an opening failed.
func machineError(endpoint string, err error) *Error {
	e := &Error{Kind: PeerClosed, Endpoint: endpoint, Err: err}
	var (
		typed   *Error
		closed  *session.CloseError
		refused *negotiate.RefusedError
		refusal *negotiate.Refusal
		broken  *session.ProtocolError
		framing *frame.Error
		away    *session.GoAwayError
	)
	switch {
	case errors.As(err, &typed):
		return typed
	case errors.As(err, &closed):
		switch {
		case closed.Renewed:
			e.Kind = Renewed
		case closed.Remote:
			e.Kind = Ended
		}
	case errors.Is(err, session.ErrSilent), errors.Is(err, session.ErrSlowFrame):
		e.Kind = HeartbeatLost
	case errors.As(err, &refused):
		e.Kind, e.Retry = Negotiation, refused.Refusal.RetryAfter
	case errors.As(err, &refusal), errors.Is(err, session.ErrHandshakeTimeout), isNegotiation(err):
		e.Kind = Negotiation
	case errors.As(err, &broken), errors.As(err, &framing), errors.Is(err, negotiate.ErrProof):
		e.Kind = Violation
	case errors.As(err, &away):
		e.Retry = away.RetryAfter
	}
	return e
}

func isNegotiation(err error) bool {
	var (
		syntax    *negotiate.SyntaxError
		choice    *negotiate.ChoiceError
		notParley *negotiate.NotParleyError
		timeout   *negotiate.TimeoutError
		rest      *negotiate.RestError
	)
	return errors.As(err, &syntax) || errors.As(err, &choice) || errors.As(err, &notParley) ||
		errors.As(err, &timeout) || errors.As(err, &rest)
}

// endError is why a session ended, from its machine's EventClosed.
func endError(err error) error {
	var c *session.CloseError
	if errors.As(err, &c) && c.Remote {
		return &Error{Kind: Ended, Err: err}
	}
	return fmt.Errorf("%w: %w", ErrClosed, err)
}

func isTLS(err error) bool {
	var (
		record tls.RecordHeaderError
		alert  tls.AlertError
		verify *tls.CertificateVerificationError
		host   x509.HostnameError
		signed x509.UnknownAuthorityError
		op     *net.OpError
	)
	return errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &verify) ||
		errors.As(err, &host) || errors.As(err, &signed) ||
		errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error")
}
