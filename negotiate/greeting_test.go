package negotiate_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parleyproto/parley/negotiate"
)

func TestParseGreeting(t *testing.T) {
	got, err := negotiate.ParseGreeting([]byte("PARLEY/1 telemetry v=5,1-3 min=2 fp=5:0011223344556677,2:8899aabbccddeeff " +
		"f=zip,audit! max=65536 win=4096 hb=1000/500 n=000102030405060708090a0b0c0d0e0f x-y=z new=\"=,\r"))
	if err != nil {
		t.Fatal(err)
	}
	want := negotiate.Offer{
		Protocol: "telemetry",
		Versions: negotiate.Versions{{Lo: 1, Hi: 3}, {Lo: 5, Hi: 5}},
		Min:      2,
		Fingerprints: []negotiate.Fingerprint{
			{Version: 2, Layout: [8]byte{0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}},
			{Version: 5, Layout: [8]byte{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77}},
		},
		Features:   []negotiate.Feature{{Name: "zip"}, {Name: "audit", Required: true}},
		MaxMessage: 65536,
		Window:     4096,
		Heartbeat:  negotiate.Heartbeat{Interval: time.Second, Gap: 500 * time.Millisecond},
		Nonce:      negotiate.Nonce{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseGreetingDefaults(t *testing.T) {
	got := offer(t, "telemetry v=1,2-4")
	want := negotiate.Offer{
		Protocol:   "telemetry",
		Versions:   negotiate.Versions{{Lo: 1, Hi: 4}},
		Min:        1,
		MaxMessage: 16777216,
		Window:     1048576,
		Heartbeat:  negotiate.Heartbeat{Interval: 25 * time.Second, Gap: 10 * time.Second},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Each broken line is refused at the byte that breaks it.
func TestParseGreetingErrors(t *testing.T) {
	for _, c := range []struct {
		line   string
		offset int
		key    string
	}{
		{"", 0, ""},
		{"PARLEY/2 p v=1", 0, ""},
		{"PARLEY/1", 8, ""},
		{"PARLEY/1 ", 9, ""},
		{"PARLEY/1  p v=1", 9, ""},
		{"PARLEY/1 p", 10, ""},
		{"PARLEY/1 p v=1 ", 15, ""},
		{"PARLEY/1 p v=1\x7f", 14, ""},
		{"PARLEY/1 p\tv=1", 10, ""},
		{"PARLEY/1 p v=1\r\r", 14, ""},
		{"PARLEY/1 p/q v=1", 9, ""},
		{"PARLEY/1 " + strings.Repeat("p", 65) + " v=1", 9, ""},
		{"PARLEY/1 p f=zip", 16, ""},
		{"PARLEY/1 p v", 11, ""},
		{"PARLEY/1 p =1", 11, ""},
		{"PARLEY/1 p v=", 13, "v"},
		{"PARLEY/1 p v=1,", 15, "v"},
		{"PARLEY/1 p v=01", 13, "v"},
		{"PARLEY/1 p v=+1", 13, "v"},
		{"PARLEY/1 p v=1,3-2", 15, "v"},
		{"PARLEY/1 p v=65536", 13, "v"},
		{"PARLEY/1 p v=99999999999999999999", 13, "v"},
		{"PARLEY/1 p v=" + strings.Repeat("1,", 64) + "1", 13, "v"},
		{"PARLEY/1 p v=1 v=2", 15, "v"},
		{"PARLEY/1 p v=1 x-a=1 x-a=1", 21, "x-a"},
		{"PARLEY/1 p v=1 fp=1", 18, "fp"},
		{"PARLEY/1 p v=1 fp=1:00112233445566", 18, "fp"},
		{"PARLEY/1 p v=1 fp=1:001122334455667F", 18, "fp"},
		{"PARLEY/1 p v=1 fp=1:0011223344556677,1:0011223344556677", 56, "fp"},
		{"PARLEY/1 p v=1 f=", 17, "f"},
		{"PARLEY/1 p v=1 f=a,a!", 19, "f"},
		{"PARLEY/1 p v=1 f=a!!", 17, "f"},
		{"PARLEY/1 p v=1 max=0", 19, "max"},
		{"PARLEY/1 p v=1 win=1099511627777", 19, "win"},
		{"PARLEY/1 p v=1 hb=1000", 18, "hb"},
		{"PARLEY/1 p v=1 hb=0/5", 18, "hb"},
		{"PARLEY/1 p v=1 n=00", 17, "n"},
		{"PARLEY/1 p v=1" + strings.Repeat(" ", 1010), 1023, ""},
	} {
		_, err := negotiate.ParseGreeting([]byte(c.line))
		var syntax *negotiate.SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%.60q: got %v, want a SyntaxError", c.line, err)
			continue
		}
		if syntax.Offset != c.offset || syntax.Key != c.key {
			t.Errorf("%.60q: at %d, key %q, want %d, %q: %v", c.line, syntax.Offset, syntax.Key, c.offset, c.key, err)
		}
	}
}

func TestParseManyKeys(t *testing.T) {
	line := "PARLEY/1 p v=1"
	for i := range 63 {
		line += " " + string(rune('a'+i/26)) + string(rune('a'+i%26)) + "="
	}
	if _, err := negotiate.ParseGreeting([]byte(line)); err != nil {
		t.Errorf("64 keys: %v", err)
	}
	if _, err := negotiate.ParseGreeting([]byte(line + " more=")); err == nil {
		t.Error("65 keys: no error")
	}
}

func TestParseAnswer(t *testing.T) {
	a, err := negotiate.ParseAnswer([]byte("PARLEY/1 OK p v=2"))
	if err != nil || a.Version != 2 || a.Offer.Versions.String() != "2" {
		t.Errorf("without all: got %+v, %v", a, err)
	}
	for _, line := range []string{"PARLEY/1 OK p all=1-2", "PARLEY/1 OK p v=1-2", "PARLEY/1 HI p v=1", "PARLEY/1 NO", "PARLEY/1 NO msg=no code", "PARLEY/1 OK"} {
		var syntax *negotiate.SyntaxError
		if _, err := negotiate.ParseAnswer([]byte(line)); !errors.As(err, &syntax) {
			t.Errorf("%q: got %v, want a SyntaxError", line, err)
		}
	}
}

func TestRefusalRoundTrip(t *testing.T) {
	r := negotiate.Refusal{
		Code:         "version",
		Versions:     negotiate.Versions{{Lo: 2, Hi: 4}},
		Min:          2,
		Fingerprints: []negotiate.Fingerprint{{Version: 3, Layout: [8]byte{1}}},
		Features:     []string{"zip", "audit"},
		Protocols:    []string{"telemetry"},
		RetryAfter:   1500 * time.Millisecond,
		Alternatives: []string{"a:7000", "[::1]:7000"},
		Message:      "come back  with a newer build = soon",
	}
	line := string(negotiate.AppendRefusal(nil, &r))
	const want = "PARLEY/1 NO code=version v=2-4 min=2 fp=3:0100000000000000 f=zip,audit p=telemetry " +
		"retry=1500 alt=a:7000,[::1]:7000 msg=come back  with a newer build = soon\n"
	if line != want {
		t.Errorf("got  %q\nwant %q", line, want)
	}
	_, err := negotiate.ParseAnswer([]byte(strings.TrimSuffix(line, "\n")))
	var refused *negotiate.RefusedError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff(r, refused.Refusal); diff != "" {
		t.Errorf("(-sent +received):\n%s", diff)
	}
	if !errors.Is(err, &negotiate.Refusal{Code: negotiate.CodeVersion}) || errors.Is(err, &negotiate.Refusal{Code: negotiate.CodeGoAway}) {
		t.Errorf("errors.Is by code fails for %v", err)
	}
}

// A refusal that says too much still makes a line that fits and parses.
func TestRefusalFits(t *testing.T) {
	r := negotiate.Refusal{Code: "not a code", Message: strings.Repeat("long\n", 500)}
	for range 300 {
		r.Alternatives = append(r.Alternatives, "host.example:7000", "a,b", "")
	}
	line := negotiate.AppendRefusal(nil, &r)
	if len(line) > negotiate.MaxLine {
		t.Fatalf("%d bytes", len(line))
	}
	_, err := negotiate.ParseAnswer(line[:len(line)-1])
	var refused *negotiate.RefusedError
	if !errors.As(err, &refused) || refused.Refusal.Code != negotiate.CodeGreeting || len(refused.Refusal.Alternatives) < 50 {
		t.Errorf("got %v", err)
	}
}

func TestValidate(t *testing.T) {
	good := negotiate.Offer{Protocol: "p", Versions: negotiate.Versions{{Lo: 1, Hi: 3}}}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		field string
		spoil func(*negotiate.Offer)
	}{
		{"Protocol", func(o *negotiate.Offer) { o.Protocol = "a b" }},
		{"Versions", func(o *negotiate.Offer) { o.Versions = nil }},
		{"Versions", func(o *negotiate.Offer) { o.Versions = negotiate.Versions{{Lo: 3, Hi: 1}} }},
		{"Versions", func(o *negotiate.Offer) { o.Versions = negotiate.VersionSet(60000) }},
		{"Min", func(o *negotiate.Offer) { o.Min = 4 }},
		{"Fingerprints", func(o *negotiate.Offer) { o.Fingerprints = make([]negotiate.Fingerprint, 2) }},
		{"Features", func(o *negotiate.Offer) { o.Features = []negotiate.Feature{{Name: "a!"}} }},
		{"Features", func(o *negotiate.Offer) { o.Features = []negotiate.Feature{{Name: "a"}, {Name: "a"}} }},
		{"MaxMessage", func(o *negotiate.Offer) { o.MaxMessage = 1 << 41 }},
		{"Window", func(o *negotiate.Offer) { o.Window = 1 << 41 }},
		{"Heartbeat", func(o *negotiate.Offer) { o.Heartbeat.Interval = time.Microsecond }},
	} {
		o := good
		c.spoil(&o)
		var bad *negotiate.OfferError
		if _, err := negotiate.AppendGreeting(nil, o); !errors.As(err, &bad) || bad.Field != c.field {
			t.Errorf("%s: got %v", c.field, err)
		}
	}
	for i := range 62 { // each name is legal, the line is too long
		good.Features = append(good.Features, negotiate.Feature{Name: fmt.Sprintf("a-rather-long-name-%d", i)})
	}
	var bad *negotiate.OfferError
	if err := good.Validate(); !errors.As(err, &bad) {
		t.Errorf("a long line: got %v", err)
	}
}
