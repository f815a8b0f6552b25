package negotiate_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"testing"

	"github.com/parleyproto/parley/negotiate"
)

// Section 4 of the specification, written out.
func TestDigestsBySpecification(t *testing.T) {
	h := func(parts ...string) (d [32]byte) {
		s := sha256.New()
		for _, p := range parts {
			s.Write([]byte(p))
		}
		return [32]byte(s.Sum(nil))
	}
	h0 := negotiate.GreetingDigest([]byte("PARLEY/1 p v=1"), []byte("PARLEY/1 OK p v=1"))
	if want := h("parley greeting 1\x00", "\x00\x00\x00\x0e", "PARLEY/1 p v=1", "\x00\x00\x00\x11", "PARLEY/1 OK p v=1"); h0 != want {
		t.Errorf("H0 is %x, want %x", h0, want)
	}
	p := negotiate.Propose{Epoch: 1, Version: 2, Nonce: negotiate.Nonce{0xab}}
	const text = " epoch=1 version=2 nonce=ab000000000000000000000000000000"
	h1 := h0.Next(p, negotiate.Accept(p))
	if want := h("parley upgrade 1\x00", string(h0[:]), "\x00\x00\x00\x40", "PROPOSE"+text, "\x00\x00\x00\x3f", "ACCEPT"+text); h1 != want {
		t.Errorf("H1 is %x, want %x", h1, want)
	}
	m := hmac.New(sha256.New, []byte("key"))
	m.Write([]byte("parley proof 1\x00SU\x00\x00\x00\x00\x00\x00\x00\x01"))
	m.Write(h1[:])
	if got := h1.Proof(negotiate.SharedKey([]byte("key")), negotiate.Server, negotiate.KindCut, 1); got != negotiate.Proof(m.Sum(nil)) {
		t.Errorf("the proof of a CUT is %x", got)
	}
	secret, session := [32]byte{1}, [16]byte{2}
	m = hmac.New(sha256.New, secret[:])
	m.Write([]byte("parley attach 1\x00"))
	m.Write(h0[:])
	m.Write(session[:])
	m.Write([]byte("\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x09"))
	if got := h0.AttachProof(secret, session, 7, 9); got != negotiate.Proof(m.Sum(nil)) {
		t.Errorf("the proof of an ATTACH is %x", got)
	}
}
