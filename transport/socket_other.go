//go:build !unix

package transport

import "net"

// socket is a connection that can be written to without waiting. Here there is none.
type socket struct{}

func newSocket(net.Conn) *socket { return nil }

func (*socket) write([]byte) (int, error) { return 0, nil }
