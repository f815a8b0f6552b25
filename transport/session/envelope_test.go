package session_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	gopterprop "github.com/leanovate/gopter/prop"

	"github.com/parleyproto/parley/docs"
	"github.com/parleyproto/parley/fuzz/prop"
	"github.com/parleyproto/parley/transport/session"
)

// checkEnvelope asserts the laws on bytes that may be an envelope: a typed error, or an
// envelope whose spelling is canonical, in both spellings.
func checkEnvelope(t *testing.T, b []byte, text bool) {
	t.Helper()
	var e session.Envelope
	if err := e.Parse(b, text); err != nil {
		var violation *session.ProtocolError
		if !errors.As(err, &violation) {
			t.Fatalf("Parse(%q): %T, want a *ProtocolError", b, err)
		}
		return
	}
	same := e.Append(nil, text)
	if !bytes.HasPrefix(b, same) || len(same) < len(b) && !extensible[e.Kind] {
		t.Fatalf("Parse(%q) then Append gives %q", b, same)
	}
	var other session.Envelope
	if err := other.Parse(e.Append(nil, !text), !text); err != nil {
		t.Fatalf("%q in the other spelling: %v", b, err)
	}
	if d := cmp.Diff(e, other); d != "" {
		t.Fatalf("%q differs in the other spelling:\n%s", b, d)
	}
}

// extensible are the kinds behind whose last field a newer peer may add something.
var extensible = map[session.Kind]bool{
	session.KindAck: true, session.KindPing: true, session.KindPong: true,
	session.KindAttach: true, session.KindAttached: true, session.KindWithdraw: true,
}

func FuzzEnvelope(f *testing.F) {
	for _, s := range docs.Samples() {
		if b, err := s.Hex("hex"); err == nil && strings.HasPrefix(s.Section, "5.") {
			f.Add(b, false)
			f.Add([]byte(s.Values["text"]), true)
		}
	}
	f.Fuzz(checkEnvelope)
}

// genEnvelope makes legal envelopes of all kinds.
func genEnvelope() gopter.Gen {
	number := gen.OneGenOf(gen.UInt64Range(0, 300), gen.UInt64())
	return gopter.CombineGens(gen.UInt8Range(1, 16), gen.UInt8(), number, number, number, gen.SliceOfN(32, gen.UInt8()), gen.AlphaString()).Map(func(v []any) session.Envelope {
		kind, flags := session.Kind(v[0].(uint8)), session.Flags(v[1].(uint8))
		a, b, c := v[2].(uint64), v[3].(uint64), v[4].(uint64)
		fixed, words := [32]byte(v[5].([]uint8)), []byte(v[6].(string))
		if len(words) == 0 {
			words = nil
		}
		short := [16]byte(fixed[:16])
		e := session.Envelope{Kind: kind}
		switch kind {
		case session.KindData:
			e.Flags, e.Seq, e.Payload = flags&(session.FlagAck|session.FlagMore), max(a>>1, 1), []byte(v[6].(string))
			switch flags >> 6 {
			case 0:
				e.Flags |= session.FlagCont
			case 1:
				e.Flags |= session.FlagCall
			case 2:
				e.Flags |= session.FlagReply | session.FlagDup
			case 3:
				e.Flags |= session.FlagExt
				e.Ext = []byte{1, 2, fixed[0], fixed[1]}
			}
			if e.Flags&session.FlagAck != 0 {
				e.Done, e.Received = b, c
			}
			if e.Flags&(session.FlagCall|session.FlagReply) != 0 {
				e.Call = b
			}
		case session.KindAck:
			e.Flags, e.Done, e.Received, e.Dropped = flags&1, a, b, c%3
		case session.KindPing:
			e.ID, e.Next = a, b
		case session.KindPong:
			e.ID = a
		case session.KindProbe:
			e.Epoch, e.Proof = a, fixed
		case session.KindAttach:
			e.Flags, e.Session, e.Generation, e.Received, e.First, e.Auth = flags&1, short, a, b, c, fixed
		case session.KindAttached:
			e.Flags, e.Generation, e.Epoch, e.Received, e.First = flags&1, a, b, c, a
		case session.KindPropose, session.KindAccept:
			e.Epoch, e.Version, e.Nonce = a, b%65536, short
		case session.KindReject:
			e.Epoch, e.Code, e.Text = a, b, words
		case session.KindWithdraw:
			e.Epoch = a
		case session.KindCut:
			e.Epoch, e.Last, e.Frames, e.Proof = a, b, c, fixed
		case session.KindNack:
			e.Seq, e.Text = a, words
		case session.KindGap:
			e.Seq, e.Code, e.Text = a, b, words
		case session.KindGoAway:
			e.Retry, e.Text = a, words
		case session.KindClose:
			e.Code, e.Text = a, words
		}
		return e
	})
}

// inverse: what is written is read, in both spellings, and no strict prefix of a frame of
// fixed shape is a frame.
var inverse = gopterprop.ForAll(func(e session.Envelope) string {
	for _, text := range []bool{false, true} {
		b := e.Append(nil, text)
		var got session.Envelope
		if err := got.Parse(b, text); err != nil {
			return err.Error()
		}
		if d := cmp.Diff(e, got); d != "" {
			return d
		}
		if openEnded := e.Dropped != 0 || e.Kind == session.KindData || e.Kind == session.KindReject || e.Kind > session.KindCut; text || openEnded {
			continue
		}
		for n := range b {
			if got.Parse(b[:n], text) == nil {
				return "a strict prefix is a frame"
			}
		}
	}
	return ""
}, genEnvelope())

func TestEnvelopeInverse(t *testing.T) {
	parameters := gopter.DefaultTestParametersWithSeed(1)
	parameters.MinSuccessfulTests = 2000
	properties := gopter.NewProperties(parameters)
	properties.Property("parse is the inverse of append", inverse)
	properties.TestingRun(t)
}

func FuzzEnvelopeInverse(f *testing.F) { f.Fuzz(prop.Target(inverse)) }

func TestEnvelopeIsStrict(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		binary     []byte
	}{
		{"unknown kind", "HELLO a=1", []byte{0x11, 0}},
		{"no kind", "", nil},
		{"kind alone", "ACK", []byte{2}},
		{"illegal flag", "PING known id=1 next=2", []byte{3, 1, 1, 2}},
		{"two flags", "ACK ask ask done=1 received=2", []byte{2, 3, 1, 2}},
		{"field missing", "ACK done=1", []byte{2, 0, 1}},
		{"needless byte in a number", "ACK done=01 received=2", []byte{2, 0, 0x81, 0, 2}},
		{"number beyond 64 bits", "PONG id=18446744073709551616", []byte{4, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2}},
		{"fields in another order", "ACK received=2 done=1", nil},
		{"upper-case hex", "PROPOSE epoch=1 version=2 nonce=000102030405060708090A0B0C0D0E0F", nil},
		{"version beyond 65535", "PROPOSE epoch=1 version=65536 nonce=000102030405060708090a0b0c0d0e0f", nil},
		{"bytes after an exact frame", "ACCEPT epoch=1 version=2 nonce=000102030405060708090a0b0c0d0e0f x=1", append([]byte{9, 0, 1, 2}, make([]byte, 17)...)},
		{"control character in text", "CLOSE code=1 msg=a\x01", []byte{16, 0, 1, 1}},
		{"empty msg", "CLOSE code=1 msg=", nil},
		{"seq 0", "DATA 0 - x", []byte{1, 0, 0}},
		{"seq beyond the last", "DATA 9223372036854775808 - x", []byte{1, 0, 128, 128, 128, 128, 128, 128, 128, 128, 128, 1}},
		{"no attributes", "DATA 1 x", nil},
		{"attributes out of order", "DATA 1 dup,more x", nil},
		{"attribute twice", "DATA 1 dup,dup x", nil},
		{"unknown attribute", "DATA 1 swift x", []byte{1, 0x40, 1}},
		{"call and reply", "DATA 1 call=1,re=2 x", []byte{1, 0x18, 1, 1, 2}},
		{"further fragment with a call", "DATA 1 cont,call=1 x", []byte{1, 0x0c, 1, 1}},
		{"extension that ends early", "DATA 1 ext=0105 x", []byte{1, 0x80, 1, 2, 1, 5}},
		{"extensions longer than the frame", "DATA 1 ext=0 x", []byte{1, 0x80, 1, 9, 1}},
		{"payload too large", "DATA 1 - " + strings.Repeat("x", session.MaxFragment+1), append([]byte{1, 0, 1}, make([]byte, session.MaxFragment+1)...)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var e session.Envelope
			var violation *session.ProtocolError
			if err := e.Parse([]byte(tt.text), true); !errors.As(err, &violation) {
				t.Errorf("text: %v, want a *ProtocolError", err)
			}
			if tt.binary == nil && tt.name != "no kind" {
				return
			}
			if err := e.Parse(tt.binary, false); !errors.As(err, &violation) {
				t.Errorf("binary: %v, want a *ProtocolError", err)
			}
		})
	}
}
