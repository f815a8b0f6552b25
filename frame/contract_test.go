package frame_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/parleyproto/parley/frame"
)

// broken is a format from outside that does not keep the contract.
type broken struct{ part frame.Part }

func (b broken) AppendFrame(dst, payload []byte) ([]byte, error) { return append(dst, payload...), nil }
func (b broken) Split([]byte, frame.In) (frame.Part, error)      { return b.part, nil }

func TestBrokenFormatIsAnError(t *testing.T) {
	for _, part := range []frame.Part{
		{Size: -1},
		{Size: 100},
		{Size: 2, Off: -1},
		{Size: 2, Off: 2, End: 1},
		{Size: 2, End: 3},
		{Size: 1, More: true},
		{From: -1},
	} {
		_, err := frame.NewReader(strings.NewReader("abc"), broken{part}).Next()
		if !errors.Is(err, frame.ErrFormat) {
			t.Errorf("%+v: error %v, want ErrFormat", part, err)
		}
	}
}

// refusing is a format whose errors are of its own kind.
type refusing struct{ broken }

var errOwn = errors.New("not mine")

func (refusing) Split(buf []byte, _ frame.In) (frame.Part, error) {
	if len(buf) == 0 {
		return frame.Part{}, nil
	}
	return frame.Part{Size: 1}, errOwn
}

func TestForeignErrorIsWrapped(t *testing.T) {
	r := frame.NewReader(strings.NewReader("abc"), refusing{})
	for offset := range 3 {
		_, err := r.Next()
		var e *frame.Error
		if !errors.As(err, &e) || !errors.Is(err, errOwn) || !errors.Is(err, frame.ErrCorrupt) || e.Offset != int64(offset) || !e.Recoverable {
			t.Errorf("%d: %v", offset, err)
		}
	}
}

// A format that knows no pieces cannot make the reader keep more than MaxFrame allows, also where
// a frame is streamed or skipped.
func TestFormatWithoutPiecesIsBounded(t *testing.T) {
	for _, policy := range []frame.Oversize{frame.Skip, frame.Truncate, frame.Stream} {
		r := frame.NewReader(strings.NewReader(strings.Repeat("61", 1<<20)), hexLines{})
		r.MaxFrame, r.Oversize = 100, policy
		if policy == frame.Stream {
			if _, err := r.NextReader(); !errors.Is(err, frame.ErrTooLarge) {
				t.Errorf("NextReader: error %v, want ErrTooLarge", err)
			}
			continue
		}
		var err error
		for e := (&frame.Error{Recoverable: true}); err == nil || errors.As(err, &e) && e.Recoverable; {
			_, err = r.Next()
		}
		if !errors.Is(err, frame.ErrTooLarge) {
			t.Errorf("policy %d: error %v, want ErrTooLarge", policy, err)
		}
	}
}

// An Extent that cannot be is the function's mistake or corrupt bytes; neither gets through.
func TestImpossibleExtent(t *testing.T) {
	for _, x := range []frame.Extent{
		{Total: 2, Off: -1},
		{Total: 2, Tail: -1},
		{Total: 300, Tail: 256},
		{},
		{Total: 1 << 63},
		{Total: 2, Off: 2, Tail: 1},
	} {
		f := frame.LengthFunc{Extent: func([]byte) (frame.Extent, error) { return x, nil }}
		_, err := frame.NewReader(strings.NewReader("abc"), f).Next()
		if !errors.Is(err, frame.ErrCorrupt) {
			t.Errorf("%+v: error %v, want ErrCorrupt", x, err)
		}
	}
}
