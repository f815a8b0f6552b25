package negotiate_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
)

var update = flag.Bool("update", false, "write the outcomes in testdata anew")

// start is when every test's story begins.
var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// A transcript is one side's handshake: what it is configured with, what it receives, what it
// answers and how it ends. Lines are
//
//	# words for the reader
//	role client|server
//	offer GREETING without PARLEY/1
//	nonce 32 hex digits
//	legacy lines|json VERSION
//	refuse CODE
//	in "bytes received"
//	out "bytes to send"
//	end how it ended, and with what
type transcript struct {
	head     []string // all lines but out and end
	cfg      negotiate.HandshakeConfig
	nonce    negotiate.Nonce
	in       []byte
	out, end string
}

func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/handshake/*.txt")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d transcripts, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			tr := readTranscript(t, file)
			out, end := tr.run(len(tr.in))
			if *update {
				tr.write(t, file, out, end)
				return
			}
			if out != tr.out || end != tr.end {
				t.Fatalf("got out %q\n  end %s\nwant out %q\n  end %s", out, end, tr.out, tr.end)
			}
			for cut := range tr.in {
				if o, e := tr.run(cut); o != out || e != end {
					t.Fatalf("cut at %d: got out %q\n  end %s", cut, o, e)
				}
			}
			if o, e := tr.run(-1); o != out || e != end {
				t.Fatalf("byte by byte: got out %q\n  end %s", o, e)
			}
		})
	}
}

// run feeds the input in two pieces, or byte by byte if cut is negative.
func (tr *transcript) run(cut int) (out, end string) {
	pieces := [][]byte{tr.in[:max(cut, 0)], tr.in[max(cut, 0):]}
	if cut < 0 {
		pieces = nil
		for i := range tr.in {
			pieces = append(pieces, tr.in[i:i+1])
		}
	}
	return feed(&tr.cfg, tr.nonce, pieces)
}

// feed runs a handshake over the pieces and tells how it ended.
func feed(cfg *negotiate.HandshakeConfig, nonce negotiate.Nonce, pieces [][]byte) (out, end string) {
	h := negotiate.NewHandshake(cfg, nonce, start)
	for i, piece := range append([][]byte{nil}, pieces...) {
		o, err := h.Step(start, piece)
		out += string(o.Send)
		if err != nil {
			return out, "error " + err.Error()
		}
		if !o.Done && o.Taken != len(piece) {
			return out, "error: bytes were left though it is not done"
		}
		if o.Done {
			rest := append(bytes.Clone(o.Replay), piece[o.Taken:]...)
			rest = append(rest, bytes.Join(pieces[i:], nil)...)
			return out, describe(o.Agreement, rest)
		}
	}
	return out, "waiting in " + h.State().String()
}

func describe(a negotiate.Agreement, rest []byte) string {
	if a.Legacy {
		return fmt.Sprintf("legacy version=%d rest=%q", a.Version, rest)
	}
	return fmt.Sprintf("agreed version=%d features=%s digest=%x rest=%q", a.Version, strings.Join(a.Features, ","), a.Digest, rest)
}

func readTranscript(t *testing.T, file string) *transcript {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tr := &transcript{}
	for sc := bufio.NewScanner(f); sc.Scan(); {
		word, rest, _ := strings.Cut(sc.Text(), " ")
		switch word {
		case "out":
			s, err := strconv.Unquote(rest)
			if err != nil {
				t.Fatalf("%s: %s: %v", file, sc.Text(), err)
			}
			tr.out += s
		case "end":
			tr.end = rest
		default:
			tr.head = append(tr.head, sc.Text())
			if err := tr.set(t, word, rest); err != nil {
				t.Fatalf("%s: %s: %v", file, sc.Text(), err)
			}
		}
	}
	return tr
}

func (tr *transcript) set(t *testing.T, word, rest string) error {
	switch word {
	case "#", "":
	case "role":
		if rest == "server" {
			tr.cfg.Role = negotiate.Server
		}
	case "offer":
		tr.cfg.Offer = offer(t, rest)
	case "nonce":
		_, err := hex.Decode(tr.nonce[:], []byte(rest))
		return err
	case "legacy":
		kind, version, _ := strings.Cut(rest, " ")
		v, err := strconv.Atoi(version)
		if err != nil {
			return err
		}
		r := negotiate.RecognizeLines(codec.Version(v))
		if kind == "json" {
			r = negotiate.RecognizeJSON(codec.Version(v))
		}
		if old := tr.cfg.Recognizer; old != nil {
			r = negotiate.RecognizeAny(old, r)
		}
		tr.cfg.Recognizer = r
	case "refuse":
		tr.cfg.Refuse = &negotiate.Refusal{Code: negotiate.RefusalCode(rest), RetryAfter: time.Second, Alternatives: []string{"b:7000"}}
	case "in":
		s, err := strconv.Unquote(rest)
		tr.in = append(tr.in, s...)
		return err
	default:
		return fmt.Errorf("unknown word %q", word)
	}
	return nil
}

func (tr *transcript) write(t *testing.T, file, out, end string) {
	t.Helper()
	lines := append([]string{}, tr.head...)
	if out != "" {
		lines = append(lines, "out "+strconv.Quote(out))
	}
	lines = append(lines, "end "+end, "")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}
