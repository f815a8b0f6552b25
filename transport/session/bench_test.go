package session_test

import (
	"testing"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// raw is a codec without work: the message is its payload, and decoding does not allocate.
type raw struct{ m [64]byte }

func (*raw) Append(dst []byte, m codec.Message) ([]byte, error) {
	return append(dst, m.(*raw).m[:]...), nil
}

func (r *raw) Decode(src []byte) (codec.Message, error) {
	copy(r.m[:], src)
	return r, nil
}

// blob is the same for payloads of any size.
type blob []byte

func (*blob) Append(dst []byte, m codec.Message) ([]byte, error) {
	return append(dst, *m.(*blob)...), nil
}

func (b *blob) Decode([]byte) (codec.Message, error) { return b, nil }

// couple attaches a client and a server that are connected by copying.
func couple(tb testing.TB, c codec.Codec) (cm, sm *session.Machine, now time.Time) {
	tb.Helper()
	cp, sp := profiles(tb, c)
	return join(tb, cp, sp)
}

func profiles(tb testing.TB, c codec.Codec, change ...func(*session.Config)) (client, server *session.Profile) {
	tb.Helper()
	cfg := session.Config{Protocol: &codec.Protocol{Name: "bench", Releases: []codec.Release{{Version: 1, Codec: c}}}}
	for _, f := range change {
		f(&cfg)
	}
	client, err := session.NewProfile(negotiate.Client, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	server, err = session.NewProfile(negotiate.Server, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return client, server
}

func join(tb testing.TB, cp, sp *session.Profile) (cm, sm *session.Machine, now time.Time) {
	tb.Helper()
	now = time.Unix(1, 0)
	co, so := cp.Open(now, negotiate.Key{}), sp.Open(now, negotiate.Key{})
	carry := func(to, from *session.Opening) {
		n := copy(to.Space(), from.Output())
		from.Flushed()
		to.Wrote(now, n)
	}
	carry(so, co)
	carry(co, so)
	cm, sm = cp.New(now), sp.New(now)
	if _, err := cm.Attach(now, co); err != nil {
		tb.Fatal(err)
	}
	var b []byte
	for _, p := range cm.Output(now, 1) {
		b = append(b, p...)
	}
	cm.Written(now, 1)
	so.Wrote(now, copy(so.Space(), b))
	if _, err := sm.Attach(now, so); err != nil {
		tb.Fatal(err)
	}
	for carried := 1; carried > 0; {
		carried = transfer(now, sm, cm) + transfer(now, cm, sm)
	}
	if cm.State() != session.Attached || sm.State() != session.Attached {
		tb.Fatal("not attached")
	}
	return cm, sm, now
}

// transfer writes one batch and handles what it brings. It returns the bytes carried.
func transfer(now time.Time, from, to *session.Machine) int {
	carried := 0
	for _, b := range from.Output(now, from.Generation()) {
		for len(b) > 0 {
			n := copy(to.Space(to.Generation()), b)
			to.Wrote(now, to.Generation(), n)
			b = b[n:]
			carried += n
			for ev := (session.Event{}); to.Next(&ev); {
				if ev.Kind == session.EventMessage {
					to.Done(ev.ID)
				}
			}
		}
	}
	from.Written(now, from.Generation())
	return carried
}

// BenchmarkPipelined is both machines' work for one message of 64 bytes, sent in batches and
// acknowledged: encode, frame, split, decode, hand over, done.
func BenchmarkPipelined(b *testing.B) {
	codec := new(raw)
	cm, sm, now := couple(b, codec)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, err := cm.Send(now, codec, session.SendOptions{}); err != nil {
			b.Fatal(err)
		}
		if n++; n == 256 {
			n = 0
			transfer(now, cm, sm)
			transfer(now, sm, cm)
		}
	}
}

// BenchmarkPingPong is both machines' work for a message each way, one at a time.
func BenchmarkPingPong(b *testing.B) {
	codec := new(raw)
	cm, sm, now := couple(b, codec)
	b.ReportAllocs()
	for b.Loop() {
		cm.Send(now, codec, session.SendOptions{})
		transfer(now, cm, sm)
		sm.Send(now, codec, session.SendOptions{})
		transfer(now, sm, cm)
	}
}

// BenchmarkLarge is both machines' work for a message of 1 MiB, in fragments.
func BenchmarkLarge(b *testing.B) {
	msg := make(blob, 1<<20)
	cm, sm, now := couple(b, &msg)
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	for b.Loop() {
		cm.Send(now, &msg, session.SendOptions{})
		for transfer(now, cm, sm)+transfer(now, sm, cm) > 0 {
		}
	}
}
