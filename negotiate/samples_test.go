package negotiate_test

import (
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/docs"
	"github.com/parleyproto/parley/negotiate"
)

// The samples of the specification's sections 1 to 4, and that of an ATTACH's proof, are what
// the code reads, writes and computes.
func TestSamples(t *testing.T) {
	checks := []struct {
		prefix string
		check  func(t *testing.T, s sample)
	}{
		{"greeting-bad-", checkBadGreeting}, {"greeting-", checkGreeting}, {"answer-", checkAnswer}, {"refusal-", checkRefusal},
		{"digest-greeting", checkGreetingDigest}, {"digest-upgrade", checkUpgradeDigest},
		{"digest-proof", checkProof}, {"digest-attach", checkAttach},
	}
	found := map[string]bool{}
	for _, s := range docs.Samples() {
		for _, c := range checks {
			if strings.HasPrefix(s.Name, c.prefix) {
				found[c.prefix] = true
				t.Run(s.Name, func(t *testing.T) { c.check(t, sample{s, t}) })
				break
			}
		}
	}
	for _, c := range checks {
		if !found[c.prefix] {
			t.Errorf("the specification has no sample %s…", c.prefix)
		}
	}
}

// sample is one of the specification's, with its values as this package's types.
type sample struct {
	docs.Sample
	t *testing.T
}

func (s sample) bytes(key string) []byte {
	b, err := s.Hex(key)
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

func (s sample) number(key string) uint64 {
	n, err := strconv.ParseUint(s.Values[key], 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

func (s sample) want(key string, got []byte) {
	s.t.Helper()
	if want := hex.EncodeToString(s.bytes(key)); hex.EncodeToString(got) != want {
		s.t.Errorf("%s is %x, the specification says %s", key, got, want)
	}
}

func checkGreeting(t *testing.T, s sample) {
	o, err := negotiate.ParseGreeting([]byte(s.Values["line"]))
	if err != nil {
		t.Fatal(err)
	}
	if line, err := negotiate.AppendGreeting(nil, o); err != nil || string(line) != s.Values["line"]+"\n" {
		t.Errorf("written again it is %q, %v", line, err)
	}
}

func checkBadGreeting(t *testing.T, s sample) {
	_, err := negotiate.ParseGreeting([]byte(s.Values["line"]))
	var syntax *negotiate.SyntaxError
	if !errors.As(err, &syntax) || uint64(syntax.Offset) != s.number("offset") {
		t.Errorf("got %v", err)
	}
}

func checkAnswer(t *testing.T, s sample) {
	a, err := negotiate.ParseAnswer([]byte(s.Values["line"]))
	if err != nil {
		t.Fatal(err)
	}
	if line, err := negotiate.AppendAnswer(nil, a); err != nil || string(line) != s.Values["line"]+"\n" {
		t.Errorf("written again it is %q, %v", line, err)
	}
}

func checkRefusal(t *testing.T, s sample) {
	_, err := negotiate.ParseAnswer([]byte(s.Values["line"]))
	var refused *negotiate.RefusedError
	if !errors.As(err, &refused) {
		t.Fatal(err)
	}
	if line := negotiate.AppendRefusal(nil, &refused.Refusal); string(line) != s.Values["line"]+"\n" {
		t.Errorf("written again it is %q", line)
	}
}

func checkGreetingDigest(t *testing.T, s sample) {
	d := negotiate.GreetingDigest([]byte(s.Values["greeting"]), []byte(s.Values["answer"]))
	s.want("h0", d[:])
}

func checkUpgradeDigest(t *testing.T, s sample) {
	p := negotiate.Propose{Epoch: s.number("epoch"), Version: codec.Version(s.number("version")), Nonce: negotiate.Nonce(s.bytes("nonce"))}
	a := negotiate.Accept(p)
	if got := string(p.AppendText(nil)); got != s.Values["propose"] {
		t.Errorf("PROPOSE is %q", got)
	}
	if got := string(a.AppendText(nil)); got != s.Values["accept"] {
		t.Errorf("ACCEPT is %q", got)
	}
	d := negotiate.Digest(s.bytes("before")).Next(p, a)
	s.want("after", d[:])
}

func checkProof(t *testing.T, s sample) {
	role := negotiate.Client
	if s.Values["role"] == "S" {
		role = negotiate.Server
	}
	kind := negotiate.Kind(s.Values["kind"][0])
	p := negotiate.Digest(s.bytes("digest")).Proof(negotiate.SharedKey(s.bytes("key")), role, kind, s.number("epoch"))
	s.want("proof", p[:])
}

func checkAttach(t *testing.T, s sample) {
	p := negotiate.Digest(s.bytes("h0")).AttachProof([32]byte(s.bytes("secret")), [16]byte(s.bytes("session")),
		s.number("generation"), s.number("received"))
	s.want("auth", p[:])
}
