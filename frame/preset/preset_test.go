package preset_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/frame/frametest"
	"github.com/parleyproto/parley/frame/preset"
)

// TestSamples splits the sample bytes of each protocol, frames them again, and holds the preset
// to the laws of package frame.
func TestSamples(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range samples {
		seen[s.preset.Name] = true
		t.Run(s.preset.Name, func(t *testing.T) {
			wire := []byte(s.wire)
			got := split(t, s.preset, wire)
			if !slices.Equal(got, s.payloads) {
				t.Fatalf("split\n got %.300q\nwant %.300q", got, s.payloads)
			}
			if !s.otherSpelling {
				frametest.Reframe(t, s.preset, wire)
			}
			_, stateful := s.preset.Format.(frame.Once)
			c := frametest.Case{
				Name: s.preset.Name, Format: s.preset, Payloads: s.payloads,
				Unfit: s.unfit, Streams: []string{s.wire},
				Spellings: s.preset.Spellings, Ordered: stateful,
			}
			for _, bad := range s.bad {
				if len(bad) <= 1<<10 { // a longer one, cut at every place, takes seconds
					c.Streams = append(c.Streams, bad)
				}
			}
			frametest.Check(t, c)
			for _, bad := range s.bad {
				if err := splitErr(s.preset, []byte(bad)); !errors.Is(err, frame.ErrCorrupt) && !errors.Is(err, frame.ErrTooLarge) {
					t.Errorf("%.60q: error %v, want ErrCorrupt or ErrTooLarge", bad, err)
				}
			}
		})
	}
	for _, p := range preset.All() {
		if !seen[p.Name] {
			t.Errorf("%s has no sample", p.Name)
		}
	}
}

// split returns the payloads of a whole stream, within the preset's limit.
func split(t *testing.T, p preset.Preset, stream []byte) (payloads []string) {
	t.Helper()
	r := frame.NewReader(bytes.NewReader(stream), p)
	r.MaxFrame = p.MaxFrame
	for payload, err := range r.Frames() {
		if err != nil {
			t.Fatal(err)
		}
		payloads = append(payloads, string(payload))
	}
	return payloads
}

// splitErr returns the first error in a stream.
func splitErr(p preset.Preset, stream []byte) error {
	r := frame.NewReader(bytes.NewReader(stream), p)
	r.MaxFrame = p.MaxFrame
	for _, err := range r.Frames() {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestPresetsAreDescribed(t *testing.T) {
	all := preset.All()
	if !slices.IsSortedFunc(all, func(a, b preset.Preset) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("All is not in the order of names")
	}
	for i, p := range all {
		if i > 0 && all[i-1].Name == p.Name {
			t.Errorf("two presets %s", p.Name)
		}
		if p.Name != strings.ToLower(p.Name) || strings.ContainsAny(p.Name, " _") {
			t.Errorf("name %q", p.Name)
		}
		for what, text := range map[string]string{"Summary": p.Summary, "Payload": p.Payload, "Source": p.Source, "Limit": p.Limit} {
			if text == "" || strings.ContainsAny(text, "\n|") {
				t.Errorf("%s: %s is %q, want one line that a table can hold", p.Name, what, text)
			}
		}
		if p.MaxFrame <= 0 {
			t.Errorf("%s: MaxFrame is %d", p.Name, p.MaxFrame)
		}
	}
}

func TestLookup(t *testing.T) {
	for _, p := range preset.All() {
		got, err := preset.Lookup(p.Name)
		if err != nil || got.Name != p.Name || got.Summary != p.Summary {
			t.Errorf("Lookup(%q) = %q, %v", p.Name, got.Name, err)
		}
	}
	for name, near := range map[string][]string{
		"postgre":                     {"postgres", "postgres-ssl", "postgres-client"},
		"Redis":                       nil,
		"mqqt":                        {"mqtt"},
		"":                            nil,
		strings.Repeat("postgres", 9): nil,
	} {
		_, err := preset.Lookup(name)
		var unknown *preset.UnknownError
		if !errors.As(err, &unknown) || unknown.Name != name || !slices.Equal(unknown.Near, near) {
			t.Errorf("Lookup(%q): %v, want an UnknownError near %q", name, err, near)
		}
	}
}

// unhex decodes hex digits; what stands between | is text.
func unhex(s string) string {
	var out strings.Builder
	for i, part := range strings.Split(s, "|") {
		if i%2 == 1 {
			out.WriteString(part)
			continue
		}
		b, err := hex.DecodeString(strings.ReplaceAll(part, " ", ""))
		if err != nil {
			panic(err)
		}
		out.Write(b)
	}
	return out.String()
}
