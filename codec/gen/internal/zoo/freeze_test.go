package zoo

import (
	"bytes"
	"testing"

	"github.com/parleyproto/parley/codec/schema"
)

// Golden vectors come from the interpreter; the generated code must agree with them.
func TestGoldenVectorsOfAllKinds(t *testing.T) {
	protocols, err := schema.Load(".", ".")
	if err != nil {
		t.Fatal(err)
	}
	p := protocols[0]
	lock, golden, err := (&schema.Lock{Protocol: p.Name}).Freeze(p, nil, p.Versions.Last)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range golden {
		r, err := Protocol.Release(g.Version)
		if err != nil {
			t.Fatal(err)
		}
		m, err := r.Codec.Decode(g.Payload)
		if err != nil {
			t.Errorf("%v %s %s: %v", g.Version, g.Message, g.JSON, err)
			continue
		}
		if b, err := r.Codec.Append(nil, m); err != nil || !bytes.Equal(b, g.Payload) {
			t.Errorf("%v %s % x encodes again to % x, %v", g.Version, g.Message, g.Payload, b, err)
		}
	}
	if err := lock.Verify(p, golden); err != nil {
		t.Error(err)
	}
	again, err := schema.ParseLock("zoo.parley.lock", lock.Format())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Format(), lock.Format()) {
		t.Error("the lock does not survive writing and reading")
	}
	if err := again.Verify(p, golden[1:]); err == nil {
		t.Error("a golden vector is missing, and nobody says so")
	}
}
