package frame_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/parleyproto/parley/frame"
)

// parted remembers where the bytes written lay.
type parted struct {
	bytes.Buffer
	parts [][]byte
}

func (s *parted) Write(p []byte) (int, error) {
	s.parts = append(s.parts, p)
	return s.Buffer.Write(p)
}

// A large payload is written from where it lies.
func TestLargePayloadIsNotCopied(t *testing.T) {
	payload := bytes.Repeat([]byte("x"), 100_000)
	for _, f := range []frame.Format{frame.Uint32BE, frame.LF, frame.Uvarint, frame.Netstring, frame.Delimiter("\r\n"), frame.LengthField{Size: 4, Strip: 4, Adjust: -1, Trailer: "."}} {
		dst := &parted{}
		w := frame.NewWriter(dst, f)
		for _, p := range [][]byte{[]byte("small"), payload} {
			if err := w.WriteFrame(p); err != nil {
				t.Fatal(err)
			}
		}
		found := false
		for _, part := range dst.parts {
			found = found || len(part) == len(payload) && &part[0] == &payload[0]
		}
		if !found {
			t.Errorf("%#v: the payload was copied", f)
		}
		r := frame.NewReader(dst, f)
		want(t, r, "small", string(payload))
	}
}

// Small frames and a large one keep their order where net.Buffers writes several pieces at once.
func TestLargePayloadOverTCP(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	payload := strings.Repeat("y", 300_000)
	sent := make(chan error, 1)
	go func() {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			sent <- err
			return
		}
		defer conn.Close()
		w := frame.NewWriter(conn, frame.Uint32BE)
		sent <- errors.Join(w.WriteFrames([]byte("a"), []byte("b")), w.WriteFrame([]byte(payload)), w.WriteFrame([]byte("c")), w.Flush())
	}()
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := frame.NewReader(conn, frame.Uint32BE)
	want(t, r, "a", "b", payload, "c")
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func TestNothingIsWrittenOnEncodeError(t *testing.T) {
	var out bytes.Buffer
	w := frame.NewWriter(&out, frame.LF)
	w.MaxFrame = 5
	if err := w.WriteFrames([]byte("ok"), []byte("a\nb")); !errors.Is(err, frame.ErrPayload) {
		t.Error(err)
	}
	if err := w.WriteFrame([]byte("too long")); !errors.Is(err, frame.ErrTooLarge) {
		t.Error(err)
	}
	if err := w.WriteFrame([]byte("fine")); err != nil {
		t.Error(err)
	}
	if err := w.Flush(); err != nil || out.String() != "fine\n" {
		t.Errorf("wrote %q, error %v", &out, err)
	}
	w.MaxFrame = -1
	long := append(bytes.Repeat([]byte("x"), 1<<20), '\n')
	if err := w.WriteFrame(long); !errors.Is(err, frame.ErrPayload) || out.String() != "fine\n" {
		t.Errorf("a large payload that cannot be carried: error %v, %d bytes out", err, out.Len())
	}
}

// A stateful format moves with each frame: what was written before the error stays.
func TestWriteFramesStateful(t *testing.T) {
	var out bytes.Buffer
	w := frame.NewWriter(&out, frame.Once{First: frame.Literal("HELO"), Then: frame.LF})
	if err := w.WriteFrames([]byte("HELO"), []byte("a\nb")); !errors.Is(err, frame.ErrPayload) {
		t.Error(err)
	}
	if err := w.WriteFrames([]byte("a"), []byte("b")); err != nil {
		t.Error(err)
	}
	if w.Flush(); out.String() != "HELOa\nb\n" {
		t.Errorf("wrote %q", &out)
	}
}

type failing struct{ n int }

func (f failing) Write(p []byte) (int, error) { return min(f.n, len(p)), nil }

func TestShortWriteIsFinal(t *testing.T) {
	for _, size := range []int{10, 100_000} {
		w := frame.NewWriter(failing{3}, frame.Uint32BE)
		err := errors.Join(w.WriteFrame(make([]byte, size)), w.Flush())
		if !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("%d bytes: error %v", size, err)
		}
		if err := w.WriteFrame(nil); err != io.ErrShortWrite {
			t.Errorf("%d bytes: error %v after the first", size, err)
		}
		var out bytes.Buffer
		w.Reset(&out, frame.LF)
		if err := errors.Join(w.WriteFrame([]byte("a")), w.Flush()); err != nil || out.String() != "a\n" {
			t.Errorf("after Reset: %q, error %v", &out, err)
		}
	}
}

func TestWriterSetFormat(t *testing.T) {
	var out bytes.Buffer
	w := frame.NewWriter(&out, frame.LF)
	w.WriteFrame([]byte("HELLO"))
	w.SetFormat(frame.Uint8)
	w.WriteFrame([]byte("abc"))
	if err := w.Flush(); err != nil || out.String() != "HELLO\n\x03abc" {
		t.Errorf("%q, %v", &out, err)
	}
}
