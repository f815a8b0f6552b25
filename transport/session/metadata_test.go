package session_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	gopterprop "github.com/leanovate/gopter/prop"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/prop"
	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// spoken opens a session between a client and a server that speak one version, and returns what
// the server gets when the client sends a message with md, which is what its handler gets.
func spoken(p *sessiontest.Pair, body string, md session.Metadata) (session.Metadata, error) {
	if err := p.Client.Send(session.Normal, sessiontest.Msg{Body: body}, session.SendOptions{Metadata: md}); err != nil {
		return nil, err
	}
	before := len(p.Server.Got)
	if p.Settle(); len(p.Server.Got) != before+1 {
		return nil, errors.New("not delivered")
	}
	return p.Server.Got[before].Metadata, nil
}

// Whatever the values are, they arrive as they were sent, in both spellings, or are refused with
// a reason, at any size of the message.
func metadataArrives(p *sessiontest.Pair) gopter.Prop {
	key := gen.RegexMatch(`^[!-~]{1,12}$`)
	value := gen.SliceOf(gen.UInt8()).Map(func(b []uint8) string { return string(b) })
	field := gopter.CombineGens(key, value).Map(func(v []any) session.Field { return session.Field{Key: v[0].(string), Value: v[1].(string)} })
	return gopterprop.ForAll(func(md []session.Field, size int) string {
		got, err := spoken(p, strings.Repeat("x", size), md)
		var limit *session.MetadataError
		switch {
		case errors.As(err, &limit):
			if limit.Fields <= session.MaxMetadataFields && limit.Size <= limit.Limit {
				return err.Error()
			}
		case err != nil:
			return err.Error()
		case !slices.Equal(got, md):
			return "it arrived as " + strings.Join(append([]string{}, got.Values("x")...), " ")
		}
		return ""
	}, gen.SliceOf(field), gen.IntRange(0, 70_000))
}

func TestMetadataArrives(t *testing.T) {
	for _, v := range []codec.Version{1, 2} {
		parameters := gopter.DefaultTestParametersWithSeed(1)
		parameters.MinSuccessfulTests = 300
		properties := gopter.NewProperties(parameters)
		properties.Property("metadata arrives as it was sent", metadataArrives(pair(t, v, nil)))
		properties.TestingRun(t)
	}
}

func FuzzMetadata(f *testing.F) {
	for _, v := range []codec.Version{1, 2} {
		f.Add([]byte{byte(v)})
	}
	f.Fuzz(prop.Target(gopterprop.ForAll(func(text bool, md string) string {
		client, server := sessiontest.Configs(1)
		if text {
			server.Offer.Prefer = []codec.Version{1}
		}
		p, err := sessiontest.NewPair(client, server)
		if err != nil || !p.Connect() {
			return "not attached"
		}
		key, value, _ := strings.Cut(md, "=")
		got, err := spoken(p, "", session.Metadata{{Key: key, Value: value}, {Key: "second"}})
		var bad *session.MetadataError
		if errors.As(err, &bad) {
			return ""
		}
		if err != nil || len(got) != 2 || got[0].Key != key || got.Get(key) != value && key != "second" {
			return "lost"
		}
		return ""
	}, gen.Bool(), gen.AnyString())))
}

func TestMetadataGet(t *testing.T) {
	md := session.Metadata{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}, {Key: "a", Value: "3"}}
	if md.Get("a") != "1" || md.Get("A") != "" || !slices.Equal(md.Values("a"), []string{"1", "3"}) || md.Values("c") != nil {
		t.Errorf("Get and Values of %v: %q %q %q", md, md.Get("a"), md.Values("a"), md.Values("c"))
	}
}

// The limits hold on the byte, for the sender; metadata of the largest size goes with the largest
// fragment in both spellings.
func TestMetadataLimits(t *testing.T) {
	const most = session.MaxMetadata - len("k") - 1 - 2
	many := make(session.Metadata, session.MaxMetadataFields+1)
	for i := range many {
		many[i].Key = "k"
	}
	for _, v := range []codec.Version{1, 2} {
		p := pair(t, v, nil)
		for _, tt := range []struct {
			name string
			md   session.Metadata
			ok   bool
		}{
			{"the largest", session.Metadata{{Key: "k", Value: strings.Repeat("\n", most)}}, true},
			{"one byte more", session.Metadata{{Key: "k", Value: strings.Repeat("\n", most+1)}}, false},
			{"the most fields", many[1:], true},
			{"one more", many, false},
			{"no key", session.Metadata{{Value: "x"}}, false},
			{"a key with a space", session.Metadata{{Key: "a b"}}, false},
			{"a key that is not ASCII", session.Metadata{{Key: "ä"}}, false},
		} {
			var refused *session.MetadataError
			got, err := spoken(p, strings.Repeat("x", session.MaxFragment-20), tt.md)
			switch {
			case tt.ok && (err != nil || !slices.Equal(got, tt.md)):
				t.Errorf("version %v, %s: %v", v, tt.name, err)
			case !tt.ok && !errors.As(err, &refused):
				t.Errorf("version %v, %s: %v, want a *MetadataError", v, tt.name, err)
			}
		}
		rest(t, p)
	}
}

// Metadata stays with its message over a cut and over changes of version.
func TestMetadataIsRetained(t *testing.T) {
	p := pair(t, 1, nil)
	md := session.Metadata{{Key: "traceparent", Value: "00-1-2-01"}, {Key: "comma", Value: "a,b\r\n"}}
	for range 3 {
		p.Client.Send(session.Normal, sessiontest.Msg{Body: "kept"}, session.SendOptions{Metadata: md})
	}
	p.Flush(p.Conn) // written in version 1, and lost
	p.Cut(p.Conn)
	p.Client.Send(session.Normal, sessiontest.Msg{Body: "away"}, session.SendOptions{Metadata: md})
	p.Connect()
	p.Server.Busy = true
	p.Server.Machine.Upgrade(p.Now, 3)
	p.Client.Call(session.Normal, sessiontest.Msg{Body: "question"}, session.SendOptions{Metadata: md})
	p.Server.Answer = true
	rest(t, p)
	if n := len(p.Server.Got); n != 5 {
		t.Fatalf("the server got %d messages, want 5", n)
	}
	for _, got := range p.Server.Got {
		if !slices.Equal(got.Metadata, md) {
			t.Errorf("message %d has %q", got.Seq, got.Metadata)
		}
	}
}

// Nothing is dropped in silence where a peer has not agreed to metadata.
func TestMetadataWithoutAgreement(t *testing.T) {
	without := func(client, server *session.Config) { server.Without = []string{session.FeatureMetadata} }
	md := session.Metadata{{Key: "k", Value: "v"}}
	must, may := session.SendOptions{Metadata: md}, session.SendOptions{Metadata: md, MetadataOptional: true}
	p := pair(t, 2, without)
	var missing *session.FeatureError
	if err := p.Client.Send(session.Normal, sessiontest.Msg{}, must); !errors.As(err, &missing) || missing.Feature != session.FeatureMetadata {
		t.Errorf("Send with metadata: %v, want a *FeatureError", err)
	}
	if err := p.Client.Send(session.Normal, sessiontest.Msg{}, may); err != nil {
		t.Errorf("Send with optional metadata: %v", err)
	}
	p.Settle()
	p.Cut(p.Conn)
	p.Client.Send(session.Normal, sessiontest.Msg{}, must) // nobody knows the next peer
	p.Client.Send(session.Normal, sessiontest.Msg{}, may)
	p.Connect()
	rest(t, p)
	sent := p.Client.Sent()
	if m := sent[1]; m.Outcome != session.Dropped || m.Reason != session.Unencodable {
		t.Errorf("a message that must not go without its metadata: %v %v", m.Outcome, m.Reason)
	}
	for _, i := range []int{0, 2} {
		if m := sent[i]; m.Outcome != session.Acked {
			t.Errorf("message %d: %v %v", i+1, m.Outcome, m.Reason)
		}
	}
}

// A feature that is required in the offer refuses who does not name it.
func TestMetadataRequired(t *testing.T) {
	client, server := sessiontest.Configs(1)
	client.Offer.Features = []negotiate.Feature{{Name: session.FeatureMetadata, Required: true}}
	server.Without = []string{session.FeatureMetadata}
	p, err := sessiontest.NewPair(client, server)
	if err != nil {
		t.Fatal(err)
	}
	if p.Connect() {
		t.Error("attached to a server without the required feature")
	}
}

// What metadata takes is counted by the window of the peer, at both ends alike.
func TestMetadataCountsInTheWindow(t *testing.T) {
	// Of 1000: 18 bytes of message, 32 besides, and an extension of 200 bytes: four make 1000.
	for size, want := range map[int]int{193: 4, 194: 3} {
		md := session.Metadata{{Key: "k", Value: strings.Repeat("v", size)}}
		p := pair(t, 2, func(client, server *session.Config) { server.Offer.Window = 1000 })
		p.Server.Busy = true
		for range 6 {
			p.Client.Send(session.Normal, sessiontest.Msg{}, session.SendOptions{Metadata: md})
		}
		p.Settle()
		if n := len(p.Server.Got); n != want {
			t.Errorf("%d messages with %d bytes of metadata in a window of 1000, want %d", n, size, want)
		}
		rest(t, p)
	}
}

// The largest message of a peer is meant without metadata.
func TestMetadataBesideTheLargestMessage(t *testing.T) {
	p := pair(t, 2, func(client, server *session.Config) { server.Offer.MaxMessage = 1000 })
	opt := session.SendOptions{Metadata: session.Metadata{{Key: "k", Value: strings.Repeat("v", 200)}}}
	var large *session.TooLargeError
	if err := p.Client.Send(session.Normal, sessiontest.Msg{Body: words(982)}, opt); err != nil {
		t.Errorf("a message of 1000 bytes, which is the limit: %v", err)
	}
	if err := p.Client.Send(session.Normal, sessiontest.Msg{Body: words(983)}, opt); !errors.As(err, &large) || large.Size != 1001 {
		t.Errorf("a message of 1001 bytes: %v, want a *TooLargeError that says so", err)
	}
	rest(t, p)
}

// A peer that puts more into the window than fits, by metadata or by compression, is found out.
func TestExtensionsAreCountedByTheReceiver(t *testing.T) {
	named := data(1, "")
	named.Flags, named.Ext = session.FlagExt, append([]byte{2, 98, 1, 'k', 95}, make([]byte, 95)...) // 18 + 32 + 100
	packed := deflated(1, data(1, strings.Repeat("x", 100)).Payload, 118)                            // 118 + 32
	for name, e := range map[string]session.Envelope{"metadata": named, "compressed": packed} {
		for window, want := range map[uint64]int{300: 2, 299: 1} {
			x := newServerPeer(t, profile(t, negotiate.Server, func(c *session.Config) { c.Offer.Window = window }))
			for e.Seq = 1; e.Seq <= 2; e.Seq++ {
				x.send(e)
			}
			if n := x.saw(session.EventMessage); n != want || x.saw(session.EventDetached) != 2-want {
				t.Errorf("%s: %d messages in a window of %d, want %d", name, n, window, want)
			}
		}
	}
}

// A peer that sends what no peer may send is found out; what it may is skipped.
func TestHostileExtensions(t *testing.T) {
	field := []byte("\x01k\x01v")
	for _, tt := range []struct {
		name string
		ext  []byte
		good bool
	}{
		{"one field", append([]byte{2, 4}, field...), true},
		{"no field", []byte{2, 0}, true},
		{"unknown tags", []byte{77, 1, 0, 77, 0}, true},
		{"a failure in what is no reply", []byte{1, 1, 'x'}, true},
		{"a key that is too long for its field", []byte{2, 2, 9, 'k'}, false},
		{"a key without a value", []byte{2, 2, 1, 'k'}, false},
		{"no key", []byte{2, 2, 0, 0}, false},
		{"a key with a line end", []byte{2, 3, 1, '\n', 0}, false},
		{"too many fields", append([]byte{2, 0x84, 2}, bytes.Repeat(field, 65)...), false},
		{"too many bytes", append([]byte{2, 0x81, 64}, append([]byte{1, 'k', 0xfd, 63}, make([]byte, 8189)...)...), false},
		{"twice", []byte{2, 0, 2, 0}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := newServerPeer(t, profile(t, negotiate.Server, nil))
			e := data(1, "x")
			e.Flags, e.Ext = session.FlagExt, tt.ext
			x.send(e)
			if tt.good {
				x.event(session.EventMessage)
				return
			}
			var violation *session.ProtocolError
			if ev := x.event(session.EventDetached); !errors.As(ev.Err, &violation) {
				t.Errorf("the connection ended by %v, want a violation", ev.Err)
			}
		})
	}
}

// FuzzExtensions lets a peer put any bytes where extensions stand, in both spellings.
func FuzzExtensions(f *testing.F) {
	f.Add([]byte("\x02\x04\x01k\x01v"), false)
	f.Add([]byte{2, 0x80, 0x80, 1}, true)
	f.Add([]byte{3, 1, 30}, true)
	f.Fuzz(func(t *testing.T, ext []byte, reply bool) {
		if len(ext) > 1000 {
			return
		}
		x := newServerPeer(t, profile(t, negotiate.Server, nil))
		e := data(1, "x")
		e.Flags, e.Ext = session.FlagExt, ext
		if reply {
			e.Flags |= session.FlagReply
		}
		x.send(e)
		if s := x.m.State(); s == session.Attached {
			if x.saw(session.EventMessage)+x.saw(session.EventReply)+x.wrote(session.KindNack) != 1 {
				t.Fatal("neither handed over nor refused")
			}
		} else if s != session.Detached {
			t.Fatalf("the session is %v", s)
		}
	})
}
