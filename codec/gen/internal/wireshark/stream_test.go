package wireshark_test

import (
	"bytes"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/schema"
)

// The fragments of a message are joined, in both spellings, whatever control frames stand
// between them.
func TestDissectorJoinsFragments(t *testing.T) {
	t.Parallel()
	need(t, "tshark")
	p := load(t, "../zoo")
	text := []byte(`{"type":"lists","names":["` + strings.Repeat("x", 90) + `","two"]}`)
	binary := append([]byte{3, 2, 90}, bytes.Repeat([]byte("x"), 90)...)
	binary = append(binary, 3, 't', 'w', 'o')
	binary = append(binary, make([]byte, 2+1+1+4+4+2+1+1+1+16+3+1)...)
	c := capture{
		append(greeted("zoo", 0), chunk{false, slices.Concat(
			[]byte("DATA 7 more "), text[:40], []byte("\nPING id=1 next=2\nDATA 7 ack=2/3,more,cont "), text[40:41],
			[]byte("\r\nDATA 7 cont "), text[41:], []byte("\n"))}),
		append(greeted("zoo", 1), chunk{false, slices.Concat(
			binaryFrame(append([]byte{1, 2, 7}, binary[:50]...)), binaryFrame([]byte{4, 0, 9}),
			binaryFrame(append([]byte{1, 6, 7}, binary[50:70]...)), binaryFrame(append([]byte{1, 4, 7}, binary[70:]...)))}),
	}
	for _, args := range [][]string{{"-o", "zoo.ports:7400"}, {"-o", "zoo.ports:7400", "-2"}} {
		packets := dissect(t, p, c.pcap(randomly(rand.New(rand.NewSource(5)))), args...)
		for _, found := range complaints(packets) {
			t.Error(found)
		}
		joined := 0
		for _, f := range frames(packets, "zoo", false) {
			if f.get("zoo.lists") == "" && f.get("zoo.lists.names") == "2" {
				joined++
				if len(f.get("parley.fragment")) == 0 {
					t.Error("the packets of the fragments are not named")
				}
			}
		}
		if joined != 2 {
			t.Errorf("%d messages were joined, not 2 (%v)", joined, args)
		}
	}
}

// Without greeting the version is guessed or told, and the guess is marked.
func TestDissectorWithoutGreeting(t *testing.T) {
	t.Parallel()
	need(t, "tshark")
	p := load(t, "../zoo")
	tests := []struct {
		name  string
		bytes []byte
		want  string // the version
		value string // of Skipping.A
	}{
		{"text", []byte(`DATA 5 - {"type":"skipping","a":9}` + "\n"), "0", "9"},
		{"a legacy peer", []byte(`{"type":"skipping","a":8}` + "\n"), "0", "8"},
		{"binary, the newest version", binaryFrame([]byte{1, 0, 5, 8, 7}), "4", "7"},
		{"after a cut", slices.Concat([]byte("CUT epoch=3 last=1 frames=2 proof="+strings.Repeat("00", 32)+"\n"), binaryFrame([]byte{1, 0, 5, 8, 5})), "4", "5"},
		{"binary, told", binaryFrame([]byte{1, 0, 5, 8, 6}), "2", "6"},
	}
	var c capture
	for _, test := range tests {
		c = append(c, []chunk{{false, test.bytes}})
	}
	guessed := streams(dissect(t, p, c[:4].pcap(whole), "-o", "zoo.ports:7400"))
	told := streams(dissect(t, p, c[4:].pcap(whole), "-o", "zoo.ports:7400", "-o", "zoo.version:2"))
	for k, packets := range append(guessed, told...) {
		test := tests[k]
		fs := frames(packets, "zoo", false)
		last := fs[len(fs)-1]
		if v, a := last.get("parley.dialect"), last.get("zoo.skipping.a"); v != test.want || a != test.value {
			t.Errorf("%s: version %s, a = %s; want %s and %s", test.name, v, a, test.want, test.value)
		}
		if found := complaints(packets); len(found) != len(fs) || !strings.Contains(found[0], "The greeting was not captured") {
			t.Errorf("%s: the guess is not marked: %q", test.name, found)
		}
	}
}

// What is wrong is said, with its place, and what follows is shown all the same.
func TestDissectorComplains(t *testing.T) {
	t.Parallel()
	need(t, "tshark")
	p := load(t, "../zoo")
	tests := []struct {
		version codec.Version
		bytes   []byte
		want    string
	}{
		{1, binaryFrame([]byte{1, 0, 1, 8, 1, 99}), ""},
		{1, binaryFrame([]byte{1, 0, 1, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}), "bytes after the end of Pointers"},
		{1, binaryFrame([]byte{1, 0, 1, 8}), "ends early: 1 more bytes are needed (at byte 8)"},
		{1, binaryFrame([]byte{1, 0, 1, 99}), "version 1 has no message 99 (at byte 7)"},
		{1, binaryFrame([]byte{1, 0, 1, 7, 0x80, 0}), "a uvarint is not in its shortest form"},
		{1, binaryFrame([]byte{1, 0, 1, 4, 0, 0, 0xff, 99}), "Shape: no variant 99"},
		{1, binaryFrame([]byte{1, 0, 1, 5, 0xff, 0xff}), "S: null is not allowed"},
		{1, binaryFrame([]byte{1, 0, 1, 3, 0xff, 0xff, 0xff, 0x7f}), "Names: 268435455 elements cannot be in 0 bytes"},
		{1, binaryFrame([]byte{99, 0}), "there is no kind 99"},
		{1, binaryFrame([]byte{3, 1, 0, 0}), "PING has a flag that does not exist"},
		{1, binaryFrame(append(append([]byte{5, 0, 0}, make([]byte, 32)...), 1)), "Bytes after the end of PROBE"},
		{1, binaryFrame([]byte{4, 0, 9, 1, 2, 3}), ""},
		{1, []byte{0xff, 0, 0, 0, 1}, "The frame is too large: 4278190080 bytes"},
		{0, []byte("DATA 1 - {\"type\":\"skipping\",\"a\":1,}\n"), "this is not JSON"},
		{0, []byte("DATA 1 - {\"type\":\"skipping\",\"a\":1}}\n"), "text after the object"},
		{0, []byte("DATA 1 - {\"type\":\"skipping\",\"a\":1,\"a\":1}\n"), `the member "a" is there twice`},
		{0, []byte("DATA 1 - {\"type\":\"skipping\",\"a\":\"x\"}\n"), "A: a string does not belong here"},
		{0, []byte("DATA 1 - {\"type\":\"scalars\",\"col\":\"blue\"}\n"), `Col: the version has no value "blue"`},
		{0, []byte("DATA 1 - {\"type\":\"person\",\"siblings\":101}\n"), "The value is beyond its limits"},
		{0, []byte("DATA 1 - [" + strings.Repeat("[", 5000) + "\n"), "nested too deep"},
		{0, []byte("PING id=1\n"), "PING lacks next"},
		{0, []byte("HELLO\n"), `there is no kind "HELLO"`},
		{0, []byte("PROBE epoch=0 proof=00\n"), "proof is not 32 bytes in hex"},
	}
	var c capture
	for _, test := range tests {
		after := "PONG id=77\n"
		if !p.IsText(test.version) {
			after = string(binaryFrame([]byte{4, 0, 77}))
		}
		c = append(c, append(greeted("zoo", test.version), chunk{false, append(test.bytes, after...)}))
	}
	for k, stream := range streams(dissect(t, p, c.pcap(whole))) {
		test := tests[k]
		found := strings.Join(complaints(stream), "; ")
		if test.want == "" && found != "" || !strings.Contains(found, test.want) {
			t.Errorf("% x: the complaint is %q, not %q", test.bytes, found, test.want)
		}
		fs := frames(stream, "zoo", false)
		if last := fs[len(fs)-1]; last.get("parley.id") != "77" && !strings.Contains(test.want, "too large") {
			t.Errorf("% x: what follows is not shown", test.bytes)
		}
	}
}

// A refusal is shown, and no version is assumed after it.
func TestDissectorShowsARefusal(t *testing.T) {
	t.Parallel()
	need(t, "tshark")
	p := load(t, "../zoo")
	packets := dissect(t, p, capture{{
		{false, []byte("PARLEY/1 zoo v=9 x-grease=1\n")},
		{true, []byte("PARLEY/1 NO code=version v=0-4 msg=speak an older version\n")},
	}}.pcap(whole))
	answer := frames(packets, "zoo", true)[0]
	if answer.get("parley.greeting.code") != "version" || answer.get("parley.greeting.msg") != "speak an older version" {
		t.Errorf("the refusal is shown as %q", answer.lines())
	}
	if found := complaints(packets); len(found) != 1 || !strings.Contains(found[0], "The server refused") {
		t.Errorf("complaints: %q", found)
	}
}

// A connection that has the same ports as an earlier one begins with its own greeting.
func TestDissectorSeesAConnectionBegin(t *testing.T) {
	t.Parallel()
	need(t, "tshark")
	p := load(t, "../zoo")
	var chunks []chunk
	for _, v := range []codec.Version{3, 0, 1} {
		chunks = append(append(chunks, greeted("zoo", v)...),
			chunk{true, dataFrame(p, v, skipping(p, v))}, chunk{false, dataFrame(p, v, skipping(p, v))})
	}
	packets := dissect(t, p, capture{chunks}.pcap(randomly(rand.New(rand.NewSource(6)))), "-o", "zoo.ports:7400", "-2")
	for _, found := range complaints(packets) {
		t.Error(found)
	}
	for _, fromServer := range []bool{false, true} {
		var versions string
		for _, f := range frames(packets, "zoo", fromServer) {
			if f.get("zoo.skipping.a") == "9" {
				versions += f.get("parley.dialect") + " "
			}
		}
		if versions != "3 0 1 " {
			t.Errorf("messages of versions %sare shown (from the server: %t)", versions, fromServer)
		}
	}
}

func skipping(p *schema.Protocol, v codec.Version) []byte {
	if p.IsText(v) {
		return []byte(`{"type":"skipping","a":9}`)
	}
	return []byte{8, 9}
}
