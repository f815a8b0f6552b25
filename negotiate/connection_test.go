package negotiate_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parleyproto/parley/negotiate"
)

// A story is a whole connection, from the greeting over one change of version or more. Both
// ends cut as soon as they may.
var stories = []struct {
	name string
	acts func(p *pair)
}{
	{"the client changes to version 2", func(p *pair) { p.step(p.client, to(2)) }},
	{"the server changes to version 1", func(p *pair) { p.step(p.server, to(1)) }},
	{"the client changes twice", func(p *pair) {
		p.step(p.client, to(2))
		p.flow()
		p.step(p.client, to(3))
	}},
	{"proposals cross", func(p *pair) {
		p.step(p.client, to(1))
		p.step(p.server, to(2))
	}},
}

// Every byte of these connections is in testdata/connection. Each end that only reacts, fed
// the peer's bytes cut at every place, writes the same bytes as there.
func TestConnections(t *testing.T) {
	for i, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			p := eagerPair(t)
			p.flow()
			story.acts(p)
			p.flow()
			if s := p.client.up.State(); s != negotiate.Open || p.client.up.Digest() != p.server.up.Digest() {
				t.Fatalf("the client is %v, %v", s, p.client.cause)
			}
			golden(t, fmt.Sprintf("testdata/connection/%d.txt", i+1), "# "+story.name+"\n"+p.transcript())
			if !strings.Contains(story.name, "server") && !strings.Contains(story.name, "cross") {
				p.replay(t, ">", "<", func() end { e, _ := newEnd(p.server.cfg); return e })
			}
			if !strings.Contains(story.name, "client") && !strings.Contains(story.name, "cross") {
				p.replay(t, "<", ">", func() end { e, _ := newEnd(p.client.cfg); return e })
			}
		})
	}
}

func eagerPair(t *testing.T) *pair {
	o := offer(t, "p v=1-3")
	p := newPairOf(t, newEndConfig(negotiate.Client, o, negotiate.Nonce{1}), newEndConfig(negotiate.Server, o, negotiate.Nonce{2}))
	p.client.eager, p.server.eager = true, true
	return p
}

// replay feeds what one end received, cut at every place and byte by byte, to a fresh one.
func (p *pair) replay(t *testing.T, in, out string, fresh func() end) {
	t.Helper()
	var received, written string
	for _, line := range p.log {
		switch line.arrow {
		case in:
			received += line.bytes
		case out:
			written += line.bytes
		}
	}
	run := func(name string, pieces []string) {
		e := fresh()
		e.eager = true
		got := ""
		if e.cfg.up.Role == negotiate.Client { // its greeting is written when it is made
			_, greeting := newEnd(e.cfg)
			got = strings.Join(greeting, "")
		}
		for _, piece := range pieces {
			frames, _, err := e.receive(piece)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got += strings.Join(frames, "")
		}
		if got != written {
			t.Fatalf("%s: wrote %q, want %q", name, got, written)
		}
	}
	for cut := range received {
		run(fmt.Sprintf("cut at %d", cut), []string{received[:cut], received[cut:]})
	}
	run("byte by byte", strings.Split(received, ""))
}

// transcript spells what was delivered: lines as they are, frames as their version, their
// name and their bytes in hex.
func (p *pair) transcript() string {
	var b strings.Builder
	for _, d := range p.log {
		if line, ok := strings.CutSuffix(d.bytes, "\n"); ok && strings.HasPrefix(line, "PARLEY/") {
			fmt.Fprintf(&b, "%s %s\n", d.arrow, line)
			continue
		}
		_, f, _ := decode(d.bytes)
		name := strings.ToUpper(strings.TrimPrefix(fmt.Sprintf("%T", f), "negotiate."))
		fmt.Fprintf(&b, "%s v%d %s %x\n", d.arrow, d.bytes[0], name, d.bytes)
	}
	return b.String()
}

// golden compares text with a file, or writes the file.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}
