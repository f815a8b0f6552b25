package wireshark_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parleyproto/parley/docs"
)

// Every envelope of the specification's samples is shown alike in both of its spellings.
func TestDissectorShowsTheSamples(t *testing.T) {
	t.Parallel()
	need(t, "tshark")
	p := load(t, "../zoo")
	var c capture
	var names []string
	for _, s := range docs.Samples() {
		if !strings.HasPrefix(s.Section, "5.") || s.Values["text"] == "" {
			continue
		}
		envelope, err := s.Hex("hex")
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, s.Name)
		c = append(c, append(greeted("zoo", 0), chunk{false, []byte(s.Values["text"] + "\n")}),
			append(greeted("zoo", 9), chunk{false, binaryFrame(envelope)}))
	}
	all := streams(dissect(t, p, c.pcap(whole)))
	kinds := map[string]bool{}
	for k, name := range names {
		text, binary := envelope(all[2*k]), envelope(all[2*k+1])
		if diff := cmp.Diff(text, binary); diff != "" || len(text) < 2 {
			t.Errorf("%s is shown in text and in binary as:\n%s", name, diff)
		}
		kinds[text[slices.IndexFunc(text, isKind)]] = true
	}
	if len(kinds) != 16 {
		t.Errorf("samples of %d kinds are shown, not of 16", len(kinds))
	}
}

// envelope returns the envelope's fields of the frame after the greeting, sorted: text has its
// flags behind the number.
func envelope(packets []packet) []string {
	fs := frames(packets, "zoo", false)
	var fields []string
	for f := range fs[len(fs)-1].all() {
		switch f.Name {
		case "parley.dialect", "parley.length", "parley.payload", "parley.malformed", "parley.unread", "parley.joined_in":
		default:
			if strings.HasPrefix(f.Name, "parley.") {
				fields = append(fields, f.Name+" = "+f.Show)
			}
		}
	}
	slices.Sort(fields)
	return fields
}

func isKind(field string) bool { return strings.HasPrefix(field, "parley.kind = ") }
