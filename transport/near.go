package transport

import "net"

// nearBuffer is how many bytes, on a connection within one machine, the system keeps of what was
// written and not read. By itself it would let several megabytes wait there. That fills a long
// line; where there is no distance it only drives what is copied next out of the processor's
// cache, so that large messages take half as long again.
const nearBuffer = 384 << 10

// boundNear sets that bound if conn does not leave the machine.
func boundNear(conn net.Conn) {
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = t.NetConn()
	}
	if c, ok := conn.(*net.TCPConn); ok && isNear(c.LocalAddr(), c.RemoteAddr()) {
		c.SetWriteBuffer(nearBuffer)
	}
}

// isNear tells whether two addresses of one connection are of one machine.
func isNear(local, remote net.Addr) bool {
	a, ok := local.(*net.TCPAddr)
	b, too := remote.(*net.TCPAddr)
	return ok && too && (a.IP.Equal(b.IP) || a.IP.IsLoopback() && b.IP.IsLoopback())
}
