package session_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/transport/session"
)

// called is a pair whose client has called and whose server has not answered yet.
type called struct {
	*sessiontest.Pair
	t    *testing.T
	call uint64
}

func newCalled(t *testing.T, begin codec.Version, change func(client, server *session.Config)) *called {
	t.Helper()
	p := pair(t, begin, change)
	p.Client.Call(session.Normal, sessiontest.Msg{}, session.SendOptions{})
	p.Settle()
	return &called{p, t, p.Server.Got[0].Call}
}

// reply answers with the question, and so much more.
func (c *called) reply(more sessiontest.Msg, opt session.SendOptions) (id uint64) {
	c.t.Helper()
	more.N = 1
	id, err := c.Server.Machine.Reply(c.Now, c.call, &more, opt)
	if err != nil {
		c.t.Fatal(err)
	}
	return id
}

// Whoever calls learns that the reply was given up, and why, whether it had a number or not.
func TestReplyThatIsGivenUpBecomesAFailure(t *testing.T) {
	long := sessiontest.Msg{Body: strings.Repeat("x", 5000)}
	tests := []struct {
		name   string
		begin  codec.Version
		change func(client, server *session.Config)
		answer func(c *called)
		want   string // in the failure
	}{
		{"larger than the peer accepts", 2, func(client, _ *session.Config) { client.Offer.MaxMessage = 1000 }, func(c *called) {
			c.Cut(c.Conn)
			c.reply(long, session.SendOptions{})
		}, "too large: session: a message of 5018 bytes exceeds the limit of 1000"},
		{"a field that the version spoken has not", 1, nil, func(c *called) {
			c.Cut(c.Conn)
			c.reply(sessiontest.Msg{New: 7}, session.SendOptions{})
		}, "unencodable: "},
		{"expired without a number", 2, nil, func(c *called) {
			c.Cut(c.Conn)
			c.reply(sessiontest.Msg{}, session.SendOptions{TTL: time.Second})
			c.Advance(time.Minute)
		}, "expired"},
		{"expired with a number", 2, nil, func(c *called) {
			c.Conn.Down.Lost = true
			c.reply(sessiontest.Msg{}, session.SendOptions{TTL: time.Second})
			c.Settle()
			c.Cut(c.Conn)
			c.Advance(time.Minute)
		}, "expired"},
		{"cancelled without a number", 2, nil, func(c *called) {
			c.Cut(c.Conn)
			c.Server.Machine.Cancel(c.Now, c.reply(sessiontest.Msg{}, session.SendOptions{}))
		}, "cancelled"},
		{"cancelled with a number", 2, nil, func(c *called) {
			c.Conn.Down.Lost = true
			id := c.reply(sessiontest.Msg{}, session.SendOptions{})
			c.Settle()
			c.Server.Machine.Cancel(c.Now, id)
			c.Cut(c.Conn)
		}, "cancelled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCalled(t, tt.begin, tt.change)
			tt.answer(c)
			rest(t, c.Pair)
			got := c.Client.Sent()[0]
			var failed *session.CallError
			if got.Replied != 1 || !errors.As(got.Failed, &failed) || !strings.HasPrefix(failed.Text, "reply dropped: "+tt.want) {
				t.Errorf("%d replies, the last is %v; want one failure, %q", got.Replied, got.Failed, tt.want)
			}
		})
	}
}

func TestReplyThatNobodyCanDecodeBecomesAFailure(t *testing.T) {
	p := pair(t, 2, nil)
	p.Client.Answer = true
	p.Server.Call(session.Normal, sessiontest.Msg{Bad: 0xff}, session.SendOptions{}) // the client decodes it, the server does not
	rest(t, p)
	got := p.Server.Sent()[0]
	if got.Replied != 1 || got.Failed == nil || !strings.Contains(got.Failed.Error(), "undecodable") {
		t.Errorf("%d replies, the last is %v; want one failure", got.Replied, got.Failed)
	}
	if ev, ok := p.Server.Last(session.EventGap); !ok || ev.Reason != session.Undecodable {
		t.Errorf("the gap is %+v", ev)
	}
}

// Newer messages take the place of older ones, but not that of replies.
func TestDropOldestSparesReplies(t *testing.T) {
	c := newCalled(t, 2, func(_, server *session.Config) { server.Queue, server.Overflow = 1600, session.DropOldest })
	c.Cut(c.Conn)
	c.Server.Send(session.Normal, sessiontest.Msg{Body: "before"}, session.SendOptions{})
	c.reply(sessiontest.Msg{}, session.SendOptions{})
	for i := range 100 {
		if err := c.Server.Send(session.Normal, sessiontest.Msg{Body: fmt.Sprint("after ", i)}, session.SendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	rest(t, c.Pair)
	if got := c.Client.Sent()[0]; got.Replied != 1 || got.Failed != nil {
		t.Errorf("%d replies, the last failed: %v; want the reply itself", got.Replied, got.Failed)
	}
	if n, last := len(c.Client.Got), c.Client.Got[len(c.Client.Got)-1]; n < 10 || n > 20 || last.Msg.Body != "after 99" {
		t.Errorf("%d messages came, the last is %q; want the youngest that fit", n, last.Msg.Body)
	}
}

// A queue that is full of replies has room for nothing else, however long its owner tries.
func TestDropOldestCannotDropReplies(t *testing.T) {
	c := newCalled(t, 2, func(_, server *session.Config) { server.Queue, server.Overflow = 1600, session.DropOldest })
	c.Cut(c.Conn)
	for {
		_, err := c.Server.Machine.Reply(c.Now, c.call, &sessiontest.Msg{}, session.SendOptions{})
		if errors.Is(err, session.ErrQueueFull) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Server.Send(session.Normal, sessiontest.Msg{}, session.SendOptions{}); !errors.Is(err, session.ErrQueueFull) {
		t.Errorf("Send: %v, want ErrQueueFull", err)
	}
}

// A call that was written, lost on its way and cancelled is not executed an hour later.
func TestCancelledCallIsNotSentAgain(t *testing.T) {
	p := pair(t, 2, nil)
	p.Conn.Up.Lost = true
	id, err := p.Client.Machine.Call(p.Now, &sessiontest.Msg{N: 1}, session.SendOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p.Settle()
	if p.Client.Machine.Cancel(p.Now, id) {
		t.Error("Cancel says that the call was given up, but it may have arrived")
	}
	p.Cut(p.Conn)
	if !p.Finish() || len(p.Server.Got) != 0 {
		t.Errorf("the server got %+v, want nothing", p.Server.Got)
	}
	if ev, ok := p.Server.Last(session.EventGap); !ok || ev.Seq != 1 || ev.Reason != session.Cancelled {
		t.Errorf("the gap is %+v, %v; want message 1 cancelled", ev, ok)
	}
}

// One that arrived stays, and so do those that nobody cancelled.
func TestCancelComesTooLate(t *testing.T) {
	p := pair(t, 2, nil)
	p.Server.Answer, p.Server.Busy = true, true
	for range 3 {
		p.Client.Call(session.Normal, sessiontest.Msg{}, session.SendOptions{})
	}
	p.Settle()
	for id := range uint64(1000) { // most of them were never sent
		if p.Client.Machine.Cancel(p.Now, id) {
			t.Fatalf("message %d was given up, but it had arrived", id)
		}
	}
	p.Cut(p.Conn)
	rest(t, p)
	for i, m := range p.Client.Sent() {
		if m.Outcome != session.Acked || m.Replied != 1 {
			t.Errorf("call %d: %v, %d replies", i+1, m.Outcome, m.Replied)
		}
	}
}
