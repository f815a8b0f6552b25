package transport_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"crypto/x509"

	"github.com/parleyproto/parley/transport"
)

func TestErrorKinds(t *testing.T) {
	tests := []struct {
		err  *transport.Error
		want transport.Kind
	}{
		{transport.DialError("a:1", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}), transport.Refused},
		{transport.DialError("a:1", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)}), transport.Unreachable},
		{transport.DialError("a:1", &net.DNSError{Err: "no such host", IsNotFound: true}), transport.Unreachable},
		{transport.StreamError("a:1", io.EOF), transport.PeerClosed},
		{transport.StreamError("a:1", syscall.ECONNRESET), transport.PeerClosed},
		{transport.StreamError("a:1", os.ErrDeadlineExceeded), transport.HeartbeatLost},
		{transport.StreamError("a:1", fmt.Errorf("tls: %w", x509.UnknownAuthorityError{})), transport.TLS},
		{transport.StreamError("a:1", &transport.Error{Kind: transport.Violation}), transport.Violation},
	}
	for _, test := range tests {
		if test.err.Kind != test.want {
			t.Errorf("%v: kind %v, want %v", test.err, test.err.Kind, test.want)
		}
		if !errors.Is(fmt.Errorf("wrapped: %w", test.err), &transport.Error{Kind: test.want}) {
			t.Errorf("%v does not match its kind by errors.Is", test.err)
		}
		if errors.Is(test.err, &transport.Error{Kind: transport.Ended}) {
			t.Errorf("%v matches another kind", test.err)
		}
	}
}

func TestOnlyTheEndIsFinal(t *testing.T) {
	for k := transport.Unreachable; k <= transport.Renewed; k++ {
		if got, want := (&transport.Error{Kind: k}).Temporary(), k != transport.Ended; got != want {
			t.Errorf("%v: Temporary = %v, want %v", k, got, want)
		}
	}
}
