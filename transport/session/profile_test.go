package session_test

import (
	"errors"
	"testing"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

func TestProfileRefusesWhatCannotWork(t *testing.T) {
	formats := func(v codec.Version, f frame.Format) session.Config {
		return session.Config{Protocol: sessiontest.Protocol(false), Formats: map[codec.Version]frame.Format{v: f}}
	}
	var dialect *session.DialectError
	for name, cfg := range map[string]session.Config{
		"binary messages in lines":  formats(2, frame.LF),
		"frames too small":          formats(2, frame.Uint16BE),
		"options that do not match": formats(2, frame.LengthField{Size: 9}),
	} {
		if _, err := session.NewProfile(negotiate.Client, cfg); !errors.As(err, &dialect) {
			t.Errorf("%s: %v, want a *DialectError", name, err)
		}
	}
	unfrozen := sessiontest.Protocol(false)
	for i := range unfrozen.Releases {
		unfrozen.Releases[i].Fingerprint[0] = 1
	}
	for name, cfg := range map[string]session.Config{
		"no protocol":         {},
		"nothing frozen":      {Protocol: unfrozen},
		"a version too many":  {Protocol: sessiontest.Protocol(false), Offer: negotiate.Offer{Versions: negotiate.VersionSet(4)}},
		"a negative queue":    {Protocol: sessiontest.Protocol(false), Queue: -1},
		"a name with a space": {Protocol: sessiontest.Protocol(false), Offer: negotiate.Offer{Protocol: "a b"}},
	} {
		if _, err := session.NewProfile(negotiate.Client, cfg); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := session.NewProfile(negotiate.Client, session.Config{Protocol: unfrozen, AllowUnfrozen: true}); err != nil {
		t.Errorf("unfrozen, and allowed: %v", err)
	}
}

// What the writer knows by heart is what the format says.
func TestFramingEqualsFormat(t *testing.T) {
	for _, format := range []frame.Format{frame.Uint32BE, frame.Uvarint, frame.LengthField{Size: 4, Strip: 4}} {
		client, server := sessiontest.Configs(1)
		for _, c := range []*session.Config{&client, &server} {
			c.Formats = map[codec.Version]frame.Format{3: format}
		}
		p, err := sessiontest.NewPair(client, server)
		if err != nil {
			t.Fatal(err)
		}
		p.Connect()
		for _, size := range []int{0, 1, 200, 5000, 70_000} {
			p.Client.Send(session.Normal, sessiontest.Msg{Body: string(make([]byte, size))}, session.SendOptions{})
		}
		rest(t, p)
		if n := len(p.Server.Got); n != 5 {
			t.Errorf("%v: %d messages", format, n)
		}
	}
}

func TestNoAllocationPerMessage(t *testing.T) {
	msg := new(raw)
	cm, sm, now := couple(t, msg)
	batch := func() {
		for range 100 {
			cm.Send(now, msg, session.SendOptions{})
		}
		transfer(now, cm, sm)
		transfer(now, sm, cm)
	}
	for range 200 { // until all memory of the window is there
		batch()
	}
	if n := testing.AllocsPerRun(200, batch); n > 1 {
		t.Errorf("%v allocations per 100 messages, want none", n)
	}
}
