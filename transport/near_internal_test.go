//go:build linux

package transport

import (
	"context"
	"crypto/tls"
	"net"
	"syscall"
	"testing"
)

func TestIsNear(t *testing.T) {
	for _, c := range []struct {
		local, remote string
		near          bool
	}{
		{"127.0.0.1", "127.0.0.1", true},
		{"127.0.0.1", "127.0.0.2", true},
		{"::1", "::1", true},
		{"192.0.2.7", "192.0.2.7", true},
		{"::ffff:192.0.2.7", "192.0.2.7", true},
		{"192.0.2.7", "192.0.2.8", false},
		{"2001:db8::1", "2001:db8::2", false},
		{"127.0.0.1", "192.0.2.8", false},
	} {
		at := func(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 7} }
		if near := isNear(at(c.local), at(c.remote)); near != c.near {
			t.Errorf("from %s to %s: near is %v, want %v", c.local, c.remote, near, c.near)
		}
	}
	if isNear(&net.UnixAddr{}, &net.UnixAddr{}) {
		t.Error("a socket that is not of TCP is near")
	}
}

// sendBuffer returns what the system has as the bound, which is twice what was asked for.
func sendBuffer(t *testing.T, conn net.Conn) (n int) {
	t.Helper()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) {
			n, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF)
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Client and server bound what waits in the system on a connection over loopback.
func TestBuffersOfConnectionsWithinTheMachine(t *testing.T) {
	s, accepted := joined(t)
	defer s.unlock()
	if n := sendBuffer(t, s.link.conn); n > 2*nearBuffer {
		t.Errorf("a client has %d bytes", n)
	}
	if n := sendBuffer(t, accepted); n > 2*nearBuffer {
		t.Errorf("a server has %d bytes", n)
	}
}

// So it is under TLS; a connection that somebody else has dialled is left alone.
func TestBuffersOfOthers(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	chosen := 0
	cfg := &Config{Dial: func(ctx context.Context, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err == nil {
			conn.(*net.TCPConn).SetWriteBuffer(64 << 10)
			chosen = sendBuffer(t, conn)
		}
		return conn, err
	}}
	conn, err := (&connector{cfg: cfg}).dial(t.Context(), ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if n := sendBuffer(t, conn); n != chosen {
		t.Errorf("a connection dialled by the application has %d bytes, and %d before", n, chosen)
	}
	boundNear(tls.Client(conn, nil))
	if n := sendBuffer(t, conn); n <= chosen || n > 2*nearBuffer {
		t.Errorf("under TLS it has %d bytes, and %d before", n, chosen)
	}
}
