package wireshark_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Compressed messages are marked, and shown as what they are, whole and in fragments; one that
// cannot be inflated is no mistake of the dissector.
func TestDissectorInflates(t *testing.T) {
	t.Parallel()
	need(t, "tshark")
	p := load(t, "../zoo")
	payload := append([]byte{3, 2, 90}, bytes.Repeat([]byte("x"), 90)...)
	payload = append(payload, 3, 't', 'w', 'o')
	payload = append(payload, make([]byte, 2+1+1+4+4+2+1+1+1+16+3+1)...)
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 9)
	w.Write(payload)
	w.Close()
	squeezed := b.Bytes()
	size := binary.AppendUvarint(nil, uint64(len(payload)))
	head := func(flags, seq byte) []byte {
		ext := append([]byte{3, byte(len(size))}, size...)
		return append([]byte{1, flags | 0x80, seq, byte(len(ext))}, ext...)
	}
	c := capture{append(greeted("zoo", 1), chunk{false, slices.Concat(
		binaryFrame(append(head(0, 7), squeezed...)),
		binaryFrame(append(head(2, 8), squeezed[:9]...)), binaryFrame(append([]byte{1, 4, 8}, squeezed[9:]...)),
		binaryFrame(append(head(0, 9), squeezed[:9]...)))})}
	fs := frames(dissect(t, p, c.pcap(whole), "-o", "zoo.ports:7400"), "zoo", false)
	fs = fs[len(fs)-4:]
	for i, want := range []string{"2", "", "2", ""} {
		if got := fs[i].get("zoo.lists.names"); got != want {
			t.Errorf("frame %d: %q names, want %q", i, got, want)
		}
		if marked := fs[i].get("parley.inflated") == strconv.Itoa(len(payload)); marked != (i != 2) {
			t.Errorf("frame %d: marked as compressed: %v", i, marked)
		}
	}
	if broken := strings.Join(fs[3].lines(), "\n"); !strings.Contains(broken, "It cannot be inflated") || strings.Contains(broken, "Malformed") {
		t.Errorf("a broken payload is shown as:\n%s", broken)
	}
}

// Metadata is shown as keys and values, in both spellings.
func TestDissectorShowsMetadata(t *testing.T) {
	t.Parallel()
	need(t, "tshark")
	p := load(t, "../zoo")
	ext := []byte("\x02\x09\x05trace\x021f\x63\x01x")
	c := capture{
		append(greeted("zoo", 0), chunk{false, []byte("DATA 5 ext=02090574726163650231666301" + `78 {"type":"skipping","a":9}` + "\n")}),
		append(greeted("zoo", 4), chunk{false, binaryFrame(slices.Concat([]byte{1, 0x80, 5, byte(len(ext))}, ext, []byte{8, 7}))}),
	}
	for i, packets := range streams(dissect(t, p, c.pcap(whole))) {
		fs := frames(packets, "zoo", false)
		last := fs[len(fs)-1]
		if got := last.get("parley.metadata"); got != "trace: 1f" || last.get("parley.extension.tag") != "99" {
			t.Errorf("stream %d: metadata %q in:\n%s", i, got, strings.Join(last.lines(), "\n"))
		}
		if a := last.get("zoo.skipping.a"); a == "" {
			t.Errorf("stream %d: the message is not shown", i)
		}
	}
}
