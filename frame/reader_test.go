package frame_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/parleyproto/parley/frame"
)

func TestReaderReadsWhatWriterWrites(t *testing.T) {
	payloads := []string{"hello", "", "world", strings.Repeat("x", 100_000)}
	for _, f := range []frame.Format{frame.LF, frame.StrictLF, frame.Uint32BE, frame.Uint64LE, frame.Uint24BE} {
		var wire bytes.Buffer
		w := frame.NewWriter(&wire, f)
		for _, p := range payloads {
			if err := w.WriteFrame([]byte(p)); err != nil {
				t.Fatal(f, err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		for _, src := range []io.Reader{bytes.NewReader(wire.Bytes()), iotest.OneByteReader(bytes.NewReader(wire.Bytes()))} {
			r := frame.NewReader(src, f)
			for i, want := range payloads {
				if got, err := r.Next(); err != nil || string(got) != want {
					t.Fatalf("%v frame %d: %d bytes, error %v; want %d", f, i, len(got), err, len(want))
				}
			}
			if _, err := r.Next(); err != io.EOF {
				t.Errorf("after the last frame: %v, want io.EOF", err)
			}
		}
	}
}

func TestDecoderInPlace(t *testing.T) {
	d := frame.NewDecoder(frame.Uint16BE)
	src := strings.NewReader("\x00\x05hello\x00\x05wor")
	n, _ := src.Read(d.Space(64))
	d.Wrote(n)
	p, err := d.Next()
	if err != nil || string(p) != "hello" {
		t.Fatalf("%q, %v", p, err)
	}
	if _, err := d.Next(); err != frame.ErrShort || d.Need() != 2 {
		t.Fatalf("%v, need %d; want ErrShort, 2", err, d.Need())
	}
	d.Write([]byte("ld"))
	p, err = d.Next()
	if err != nil || string(p) != "world" {
		t.Fatalf("%q, %v", p, err)
	}
	d.SetFormat(frame.LF)
	d.Write([]byte("line\r\nrest"))
	p, err = d.Next()
	if err != nil || string(p) != "line" || string(d.Buffered()) != "rest" {
		t.Fatalf("%q, %v, buffered %q", p, err, d.Buffered())
	}
	if _, err := d.Next(); err != frame.ErrShort {
		t.Fatal(err)
	}
	d.End()
	if _, err := d.Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
}

func TestStreamOfLargeFrame(t *testing.T) {
	wire := append([]byte{0, 0, 0, 9}, "0123456789"...)
	r := frame.NewReader(iotest.OneByteReader(bytes.NewReader(append(wire, 0, 0, 1, 'x'))), frame.Uint32BE)
	body, err := r.NextReader()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(body); string(got) != "012345678" || err != nil {
		t.Fatalf("%q, %v", got, err)
	}
	_ = wire
}
