package transport_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// Note is the message of the tests' protocol.
type Note struct {
	N    int    `json:"n"`
	Text string `json:"text,omitempty"`
}

// notes has version 1 as lines of JSON, versions 2 and 3 as length-prefixed JSON.
var notes = &codec.Protocol{Name: "notes", Releases: []codec.Release{
	{Version: 1, Codec: codec.JSON(&Note{}), Text: true},
	{Version: 2, Codec: codec.JSON(&Note{})},
	{Version: 3, Codec: codec.JSON(&Note{})},
}}

// only returns notes with one version.
func only(v codec.Version) *codec.Protocol {
	r, _ := notes.Release(v)
	return &codec.Protocol{Name: notes.Name, Releases: []codec.Release{*r}}
}

// after is time.After, without a timer when d is 0: those that are due at once run on whatever
// thread meets them, and two such threads in one bubble crash the race detector
// (go.dev/issue/78156).
func after(d time.Duration) <-chan time.Time {
	if d > 0 {
		return time.After(d)
	}
	c := make(chan time.Time, 1)
	c <- time.Now()
	return c
}

// log is a handler that notes what it got, and replies to calls with the double.
type log struct {
	mu    sync.Mutex
	got   []int
	hooks map[int]func(context.Context, *transport.Session)
}

func (l *log) Handle(ctx context.Context, s *transport.Session, in transport.Incoming) (codec.Message, error) {
	n := in.Message.(*Note).N
	l.mu.Lock()
	l.got = append(l.got, n)
	hook := l.hooks[n]
	l.mu.Unlock()
	if hook != nil {
		hook(ctx, s)
	}
	if n < 0 {
		return nil, fmt.Errorf("%d is negative", n)
	}
	if !in.Call {
		return nil, nil
	}
	return &Note{N: 2 * n}, nil
}

func (l *log) notes() []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]int(nil), l.got...)
}

// want checks that each of 1 to n arrived once, in order.
func (l *log) want(t *testing.T, n int) {
	t.Helper()
	got := l.notes()
	if len(got) != n {
		t.Errorf("%d messages arrived, want %d", len(got), n)
	}
	for i, g := range got {
		if g != i+1 {
			t.Fatalf("message %d is %d", i+1, g)
		}
	}
}

// serve starts a server on the network and stops it at the test's end.
func serve(t *testing.T, network *fault.Network, name string, s *transport.Server) *transport.Server {
	t.Helper()
	if s.Protocol == nil {
		s.Protocol = notes
	}
	l, err := network.Listen(name)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-done; err != transport.ErrClosed {
			t.Errorf("Serve returned %v, want ErrClosed", err)
		}
	})
	return s
}

// dial starts a client and closes it at the test's end.
func dial(t *testing.T, network *fault.Network, cfg transport.Config) *transport.Client {
	t.Helper()
	if cfg.Protocol == nil {
		cfg.Protocol = notes
	}
	if cfg.Endpoints == nil {
		cfg.Endpoints = []string{"server"}
	}
	if cfg.Dial == nil {
		cfg.Dial = network.Dial
	}
	c, err := transport.Dial(&cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func send(t *testing.T, s *transport.Session, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		if err := s.Send(t.Context(), &Note{N: i}); err != nil {
			t.Fatalf("Send %d: %v", i, err)
		}
	}
}

func flush(t *testing.T, s *transport.Session) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	if err := s.Flush(ctx); err != nil {
		t.Fatalf("Flush: %v", err)
	}
}

func ready(t *testing.T, c *transport.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	if err := c.WaitReady(ctx); err != nil {
		t.Fatalf("WaitReady: %v", err)
	}
}

// attached returns the server's sessions that have a connection.
func attached(s *transport.Server) (out []transport.SessionInfo) {
	for _, info := range s.Sessions() {
		if info.State == session.Attached {
			out = append(out, info)
		}
	}
	return out
}

// keepSessions lets sessions wait for their clients without end.
func keepSessions() session.Config { return session.Config{ResumeWindow: -1} }
