package session_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parleyproto/parley/docs"
	"github.com/parleyproto/parley/transport/session"
)

// The samples of section 5 of docs/protocol.md, read from the page: both spellings mean the
// same, and are what this package writes.
func TestSamplesOfSpecification(t *testing.T) {
	seen := map[session.Kind]bool{}
	for _, s := range docs.Samples() {
		if !strings.HasPrefix(s.Section, "5.") || s.Values["text"] == "" {
			continue // no envelope, or one that only binary has
		}
		binary, err := s.Hex("hex")
		if err != nil {
			t.Fatal(err)
		}
		text := []byte(s.Values["text"])
		if s.Name == "data-reply-failed" {
			text = append(text, ' ') // the payload is empty
		}
		var fromText, fromBinary session.Envelope
		if err := fromText.Parse(text, true); err != nil {
			t.Fatalf("sample %s: text: %v", s.Name, err)
		}
		if err := fromBinary.Parse(binary, false); err != nil {
			t.Fatalf("sample %s: hex: %v", s.Name, err)
		}
		if d := cmp.Diff(fromText, fromBinary); d != "" {
			t.Errorf("sample %s: the spellings differ (-text +hex):\n%s", s.Name, d)
		}
		if got := fromText.Append(nil, false); !bytes.Equal(got, binary) {
			t.Errorf("sample %s: wrote % x, the page has % x", s.Name, got, binary)
		}
		if got := fromBinary.Append(nil, true); !bytes.Equal(got, text) {
			t.Errorf("sample %s: wrote %q, the page has %q", s.Name, got, text)
		}
		seen[fromText.Kind] = true
	}
	for k := session.KindData; k <= session.KindClose; k++ {
		if !seen[k] {
			t.Errorf("the page has no sample of %v", k)
		}
	}
}
