package transport

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// sockets returns two connected sockets.
func sockets(t *testing.T) (a, b net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if a, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// never is a deadline that no test meets; past is one that all do.
func never() time.Time { return time.Now().Add(time.Hour) }

var past = time.Unix(1, 0)

func TestLookout(t *testing.T) {
	a, b := sockets(t)
	k := newLookout(a)
	if k == nil {
		t.Fatal("no lookout")
	}
	if err := k.wait(past); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("with nothing to read: %v", err)
	}
	waited := make(chan error)
	wait := func() { waited <- k.wait(never()) }
	check := func(what string) {
		t.Helper()
		if err := <-waited; err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}

	k.on()
	go wait()
	b.Write([]byte("one"))
	check("bytes came")

	go wait()
	k.on()
	check("there are still bytes")

	a.Read(make([]byte, 3))
	sees := func() (seen bool) {
		k.raw.Control(func(fd uintptr) { seen = k.look(fd) })
		return seen
	}
	k.off()
	b.Write([]byte("two"))
	if sees() {
		t.Error("it tells of bytes when it is off")
	}
	if k.on(); !sees() || sees() {
		t.Error("on again it does not tell once")
	}
	a.Read(make([]byte, 3))

	go wait()
	k.off()
	b.Close()
	k.on()
	check("the peer has closed")

	go wait()
	k.close()
	if err := <-waited; err == nil {
		t.Error("close wakes nobody")
	}
	if newLookout(noSocket{}) != nil {
		t.Error("a lookout for what is no socket")
	}
}

type noSocket struct{ net.Conn }

// On a socket that is closed nothing can be seen, and nothing breaks.
func TestLookoutAfterClose(t *testing.T) {
	a, _ := sockets(t)
	k := newLookout(a)
	k.on()
	a.Close()
	if err := errors.Join(k.on(), k.off()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close of the socket: %v", err)
	}
	k.close()
	k.close()
	if k.wait(never()) == nil {
		t.Error("it waits after close")
	}
}
