package transport_test

import (
	"errors"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// begin greets as a client does and sends an ATTACH of the test's own making.
func begin(t *testing.T, conn net.Conn, attach session.Envelope) {
	t.Helper()
	p, err := session.NewProfile(negotiate.Client, session.Config{Protocol: notes})
	if err != nil {
		t.Fatal(err)
	}
	o := p.Open(time.Now(), negotiate.Key{})
	for o.State() == session.OpeningWaits {
		conn.Write(o.Output())
		o.Flushed()
		n, err := conn.Read(o.Space())
		if err != nil {
			t.Fatal(err)
		}
		o.Wrote(time.Now(), n)
	}
	m := p.New(time.Now())
	gen, err := m.Attach(time.Now(), o)
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	for _, b := range m.Output(time.Now(), gen) {
		out = append(out, b...)
	}
	probe := 4 + int(out[3]) // what follows it is the machine's ATTACH
	body := attach.Append(nil, false)
	conn.Write(append(append(out[:probe:probe], 0, 0, 0, byte(len(body))), body...))
}

func TestOnOpenRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		s := serve(t, &network, "server", &transport.Server{Handler: new(log), OnOpen: func(*transport.Session) error {
			return errors.New("not today")
		}})
		c := dial(t, &network, transport.Config{})
		<-c.Done()
		var ended *session.CloseError
		if !errors.Is(c.Err(), &transport.Error{Kind: transport.Ended}) || !errors.As(c.Err(), &ended) ||
			ended.Code != session.CloseHandler || ended.Text != "not today" {
			t.Errorf("the client ended with %v, want kind Ended and what OnOpen said", c.Err())
		}
		synctest.Wait()
		if n := len(s.Sessions()); n != 0 {
			t.Errorf("%d sessions left", n)
		}
	})
}

// OnOpen knows all that it may want to decide by.
func TestOnOpenKnowsTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var id [16]byte
		features := []negotiate.Feature{{Name: "zip"}}
		cfg := func(more string) session.Config {
			return session.Config{Offer: negotiate.Offer{Features: append(slices.Clip(features), negotiate.Feature{Name: more})}}
		}
		serve(t, &network, "server", &transport.Server{Handler: new(log), Session: cfg("audit"),
			Identify: func(conn net.Conn) (string, error) { return "who came from " + conn.RemoteAddr().String(), nil },
			OnOpen: func(s *transport.Session) error {
				id = s.ID()
				addr := s.RemoteAddr()
				if addr == nil || host(s) != "10.0.0.1" || s.Identity() != "who came from "+addr.String() {
					t.Errorf("address %v, identity %q", addr, s.Identity())
				}
				if s.Version() != 2 || s.PeerVersions().String() != "2" || !slices.Contains(s.Features(), "zip") || slices.Contains(s.Features(), "audit") {
					t.Errorf("%v of %v, features %v", s.Version(), s.PeerVersions(), s.Features())
				}
				return nil
			}})
		c := dial(t, &network, transport.Config{Protocol: only(2), Session: cfg("else"), Dial: dialFrom(&network, "10.0.0.1")})
		ready(t, c)
		if id != c.ID() {
			t.Errorf("OnOpen saw the id %x, the session has %x", id, c.ID())
		}
	})
}

// Another connection of a client that has lost patience waits until OnOpen has decided.
func TestNobodyAttachesBeforeOnOpenHasDecided(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		h := new(log)
		calls := 0
		s := serve(t, &network, "server", &transport.Server{Handler: h, OnOpen: func(*transport.Session) error {
			if calls++; calls == 1 {
				time.Sleep(time.Minute)
			}
			if len(h.notes()) > 0 {
				t.Error("a message was handled before OnOpen had decided")
			}
			return nil
		}})
		c := dial(t, &network, transport.Config{})
		send(t, c.Session, 1, 5)
		flush(t, c.Session)
		h.want(t, 5)
		if n := len(s.Sessions()); calls != 1 || n != 1 {
			t.Errorf("OnOpen was asked %d times about %d sessions, want once", calls, n)
		}
	})
}

// A session that its OnOpen closes, and one whose server is closed meanwhile, leave nothing.
func TestCloseInOnOpen(t *testing.T) {
	for name, act := range map[string]func(*transport.Server, *transport.Session){
		"the session": func(_ *transport.Server, s *transport.Session) { s.Close(session.CloseHandler, "enough") },
		"the server":  func(srv *transport.Server, _ *transport.Session) { go srv.Close(); time.Sleep(time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var network fault.Network
				closed := make(chan error, 10)
				srv := &transport.Server{Handler: new(log), OnClose: func(_ *transport.Session, err error) { closed <- err }}
				srv.OnOpen = func(s *transport.Session) error { act(srv, s); return nil }
				serve(t, &network, "server", srv)
				c := dial(t, &network, transport.Config{Backoff: transport.Backoff{Attempts: 1}})
				<-c.Done()
				time.Sleep(10 * time.Second)
				if n := len(srv.Sessions()); n != 0 || len(closed) != 1 {
					t.Errorf("%d sessions are left, OnClose was called %d times", n, len(closed))
				}
			})
		})
	}
}

func TestFeaturesAndVersionsOfThePeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		s := serve(t, &network, "server", &transport.Server{Handler: new(log), Session: session.Config{
			Offer: negotiate.Offer{Features: []negotiate.Feature{{Name: "audit"}}}}})
		protocol := &codec.Protocol{Name: notes.Name, Releases: notes.Releases[:2]}
		network.Down("server")
		c := dial(t, &network, transport.Config{Protocol: protocol, Session: session.Config{
			Offer: negotiate.Offer{Features: []negotiate.Feature{{Name: "audit"}, {Name: "other"}}}}})
		if f, v := c.Features(), c.PeerVersions(); len(f) != 0 || len(v) != 0 {
			t.Errorf("before there is a connection: features %v, versions %v", f, v)
		}
		network.Up("server")
		ready(t, c)
		info := s.Sessions()[0]
		check := func(when string) {
			t.Helper()
			for side, s := range map[string]*transport.Session{"client": c.Session, "server": info.Session} {
				if f := s.Features(); !slices.Contains(f, "audit") || slices.Contains(f, "other") {
					t.Errorf("%s, %s: features %v, want audit", when, side, f)
				}
			}
			if v := c.PeerVersions().String(); v != "1-3" {
				t.Errorf("%s: the server offers %v, want 1-3", when, v)
			}
		}
		check("attached")
		if v := info.PeerVersions.String(); v != "1-2" || info.PeerVersions.Has(3) {
			t.Errorf("the client offers %v, want 1-2", v)
		}
		network.Down("server")
		synctest.Wait()
		check("detached")
	})
}

func TestLegacyClientInOnOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		h := new(log)
		s := serve(t, &network, "server", &transport.Server{Handler: h, MaxSessions: 1,
			Session:  session.Config{Recognizer: negotiate.RecognizeLines(1)},
			Identify: func(net.Conn) (string, error) { return "somebody", nil },
			OnOpen: func(s *transport.Session) error {
				if host(s) == "10.0.0.1" && s.Identity() == "somebody" && s.Version() == 1 && len(s.Features()) == 0 {
					return nil
				}
				return errors.New("somebody else")
			}})
		says := func(host string) net.Conn {
			conn := from(t, &network, host)
			conn.Write([]byte("{\"type\":\"note\",\"n\":1}\n"))
			synctest.Wait()
			return conn
		}
		if _, took := rest(says("10.0.0.2")); took > 2*time.Second || len(h.notes()) != 0 {
			t.Errorf("refused after %v; %v were handled", took, h.notes())
		}
		one := says("10.0.0.1")
		h.want(t, 1)
		if _, took := rest(says("10.0.0.1")); took > 2*time.Second || len(s.Sessions()) != 1 {
			t.Errorf("the second was closed after %v, %d sessions", took, len(s.Sessions()))
		}
		one.Close()
		synctest.Wait()
		if n := len(s.Sessions()); n != 0 {
			t.Errorf("%d sessions left", n)
		}
	})
}
