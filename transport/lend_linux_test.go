package transport_test

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// lending is a client whose calls read their replies themselves, and its server. Handlers get what
// the test gives them: ask at the server, push at the client.
type lending struct {
	t      *testing.T
	c      *transport.Client
	ask    func(*transport.Session, int) // for a call that is not 0
	push   func(int)
	server *transport.Session

	mu    sync.Mutex
	conns []*net.TCPConn // of the client
}

func (x *lending) Handle(_ context.Context, s *transport.Session, in transport.Incoming) (codec.Message, error) {
	n := in.Message.(*Note).N
	if x.server = s; n != 0 {
		x.ask(s, n)
	}
	return in.Message, nil
}

func startLending(t *testing.T) *lending {
	x := &lending{t: t, push: func(int) {}}
	addr := listenTCP(t, &transport.Server{Handler: x})
	x.c = dialTCP(t, transport.Config{Endpoints: []string{addr}, Backoff: transport.Backoff{Base: time.Millisecond, Cap: time.Millisecond, Floor: time.Millisecond},
		Dial: func(ctx context.Context, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
			if err == nil {
				x.mu.Lock()
				x.conns = append(x.conns, conn.(*net.TCPConn))
				x.mu.Unlock()
			}
			return conn, err
		},
		Handler: transport.HandlerFunc(func(_ context.Context, _ *transport.Session, in transport.Incoming) (codec.Message, error) {
			x.push(in.Message.(*Note).N)
			return nil, nil
		}),
	})
	return x
}

// call makes a call that must be answered.
func (x *lending) call(ctx context.Context, n int) {
	x.t.Helper()
	if reply, err := x.c.Call(ctx, &Note{N: n}); err != nil || reply.(*Note).N != n {
		x.t.Fatalf("call %d: %v, %v", n, reply, err)
	}
}

// warm calls until the reading role is offered.
func (x *lending) warm() {
	x.t.Helper()
	for range 100_000 {
		if offered, _ := transport.Loan(x.c.Session); offered {
			return
		}
		x.call(x.t.Context(), 0)
	}
	x.t.Fatal("the reading role is never offered")
}

// loan makes calls until one has the reading role when the server gets it; then the server does f.
func (x *lending) loan(f func(s *transport.Session), call func()) {
	x.t.Helper()
	for done := false; !done; {
		x.warm()
		x.ask = func(s *transport.Session, _ int) {
			if _, taken := transport.Loan(x.c.Session); taken && !done {
				done = true
				f(s)
			}
		}
		call()
	}
}

func TestCallReadsItself(t *testing.T) {
	x := startLending(t)
	x.loan(func(*transport.Session) {}, func() { x.call(t.Context(), 1) })
	if offered, taken := transport.Loan(x.c.Session); taken {
		t.Errorf("after the call: offered %t, taken %t", offered, taken)
	}
}

// What comes when no call waits is read at once, by the goroutine that lends its role.
func TestPushBetweenCalls(t *testing.T) {
	x := startLending(t)
	got := make(chan int)
	x.push = func(n int) {
		if k := transport.Serial(x.c.Session); k != 0 {
			t.Errorf("%d calls in a row, with a message in between", k)
		}
		got <- n
	}
	for n := range 20 {
		x.warm()
		x.call(t.Context(), 0) // borrows the role, and gives it back
		if err := x.server.Send(t.Context(), &Note{N: n}); err != nil {
			t.Fatal(err)
		}
		if g := <-got; g != n {
			t.Fatalf("message %d is %d", n, g)
		}
	}
}

// A message that a call reads is handled elsewhere: its handler may wait for the call.
func TestPushDuringCall(t *testing.T) {
	x := startLending(t)
	returned, handled := make(chan struct{}), make(chan struct{})
	x.push = func(int) {
		<-returned
		close(handled)
	}
	x.loan(func(s *transport.Session) {
		if err := s.Send(t.Context(), &Note{N: 7}); err != nil {
			t.Error(err)
		}
	}, func() { x.call(t.Context(), 1) })
	close(returned)
	<-handled
}

func TestCallCancelledWhileItReads(t *testing.T) {
	x := startLending(t)
	ctx, cancel := context.WithCancel(t.Context())
	returned := make(chan struct{})
	x.loan(func(*transport.Session) {
		cancel()
		<-returned
	}, func() {
		if _, err := x.c.Call(ctx, &Note{N: 1}); ctx.Err() != nil {
			if close(returned); !errors.Is(err, context.Canceled) {
				t.Errorf("the call: %v", err)
			}
		}
	})
	x.call(t.Context(), 0)
}

// A reply that is late is read by the goroutine that lends its role.
func TestLateReply(t *testing.T) {
	x := startLending(t)
	x.loan(func(*transport.Session) {
		for taken := true; taken; _, taken = transport.Loan(x.c.Session) {
			runtime.Gosched()
		}
	}, func() { x.call(t.Context(), 1) })
	if n := transport.Serial(x.c.Session); n != 0 {
		t.Errorf("after a call that took long, %d count", n)
	}
}

// A call whose context ends soon does not read: only its owner can leave the role at once.
func TestCallWithLittleTimeDoesNotRead(t *testing.T) {
	x := startLending(t)
	asked := false
	for !asked {
		x.warm()
		x.ask = func(*transport.Session, int) {
			asked = true
			if _, taken := transport.Loan(x.c.Session); taken {
				t.Error("it has the reading role")
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Millisecond)
		if _, err := x.c.Call(ctx, &Note{N: 1}); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		cancel()
		x.call(t.Context(), 0)
	}
}

// However much comes that is not its reply, a call that reads hears its context.
func TestCallCancelledUnderMessages(t *testing.T) {
	x := startLending(t)
	ctx, cancel := context.WithCancel(t.Context())
	returned := make(chan struct{})
	x.loan(func(s *transport.Session) {
		cancel()
		for n := 0; ; n++ {
			select {
			case <-returned:
				return
			default:
				if err := s.Send(t.Context(), &Note{N: n}); err != nil {
					t.Error(err)
					return
				}
			}
		}
	}, func() {
		if x.c.Call(ctx, &Note{N: 1}); ctx.Err() != nil {
			close(returned)
		}
	})
}

// When a call cannot give the role back in good order, its owner reads on.
func TestLookoutFails(t *testing.T) {
	x := startLending(t)
	got := make(chan int)
	x.push = func(n int) { got <- n }
	x.loan(func(*transport.Session) { transport.BreakLookout(x.c.Session) }, func() { x.call(t.Context(), 1) })
	if err := x.server.Send(t.Context(), &Note{N: 5}); err != nil {
		t.Fatal(err)
	}
	<-got
	for range 100 {
		x.call(t.Context(), 0)
	}
	if offered, taken := transport.Loan(x.c.Session); offered || taken {
		t.Errorf("offered %t, taken %t", offered, taken)
	}
}

// Lookouts are bounded, and each is given back.
func TestLookoutsAreBounded(t *testing.T) {
	x := startLending(t)
	x.warm()
	free := transport.FillLookouts(t)
	y := startLending(t)
	for range 200 {
		y.call(t.Context(), 0)
	}
	if offered, _ := transport.Loan(y.c.Session); offered {
		t.Errorf("the reading role is offered beyond %d", transport.MaxLookouts)
	}
	free()
	y.warm()
	x.c.Close()
	y.c.Close()
	for transport.Lookouts() > 0 {
		runtime.Gosched()
	}
}

// A connection that breaks under a call that reads costs it nothing: it is answered over the next.
func TestCutWhileCallReads(t *testing.T) {
	for _, reset := range []bool{false, true} {
		x := startLending(t)
		asked := 0
		x.loan(func(s *transport.Session) {
			asked++
			x.mu.Lock()
			defer x.mu.Unlock()
			conn := x.conns[len(x.conns)-1]
			if reset {
				conn.SetLinger(0)
				conn.Close()
			} else {
				conn.CloseRead() // the call reads an end, or the reply if that is faster
			}
		}, func() { x.call(t.Context(), 1) })
		for x.c.Stats().Attaches < 2 {
			x.call(t.Context(), 0)
		}
		x.warm()
		if st := x.c.Stats(); st.Lost != 0 || asked != 1 {
			t.Errorf("%d sessions lost, executed %d times", st.Lost, asked)
		}
	}
}

// openFiles is how many files this process has open.
func openFiles(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(entries)
}

// Nothing is left of a session that ends while its role is offered, or lent.
func TestCloseWhileLent(t *testing.T) {
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	t.Run("offered", func(t *testing.T) {
		x := startLending(t)
		x.warm()
		x.call(t.Context(), 0) // by then the owner waits
		transport.Untiring(x.c.Session)
		x.c.Close()
	})
	t.Run("offered, by the peer", func(t *testing.T) {
		x := startLending(t)
		x.warm()
		x.call(t.Context(), 0) // by then the owner waits
		transport.Untiring(x.c.Session)
		x.server.Close(session.CloseNormal, "enough")
		<-x.c.Done()
	})
	t.Run("taken", func(t *testing.T) {
		x := startLending(t)
		x.loan(func(*transport.Session) { x.c.Close() }, func() {
			if _, err := x.c.Call(t.Context(), &Note{N: 1}); err != nil && !errors.Is(err, transport.ErrUnknownOutcome) {
				t.Errorf("the call: %v", err)
			}
		})
	})
	awaitGoroutines(t, goroutines)
	for openFiles(t) > files {
		runtime.Gosched() // the last ones are being closed
	}
}

// The role of a connection that has become idle is not lent, and what that takes is given back.
func TestIdleAfterCalls(t *testing.T) {
	x := startLending(t)
	files := 0
	x.warm()
	files = openFiles(t)
	for transport.Tire(x.c.Session) {
		runtime.Gosched()
	}
	if n := openFiles(t); n >= files {
		t.Errorf("%d files are open, %d when the role was offered", n, files)
	}
	x.warm()
}

// Calls, messages both ways and connections that are cut, all at once: each call is answered, and
// nothing is lost or out of order.
func TestLendingUnderFire(t *testing.T) {
	x := startLending(t)
	x.call(t.Context(), 0)
	const pushes = 300
	var got []int
	all := make(chan struct{})
	x.push = func(n int) {
		if got = append(got, n); len(got) == pushes {
			close(all)
		}
	}
	last := 0
	x.ask = func(s *transport.Session, n int) {
		if n != last+1 {
			t.Errorf("call %d after %d", n, last)
		}
		last = n
		if n%10 == 0 {
			s.Send(t.Context(), &Note{N: n / 10})
		}
		if n%97 == 0 {
			x.mu.Lock()
			x.conns[len(x.conns)-1].Close()
			x.mu.Unlock()
		}
	}
	for n := range 10 * pushes {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		x.call(ctx, n+1)
		cancel()
	}
	<-all
	for i, n := range got {
		if n != i+1 {
			t.Fatalf("message %d is %d", i+1, n)
		}
	}
	if st := x.c.Stats(); st.Attaches < 10 || st.Lost > 0 {
		t.Errorf("%d connections, %d sessions lost", st.Attaches, st.Lost)
	}
}
