package transport_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
)

// A client's first ATTACH reaches server b, whose answer is lost; the session goes on at server
// a; later the client comes to b again, which still has what the first ATTACH began. The session
// is lost then, as with any server that does not know it, and the client goes on with a new one.
func TestClientComesBackToAServerThatMissedItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		a, b := new(log), new(log)
		atA := serve(t, &network, "a", &transport.Server{Handler: a})
		atB := serve(t, &network, "b", &transport.Server{Handler: b})
		got := new(log)
		dials := 0
		c := dial(t, &network, transport.Config{Handler: got, Rand: func() float64 { return 0 },
			Dial: func(ctx context.Context, _ string) (net.Conn, error) {
				dials++
				if dials == 2 {
					return network.Dial(ctx, "a")
				}
				conn, err := network.Dial(ctx, "b")
				if err == nil && dials == 1 { // ATTACH gets there, the answer does not come back
					s, _ := fault.Parse("r1:stall(1s) r1:eof")
					conn = fault.New(conn, s)
				}
				return conn, err
			}})
		ready(t, c)
		if len(atA.Sessions()) != 1 || len(atB.Sessions()) != 1 {
			t.Fatalf("%d sessions at a and %d at b, want one at each", len(atA.Sessions()), len(atB.Sessions()))
		}
		send(t, c.Session, 1, 10)
		flush(t, c.Session)
		push := atA.Sessions()[0].Session
		send(t, push, 1, 5)
		flush(t, push)

		network.Down("a")
		synctest.Wait()
		ready(t, c)
		send(t, c.Session, 11, 20)
		flush(t, c.Session)
		if n := c.Stats().Lost; n != 1 || c.Err() != nil {
			t.Errorf("%d sessions were lost, %v; want 1, and that the client goes on", n, c.Err())
		}
		a.want(t, 10)
		got.want(t, 5)
		if notes := b.notes(); len(notes) != 10 || notes[0] != 11 || notes[9] != 20 {
			t.Errorf("b got %v, want 11 to 20", notes)
		}
		if n := len(atB.Sessions()); n != 1 {
			t.Errorf("%d sessions at b, want 1: that of the first ATTACH is of no use", n)
		}
	})
}
