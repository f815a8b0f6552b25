package negotiate_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
)

func serverConfig(t testing.TB) *negotiate.HandshakeConfig {
	return &negotiate.HandshakeConfig{Role: negotiate.Server, Offer: offer(t, "telemetry v=1-3 f=zip,audit")}
}

func clientConfig(t testing.TB) *negotiate.HandshakeConfig {
	return &negotiate.HandshakeConfig{Offer: offer(t, "telemetry v=2-5 f=zip")}
}

// shake runs both sides and returns their agreements.
func shake(t testing.TB, cc, sc *negotiate.HandshakeConfig) (client, server negotiate.Agreement) {
	t.Helper()
	c := negotiate.NewHandshake(cc, negotiate.Nonce{1, 2, 3}, start)
	s := negotiate.NewHandshake(sc, negotiate.Nonce{4, 5, 6}, start)
	greeting, err := c.Step(start, nil)
	if err != nil {
		t.Fatal(err)
	}
	so, err := s.Step(start, greeting.Send)
	if err != nil || !so.Done {
		t.Fatal(so, err)
	}
	co, err := c.Step(start, so.Send)
	if err != nil || !co.Done {
		t.Fatal(co, err)
	}
	return co.Agreement, so.Agreement
}

func TestBothAgree(t *testing.T) {
	c, s := shake(t, clientConfig(t), serverConfig(t))
	if c.Version != 3 || s.Version != 3 || c.Digest != s.Digest || !c.Has("zip") || !s.Has("zip") || s.Has("audit") {
		t.Errorf("client %+v\nserver %+v", c, s)
	}
	if !c.Peer.Versions.Has(1) || !s.Peer.Versions.Has(5) {
		t.Errorf("the peer's offer is not kept: %v, %v", c.Peer.Versions, s.Peer.Versions)
	}
}

// Two connections with the same offers and other nonces have other digests.
func TestNonceMakesDigest(t *testing.T) {
	run := func(n negotiate.Nonce) negotiate.Digest {
		h := negotiate.NewHandshake(serverConfig(t), n, start)
		out, err := h.Step(start, []byte("PARLEY/1 telemetry v=1\n"))
		if err != nil {
			t.Fatal(err)
		}
		return out.Agreement.Digest
	}
	if run(negotiate.Nonce{1}) == run(negotiate.Nonce{2}) {
		t.Error("the same digest for two nonces")
	}
}

func TestHandshakeDeadline(t *testing.T) {
	for _, c := range []struct {
		timeout, limit time.Duration
	}{{0, 10 * time.Second}, {time.Second, time.Second}} {
		for _, role := range []negotiate.Role{negotiate.Client, negotiate.Server} {
			cfg := &negotiate.HandshakeConfig{Role: role, Offer: offer(t, "telemetry v=1"), Timeout: c.timeout, Recognizer: negotiate.RecognizeLines(1)}
			h := negotiate.NewHandshake(cfg, negotiate.Nonce{}, start)
			if got := h.Deadline(); !got.Equal(start.Add(c.limit)) {
				t.Fatalf("deadline %v", got)
			}
			if _, err := h.Step(h.Deadline().Add(-1), []byte("PAR")); err != nil {
				t.Fatalf("%v: before the deadline: %v", role, err)
			}
			_, err := h.Step(h.Deadline(), []byte("LEY/1 telemetry v=1\n"))
			if !errors.As(err, new(*negotiate.TimeoutError)) || !os.IsTimeout(err) {
				t.Errorf("%v: got %v", role, err)
			}
			if h.State() != negotiate.Failed {
				t.Errorf("%v: state %v", role, h.State())
			}
			if _, err := h.Step(start, nil); !errors.Is(err, negotiate.ErrFinished) {
				t.Errorf("%v: a step after the end: %v", role, err)
			}
		}
	}
}

func TestRestFatal(t *testing.T) {
	cfg := serverConfig(t)
	cfg.Rest = negotiate.RestFatal
	h := negotiate.NewHandshake(cfg, negotiate.Nonce{}, start)
	out, err := h.Step(start, []byte("PARLEY/1 telemetry v=1\ninjected"))
	var rest *negotiate.RestError
	if !errors.As(err, &rest) || rest.Bytes != len("injected") || out.Done || out.Send != nil {
		t.Errorf("got %+v, %v", out, err)
	}
	h = negotiate.NewHandshake(cfg, negotiate.Nonce{}, start)
	if out, err := h.Step(start, []byte("PARLEY/1 telemetry v=1\n")); err != nil || !out.Done {
		t.Errorf("without a rest: %+v, %v", out, err)
	}
}

func TestHandshakeChecksItsOffer(t *testing.T) {
	for _, role := range []negotiate.Role{negotiate.Client, negotiate.Server} {
		cfg := &negotiate.HandshakeConfig{Role: role, Offer: negotiate.Offer{Protocol: "telemetry",
			Versions: negotiate.VersionSet(1), Features: []negotiate.Feature{{Name: "two words"}}}}
		h := negotiate.NewHandshake(cfg, negotiate.Nonce{}, start)
		_, err := h.Step(start, []byte("PARLEY/1 telemetry v=1\n"))
		var bad *negotiate.OfferError
		if !errors.As(err, &bad) || bad.Field != "Features" {
			t.Errorf("%v: got %v", role, err)
		}
	}
}

// Grease is left out where the line would be too long with it.
func TestGreaseFits(t *testing.T) {
	o := negotiate.Offer{Protocol: "p", Versions: negotiate.VersionSet(1)}
	for o.Validate() == nil {
		o.Features = append(o.Features, negotiate.Feature{Name: fmt.Sprintf("%030d", len(o.Features))})
	}
	last := &o.Features[len(o.Features)-1].Name
	with, without := 0, 0
	for *last = "z"; o.Validate() == nil; *last += "z" {
		h := negotiate.NewHandshake(&negotiate.HandshakeConfig{Offer: o}, negotiate.Nonce{1}, start)
		out, err := h.Step(start, nil)
		if err != nil || len(out.Send) > negotiate.MaxLine {
			t.Fatalf("%d bytes, %v", len(out.Send), err)
		}
		if _, err := negotiate.ParseGreeting(out.Send[:len(out.Send)-1]); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(out.Send, []byte(" x-")) {
			with++
		} else {
			without++
		}
	}
	if without == 0 {
		t.Errorf("%d lines with grease, %d without", with, without)
	}
}

// A copied handshake goes on by itself, and equal handshakes do equal things.
func TestHandshakeIsAValue(t *testing.T) {
	cfg := serverConfig(t)
	h := negotiate.NewHandshake(cfg, negotiate.Nonce{}, start)
	if _, err := h.Step(start, []byte("PARLEY/1 tele")); err != nil {
		t.Fatal(err)
	}
	g := h
	if g != h {
		t.Error("a copy differs")
	}
	if _, err := g.Step(start, []byte("metry v=9\n")); err == nil {
		t.Error("version 9 was accepted")
	}
	if out, err := h.Step(start, []byte("metry v=1\n")); err != nil || !out.Done {
		t.Errorf("the original: %+v, %v", out, err)
	}
}

// A recogniser that never makes up its mind, and one that does at the last byte it gets.
func TestRecognizerLimits(t *testing.T) {
	at := func(n int) negotiate.Recognizer {
		return func(first []byte) (codec.Version, negotiate.Verdict) {
			if len(first) == n {
				return 2, negotiate.Recognized
			}
			return 0, negotiate.NeedMore
		}
	}
	in := bytes.Repeat([]byte("x"), 2000)
	cfg := serverConfig(t)
	cfg.Recognizer = at(negotiate.MaxLine)
	h := negotiate.NewHandshake(cfg, negotiate.Nonce{}, start)
	out, err := h.Step(start, in)
	if err != nil || !out.Done || out.Agreement.Version != 2 || len(out.Replay) != negotiate.MaxLine || out.Taken != negotiate.MaxLine {
		t.Errorf("at the limit: %d taken, %d to replay, %v", out.Taken, len(out.Replay), err)
	}
	cfg.Recognizer = at(negotiate.MaxLine + 1)
	h = negotiate.NewHandshake(cfg, negotiate.Nonce{}, start)
	if _, err = h.Step(start, in); !errors.As(err, new(*negotiate.NotParleyError)) {
		t.Errorf("past the limit: %v", err)
	}
}

// 10,000 half-open handshakes hold at most 2 KiB each, however much of a line they have, and
// end at their deadline.
func TestHalfOpen(t *testing.T) {
	const n = 10_000
	cfg := serverConfig(t)
	almost := append([]byte("PARLEY/1 telemetry v=1 x="), bytes.Repeat([]byte("y"), 990)...)
	before := liveHeap()
	open := make([]*negotiate.Handshake, n)
	for i := range open {
		h := negotiate.NewHandshake(cfg, negotiate.Nonce{byte(i)}, start)
		if _, err := h.Step(start, almost); err != nil {
			t.Fatal(err)
		}
		open[i] = &h
	}
	each := (int64(liveHeap()) - int64(before)) / n
	t.Logf("%d bytes each", each)
	if each > 2048 {
		t.Errorf("%d bytes each, want at most 2048", each)
	}
	for _, h := range open {
		if _, err := h.Step(h.Deadline(), nil); !errors.As(err, new(*negotiate.TimeoutError)) {
			t.Fatalf("at the deadline: %v", err)
		}
	}
}

func liveHeap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Nothing of a handshake outlives it but the agreement, which holds the peer's offer.
func TestAgreementIsSmall(t *testing.T) {
	const n = 1000
	cc, sc := clientConfig(t), serverConfig(t)
	kept := make([]negotiate.Agreement, 0, 2*n)
	before := liveHeap()
	for range n {
		c, s := shake(t, cc, sc)
		kept = append(kept, c, s)
	}
	each := (int64(liveHeap()) - int64(before)) / (2 * n)
	runtime.KeepAlive(kept)
	t.Logf("%d bytes each beside the struct", each)
	if each > 256 {
		t.Errorf("an agreement keeps %d bytes beside its struct, want at most 256", each)
	}
}
