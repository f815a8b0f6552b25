package fault_test

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz"
	"github.com/parleyproto/parley/fuzz/fault"
)

var _ fault.Chooser = (*fuzz.Source)(nil)

// pair returns the two ends of a connection in memory, with faults on a.
func pair(t *testing.T, schedule string) (a *fault.Conn, b net.Conn) {
	t.Helper()
	s, err := fault.Parse(schedule)
	if err != nil {
		t.Fatal(err)
	}
	var network fault.Network
	ln, err := network.Listen("server")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	plain, err := network.Dial(t.Context(), "server")
	if err != nil {
		t.Fatal(err)
	}
	if b, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	a = fault.New(plain, s)
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// result is what an operation returned, its error by class.
type result struct {
	data string
	err  error
}

var classes = []error{
	io.EOF, io.ErrShortWrite, syscall.ECONNRESET, syscall.EPIPE, net.ErrClosed, os.ErrDeadlineExceeded, syscall.ECONNREFUSED,
}

func class(err error) error {
	for _, c := range classes {
		if errors.Is(err, c) {
			return c
		}
	}
	return err
}

func readOne(c net.Conn) result {
	p := make([]byte, 100)
	n, err := c.Read(p)
	return result{string(p[:n]), class(err)}
}

func writeOne(c net.Conn, text string) result {
	n, err := c.Write([]byte(text))
	return result{text[:n], class(err)}
}

func want(t *testing.T, what string, got, want result) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, %v; want %q, %v", what, got.data, got.err, want.data, want.err)
	}
}

func TestNoFault(t *testing.T) {
	a, b := pair(t, "")
	want(t, "write", writeOne(a, "hello"), result{"hello", nil})
	want(t, "read", readOne(b), result{"hello", nil})
	b.Write([]byte("back"))
	want(t, "read", readOne(a), result{"back", nil})
	b.Close()
	want(t, "read", readOne(a), result{"", io.EOF})
	if s := a.Stats(); s.Faults() != 0 {
		t.Errorf("counted %v", s)
	}
	if r, w := a.Ops(); r != 2 || w != 1 {
		t.Errorf("%d reads, %d writes", r, w)
	}
}

func TestShort(t *testing.T) {
	a, b := pair(t, "w1:short(2) r0:short(3)")
	want(t, "write 0", writeOne(a, "hello"), result{"hello", nil})
	want(t, "write 1", writeOne(a, "world"), result{"wo", io.ErrShortWrite})
	want(t, "write 2", writeOne(a, "rld"), result{"rld", nil})
	for _, text := range []string{"hello", "wo", "rld"} {
		want(t, "peer", readOne(b), result{text, nil})
	}
	b.Write([]byte("answer"))
	want(t, "read 0", readOne(a), result{"ans", nil})
	want(t, "read 1", readOne(a), result{"wer", nil})
	if s := a.Stats(); s.Shorts != 2 || s.Faults() != 2 {
		t.Errorf("counted %v", s)
	}
}

func TestFragment(t *testing.T) {
	a, b := pair(t, "w0:fragment(2) r0-1:fragment(1)")
	want(t, "write", writeOne(a, "hello"), result{"hello", nil})
	for _, text := range []string{"he", "ll", "o"} {
		want(t, "peer", readOne(b), result{text, nil})
	}
	b.Write([]byte("abcd"))
	for _, text := range []string{"a", "b", "cd"} {
		want(t, "read", readOne(a), result{text, nil})
	}
	if s := a.Stats(); s.Fragments != 3 || s.Faults() != 3 {
		t.Errorf("counted %v", s)
	}
}

func TestResetInTheMiddleOfAWrite(t *testing.T) {
	a, b := pair(t, "w1:reset(3)")
	want(t, "write 0", writeOne(a, "one"), result{"one", nil})
	want(t, "write 1", writeOne(a, "two three"), result{"two", syscall.ECONNRESET})
	want(t, "write 2", writeOne(a, "more"), result{"", syscall.ECONNRESET})
	want(t, "read", readOne(a), result{"", syscall.ECONNRESET})
	want(t, "peer", readOne(b), result{"one", nil})
	want(t, "peer", readOne(b), result{"two", nil})
	want(t, "peer", readOne(b), result{"", syscall.ECONNRESET})
	want(t, "peer writes", writeOne(b, "x"), result{"", syscall.ECONNRESET})
	if s := a.Stats(); s.Resets != 1 || s.Faults() != 1 {
		t.Errorf("counted %v", s)
	}
}

func TestResetAtARead(t *testing.T) {
	a, b := pair(t, "r1:reset(0)")
	b.Write([]byte("one"))
	b.Write([]byte("two"))
	want(t, "read 0", readOne(a), result{"one", nil})
	want(t, "read 1", readOne(a), result{"", syscall.ECONNRESET})
	want(t, "peer", readOne(b), result{"", syscall.ECONNRESET})
}

func TestResetWithinARead(t *testing.T) {
	a, b := pair(t, "r0:reset(2)")
	b.Write([]byte("one"))
	want(t, "read 0", readOne(a), result{"on", nil})
	want(t, "read 1", readOne(a), result{"", syscall.ECONNRESET})
	want(t, "peer", readOne(b), result{"", syscall.ECONNRESET})
}

func TestResetWakesAReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := pair(t, "w0:reset(0)")
		got := make(chan result)
		go func() { got <- readOne(a) }()
		synctest.Wait()
		a.Write([]byte("x"))
		want(t, "reader", <-got, result{"", syscall.ECONNRESET})
	})
}

func TestLose(t *testing.T) {
	a, b := pair(t, "w1:lose r1:lose")
	for _, text := range []string{"one", "two", "three"} {
		want(t, "write", writeOne(a, text), result{text, nil})
	}
	want(t, "peer", readOne(b), result{"one", nil})
	want(t, "peer", readOne(b), result{"three", nil})
	for _, text := range []string{"one", "two", "three"} {
		b.Write([]byte(text))
	}
	want(t, "read", readOne(a), result{"one", nil})
	want(t, "read", readOne(a), result{"three", nil})
	if s := a.Stats(); s.Losses != 2 || s.Faults() != 2 {
		t.Errorf("counted %v", s)
	}
}

func TestLossInOneDirection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pair(t, "r1-:lose")
		for _, text := range []string{"one", "two", "three"} {
			b.Write([]byte(text))
		}
		want(t, "read 0", readOne(a), result{"one", nil})
		a.SetReadDeadline(time.Now().Add(time.Minute))
		want(t, "read 1", readOne(a), result{"", os.ErrDeadlineExceeded})
		want(t, "write", writeOne(a, "still there"), result{"still there", nil})
		want(t, "peer", readOne(b), result{"still there", nil})
	})
}

func TestCorrupt(t *testing.T) {
	a, b := pair(t, "w0:corrupt(1) r0:corrupt(8)")
	text := []byte("abc")
	a.Write(text)
	if string(text) != "abc" {
		t.Errorf("the caller's bytes became %q", text)
	}
	want(t, "peer", readOne(b), result{"acc", nil})
	b.Write([]byte("abc"))
	want(t, "read", readOne(a), result{"abb", nil})
	if s := a.Stats(); s.Corruptions != 2 {
		t.Errorf("counted %v", s)
	}
}

func TestEOFAtARead(t *testing.T) {
	a, b := pair(t, "r1:eof")
	b.Write([]byte("one"))
	b.Write([]byte("two"))
	want(t, "read 0", readOne(a), result{"one", nil})
	want(t, "read 1", readOne(a), result{"", io.EOF})
	want(t, "read 2", readOne(a), result{"", io.EOF})
	want(t, "write", writeOne(a, "x"), result{"x", nil})
	want(t, "peer", readOne(b), result{"x", nil})
}

func TestEOFAtAWrite(t *testing.T) {
	a, b := pair(t, "w1:eof")
	want(t, "write 0", writeOne(a, "one"), result{"one", nil})
	want(t, "write 1", writeOne(a, "two"), result{"", syscall.EPIPE})
	want(t, "write 2", writeOne(a, "three"), result{"", syscall.EPIPE})
	want(t, "peer", readOne(b), result{"one", nil})
	want(t, "peer", readOne(b), result{"", io.EOF})
	want(t, "peer writes", writeOne(b, "back"), result{"back", nil})
	want(t, "read", readOne(a), result{"back", nil})
}
