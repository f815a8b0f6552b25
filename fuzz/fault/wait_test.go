package fault_test

import (
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// elapsed runs f in virtual time and returns how long it took.
func elapsed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pair(t, "w1:stall(1h) r0:stall(3s)")
		if d := elapsed(func() { a.Write([]byte("one")) }); d != 0 {
			t.Errorf("write 0 took %v", d)
		}
		if d := elapsed(func() { a.Write([]byte("two")) }); d != time.Hour {
			t.Errorf("write 1 took %v, want 1h", d)
		}
		b.Write([]byte("x"))
		if d := elapsed(func() { want(t, "read", readOne(a), result{"x", nil}) }); d != 3*time.Second {
			t.Errorf("read 0 took %v, want 3s", d)
		}
		if s := a.Stats(); s.Stalls != 2 {
			t.Errorf("counted %v", s)
		}
	})
}

func TestDeadlineEndsAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := pair(t, "w0:stall(1h)")
		a.SetWriteDeadline(time.Now().Add(time.Second))
		d := elapsed(func() { want(t, "write", writeOne(a, "x"), result{"", os.ErrDeadlineExceeded}) })
		if d != time.Second {
			t.Errorf("took %v, want 1s", d)
		}
		a.SetWriteDeadline(time.Time{})
		want(t, "write", writeOne(a, "x"), result{"x", nil})
	})
}

// A deadline that is set while the operation waits counts too.
func TestDeadlineSetDuringAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pair(t, "r0:stall(1h)")
		b.Write([]byte("x"))
		got := make(chan result)
		start := time.Now()
		go func() { got <- readOne(a) }()
		synctest.Wait()
		a.SetDeadline(time.Now().Add(2 * time.Hour)) // later than the stall: no difference
		a.SetDeadline(time.Now().Add(time.Minute))
		want(t, "read", <-got, result{"", os.ErrDeadlineExceeded})
		if d := time.Since(start); d != time.Minute {
			t.Errorf("took %v, want 1m", d)
		}
		a.SetDeadline(time.Time{})
		want(t, "read again", readOne(a), result{"x", nil})
	})
}

func TestCloseEndsAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := pair(t, "w0:stall(1h)")
		got := make(chan result)
		go func() { got <- writeOne(a, "x") }()
		synctest.Wait()
		a.Close()
		want(t, "write", <-got, result{"", net.ErrClosed})
	})
}

func TestHalfOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pair(t, "w1:halfopen")
		want(t, "write 0", writeOne(a, "one"), result{"one", nil})
		got := make(chan result)
		go func() { got <- readOne(a) }()
		synctest.Wait()
		want(t, "write 1", writeOne(a, "two"), result{"two", nil})
		b.Write([]byte("nobody hears this"))
		want(t, "peer", readOne(b), result{"one", nil})

		a.SetReadDeadline(time.Now().Add(time.Minute))
		want(t, "read", <-got, result{"", os.ErrDeadlineExceeded})

		a.Close()
		b.SetReadDeadline(time.Now().Add(time.Hour))
		want(t, "peer after the close", readOne(b), result{"", os.ErrDeadlineExceeded})
		want(t, "peer writes", writeOne(b, "hello?"), result{"hello?", nil})
		if s := a.Stats(); s.HalfOpens != 1 || s.Faults() != 1 {
			t.Errorf("counted %v", s)
		}
	})
}
