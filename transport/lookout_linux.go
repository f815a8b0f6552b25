package transport

import (
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// lookout tells when a socket can be read, and leaves the reading to whoever wants to. It is an
// epoll instance that holds the socket, and that the runtime's poller watches in its turn.
type lookout struct {
	sock   syscall.RawConn
	file   *os.File
	raw    syscall.RawConn // of file
	events [1]syscall.EpollEvent
	set    func(fd uintptr)
	look   func(fd uintptr) bool
	op     int
	err    error
}

// maxLookouts bounds how many there are in a process: each is an open file, which connections need
// more.
const maxLookouts = 256

var lookouts atomic.Int32

// newLookout returns nil where there is none: conn is no socket, or there are enough lookouts or open
// files. It looks out after the first on.
func newLookout(conn net.Conn) *lookout {
	c, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	if lookouts.Add(1) > maxLookouts {
		lookouts.Add(-1)
		return nil
	}
	k := openLookout(c)
	if k == nil {
		lookouts.Add(-1)
	}
	return k
}

func openLookout(c *net.TCPConn) *lookout {
	sock, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil
	}
	syscall.SetNonblock(epoll, true) // that makes NewFile give it to the runtime's poller
	k := &lookout{sock: sock, file: os.NewFile(uintptr(epoll), "lookout"), op: syscall.EPOLL_CTL_ADD}
	if k.raw, err = k.file.SyscallConn(); err != nil || k.file.SetReadDeadline(time.Time{}) != nil {
		k.file.Close()
		return nil
	}
	k.set = func(fd uintptr) {
		k.events[0].Fd = int32(fd)
		k.err = syscall.EpollCtl(epoll, k.op, int(fd), &k.events[0])
	}
	k.look = func(fd uintptr) bool {
		var events [1]syscall.EpollEvent
		n, _ := syscall.EpollWait(int(fd), events[:], 0)
		return n > 0
	}
	return k
}

// on lets wait return once when the socket can be read, or when it can already. After an error it
// may never return.
func (k *lookout) on() error { return k.watch(syscall.EPOLLIN | syscall.EPOLLRDHUP) }

// off takes on back. A wait may still return all the same.
func (k *lookout) off() error { return k.watch(0) }

func (k *lookout) watch(events uint32) error {
	k.events[0].Events = events | syscall.EPOLLONESHOT
	err := k.sock.Control(k.set)
	if err == nil {
		err = k.err
	}
	if err == nil {
		k.op = syscall.EPOLL_CTL_MOD
	}
	return err
}

// wait waits until the socket can be read after on was called, until the deadline, or until close.
// It may be called while any other method is.
func (k *lookout) wait(deadline time.Time) error {
	if err := k.file.SetReadDeadline(deadline); err != nil {
		return err
	}
	return k.raw.Read(k.look)
}

// close may be called more than once.
func (k *lookout) close() {
	if k.file.Close() == nil {
		lookouts.Add(-1)
	}
}
