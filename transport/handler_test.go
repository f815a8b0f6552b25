package transport_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

func TestPanicCostsItsOwnMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		h := &log{hooks: map[int]func(context.Context, *transport.Session){
			2: func(context.Context, *transport.Session) { panic("two") },
		}}
		serve(t, &network, "server", &transport.Server{Handler: h})
		var outcomes []transport.Outcome
		c := dial(t, &network, transport.Config{OnOutcome: func(o transport.Outcome) { outcomes = append(outcomes, o) }})
		send(t, c.Session, 1, 3)
		flush(t, c.Session)
		h.want(t, 3)
		synctest.Wait()
		if len(outcomes) != 1 || outcomes[0].ID != 2 || outcomes[0].Outcome != session.Dropped || outcomes[0].Reason != session.Failed {
			t.Errorf("outcomes: %+v; want message 2 dropped, its handler failed", outcomes)
		}
		_, err := c.Call(t.Context(), &Note{N: 2})
		var failed *session.CallError
		if !errors.As(err, &failed) || !strings.Contains(failed.Text, "panicked") {
			t.Errorf("a call whose handler panicked: %v", err)
		}
		if _, err := c.Call(t.Context(), &Note{N: 4}); err != nil {
			t.Errorf("the call after it: %v", err)
		}
	})
}

// An error is the handler's word that it could not handle the message: its sender learns that.
func TestHandlersErrorDropsTheMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var logged bytes.Buffer
		serve(t, &network, "server", &transport.Server{Handler: new(log), Log: slog.New(slog.NewTextHandler(&logged, nil))})
		var outcomes []transport.Outcome
		c := dial(t, &network, transport.Config{OnOutcome: func(o transport.Outcome) { outcomes = append(outcomes, o) }})
		for n := -1; n <= 1; n++ {
			c.SendWith(t.Context(), &Note{N: n}, session.SendOptions{Notify: true})
		}
		flush(t, c.Session)
		synctest.Wait()
		if len(outcomes) != 3 || outcomes[0].ID != 1 || outcomes[0].Outcome != session.Dropped || outcomes[0].Reason != session.Failed ||
			outcomes[1].Outcome != session.Acked || outcomes[2].Outcome != session.Acked {
			t.Errorf("outcomes: %+v; want message 1 dropped, its handler failed, and the others acknowledged", outcomes)
		}
		_, err := c.Call(t.Context(), &Note{N: -2})
		var failed *session.CallError
		if !errors.As(err, &failed) || failed.Text != "-2 is negative" {
			t.Errorf("a call whose handler returned an error: %v", err)
		}
		synctest.Wait()
		for _, want := range []string{`call=false err="-1 is negative"`, `call=true err="-2 is negative"`} {
			if n := strings.Count(logged.String(), want); n != 1 {
				t.Errorf("%q is logged %d times:\n%s", want, n, logged.String())
			}
		}
	})
}

// A context made from a handler's ends with the session, and costs no goroutine before.
func TestContextsOfHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var ctx, late context.Context
		var cancel context.CancelFunc
		defer func() { cancel() }()
		var kept, stopped bool
		s := serve(t, &network, "server", &transport.Server{Handler: transport.HandlerFunc(
			func(hc context.Context, _ *transport.Session, _ transport.Incoming) (codec.Message, error) {
				synctest.Wait()
				before := len(bubble())
				ctx, cancel = context.WithTimeout(hc, time.Hour)
				synctest.Wait()
				if after := len(bubble()); after != before {
					t.Errorf("%d goroutines, and %d with a context made from the handler's", before, after)
				}
				context.AfterFunc(hc, func() { kept = true })
				stop := context.AfterFunc(hc, func() { stopped = true })
				if !stop() || stop() {
					t.Error("a function that waits is stopped once")
				}
				late = hc
				return nil, nil
			})})
		c := dial(t, &network, transport.Config{})
		send(t, c.Session, 1, 1)
		flush(t, c.Session)
		if ctx.Err() != nil || kept {
			t.Errorf("while the session lives: %v, called %v", ctx.Err(), kept)
		}
		s.Close()
		synctest.Wait()
		if !errors.Is(ctx.Err(), context.Canceled) || !kept || stopped {
			t.Errorf("after the session: %v, called %v, and %v though stopped; want true, false", ctx.Err(), kept, stopped)
		}
		again := false
		stop := context.AfterFunc(late, func() { again = true })
		synctest.Wait()
		if !again || stop() {
			t.Errorf("added after the session's end: called %v, want true and too late to stop", again)
		}
	})
}

// A handler that takes longer than heartbeats and timeouts does not look like a dead peer:
// somebody else reads, pings and answers.
func TestSlowHandlerKeepsHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		h := &log{hooks: map[int]func(context.Context, *transport.Session){
			1: func(context.Context, *transport.Session) { time.Sleep(10 * time.Minute) },
		}}
		beats := session.Config{Offer: negotiate.Offer{Heartbeat: negotiate.Heartbeat{Interval: 5 * time.Second, Gap: time.Second}}}
		serve(t, &network, "server", &transport.Server{Handler: h, Session: beats})
		c := dial(t, &network, transport.Config{Session: beats})
		send(t, c.Session, 1, 100)
		flush(t, c.Session)
		h.want(t, 100)
		if st := c.Stats(); st.Attaches != 1 {
			t.Errorf("%d connections, want 1", st.Attaches)
		}
	})
}

// Replies to a client's call are read while one of its handlers runs, also when the handler
// itself is what waits for them.
func TestCallsInHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var err error
		var flushed error
		before := time.Now()
		var took time.Duration
		serve(t, &network, "server", &transport.Server{Handler: new(log), OnOpen: func(s *transport.Session) error {
			return s.Send(t.Context(), &Note{N: 5})
		}})
		got := &log{hooks: map[int]func(context.Context, *transport.Session){
			5: func(ctx context.Context, s *transport.Session) {
				before = time.Now()
				_, err = s.Call(ctx, &Note{N: 7})
				took = time.Since(before)
				flushed = s.Flush(ctx)
			},
		}}
		c := dial(t, &network, transport.Config{Handler: got})
		ready(t, c)
		time.Sleep(time.Second)
		synctest.Wait()
		if err != nil || took != 0 {
			t.Errorf("Call in a handler: %v after %v, want nil at once", err, took)
		}
		if flushed == nil {
			t.Error("Flush in a handler is no error")
		}
	})
}

func TestMessagesAreDoneWhenTheLoopComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var s *transport.Session
		serve(t, &network, "server", &transport.Server{Handler: new(log), OnOpen: func(o *transport.Session) error {
			s = o
			return nil
		}})
		c := dial(t, &network, transport.Config{})
		ready(t, c)
		send(t, s, 1, 3)
		n := 0
		for m, err := range c.Messages(t.Context()) {
			n++
			if err != nil || m.(*Note).N != n {
				t.Fatalf("message %d: %v, %v", n, m, err)
			}
			time.Sleep(time.Second)
			if left := s.Stats().Unacked; left != 4-n {
				t.Errorf("in the loop for %d: %d unacknowledged, want %d", n, left, 4-n)
			}
			if n == 3 {
				break
			}
		}
		flush(t, s)
		called := make(chan error)
		go func() {
			_, err := s.Call(t.Context(), &Note{N: 1})
			called <- err
		}()
		for range c.Messages(t.Context()) {
			break
		}
		var failed *session.CallError
		if err := <-called; !errors.As(err, &failed) {
			t.Errorf("a call to a side without a handler: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for m, err := range c.Messages(ctx) {
			if m != nil || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("no message: %v, %v; want the context's error", m, err)
			}
		}
	})
}

func TestHandlersOfOneSessionRunOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		running, n := 0, 0
		serve(t, &network, "server", &transport.Server{Handler: transport.HandlerFunc(
			func(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
				running++ // the race detector would see two
				if running > 1 {
					t.Error("two handlers at the same time")
				}
				n++
				if n%7 == 0 {
					time.Sleep(25 * time.Millisecond)
				}
				running--
				return nil, nil
			})})
		c := dial(t, &network, transport.Config{})
		for i := 1; i <= 200; i++ {
			send(t, c.Session, i, i)
			time.Sleep(time.Duration(i%3) * time.Millisecond)
		}
		flush(t, c.Session)
		if n != 200 {
			t.Errorf("%d handled, want 200", n)
		}
	})
}

// What a slow handler has handled is acknowledged while the next one runs, also when many
// messages came in one read.
func TestSlowHandlersAreAcknowledgedOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const each, most = 40 * time.Millisecond, 60 * time.Millisecond
		var network fault.Network
		serve(t, &network, "server", &transport.Server{Handler: transport.HandlerFunc(
			func(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
				time.Sleep(each)
				return nil, nil
			})})
		var at []time.Time
		c := dial(t, &network, transport.Config{OnOutcome: func(transport.Outcome) { at = append(at, time.Now()) }})
		ready(t, c)
		began := time.Now()
		for n := range 20 {
			if _, err := c.SendWith(t.Context(), &Note{N: n}, session.SendOptions{Notify: true}); err != nil {
				t.Fatal(err)
			}
		}
		flush(t, c.Session)
		synctest.Wait()
		for i, when := range at {
			if late := when.Sub(began) - time.Duration(i+1)*each; late > most {
				t.Errorf("message %d was acknowledged %v after it was handled, want %v at most", i+1, late, most)
			}
		}
		if len(at) != 20 {
			t.Errorf("%d outcomes, want 20", len(at))
		}
	})
}

// brittle is a codec that panics over one note.
type brittle struct{ codec.Codec }

func (c brittle) Append(dst []byte, m codec.Message) ([]byte, error) {
	if m.(*Note).N == 13 {
		panic("thirteen")
	}
	return c.Codec.Append(dst, m)
}

// A reply over which the codec panics costs its call, and neither the session nor the server.
func TestReplyWhoseCodecPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		protocol := only(3)
		protocol.Releases[0].Codec = brittle{protocol.Releases[0].Codec}
		s := serve(t, &network, "server", &transport.Server{Protocol: protocol, Handler: transport.HandlerFunc(
			func(_ context.Context, _ *transport.Session, in transport.Incoming) (codec.Message, error) {
				return &Note{N: in.Message.(*Note).N + 1}, nil
			})})
		c := dial(t, &network, transport.Config{Protocol: only(3)})
		var failed *session.CallError
		if _, err := c.Call(t.Context(), &Note{N: 12}); !errors.As(err, &failed) || !strings.Contains(failed.Text, "thirteen") {
			t.Errorf("the call ended with %v, want the codec's panic", err)
		}
		if reply, err := c.Call(t.Context(), &Note{N: 1}); err != nil || reply.(*Note).N != 2 {
			t.Errorf("the call after it: %v, %v", reply, err)
		}
		if n := len(s.Sessions()); n != 1 {
			t.Errorf("%d sessions, want 1", n)
		}
	})
}

// A callback that panics in a goroutine of the user's, who recovers it, silences no other.
func TestCallbackThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		serve(t, &network, "server", &transport.Server{Handler: new(log)})
		var told []uint64
		c := dial(t, &network, transport.Config{
			Session: session.Config{Overflow: session.DropOldest, Queue: 1024},
			Dial:    func(context.Context, string) (net.Conn, error) { return nil, errors.New("away") },
			OnOutcome: func(o transport.Outcome) {
				if told = append(told, o.ID); o.ID == 1 {
					panic("the callback")
				}
			}})
		for n := range 40 {
			func() {
				defer func() { recover() }()
				c.Send(t.Context(), &Note{N: n})
			}()
		}
		if len(told) < 20 {
			t.Errorf("told of %v, want most of 40 messages that were given up", told)
		}
	})
}
