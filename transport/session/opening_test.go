package session_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// feed gives an opening bytes as they come.
func feed(o *session.Opening, s string) {
	for s != "" && o.State() == session.OpeningWaits {
		n := copy(o.Space(), s)
		o.Wrote(sessionEpoch, n)
		s = s[n:]
	}
}

func TestOpeningRefuses(t *testing.T) {
	for _, tt := range []struct{ name, in, out string }{
		{"garbage", "\x00\x01\x02", "PARLEY/1 NO code=greeting"},
		{"another version", "PARLEY/1 sessiontest v=99\n", "PARLEY/1 NO code=version v=1-3"},
		{"another protocol", "PARLEY/1 else v=1\n", "PARLEY/1 NO code=protocol p=sessiontest"},
		{"a line without end", "PARLEY/1 sessiontest v=1" + strings.Repeat(" ", 2000), "PARLEY/1 NO code=greeting"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := profile(t, negotiate.Server, nil).Open(sessionEpoch, negotiate.Key{})
			feed(o, tt.in)
			if o.State() != session.OpeningFailed || o.Err() == nil {
				t.Fatalf("the opening is %v: %v", o.State(), o.Err())
			}
			if out := string(o.Output()); !strings.HasPrefix(out, tt.out) || !strings.HasSuffix(out, "\n") {
				t.Errorf("answered %q, want %q …", out, tt.out)
			}
		})
	}
}

func TestOpeningRefusing(t *testing.T) {
	refusal := &negotiate.Refusal{Code: negotiate.CodeOverload, RetryAfter: time.Second}
	o := profile(t, negotiate.Server, nil).OpenRefusing(sessionEpoch, refusal)
	feed(o, "PARLEY/1 sessiontest v=1\n")
	if out := string(o.Output()); !strings.HasPrefix(out, "PARLEY/1 NO code=overload retry=1000") {
		t.Errorf("answered %q", out)
	}
}

func TestOpeningHasADeadline(t *testing.T) {
	o := profile(t, negotiate.Server, nil).Open(sessionEpoch, negotiate.Key{})
	feed(o, "PARLEY/1 sess")
	if d := o.Deadline(); !d.Equal(sessionEpoch.Add(session.DefaultTimeout)) {
		t.Errorf("the deadline is %v", d)
	}
	o.Tick(sessionEpoch.Add(session.DefaultTimeout))
	if !errors.Is(o.Err(), session.ErrHandshakeTimeout) {
		t.Errorf("failed with %v", o.Err())
	}
}

func TestOpeningWantsProbeFirst(t *testing.T) {
	o := profile(t, negotiate.Server, nil).Open(sessionEpoch, negotiate.Key{})
	feed(o, "PARLEY/1 sessiontest v=1\nATTACH secret session=00000000000000000000000000000007 generation=1 received=0 first=1 auth="+strings.Repeat("00", 32)+"\n")
	var violation *session.ProtocolError
	if !errors.As(o.Err(), &violation) {
		t.Errorf("failed with %v, want a *ProtocolError", o.Err())
	}
}

func TestOpeningRejectsAForgedProbe(t *testing.T) {
	o := profile(t, negotiate.Server, nil).Open(sessionEpoch, negotiate.Key{})
	feed(o, "PARLEY/1 sessiontest v=1\nPROBE epoch=0 proof="+strings.Repeat("00", 32)+"\n")
	if !errors.Is(o.Err(), negotiate.ErrProof) {
		t.Errorf("failed with %v, want ErrProof", o.Err())
	}
}

func TestLegacyPeerIsServedPlain(t *testing.T) {
	p := profile(t, negotiate.Server, func(c *session.Config) { c.Recognizer = negotiate.RecognizeLines(1) })
	o := p.Open(sessionEpoch, negotiate.Key{})
	feed(o, "1 0 0 hello\n2 0 0 wo")
	if o.State() != session.OpeningLegacy {
		t.Fatalf("the opening is %v: %v", o.State(), o.Err())
	}
	pl := o.Plain(sessionEpoch)
	pl.Wrote(sessionEpoch, copy(pl.Space(), "rld\nbad\n"))
	var got []string
	var end error
	for ev := (session.Event{}); pl.Next(&ev); {
		switch ev.Kind {
		case session.EventMessage:
			got = append(got, ev.Message.(*sessiontest.Msg).Body)
		case session.EventClosed:
			end = ev.Err
		}
	}
	if strings.Join(got, " ") != "hello world" {
		t.Errorf("got %q", got)
	}
	var undecodable *codec.DecodeError
	if !errors.As(end, &undecodable) {
		t.Errorf("ended by %v, want a *codec.DecodeError", end)
	}
}

func TestPlainHandshakeAndHeartbeat(t *testing.T) {
	say := func(s string) *sessiontest.Msg { return &sessiontest.Msg{Body: s} }
	body := func(m codec.Message) string { return m.(*sessiontest.Msg).Body }
	d, _ := profile(t, negotiate.Client, nil).Dialect(1)
	p := session.NewPlain(sessionEpoch, d, session.PlainConfig{
		Handshake: func(m codec.Message) ([]codec.Message, bool, error) {
			if m == nil {
				return []codec.Message{say("HELLO")}, false, nil
			}
			return nil, body(m) == "OK", nil
		},
		Ping: func() codec.Message { return say("PING") },
		Beat: func(m codec.Message) (codec.Message, bool) {
			if body(m) == "PING" {
				return say("PONG"), true
			}
			return nil, body(m) == "PONG"
		},
		Interval: time.Second,
		Silence:  3 * time.Second,
	})
	now := sessionEpoch
	written := func() string {
		var b bytes.Buffer
		for _, x := range p.Output(now) {
			b.Write(x)
		}
		p.Written(now)
		return b.String()
	}
	receive := func(s string) (kinds []session.EventKind) {
		p.Wrote(now, copy(p.Space(), s))
		for ev := (session.Event{}); p.Next(&ev); {
			kinds = append(kinds, ev.Kind)
		}
		return kinds
	}
	p.Send(now, say("early"))
	if out := written(); out != "0 0 0 HELLO\n" {
		t.Fatalf("before the handshake is over it wrote %q", out)
	}
	if ev := receive("0 0 0 OK\n"); len(ev) != 1 || ev[0] != session.EventAttached {
		t.Errorf("the handshake's end caused %v", ev)
	}
	if out := written(); out != "0 0 0 early\n" {
		t.Errorf("after the handshake it wrote %q", out)
	}
	now = now.Add(time.Second)
	p.Tick(now)
	if ev := receive("0 0 0 PING\n0 0 0 PONG\n0 0 0 news\n"); len(ev) != 1 || ev[0] != session.EventMessage {
		t.Errorf("heartbeats and a message caused %v", ev)
	}
	if out := written(); out != "0 0 0 PING\n0 0 0 PONG\n" {
		t.Errorf("it wrote %q", out)
	}
	now = now.Add(3 * time.Second)
	p.Tick(now)
	if ev := (session.Event{}); !p.Next(&ev) || !errors.Is(ev.Err, session.ErrSilent) {
		t.Errorf("after silence: %+v", ev)
	}
}
