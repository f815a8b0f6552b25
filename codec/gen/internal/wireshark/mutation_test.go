package wireshark_test

import (
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/parleyproto/parley/codec/schema"
)

// Payloads with a byte changed, removed or added are shown as far as they go. The dissector
// never fails itself, complains of none that the interpreter takes, and of almost all that it
// refuses: some rules about spelling, as of a tagged field with its default, are too subtle.
func TestDissectorTakesAnyPayload(t *testing.T) {
	t.Parallel()
	need(t, "tshark")
	p := load(t, "../zoo")
	_, golden, err := (&schema.Lock{Protocol: p.Name}).Freeze(p, nil, p.Versions.Last)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewSource(7))
	var c capture
	var payloads [][]byte
	var good []bool
	for _, v := range p.All() {
		in, err := p.Interpreter(v)
		if err != nil {
			t.Fatal(err)
		}
		chunks := greeted("zoo", v)
		for _, g := range golden {
			if g.Version != v {
				continue
			}
			for range 3 {
				payload := mutate(rng, g.Payload)
				_, err := in.Decode(payload)
				payloads, good = append(payloads, payload), append(good, err == nil)
				chunks = append(chunks, chunk{false, dataFrame(p, v, payload)})
			}
		}
		c = append(c, chunks)
	}
	shown, missed := 0, 0
	for _, f := range frames(dissect(t, p, c.pcap(whole)), "zoo", false) {
		if f.get("parley.kind") != "DATA" {
			continue
		}
		said := f.get("_ws.expert.message")
		if strings.Contains(said, ".lua:") || good[shown] && said != "" {
			t.Errorf("%s % x: %s", f.get("parley.dialect"), payloads[shown], said)
		}
		if !good[shown] && said == "" {
			missed++
		}
		shown++
	}
	if missed > shown/100 {
		t.Errorf("%d bad payloads of %d are taken for good", missed, shown)
	}
	if shown != len(good) {
		t.Errorf("%d messages are shown, not %d", shown, len(good))
	}
}

// mutate changes a byte, removes or adds one. A line stays a line.
func mutate(rng *rand.Rand, payload []byte) []byte {
	k := rng.Intn(len(payload))
	b := byte(rng.Intn(256))
	if b == '\n' || b == '\r' {
		b = ' '
	}
	switch rng.Intn(4) {
	case 0:
		return slices.Delete(slices.Clone(payload), k, k+1)
	case 1:
		return slices.Insert(slices.Clone(payload), k, b)
	}
	changed := slices.Clone(payload)
	changed[k] = b
	return changed
}
