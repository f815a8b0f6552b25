package frametest_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/frame/frametest"
	"github.com/parleyproto/parley/fuzz"
)

// bent is a format that breaks a law.
type bent struct {
	frame.Format
	split  func(f frame.Format, buf []byte, in frame.In) (frame.Part, error)
	append func(dst, payload []byte) ([]byte, error)
}

func (b bent) Split(buf []byte, in frame.In) (frame.Part, error) {
	if b.split == nil {
		return b.Format.Split(buf, in)
	}
	return b.split(b.Format, buf, in)
}

func (b bent) AppendFrame(dst, payload []byte) ([]byte, error) {
	if b.append == nil {
		return b.Format.AppendFrame(dst, payload)
	}
	return b.append(dst, payload)
}

var memory []byte

// broken are formats and the beginning of what is said about each.
var broken = []struct {
	law    string
	format bent
}{
	{"ORACLE inverse payloads changed", bent{Format: frame.Uint8, append: func(dst, p []byte) ([]byte, error) {
		return frame.Uint8.AppendFrame(dst, bytes.ToUpper(p))
	}}},
	{"ORACLE inverse unfit payload", bent{Format: frame.Uint8, append: func(dst, p []byte) ([]byte, error) {
		return frame.Uint8.AppendFrame(dst, p[:min(len(p), 255)])
	}}},
	{"ORACLE errors untyped", bent{Format: frame.Uint8, append: func(dst, p []byte) ([]byte, error) {
		if len(p) > 255 {
			return dst, fmt.Errorf("too long")
		}
		return frame.Uint8.AppendFrame(dst, p)
	}}},
	{"ORACLE inverse AppendFrame depends on dst", bent{Format: frame.Uint8, append: func(dst, p []byte) ([]byte, error) {
		if string(dst) == "before" && len(p) < 256 {
			dst = append(dst, 0)
		}
		return frame.Uint8.AppendFrame(dst, p)
	}}},
	{"ORACLE prefix taken for a frame", bent{Format: frame.Uint8, split: func(f frame.Format, buf []byte, in frame.In) (frame.Part, error) {
		if in.EOF && len(buf) > 1 && len(buf) < 3 {
			return frame.Part{Size: len(buf), Off: 1, End: len(buf)}, nil
		}
		return f.Split(buf, in)
	}}},
	{"ORACLE exact read past the end", bent{Format: frame.Uint8, split: func(f frame.Format, buf []byte, in frame.In) (frame.Part, error) {
		part, err := f.Split(buf, in)
		if part.Size == 0 {
			part.Need++
		}
		return part, err
	}}},
	{"ORACLE split", bent{Format: frame.Uint8, split: func(f frame.Format, buf []byte, in frame.In) (frame.Part, error) {
		if len(buf) == 3 && buf[0] == 9 && !in.EOF { // what has come is taken for all
			return frame.Part{Size: 3, Off: 1, End: 3}, nil
		}
		return f.Split(buf, in)
	}}},
	{"ORACLE allocbound", bent{Format: frame.Uint8, split: func(f frame.Format, buf []byte, in frame.In) (frame.Part, error) {
		memory = make([]byte, 1<<20)
		return f.Split(buf, in)
	}}},
}

// Each law finds the format that breaks it, and none finds anything in the one that keeps them.
func TestLawsFindBrokenFormats(t *testing.T) {
	for _, b := range broken {
		if said := check(b.format); !strings.HasPrefix(said, b.law) {
			t.Errorf("want %q, got %.200q", b.law, said)
		}
	}
	if said := check(bent{Format: frame.Uint8}); said != "" {
		t.Errorf("a sound format: %s", said)
	}
}

// check holds f to each law and returns what is said first.
func check(f frame.Format) string {
	c := frametest.Case{Name: "bent", Format: f, Payloads: []string{"hello", "", "a"}, Unfit: []string{strings.Repeat("x", 256)}}
	for _, law := range []func(testing.TB){
		func(t testing.TB) { frametest.Inverse(t, c) },
		func(t testing.TB) { frametest.Prefixes(t, c) },
		func(t testing.TB) { frametest.Split(t, f, []byte("\x05hello\x09ab"), fuzz.ByteByByte()) },
		func(t testing.TB) { frametest.Bounded(t, f, []byte("\x05hello\x00\x01a")) },
	} {
		if said := verdict(law); said != "" {
			return said
		}
	}
	return ""
}

func verdict(law func(testing.TB)) string {
	t := &recorder{}
	func() {
		defer func() {
			if e := recover(); e != nil && e != t {
				panic(e)
			}
		}()
		law(t)
	}()
	return t.said
}

// recorder is a testing.TB that remembers the first failure and ends there.
type recorder struct {
	testing.TB
	said string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.said = fmt.Sprintf(format, args...)
	panic(r)
}
