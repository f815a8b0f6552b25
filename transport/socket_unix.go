//go:build unix

package transport

import (
	"net"
	"syscall"
)

// socket writes to a connection what its buffer takes at once.
type socket struct {
	raw syscall.RawConn
	try func(fd uintptr) bool
	buf []byte
	n   int
	err error
}

// newSocket returns nil if conn is no socket.
func newSocket(conn net.Conn) *socket {
	c, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	k := &socket{raw: raw}
	k.try = func(fd uintptr) bool {
		k.n, k.err = syscall.Write(int(fd), k.buf)
		return true // never wait
	}
	return k
}

// write writes the beginning of b, n bytes; perhaps none.
func (k *socket) write(b []byte) (n int, err error) {
	k.buf, k.n, k.err = b, 0, nil // Write does not call try when the connection is closed
	err = k.raw.Write(k.try)
	k.buf = nil
	if err == nil {
		err = k.err
	}
	if err == syscall.EAGAIN || err == syscall.EINTR {
		return 0, nil
	}
	return max(k.n, 0), err
}
