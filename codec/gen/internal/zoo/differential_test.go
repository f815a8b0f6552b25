package zoo

import (
	"bytes"
	"encoding/json"
	"math/rand"
	"slices"
	"testing"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/codectest"
	"github.com/parleyproto/parley/codec/schema"
)

var laws = []codectest.Message{lawsPerson, lawsScalars, lawsLists, lawsTree, lawsPointers, lawsReading, lawsTagged, lawsSkipping, lawsMeasure, lawsBatch}

// The interpreter of the schema and the generated code know nothing of each other: they must
// agree on every payload, good or bad.
func TestInterpreterAgrees(t *testing.T) {
	protocols, err := schema.Load(".", ".")
	if err != nil {
		t.Fatal(err)
	}
	if protocols[0].Fingerprint(3) != Protocol.Releases[3].Fingerprint {
		t.Error("the generated files are of another schema; run go generate")
	}
	for _, m := range laws {
		for _, v := range m.Versions {
			t.Run(m.Name+"/"+v.Version.String(), func(t *testing.T) {
				in, err := protocols[0].Interpreter(v.Version)
				if err != nil {
					t.Fatal(err)
				}
				agree(t, in, &Protocol.Releases[v.Version], v)
			})
		}
	}
}

func agree(t *testing.T, in *schema.Interpreter, r *codec.Release, v codectest.Version) {
	rng := rand.New(rand.NewSource(3))
	for range 40 {
		b, err := r.Codec.Append(nil, v.Random(&codectest.Rand{Rand: rng, Levels: 5}))
		if err != nil {
			if !v.Converts {
				t.Error(err)
			}
			continue
		}
		rec, err := in.Decode(b)
		if err != nil {
			t.Errorf("% x: the interpreter says %v", b, err)
			continue
		}
		again, err := in.Append(nil, rec)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("% x: the interpreter encodes % x, %v", b, again, err)
		}
		if text, err := in.JSON(rec); err != nil || !json.Valid(text) {
			t.Errorf("% x: the interpreter shows %s, %v", b, text, err)
		}
		for range 30 {
			agreeOnBad(t, in, r, v, mutate(rng, b))
		}
	}
}

// mutate changes a byte, or removes or inserts one.
func mutate(rng *rand.Rand, b []byte) []byte {
	x := slices.Clone(b)
	k := rng.Intn(len(x))
	switch rng.Intn(4) {
	case 0:
		return slices.Delete(x, k, k+1)
	case 1:
		return slices.Insert(x, k, byte(rng.Intn(256)))
	case 2:
		x[k] = 0xff
	default:
		x[k] ^= 1 << rng.Intn(8)
	}
	return x
}

func agreeOnBad(t *testing.T, in *schema.Interpreter, r *codec.Release, v codectest.Version, b []byte) {
	_, want := in.Decode(b)
	m, got := r.Codec.Decode(b)
	if (want == nil) != (got == nil) && !v.Converts {
		t.Errorf("%s\n% x: the interpreter says %v, the generated code %v (%+v)", b, b, want, got, m)
	}
}
