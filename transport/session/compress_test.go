package session_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/docs"
	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// squeezed connects a pair of which both sides compress what is not tiny.
func squeezed(t *testing.T, begin codec.Version) *sessiontest.Pair {
	t.Helper()
	return pair(t, begin, func(client, server *session.Config) {
		client.Compress, server.Compress = &session.Compression{MinSize: 20, Level: 9}, &session.Compression{MinSize: 20}
	})
}

// words are bytes that compress well, and differ from size to size.
func words(size int) string {
	rnd := rand.New(rand.NewPCG(uint64(size), 5))
	b := make([]byte, size)
	for i := range b {
		b[i] = "etaoin shrdlu "[rnd.IntN(14)]
	}
	return string(b)
}

// Messages of all sizes arrive as they were sent, whole and in fragments, and take less on the
// wire; in text they are not compressed.
func TestCompressedMessagesArrive(t *testing.T) {
	for _, v := range []codec.Version{1, 2} {
		p := squeezed(t, v)
		plain := 0
		for _, size := range []int{0, 1, 19, 20, 21, 500, 4096, 65_536, 100_000, 300_000, 1 << 20} {
			plain += size
			md := session.Metadata{{Key: "size", Value: strings.Repeat("v", size/200)}}
			if err := p.Client.Send(session.Normal, sessiontest.Msg{Body: words(size)}, session.SendOptions{Metadata: md}); err != nil {
				t.Fatal(err)
			}
		}
		rest(t, p)
		st := p.Client.Machine.Stats()
		if v == 1 && (st.Saved != 0 || p.Conn.Up.Total < plain) {
			t.Errorf("in text, %d bytes became %d on the wire, saved %d", plain, p.Conn.Up.Total, st.Saved)
		}
		if v == 2 && (p.Conn.Up.Total > plain*6/10 || int(st.Saved)+p.Conn.Up.Total < plain) {
			t.Errorf("%d bytes became %d on the wire, saved %d", plain, p.Conn.Up.Total, st.Saved)
		}
	}
}

// What is sent again is compressed again, in whatever version.
func TestCompressionOverVersions(t *testing.T) {
	p := squeezed(t, 2)
	for range 4 {
		p.Client.Send(session.Normal, sessiontest.Msg{Body: words(200_000)}, session.SendOptions{})
		p.Client.Send(session.Normal, sessiontest.Msg{Body: words(2000)}, session.SendOptions{})
	}
	for range 3 {
		p.Flush(p.Conn)
		p.DeliverUp(p.Conn, 150_000)
		p.Cut(p.Conn) // in the middle of a compressed message in fragments, as like as not
		p.Connect()
		p.Server.Machine.Upgrade(p.Now, 4-codec.Version(p.Client.Machine.Stats().Version)%3)
		p.Settle()
	}
	rest(t, p)
	if n := len(p.Server.Got); n != 8 {
		t.Errorf("%d messages arrived, want 8", n)
	}
}

// On the wire a compressed message says how large it is without; what is not smaller, too small
// or not to be compressed goes as it is, and so does what the peer has refused.
func TestWhatIsCompressed(t *testing.T) {
	x := newClientPeer(t, profile(t, negotiate.Client, func(c *session.Config) { c.Compress = &session.Compression{MinSize: 100} }))
	random := make([]byte, 200)
	for i := range random {
		random[i] = byte(rand.New(rand.NewPCG(uint64(i), 1)).Uint32())
	}
	for i, tt := range []struct {
		body string
		opt  session.SendOptions
		want bool
	}{
		{words(200), session.SendOptions{}, true},
		{words(82), session.SendOptions{}, true}, // and 18 of the codec
		{words(81), session.SendOptions{}, false},
		{words(200), session.SendOptions{Uncompressed: true}, false},
		{string(random), session.SendOptions{}, false},
	} {
		x.m.Send(x.now, &sessiontest.Msg{Body: tt.body}, tt.opt)
		x.pump()
		e := x.take(session.KindData)
		if got := e.Flags&session.FlagExt != 0; got != tt.want {
			t.Errorf("message %d: compressed %v, want %v", i, got, tt.want)
		}
		if tt.want {
			size := binary.AppendUvarint(nil, uint64(len(tt.body)+18))
			if want := append([]byte{3, byte(len(size))}, size...); !bytes.Equal(e.Ext, want) {
				t.Errorf("message %d: its extension is % x, want % x", i, e.Ext, want)
			}
			if got, err := io.ReadAll(flate.NewReader(bytes.NewReader(e.Payload))); err != nil || string(got[18:]) != tt.body {
				t.Errorf("message %d inflates to %q, %v", i, got, err)
			}
			x.send(session.Envelope{Kind: session.KindNack, Seq: e.Seq})
			if again := x.take(session.KindData); again.Seq != e.Seq || again.Flags&session.FlagExt != 0 {
				t.Errorf("message %d comes again as %+v, want it uncompressed", i, again)
			}
		}
		x.send(session.Envelope{Kind: session.KindAck, Done: e.Seq, Received: e.Seq})
	}
}

// Without agreement nothing is compressed.
func TestCompressionIsNegotiated(t *testing.T) {
	p := pair(t, 2, func(client, server *session.Config) {
		client.Compress = &session.Compression{}
		server.Without = []string{session.FeatureDeflate}
	})
	p.Client.Send(session.Normal, sessiontest.Msg{Body: words(5000)}, session.SendOptions{})
	rest(t, p)
	if p.Client.Machine.Stats().Saved != 0 || p.Conn.Up.Total < 5000 {
		t.Errorf("5000 bytes became %d on the wire", p.Conn.Up.Total)
	}
	for _, c := range []session.Compression{{MinSize: -1}, {Level: 10}, {Level: -1}} {
		client, _ := sessiontest.Configs(1)
		client.Compress = &c
		if _, err := session.NewProfile(negotiate.Client, client); err == nil {
			t.Errorf("%+v is no error", c)
		}
	}
}

// The window counts what a message is when it is not compressed, at both ends alike: that is what
// the receiver has to hold.
func TestWindowCountsUncompressed(t *testing.T) {
	for size, want := range map[int]int{950: 2, 951: 1} { // with 18 and 32 more, twice in 2000
		p := pair(t, 2, func(client, server *session.Config) {
			client.Compress, server.Offer.Window = &session.Compression{}, 2000
			client.Compress.MinSize = 1
		})
		p.Server.Busy = true
		for range 5 {
			p.Client.Send(session.Normal, sessiontest.Msg{Body: words(size)}, session.SendOptions{})
		}
		p.Settle()
		if n := len(p.Server.Got); n != want {
			t.Errorf("%d messages of %d bytes in a window of 2000, want %d", n, size, want)
		}
		rest(t, p)
	}
}

// deflated is a DATA with a compressed payload that says to be of so many bytes.
func deflated(seq uint64, payload []byte, size int) session.Envelope {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 9)
	w.Write(payload)
	w.Close()
	e := session.Envelope{Kind: session.KindData, Flags: session.FlagExt, Seq: seq, Payload: b.Bytes()}
	n := binary.AppendUvarint(nil, uint64(size))
	e.Ext = append([]byte{3, byte(len(n))}, n...)
	return e
}

// A payload that lies about its size, or cannot be decompressed, is undecodable: NACK.
func TestBrokenCompression(t *testing.T) {
	good := data(1, words(3000)).Payload
	cut, corrupt, longer := deflated(1, good, len(good)), deflated(1, good, len(good)), deflated(1, good, len(good))
	cut.Payload = cut.Payload[:len(cut.Payload)-1]
	corrupt.Payload[0] |= 0x06 // a kind of block that does not exist
	longer.Payload = append(longer.Payload, 0)
	empty := deflated(1, nil, 0)
	empty.Payload = nil
	for name, e := range map[string]session.Envelope{
		"says less": deflated(1, good, len(good)-1), "says more": deflated(1, good, len(good)+1), "says nothing": deflated(1, good, 0),
		"cut short": cut, "corrupt": corrupt, "bytes behind": longer, "no bytes": empty,
	} {
		x := newServerPeer(t, profile(t, negotiate.Server, nil))
		x.send(e)
		if x.saw(session.EventMessage) != 0 || x.saw(session.EventDetached) != 0 || x.take(session.KindNack).Seq != 1 {
			t.Errorf("%s: handed over, or the connection is gone", name)
		}
		x.send(deflated(1, good, len(good)))
		if x.saw(session.EventMessage) != 1 {
			t.Errorf("%s: a good message after it was not taken", name)
		}
	}
}

// A bomb costs no more memory than it says to be, and says no more than is allowed.
func TestCompressionBomb(t *testing.T) {
	bomb := deflated(1, make([]byte, 50<<20), 4000)
	if len(bomb.Payload) > session.MaxFragment {
		t.Fatalf("the bomb is of %d bytes", len(bomb.Payload))
	}
	p := profile(t, negotiate.Server, func(c *session.Config) { c.Offer.MaxMessage = 100_000 })
	x := newServerPeer(t, p)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	x.send(bomb)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 { // its own 50 KiB, copied some times
		t.Errorf("a bomb of %d bytes took %d of memory", len(bomb.Payload), took)
	}
	if n := x.take(session.KindNack); n.Seq != 1 {
		t.Errorf("NACK of %d", n.Seq)
	}
	x.send(deflated(1, make([]byte, 100_001), 100_001))
	var violation *session.ProtocolError
	if ev := x.event(session.EventDetached); !errors.As(ev.Err, &violation) || violation.Section != "1.2" {
		t.Errorf("the connection ended by %v, want a violation of 1.2", ev.Err)
	}
}

// A text is never compressed: its lines could not hold the bytes.
func TestCompressedText(t *testing.T) {
	p := profile(t, negotiate.Server, nil)
	x := newPeer(t, p, nil, 1)
	x.attachAs(session.Envelope{Generation: 1, First: 1, Flags: session.FlagSecret, Auth: [32]byte{1}})
	x.m = p.New(x.now)
	x.attach()
	x.send(session.Envelope{Kind: session.KindData, Flags: session.FlagExt, Seq: 1, Ext: []byte{3, 1, 9}, Payload: []byte("1 0 0 xxx")})
	var violation *session.ProtocolError
	if ev := x.event(session.EventDetached); !errors.As(ev.Err, &violation) || violation.Section != "5.10" {
		t.Errorf("the connection ended by %v, want a violation of 5.10", ev.Err)
	}
}

func FuzzDeflated(f *testing.F) {
	good := data(1, words(300))
	e := deflated(1, good.Payload, len(good.Payload))
	f.Add(e.Payload, len(good.Payload))
	f.Fuzz(func(t *testing.T, payload []byte, size int) {
		if len(payload) > session.MaxFragment {
			return
		}
		x := newServerPeer(t, profile(t, negotiate.Server, func(c *session.Config) { c.Offer.MaxMessage = 10_000 }))
		e := deflated(1, nil, max(size, 0))
		e.Payload = payload
		x.send(e)
		if x.saw(session.EventMessage)+x.saw(session.EventDetached)+x.wrote(session.KindNack) != 1 {
			t.Fatal("neither handed over nor refused, or both")
		}
		if x.saw(session.EventMessage) == 1 && x.event(session.EventMessage).Size != size {
			t.Fatalf("a message of %d bytes said %d", x.event(session.EventMessage).Size, size)
		}
	})
}

// The sample of docs/protocol.md, 5.10.
func TestSampleOfCompression(t *testing.T) {
	for _, s := range docs.Samples() {
		if s.Name != "data-deflate" {
			continue
		}
		b, _ := s.Hex("hex")
		payload, _ := s.Hex("payload")
		var e session.Envelope
		if err := e.Parse(b, false); err != nil || !bytes.Equal(e.Ext, []byte{3, 1, byte(len(payload))}) {
			t.Fatalf("% x, %v", e.Ext, err)
		}
		if got, err := io.ReadAll(flate.NewReader(bytes.NewReader(e.Payload))); err != nil || !bytes.Equal(got, payload) {
			t.Errorf("it inflates to %q, %v", got, err)
		}
		return
	}
	t.Error("the page has no sample")
}
