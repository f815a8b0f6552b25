package transport_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// attacker is a client whose machine is driven by hand, so that it can stop keeping rules at
// any point.
type attacker struct {
	conn net.Conn
	p    *session.Profile
	m    *session.Machine
	gen  uint64
}

// attack opens a session as any client does, up to ATTACH.
func attack(t testing.TB, conn net.Conn, cfg session.Config) *attacker {
	t.Helper()
	p, err := session.NewProfile(negotiate.Client, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return attackBy(t, conn, p, p.New(time.Now()))
}

// attackBy is attack with a machine that may have had connections before.
func attackBy(t testing.TB, conn net.Conn, p *session.Profile, m *session.Machine) *attacker {
	t.Helper()
	now := time.Now()
	a := &attacker{conn: conn, m: m, p: p}
	o := p.Open(now, negotiate.Key{})
	for o.State() == session.OpeningWaits {
		conn.Write(o.Output())
		o.Flushed()
		n, err := conn.Read(o.Space())
		if err != nil {
			t.Fatal(err)
		}
		o.Wrote(now, n)
	}
	var err error
	if a.gen, err = a.m.Attach(now, o); err != nil {
		t.Fatal(err)
	}
	return a
}

// write writes what the machine has to write.
func (a *attacker) write() {
	if out := a.m.Output(time.Now(), a.gen); out != nil {
		out.WriteTo(a.conn)
		a.m.Written(time.Now(), a.gen)
	}
}

// until reads until an event of the kind, or the connection's end.
func (a *attacker) until(kind session.EventKind) (session.Event, error) {
	for {
		for ev := (session.Event{}); a.m.Next(&ev); {
			if ev.Kind == kind {
				return ev, nil
			}
		}
		a.write()
		space := a.m.Space(a.gen)
		if space == nil {
			return session.Event{}, io.EOF
		}
		n, err := a.conn.Read(space)
		if err != nil {
			return session.Event{}, err
		}
		a.m.Wrote(time.Now(), a.gen, n)
	}
}

// frame writes an envelope in version 3, whatever the machine thinks of it.
func (a *attacker) frame(e session.Envelope) error {
	body := e.Append(nil, false)
	_, err := a.conn.Write(append([]byte{0, 0, 0, byte(len(body))}, body...))
	return err
}

func (a *attacker) closeCode(t *testing.T) session.CloseCode {
	t.Helper()
	ev, err := a.until(session.EventClosed)
	var c *session.CloseError
	if err != nil || !errors.As(ev.Err, &c) {
		t.Fatalf("no CLOSE came: %v, %v", ev.Err, err)
	}
	return c.Code
}

func TestFloodOfPings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		serve(t, &network, "server", &transport.Server{Handler: new(log)})
		a := attack(t, raw(t, &network), session.Config{Protocol: notes})
		a.until(session.EventAttached)
		for i := range 1000 {
			if a.frame(session.Envelope{Kind: session.KindPing, ID: uint64(1000 + i), Next: 1000}) != nil {
				break
			}
		}
		if code := a.closeCode(t); code != session.ClosePings {
			t.Errorf("closed with %v, want too many pings", code)
		}
	})
}

func TestAckOfWhatWasNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		serve(t, &network, "server", &transport.Server{Handler: new(log)})
		a := attack(t, raw(t, &network), session.Config{Protocol: notes})
		a.until(session.EventAttached)
		a.frame(session.Envelope{Kind: session.KindAck, Done: 7, Received: 7})
		if _, err := a.until(session.EventClosed); err == nil {
			t.Error("the session was ended, but only the connection should be")
		}
	})
}

func TestFrameThatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		serve(t, &network, "server", &transport.Server{Handler: new(log)})
		a := attack(t, raw(t, &network), session.Config{Protocol: notes})
		a.until(session.EventAttached)
		before := time.Now()
		a.conn.Write([]byte{0, 0, 1, 0})
		for time.Since(before) < time.Hour {
			if _, err := a.conn.Write([]byte{1}); err != nil { // a byte each 5 s
				break
			}
			time.Sleep(5 * time.Second)
		}
		if d := time.Since(before); d > 30*time.Second {
			t.Errorf("closed after %v, want 20s and little more", d)
		}
	})
}

// known is a source of randomness whose first 16 bytes are somebody else's session id.
type known struct {
	id   [16]byte
	used bool
}

func (k *known) Read(p []byte) (int, error) {
	if !k.used && len(p) == 16 {
		k.used = true
		return copy(p, k.id[:]), nil
	}
	return rand.Read(p)
}

func TestResumeWithAGuessedSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		h := new(log)
		s := serve(t, &network, "server", &transport.Server{Handler: h})
		c := dial(t, &network, transport.Config{})
		ready(t, c)
		for range 20 {
			a := attack(t, raw(t, &network), session.Config{Protocol: notes, Rand: &known{id: c.ID()}})
			if code := a.closeCode(t); code != session.CloseDenied {
				t.Errorf("closed with %v, want denied", code)
			}
		}
		send(t, c.Session, 1, 10)
		flush(t, c.Session)
		h.want(t, 10)
		if st := c.Stats(); st.Attaches != 1 || len(s.Sessions()) != 1 {
			t.Errorf("%d connections and %d sessions, want the victim's alone", st.Attaches, len(s.Sessions()))
		}
	})
}

func TestNoVersionInCommon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		serve(t, &network, "server", &transport.Server{Handler: new(log), Protocol: only(2)})
		c := dial(t, &network, transport.Config{Protocol: only(1), Backoff: transport.Backoff{Attempts: 2}})
		<-c.Done()
		var refused *negotiate.RefusedError
		if !errors.As(c.Err(), &refused) || refused.Refusal.Code != negotiate.CodeVersion || !refused.Refusal.Versions.Has(2) {
			t.Errorf("ended with %v, want the server's refusal and what it speaks", c.Err())
		}
	})
}

func TestNamesAreResolved(t *testing.T) {
	addr := listenTCP(t, &transport.Server{Handler: new(log)})
	_, port, _ := net.SplitHostPort(addr)
	asked := make(chan string, 10)
	c := dialTCP(t, transport.Config{
		Endpoints: []string{net.JoinHostPort("server.test", port)},
		Resolve: func(_ context.Context, host string) ([]string, error) {
			asked <- host
			return []string{"127.0.0.1"}, nil
		},
	})
	if _, err := c.Call(t.Context(), &Note{N: 1}); err != nil {
		t.Fatal(err)
	}
	if host := <-asked; host != "server.test" {
		t.Errorf("asked for %q", host)
	}
}

// A first connection with early data that comes when its session has ended, begun by the second,
// begins none: its client has given that data up.
func TestFirstConnectionComesTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		h := new(log)
		s := serve(t, &network, "server", &transport.Server{Handler: h})
		cfg := session.Config{Protocol: notes, EarlyData: true}
		first := attack(t, raw(t, &network), cfg)
		first.m.Send(time.Now(), &Note{N: 1}, session.SendOptions{})
		words := slices.Concat(first.m.Output(time.Now(), 1)...)
		second := attackBy(t, raw(t, &network), first.p, first.m)
		if _, err := second.until(session.EventAttached); err != nil {
			t.Fatal(err)
		}
		s.Sessions()[0].Session.Close(session.CloseLimits, "")
		synctest.Wait()
		first.conn.Write(words)
		synctest.Wait()
		if n := len(s.Sessions()); n != 0 || len(h.notes()) != 0 {
			t.Errorf("%d sessions, and %d messages were handed over; want none", n, len(h.notes()))
		}
		if _, err := io.Copy(io.Discard, first.conn); err != nil {
			t.Errorf("the connection ended with %v", err)
		}
	})
}
