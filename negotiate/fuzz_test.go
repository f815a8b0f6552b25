package negotiate_test

import (
	"bytes"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/parleyproto/parley/fuzz"
	"github.com/parleyproto/parley/negotiate"
)

// What parses can be spelled again, and then means the same. Memory grows with the line.
func FuzzParseGreeting(f *testing.F) {
	f.Add([]byte("PARLEY/1 telemetry v=1"))
	f.Add([]byte("PARLEY/1 telemetry v=1-3,5 min=2 fp=2:0011223344556677 f=zip,audit! max=1 win=1 hb=1/0 n=000102030405060708090a0b0c0d0e0f x-a=b\r"))
	f.Fuzz(func(t *testing.T, line []byte) {
		fuzz.AllocBound(t, line, 24, 2048, func(line []byte) { negotiate.ParseGreeting(line) })
		o, err := negotiate.ParseGreeting(line)
		if err != nil {
			if _, ok := err.(*negotiate.SyntaxError); !ok {
				t.Fatalf("an error of type %T", err)
			}
			return
		}
		again, err := negotiate.AppendGreeting(nil, o)
		if err != nil {
			return // it offers versions above MaxVersion, or its answer would be too long
		}
		if o2, err := negotiate.ParseGreeting(again[:len(again)-1]); err != nil || !reflect.DeepEqual(o, o2) {
			t.Fatalf("%q spelled again is %q: %v", line, again, err)
		}
	})
}

func FuzzParseAnswer(f *testing.F) {
	f.Add([]byte("PARLEY/1 OK telemetry v=2 all=1-3 f=zip"))
	f.Add([]byte("PARLEY/1 NO code=goaway retry=1000 alt=a:1,b:2 msg=so long"))
	f.Fuzz(func(t *testing.T, line []byte) {
		fuzz.AllocBound(t, line, 24, 2048, func(line []byte) { negotiate.ParseAnswer(line) })
		_, err := negotiate.ParseAnswer(line)
		refused, ok := err.(*negotiate.RefusedError)
		if !ok {
			return
		}
		again := negotiate.AppendRefusal(nil, &refused.Refusal)
		_, err = negotiate.ParseAnswer(again[:len(again)-1])
		r2, ok := err.(*negotiate.RefusedError)
		if !ok || len(again) > negotiate.MaxLine || r2.Refusal.Code != refused.Refusal.Code {
			t.Fatalf("%q spelled again is %q: %v", line, again, err)
		}
	})
}

// Whatever arrives, both roles end the same way for every cut, and never with a version
// outside the offer or below the minimum.
func FuzzHandshake(f *testing.F) {
	files, _ := filepath.Glob("testdata/handshake/*.txt")
	for _, file := range files {
		tr := readTranscript(&testing.T{}, file)
		f.Add(tr.in, uint16(7), tr.cfg.Role == negotiate.Server)
	}
	o, err := negotiate.ParseGreeting([]byte("PARLEY/1 telemetry v=1-3,5 min=2 fp=3:0011223344556677 f=zip,audit"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, in []byte, cut uint16, server bool) {
		cfg := &negotiate.HandshakeConfig{Offer: o, Recognizer: negotiate.RecognizeAny(negotiate.RecognizeJSON(2), negotiate.RecognizeLines(1))}
		if server {
			cfg.Role = negotiate.Server
		}
		out, end := feed(cfg, negotiate.Nonce{1}, [][]byte{in})
		k := min(int(cut), len(in))
		if o2, e2 := feed(cfg, negotiate.Nonce{1}, [][]byte{in[:k], in[k:]}); o2 != out || e2 != end {
			t.Fatalf("whole: %q %s\ncut at %d: %q %s", out, end, k, o2, e2)
		}
		h := negotiate.NewHandshake(cfg, negotiate.Nonce{1}, start)
		got, err := h.Step(start, in)
		if len(got.Send) > negotiate.MaxLine || got.Send != nil && !bytes.HasSuffix(got.Send, []byte("\n")) {
			t.Fatalf("sends %q", got.Send)
		}
		if err == nil && got.Done && (!o.Versions.Has(got.Agreement.Version) || got.Agreement.Version < 2) {
			t.Fatalf("agreed on version %d", got.Agreement.Version)
		}
	})
}
