package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
)

// The demo itself, short: whatever the link does, the count is right.
func TestDemonstration(t *testing.T) {
	d := demonstration{duration: 2 * time.Second, devices: 3, seed: 11}
	lines := 0
	r, err := d.run(context.Background(), func(string) { lines++ })
	if err != nil {
		t.Fatal(err)
	}
	if r.Lost+r.Duplicated+r.Reordered != 0 || r.Sent == 0 || r.Delivered != r.Sent {
		t.Errorf("%+v", r)
	}
	if r.Link.Outages != 1 || r.Reconnects == 0 || r.Upgrades == 0 || lines == 0 {
		t.Errorf("the listener's restart or the upgrade was not felt, or no progress was shown (%d lines): %+v", lines, r)
	}
}

// Each kind of harm, and each way to show nothing, fails the demo.
func TestDemoVerdict(t *testing.T) {
	good := demoResult{Sent: 9, Delivered: 9, Reconnects: 1, Upgrades: 1, Faults: 1}
	if why := good.failure(); why != "" {
		t.Errorf("a good run fails: %s", why)
	}
	tests := map[string]func(*demoResult){
		"1 lost, 0 duplicated, 0 reordered": func(r *demoResult) { r.Lost = 1 },
		"0 lost, 1 duplicated, 0 reordered": func(r *demoResult) { r.Duplicated = 1 },
		"0 lost, 0 duplicated, 1 reordered": func(r *demoResult) { r.Reordered = 1 },
		"nothing was delivered":             func(r *demoResult) { r.Delivered = 0 },
		"the link did no harm":              func(r *demoResult) { r.Faults = 0 },
		"no live session was upgraded":      func(r *demoResult) { r.Upgrades = 0 },
	}
	for want, harm := range tests {
		r := good
		harm(&r)
		if got := r.failure(); !strings.HasPrefix(got, want) {
			t.Errorf("failure() = %q, want %q", got, want)
		}
	}
}

func TestDemoResultTexts(t *testing.T) {
	r := demoResult{Sent: 9, Delivered: 8, Lost: 1, Reconnects: 2, Upgrades: 3, Elapsed: 1.26, Seed: 7, Faults: 4, Link: fault.Stats{Resets: 4}}
	var text bytes.Buffer
	r.print(&text)
	if want := "demo: sent=9 delivered=8 lost=1 duplicated=0 reordered=0 reconnects=2 upgrades=3 elapsed=1.3s\n"; !strings.HasSuffix(text.String(), want) {
		t.Errorf("text:\n%s", &text)
	}
	js, err := json.Marshal(&r)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"sent":9,"delivered":8,"lost":1,"duplicated":0,"reordered":0,"reconnects":2,"upgrades":3,"elapsed":1.26,`; !strings.HasPrefix(string(js), want) {
		t.Errorf("json: %s", js)
	}
	if want := `"link":{"conns":0,"stalls":0,"fragments":0,"shorts":0,"resets":4,"halfopens":0,"losses":0,"corruptions":0,"eofs":0,"refusals":0,"outages":0,"partitions":0}}`; !strings.HasSuffix(string(js), want) {
		t.Errorf("json: %s, want %s at its end", js, want)
	}
}
