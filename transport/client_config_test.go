package transport_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// Config.Retry decides after which errors the client connects again.
func TestRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		bad(t, &network, "server") // resets each connection
		var asked []transport.Kind
		var r record
		c := dial(t, &network, transport.Config{OnChange: r.add, Retry: func(e *transport.Error) bool {
			asked = append(asked, e.Kind)
			return e.Kind != transport.Refused
		}})
		for r.count(transport.Waiting) < 3 {
			time.Sleep(time.Second)
		}
		network.Down("server") // and now nobody listens
		select {
		case <-c.Done():
		case <-time.After(time.Hour):
			t.Fatal("the client tries on")
		}
		if !errors.Is(c.Err(), transport.ErrClosed) || !isKind(c.Err(), transport.Refused) {
			t.Errorf("gave up with %v, want ErrClosed and the refusal", c.Err())
		}
		n := len(asked) - 1
		if asked[n] != transport.Refused || slices.ContainsFunc(asked[:n], func(k transport.Kind) bool { return k != transport.PeerClosed }) {
			t.Errorf("asked about %v, want peer closed at first, refused at last", asked)
		}
	})
}

// With OnUnknown: Resend what a server that lost the session may have handled is sent again, under
// its old id and marked; nothing is unknown.
func TestResendToAServerThatLostTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		never := make(chan struct{})
		first := &transport.Server{Protocol: notes, Handler: transport.HandlerFunc(
			func(ctx context.Context, _ *transport.Session, _ transport.Incoming) (_ codec.Message, _ error) {
				select {
				case <-never:
				case <-ctx.Done():
				}
				return nil, nil
			})}
		l, _ := network.Listen("server")
		go first.Serve(l)
		var mu sync.Mutex
		var outcomes []transport.Outcome
		c := dial(t, &network, transport.Config{Session: session.Config{OnUnknown: session.Resend}, OnOutcome: func(o transport.Outcome) {
			mu.Lock()
			defer mu.Unlock()
			outcomes = append(outcomes, o)
		}})
		var ids []uint64
		for i := range 3 {
			id, err := c.SendWith(t.Context(), &Note{N: i + 1}, session.SendOptions{Notify: true})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
		}
		synctest.Wait() // written, the first one is being handled
		network.Down("server")
		l.Close()
		first.Close()
		network.Up("server")
		var got []transport.Incoming
		serve(t, &network, "server", &transport.Server{Handler: transport.HandlerFunc(
			func(_ context.Context, _ *transport.Session, in transport.Incoming) (codec.Message, error) {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, in)
				return nil, nil
			})})
		flush(t, c.Session)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		for i, in := range got {
			if n := in.Message.(*Note).N; n != i+1 || !in.Dup {
				t.Errorf("message %d is %d, a maybe duplicate: %v; want true", i+1, n, in.Dup)
			}
		}
		if len(got) != len(ids) || len(outcomes) != len(ids) {
			t.Fatalf("%d arrived, %d outcomes, want %d", len(got), len(outcomes), len(ids))
		}
		for i, o := range outcomes {
			if o.Outcome != session.Acked || o.ID != ids[i] {
				t.Errorf("outcome %v of %d, want acked of %d", o.Outcome, o.ID, ids[i])
			}
		}
	})
}

// A value stays with its session over connections, and is of that session only.
func TestValueStaysWithTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var mu sync.Mutex
		var seen []any
		serve(t, &network, "server", &transport.Server{
			OnOpen: func(s *transport.Session) error {
				s.SetValue(s.RemoteAddr().String())
				return nil
			},
			Handler: transport.HandlerFunc(func(_ context.Context, s *transport.Session, _ transport.Incoming) (codec.Message, error) {
				mu.Lock()
				defer mu.Unlock()
				seen = append(seen, s.Value())
				return nil, nil
			}),
		})
		c, other := dial(t, &network, transport.Config{}), dial(t, &network, transport.Config{})
		if v := c.Value(); v != nil {
			t.Errorf("the value begins as %v, want nil", v)
		}
		c.SetValue("mine")
		send(t, c.Session, 1, 1)
		flush(t, c.Session)
		network.Link.ResetAll()
		send(t, c.Session, 2, 2)
		flush(t, c.Session)
		send(t, other.Session, 3, 3)
		flush(t, other.Session)
		if c.Value() != "mine" || other.Value() != nil {
			t.Errorf("the clients' values are %v and %v, want mine and nil", c.Value(), other.Value())
		}
		mu.Lock()
		defer mu.Unlock()
		if len(seen) != 3 || seen[0] == nil || seen[1] != seen[0] || seen[2] == seen[0] {
			t.Errorf("the handler saw the values %v; want twice that of the first connection, then another", seen)
		}
	})
}
