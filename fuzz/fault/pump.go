package fault

import (
	"errors"
	"io"
	"net"
	"syscall"
)

// pump returns the near end of a pipe whose far end is tied to c, so that the
// pipe's latency and bandwidth stand between its user and c:
//
//	user ⇄ near ══ line ══ far ⇄ c
func pump(c net.Conn, l line, seed uint64) net.Conn {
	near, far := newPipe(l, seed, c.LocalAddr(), c.RemoteAddr())
	closed := make(chan struct{})
	near.onClose = func() { close(closed) }
	go func() {
		move(c, far)
		<-closed
		c.Close()
	}()
	go func() {
		move(far, c)
		if near.gone.Load() {
			far.Close() // near may have vanished without a word
		}
	}()
	return near
}

// move copies from src to dst until src ends, and ends dst in the same way.
func move(dst, src net.Conn) {
	_, err := io.Copy(dst, src)
	switch {
	case err == nil:
		closeWrite(dst)
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		abort(dst)
		abort(src)
	default:
		dst.Close()
		src.Close()
	}
}
