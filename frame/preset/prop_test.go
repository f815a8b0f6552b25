package preset_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/frame/frametest"
	"github.com/parleyproto/parley/frame/preset"
	"github.com/parleyproto/parley/fuzz"
)

// TestAnyPayloadsAtAnyCut writes payloads of the samples in any order and number, and reads them
// at any cut.
func TestAnyPayloadsAtAnyCut(t *testing.T) {
	parameters := gopter.DefaultTestParametersWithSeed(1)
	parameters.MinSuccessfulTests = 50
	properties := gopter.NewProperties(parameters)
	for _, s := range samples {
		if _, ordered := s.preset.Format.(frame.Once); ordered {
			continue
		}
		properties.Property(s.preset.Name, prop.ForAll(func(picks, sizes []int) bool {
			var wire bytes.Buffer
			w := frame.NewWriter(&wire, s.preset)
			var want []string
			for _, i := range picks {
				p := s.payloads[i%len(s.payloads)]
				want = append(want, p)
				if err := w.WriteFrame([]byte(p)); err != nil {
					return false
				}
			}
			if err := w.Flush(); err != nil {
				return false
			}
			got, err := payloads(s.preset, wire.Bytes(), fuzz.Plan{Sizes: append(sizes, 1), Repeat: true})
			return err == nil && slices.Equal(got, want)
		}, gen.SliceOf(gen.IntRange(0, 100)), gen.SliceOf(gen.IntRange(0, 60))))
	}
	properties.TestingRun(t)
}

// FuzzPresets looks for bytes and cuts that break a law of framing under a preset.
func FuzzPresets(f *testing.F) {
	all := preset.All()
	for i, p := range all {
		for _, s := range samples {
			if s.preset.Name == p.Name {
				f.Add(byte(i), []byte{3, 1, 4, 1, 5}, []byte(s.wire))
			}
		}
	}
	f.Fuzz(func(t *testing.T, which byte, cuts, wire []byte) {
		p := all[int(which)%len(all)]
		wire = wire[:min(len(wire), 1<<10)] // what longer streams find, they find slowly
		frametest.Split(t, p, wire, fuzz.ByteByByte(), fuzz.PlanFrom(fuzz.NewSource(cuts), len(wire)))
		if !p.Spellings && splitErr(p, wire) == nil {
			frametest.Reframe(t, p, wire)
		}
	})
}
