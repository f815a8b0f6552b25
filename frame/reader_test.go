package frame_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/fuzz"
)

// want checks that r's next frames are those given.
func want(t *testing.T, r *frame.Reader, payloads ...string) {
	t.Helper()
	for _, w := range payloads {
		if p, err := r.Next(); err != nil || string(p) != w {
			t.Fatalf("got %.60q, error %v; want %.60q", p, err, w)
		}
	}
}

func TestSetFormatKeepsBufferedBytes(t *testing.T) {
	r := frame.NewReader(strings.NewReader("HELLO\n\x00\x03abc\x03def"), frame.LF)
	want(t, r, "HELLO")
	r.SetFormat(frame.Uint16BE)
	want(t, r, "abc")
	r.SetFormat(frame.Uint8)
	want(t, r, "def")
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("error %v at the end, want io.EOF", err)
	}
}

// A frame that was begun is one of the old format, however much of it has come.
func TestSetFormatInsideFrame(t *testing.T) {
	for _, whole := range []bool{true, false} {
		src := io.Reader(strings.NewReader("\x05hello\x05world\nline\n"))
		if !whole {
			src = iotest.OneByteReader(src)
		}
		r := frame.NewReader(src, frame.Uint8)
		if _, err := r.NextReader(); err != nil {
			t.Fatal(err)
		}
		r.SetFormat(frame.Uint8)
		if n, err := r.PeekSize(); n != 5 || err != nil {
			t.Fatalf("size %d, error %v; want 5", n, err)
		}
		r.SetFormat(frame.LF)
		want(t, r, "world", "", "line")
	}
}

// STARTTLS: what follows the frame belongs to somebody else.
func TestExactLeavesTheRest(t *testing.T) {
	for _, f := range []frame.Format{frame.LF, frame.Uint32BE, frame.Netstring, frame.Delimiter("\r\n"), frame.Fixed(5)} {
		wire, err := f.AppendFrame(nil, []byte("hello"))
		if err != nil {
			t.Fatal(err)
		}
		src := strings.NewReader(string(wire) + "the next protocol")
		r := frame.NewReader(src, f)
		r.Exact = true
		want(t, r, "hello")
		if rest, _ := io.ReadAll(src); string(rest) != "the next protocol" || len(r.Buffered()) > 0 {
			t.Errorf("%#v: %q is left, %q buffered", f, rest, r.Buffered())
		}
	}
}

func TestPeekSize(t *testing.T) {
	r := frame.NewReader(iotest.OneByteReader(strings.NewReader("\x00\x0512345\x00\x00")), frame.Uint16BE)
	for _, size := range []uint64{5, 0} {
		for range 2 {
			if n, err := r.PeekSize(); n != size || err != nil {
				t.Fatalf("size %d, error %v; want %d", n, err, size)
			}
		}
		want(t, r, "12345"[:size])
	}
	if _, err := r.PeekSize(); err != io.EOF {
		t.Errorf("error %v, want io.EOF", err)
	}
	r = frame.NewReader(strings.NewReader("\x02a\x00\x03bc\x00"), frame.COBS) // decodes in place: once only
	for _, w := range []string{"a", "bc"} {
		if n, err := r.PeekSize(); n != uint64(len(w)) || err != nil {
			t.Fatalf("size %d, error %v; want %d", n, err, len(w))
		}
		want(t, r, w)
	}
}

// A read deadline that passes loses no byte, wherever in a frame it does.
func TestDeadlinesLoseNothing(t *testing.T) {
	const wire = "\x05hello\x00\x0312\x00"
	src := fuzz.SplitReader(strings.NewReader(wire), fuzz.Plan{Sizes: []int{1, fuzz.Interrupt, 0, fuzz.Interrupt}, Repeat: true})
	r := frame.NewReader(src, frame.Uint8)
	var got []string
	timeouts := 0
	for {
		p, err := r.Next()
		if err == io.EOF {
			break
		} else if errors.Is(err, fuzz.ErrInjected) {
			timeouts++
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(p))
	}
	if strings.Join(got, "|") != "hello||12\x00" || timeouts < len(wire) {
		t.Errorf("got %q after %d timeouts", got, timeouts)
	}
}

func TestSourceWithoutProgress(t *testing.T) {
	r := frame.NewReader(fuzz.SplitReader(strings.NewReader("abc"), fuzz.Plan{Sizes: []int{0}, Repeat: true}), frame.LF)
	if _, err := r.Next(); err != io.ErrNoProgress {
		t.Errorf("error %v, want io.ErrNoProgress", err)
	}
}

type liar struct{ n int }

func (l liar) Read([]byte) (int, error) { return l.n, nil }

func TestSourceThatLies(t *testing.T) {
	for _, n := range []int{-1, 1 << 30} {
		if _, err := frame.NewReader(liar{n}, frame.LF).Next(); !errors.Is(err, frame.ErrCorrupt) {
			t.Errorf("Read returns %d: error %v", n, err)
		}
	}
}

func TestReset(t *testing.T) {
	r := frame.NewReader(strings.NewReader("\xff\xff\xff\xff\xff\xff\xff\xff"), frame.Uint64BE)
	if _, err := r.Next(); !errors.Is(err, frame.ErrCorrupt) {
		t.Fatal(err)
	}
	r.Reset(strings.NewReader("a\nbc"), frame.LF)
	want(t, r, "a")
	_, err := r.Next()
	var e *frame.Error
	if !errors.As(err, &e) || !errors.Is(err, io.ErrUnexpectedEOF) || e.Offset != 2 {
		t.Errorf("error %v, want an unexpected EOF at offset 2", err)
	}
}

// A reader between two frames gives its buffer back and goes on; one inside a frame keeps it.
func TestReaderRelease(t *testing.T) {
	src := fuzz.SplitReader(strings.NewReader("\x05hello\x05world"), fuzz.Plan{Sizes: []int{6, fuzz.Interrupt, 3, fuzz.Interrupt, 3}})
	r := frame.NewReader(src, frame.Uint8)
	want(t, r, "hello")
	if r.Release(); frame.ReaderMemory(r) != 0 {
		t.Errorf("%d bytes held between two frames", frame.ReaderMemory(r))
	}
	for len(r.Buffered()) == 0 {
		if _, err := r.Next(); !errors.Is(err, fuzz.ErrInjected) {
			t.Fatalf("error %v, want that of the source", err)
		}
	}
	if r.Release(); string(r.Buffered()) != "\x05wo" {
		t.Errorf("buffered %q behind Release inside a frame", r.Buffered())
	}
	for {
		p, err := r.Next()
		if errors.Is(err, fuzz.ErrInjected) {
			continue
		}
		if string(p) != "world" || err != nil {
			t.Errorf("%q, %v", p, err)
		}
		return
	}
}

func TestFramesEndsAtFinalError(t *testing.T) {
	r := frame.NewReader(strings.NewReader("\xc0ok\xc0bad\xdbx\xc0fine\xc0cut"), frame.SLIP)
	var got []string
	for p, err := range r.Frames() {
		if err != nil {
			p = []byte(err.Error())
		}
		got = append(got, string(p))
	}
	if len(got) != 4 || got[0] != "ok" || got[2] != "fine" || !strings.Contains(got[1], "offset 4") || !strings.Contains(got[3], "unexpected EOF") {
		t.Errorf("got %q", got)
	}
}

func TestOversizePolicies(t *testing.T) {
	const wire = "ok\nmuch too long\nfine\n"
	for _, c := range []struct {
		policy frame.Oversize
		want   []string
	}{
		{frame.Fail, []string{"ok", "! "}},
		{frame.Skip, []string{"ok", "! ", "fine"}},
		{frame.Truncate, []string{"ok", "! much", "fine"}},
		{frame.Stream, []string{"ok", "! ", "fine"}},
	} {
		r := frame.NewReader(strings.NewReader(wire), frame.LF)
		r.MaxFrame, r.Oversize = 4, c.policy
		var got []string
		for p, err := range r.Frames() {
			if err != nil {
				p = append([]byte("! "), p...)
			}
			got = append(got, string(p))
		}
		if strings.Join(got, "|") != strings.Join(c.want, "|") {
			t.Errorf("policy %d: got %q, want %q", c.policy, got, c.want)
		}
	}
}

func TestStreamPolicy(t *testing.T) {
	for _, whole := range []bool{true, false} {
		src := io.Reader(strings.NewReader("ok\nmuch too long\nfine\n"))
		if !whole {
			src = iotest.OneByteReader(src)
		}
		r := frame.NewReader(src, frame.LF)
		r.MaxFrame, r.Oversize = 4, frame.Stream
		want(t, r, "ok")
		if _, err := r.Next(); !errors.Is(err, frame.ErrTooLarge) {
			t.Fatal(err)
		}
		body, err := r.NextReader()
		if err != nil {
			t.Fatal(err)
		}
		if p, err := io.ReadAll(body); string(p) != "much too long" || err != nil {
			t.Fatalf("%q, %v", p, err)
		}
		want(t, r, "fine")
	}
}

// streamed is the size of a frame that is much larger than a Reader's memory; where an int has 32
// bits, formats that declare a length pass no more than 4 MiB in pieces.
const streamed = min(8<<20, math.MaxInt>>10)

// A stream of any size passes in constant memory.
func TestNextReaderConstantMemory(t *testing.T) {
	const size = streamed
	for _, f := range []frame.Format{
		frame.Uint32BE, frame.LF, frame.COBS, frame.SLIP, frame.CRC32C{Format: frame.Uint32BE}, frame.Rest,
		frame.Delimiter("\r\n"), frame.Fixed(size), frame.Uvarint, frame.Netstring, frame.MLLP,
		frame.HeaderBlock{Length: "Content-Length"}, frame.LengthField{Offset: 1, Size: 4, Strip: 5, Magic: "M", Trailer: "."},
	} {
		wire, err := f.AppendFrame(nil, bytes.Repeat([]byte{'x'}, size))
		if err != nil {
			t.Fatal(err)
		}
		fuzz.AllocBound(t, nil, 0, 512<<10, func([]byte) {
			body, err := frame.NewReader(bytes.NewReader(wire), f).NextReader()
			if err != nil {
				t.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, body); n != size || err != nil {
				t.Fatalf("%#v: %d bytes, error %v", f, n, err)
			}
		})
	}
}

// The same where the payload is the whole frame.
func TestNextReaderConstantMemoryOfWholeFrames(t *testing.T) {
	const size = streamed
	big := strings.Repeat("x", size)
	for _, c := range []struct {
		format frame.Format
		frame  string
	}{
		{frame.RESP{}, fmt.Sprintf("*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n", size, big)},
		{nats, fmt.Sprintf("PUB subject %d\r\n%s\r\n", size, big)},
		{frame.WebSocket, "\x82\x7f" + string(binary.BigEndian.AppendUint64(nil, size)) + big},
		{frame.HeaderBlock{Length: "content-length", Whole: true, LF: true, End: "\x00"}, "SEND\n\n" + big + "\x00"},
		{rtsp, fmt.Sprintf("GET x\r\nContent-Length: %d\r\n\r\n%s", size, big)},
	} {
		wire := []byte(c.frame)
		fuzz.AllocBound(t, nil, 0, 512<<10, func([]byte) {
			body, err := frame.NewReader(bytes.NewReader(wire), c.format).NextReader()
			if err != nil {
				t.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, body); n < size || err != nil {
				t.Fatalf("%#v: %d bytes, error %v", c.format, n, err)
			}
		})
	}
}

func TestNextReaderCutOff(t *testing.T) {
	r := frame.NewReader(strings.NewReader("\x05hel"), frame.Uint8)
	body, err := r.NextReader()
	if err != nil {
		t.Fatal(err)
	}
	if p, err := io.ReadAll(body); string(p) != "hel" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%q, %v", p, err)
	}
}

func TestNextReaderDropsTheRest(t *testing.T) {
	r := frame.NewReader(iotest.HalfReader(strings.NewReader("\x05hello\x05world\x02ok")), frame.Uint8)
	body, err := r.NextReader()
	if err != nil {
		t.Fatal(err)
	}
	io.ReadFull(body, make([]byte, 2))
	if body, err = r.NextReader(); err != nil {
		t.Fatal(err)
	}
	io.ReadFull(body, make([]byte, 1))
	want(t, r, "ok")
}
