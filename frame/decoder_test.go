package frame_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/parleyproto/parley/frame"
)

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
	d.Reset(frame.Uint8)
	if d.Write([]byte("\x01x")); len(d.Buffered()) != 2 {
		t.Errorf("buffered %q after Reset", d.Buffered())
	}
	if p, err := d.Next(); string(p) != "x" || err != nil {
		t.Errorf("%q, %v after Reset", p, err)
	}
	d.End()
	if _, err := d.Next(); err != io.EOF {
		t.Errorf("error %v, want io.EOF", err)
	}
}

// An idle connection holds no memory, and loses none of its bytes to Release.
func TestRelease(t *testing.T) {
	d := frame.NewDecoder(frame.LF)
	if frame.BufferSize(d) != 0 {
		t.Errorf("%d bytes held before the first", frame.BufferSize(d))
	}
	d.Write([]byte("one\nhalf"))
	if p, err := d.Next(); string(p) != "one" || err != nil {
		t.Fatalf("%q, %v", p, err)
	}
	if d.Release(); frame.BufferSize(d) == 0 {
		t.Error("bytes that wait were released")
	}
	d.Write([]byte(" line\n"))
	if p, err := d.Next(); string(p) != "half line" || err != nil {
		t.Fatalf("%q, %v", p, err)
	}
	if d.Release(); frame.BufferSize(d) != 0 {
		t.Errorf("%d bytes held while idle", frame.BufferSize(d))
	}
	d.Write([]byte("two\nx"))
	if p, err := d.Next(); string(p) != "two" || err != nil {
		t.Fatalf("%q, %v", p, err)
	}
	d.End()
	_, err := d.Next()
	var e *frame.Error
	if !errors.As(err, &e) || e.Offset != int64(len("one\nhalf line\ntwo\n")) {
		t.Errorf("error %v; the offset should count what was released", err)
	}
}

func TestSpaceIsAsLargeAsAsked(t *testing.T) {
	d := frame.NewDecoder(frame.Uint32BE)
	for _, n := range []int{0, 1, 100, 5000, 70_000} {
		if got := len(d.Space(n)); got < max(n, 1) {
			t.Errorf("Space(%d) gives %d", n, got)
		}
	}
	d.Wrote(1 << 30)
	if _, err := d.Next(); err == nil || err == frame.ErrShort {
		t.Errorf("error %v for more bytes than there was space", err)
	}
}

func TestPiece(t *testing.T) {
	d := frame.NewDecoder(frame.Uint8)
	d.Write([]byte("\x05he"))
	var got []byte
	for feed := "llo\x01!"; ; {
		p, more, err := d.Piece()
		if err == frame.ErrShort {
			d.Write([]byte(feed[:1]))
			feed = feed[1:]
			continue
		}
		if got = append(got, p...); err != nil || !more {
			break
		}
	}
	if string(got) != "hello" {
		t.Errorf("pieces make %q", got)
	}
	d.Write([]byte("\x01!"))
	if p, err := d.Next(); string(p) != "!" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
}

// The size of the next frame is known once its header is there, and taking it is another thing.
func TestDecoderPeekSize(t *testing.T) {
	d := frame.NewDecoder(frame.Uint16BE)
	if _, err := d.PeekSize(); err != frame.ErrShort {
		t.Fatalf("error %v, want ErrShort", err)
	}
	d.Write([]byte("\x00\x05he"))
	for range 2 {
		if n, err := d.PeekSize(); n != 5 || err != nil {
			t.Fatalf("size %d, error %v; want 5", n, err)
		}
	}
	if _, err := d.Next(); err != frame.ErrShort {
		t.Fatalf("error %v, want ErrShort", err)
	}
	d.Write([]byte("llo"))
	if p, err := d.Next(); string(p) != "hello" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
	d.End()
	if _, err := d.PeekSize(); err != io.EOF {
		t.Errorf("error %v, want io.EOF", err)
	}
}

// hidden keeps a format's kind from the decoder, which then has to call Split.
type hidden struct{ frame.Format }

// A limit that is not set, or none, does not keep frames from the loops: they do not need Split.
func TestLoopsTakeAnyLimit(t *testing.T) {
	for _, f := range []frame.Format{
		frame.Uint32BE, frame.Uint32LE, frame.LF, frame.Uvarint,
		frame.LengthField{Offset: 1, Size: 4, Magic: "M", Strip: 5},
	} {
		for _, limit := range []int{0, -1, 1000} {
			var wire []byte
			for _, p := range []string{"first", "the second frame", "the third frame"} {
				wire, _ = f.AppendFrame(wire, []byte(p))
			}
			r, d := frame.NewReader(bytes.NewReader(wire), f), frame.NewDecoder(f)
			r.MaxFrame, d.MaxFrame = limit, limit
			d.Write(wire)
			want(t, r, "first")
			if p, err := d.Next(); string(p) != "first" || err != nil {
				t.Fatalf("%q, %v", p, err)
			}
			frame.LoseSplit(r)
			frame.LoseSplitOf(d)
			want(t, r, "the second frame")
			if p, err := d.Next(); string(p) != "the second frame" || err != nil {
				t.Errorf("%#v, limit %d: decoder gives %q, %v", f, limit, p, err)
			}
		}
	}
}

// The default limit holds for a Reader and a Decoder that nobody made with New.
func TestZeroValueHasDefaultLimit(t *testing.T) {
	wire, _ := frame.Uint32BE.AppendFrame(nil, make([]byte, frame.DefaultMaxFrame))
	wire = append(wire, 0, 0x10, 0, 1) // one byte more
	var r frame.Reader
	r.Reset(bytes.NewReader(wire), frame.Uint32BE)
	var d frame.Decoder
	d.Reset(frame.Uint32BE)
	d.Write(wire)
	for name, next := range map[string]func() ([]byte, error){"Reader": r.Next, "Decoder": d.Next} {
		if p, err := next(); len(p) != frame.DefaultMaxFrame || err != nil {
			t.Errorf("%s: %d bytes, %v", name, len(p), err)
		}
		var e *frame.Error
		if _, err := next(); !errors.As(err, &e) || e.Limit != frame.DefaultMaxFrame || e.Declared != e.Limit+1 {
			t.Errorf("%s: error %v, want one about the limit", name, err)
		}
	}
	if r.MaxFrame != frame.DefaultMaxFrame || d.MaxFrame != frame.DefaultMaxFrame {
		t.Errorf("MaxFrame is %d and %d, want the default in both", r.MaxFrame, d.MaxFrame)
	}
}

// The loops of Next give what Split gives.
func TestLoopsEqualSplit(t *testing.T) {
	for _, c := range formats {
		run, err := frame.Compile(c.Format)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := run.(frame.Stateful); ok {
			continue
		}
		streams := [][]byte{c.Stream(t)}
		for _, s := range c.Streams {
			streams = append(streams, append([]byte(s), streams[0]...))
		}
		for _, s := range streams {
			for _, limit := range []int{2, 1000, 0, -1} {
				one, two := frame.NewReader(bytes.NewReader(s), run), frame.NewReader(bytes.NewReader(s), hidden{run})
				one.MaxFrame, two.MaxFrame = limit, limit
				one.Oversize, two.Oversize = frame.Skip, frame.Skip
				for i := 0; ; i++ {
					p, err := one.Next()
					q, qerr := two.Next()
					if !bytes.Equal(p, q) || (err == nil) != (qerr == nil) || err != nil && err.Error() != qerr.Error() {
						t.Fatalf("%s: frame %d of %q: %q %v by the loop, %q %v by Split", c.Name, i, s, p, err, q, qerr)
					}
					var e *frame.Error
					if err != nil && !(errors.As(err, &e) && e.Recoverable) {
						break
					}
				}
			}
		}
	}
}

// What a frame needed that was awaited is not asked of the next one: a short frame that is complete is
// returned at once, and no read goes beyond it.
func TestNextFrameDoesNotNeedWhatTheLastOneDid(t *testing.T) {
	for _, c := range formats {
		if c.Ordered || c.Format == frame.Rest {
			continue
		}
		for _, first := range c.Payloads {
			for _, second := range c.Payloads {
				a, _ := c.Format.AppendFrame(nil, []byte(first))
				b, _ := c.Format.AppendFrame(nil, []byte(second))
				once := frame.NewDecoder(c.Format)
				once.Write(b)
				alone, errAlone := once.Next()
				want := string(alone)
				d := frame.NewDecoder(c.Format)
				d.Write(a[:len(a)/2])
				d.Next()
				d.Write(a[len(a)/2:])
				if _, err := d.Next(); err != nil {
					continue // its end shows only in what follows
				}
				d.Write(b[:len(b)/2])
				if _, err := d.Next(); err == nil || !errors.Is(err, frame.ErrShort) {
					continue
				}
				if n := d.Need(); errAlone == nil && n > len(b)-len(b)/2 {
					t.Fatalf("%s: behind %q the rest of %q needs %d bytes", c.Name, first, second, n)
				}
				d.Write(b[len(b)/2:])
				if got, err := d.Next(); string(got) != want || !errors.Is(err, errAlone) && err != errAlone {
					t.Fatalf("%s: behind %q it returned %q, %v; want %q, %v", c.Name, first, got, err, want, errAlone)
				}
			}
		}
	}
}
