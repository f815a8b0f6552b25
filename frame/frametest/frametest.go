// Package frametest holds a [frame.Format] to the laws of package frame. Give it the format, some
// payloads and some bad bytes:
//
//	frametest.Check(t, frametest.Case{Name: "mine", Format: mine, Payloads: []string{"", "hello"}})
//
// Failures begin with a stable line, `ORACLE <law> …`, as those of package fuzz.
package frametest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/fuzz"
)

// A Case is a format and what to try on it.
type Case struct {
	Name     string
	Format   frame.Format
	Payloads []string // that the format can carry
	Unfit    []string // payloads that it must refuse
	Streams  []string // bytes to split, good or bad
	// Spellings: what was split may be framed again with other bytes, since the format has
	// several spellings, or since writing does not know what was stripped.
	Spellings bool
	// Ordered: the payloads can be framed only in the order given, on one stream.
	Ordered bool
}

// Stream returns all payloads framed one behind the other.
func (c Case) Stream(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	w := frame.NewWriter(&out, c.Format)
	w.MaxFrame = -1
	for _, p := range c.Payloads {
		if err := w.WriteFrame([]byte(p)); err != nil {
			t.Fatalf("ORACLE inverse payload refused\n%s: %.60q: %v", c.Name, p, err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Check holds the format to all laws that can be seen from outside.
func Check(t *testing.T, c Case) {
	if _, err := frame.Compile(c.Format); err != nil {
		t.Fatalf("ORACLE options refused\n%s: %v", c.Name, err)
	}
	Inverse(t, c)
	stream := c.Stream(t)
	Prefixes(t, c)
	Split(t, c.Format, stream)
	Bounded(t, c.Format, stream)
	for cut := 1; cut <= min(3, len(stream)); cut++ {
		Split(t, c.Format, stream[:len(stream)-cut])
	}
	for _, s := range c.Streams {
		Split(t, c.Format, []byte(s))
		Bounded(t, c.Format, []byte(s))
		Split(t, c.Format, append([]byte(s), stream[:min(len(stream), 60)]...))
	}
}

// Inverse checks that what is framed splits into the same payloads and nothing else, that framing
// those gives the same bytes, and that a payload refused leaves no trace.
func Inverse(t testing.TB, c Case) {
	t.Helper()
	stream := c.Stream(t)
	got, err := payloads(c.Format, stream)
	if err != nil || !same(got, c.Payloads) {
		t.Fatalf("ORACLE inverse payloads changed\n%s: error %v\n got %.200q\nwant %.200q\nwire %.200q", c.Name, err, got, c.Payloads, stream)
	}
	for _, p := range c.Unfit {
		checkRefused(t, c, []byte(p))
	}
	if !c.Ordered {
		for _, p := range c.Payloads {
			checkAppend(t, c, []byte(p))
		}
	}
}

// Reframe checks that framing what was split from data gives data again.
func Reframe(t testing.TB, f frame.Format, data []byte) {
	t.Helper()
	got, err := payloads(f, data)
	if err != nil {
		t.Fatalf("ORACLE inverse stream refused\n%v\nwire %.200q", err, data)
	}
	var out bytes.Buffer
	w := frame.NewWriter(&out, f)
	w.MaxFrame = -1
	for _, p := range got {
		if err := w.WriteFrame([]byte(p)); err != nil {
			t.Fatalf("ORACLE inverse own payload refused\n%.200q: %v", p, err)
		}
	}
	if err := w.Flush(); err != nil || !bytes.Equal(out.Bytes(), data) {
		t.Fatalf("ORACLE inverse other bytes\n got %.200q\nwant %.200q", out.Bytes(), data)
	}
}

func checkRefused(t testing.TB, c Case, p []byte) {
	t.Helper()
	dst := []byte("before")
	out, err := frame.Format.AppendFrame(c.Format, dst, p)
	if err == nil || string(out) != "before" {
		t.Fatalf("ORACLE inverse unfit payload\n%s: %.60q gives %.60q, error %v", c.Name, p, out, err)
	}
	var e *frame.Error
	if !errors.As(err, &e) || !errors.Is(err, frame.ErrPayload) && !errors.Is(err, frame.ErrTooLarge) {
		t.Fatalf("ORACLE errors untyped\n%s: %T %v", c.Name, err, err)
	}
	var wire bytes.Buffer
	w := frame.NewWriter(&wire, c.Format)
	w.MaxFrame = -1
	if err := w.WriteFrame(p); err == nil || w.Flush() != nil || wire.Len() > 0 {
		t.Fatalf("ORACLE inverse unfit payload written\n%s: %.60q gives %.60q, error %v", c.Name, p, wire.Bytes(), err)
	}
}

// checkAppend checks AppendFrame and Enclose behind bytes that are there already.
func checkAppend(t testing.TB, c Case, p []byte) {
	t.Helper()
	f, err := frame.Compile(c.Format)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := f.AppendFrame(nil, p)
	if err != nil {
		t.Fatal(err)
	}
	behind, err := f.AppendFrame([]byte("before"), p)
	if err != nil || string(behind) != "before"+string(plain) {
		t.Fatalf("ORACLE inverse AppendFrame depends on dst\n%s: %.60q, %.60q, %v", c.Name, plain, behind, err)
	}
	e, ok := f.(frame.Encloser)
	if !ok {
		return
	}
	out, at, err := e.Enclose([]byte("before"), p)
	if err != nil || string(out[:at])+string(p)+string(out[at:]) != string(behind) {
		t.Fatalf("ORACLE inverse Enclose differs\n%s: %.60q, %.60q, %v", c.Name, out, behind, err)
	}
}

// Prefixes checks that no strict prefix of the first frame is taken for one, and that Need never
// asks for bytes past its end: an exact-read Reader would take them from whom they belong to.
func Prefixes(t testing.TB, c Case) {
	t.Helper()
	if len(c.Payloads) == 0 {
		return
	}
	one := c
	one.Payloads = c.Payloads[:1]
	wire := one.Stream(t)
	for n := range wire {
		r := frame.NewReader(bytes.NewReader(wire[:n]), c.Format)
		if p, err := r.Next(); err == nil && c.Format != frame.Rest {
			t.Fatalf("ORACLE prefix taken for a frame\n%s: %.60q of %.60q gives %.60q", c.Name, wire[:n], wire, p)
		}
	}
	src := bytes.NewReader(append(bytes.Clone(wire), "what follows"...))
	r := frame.NewReader(src, c.Format)
	r.Exact, r.MaxFrame = true, -1
	if _, err := r.Next(); err != nil || src.Len() != len("what follows") && c.Format != frame.Rest {
		t.Fatalf("ORACLE exact read past the end\n%s: %d bytes left of %d, error %v", c.Name, src.Len(), len("what follows"), err)
	}
}

// Split checks split invariance on data under each policy, with large and small limits, by
// frames and by pieces, and that pieces make the same payloads as frames.
func Split(t testing.TB, f frame.Format, data []byte, plans ...fuzz.Plan) {
	t.Helper()
	for _, limit := range []int{0, 1, 4} {
		for _, policy := range []frame.Oversize{frame.Fail, frame.Skip, frame.Truncate, frame.Stream} {
			fuzz.CheckSplit(t, data, decode(f, limit, policy), plans...)
			if limit == 0 {
				break // few frames are too large
			}
		}
	}
	fuzz.CheckSplit(t, data, func(src io.Reader) ([]string, error) { return bodies(f, src) }, plans...)
	fuzz.CheckSplit(t, data, func(src io.Reader) ([]string, error) { return pushed(f, src) }, plans...)
	asFrames, frameErr := decode(f, -1, frame.Fail)(bytes.NewReader(data))
	asPieces, pieceErr := bodies(f, bytes.NewReader(data))
	if frameErr == nil && pieceErr == nil && sound(asFrames) && !same(asFrames, asPieces) {
		t.Fatalf("ORACLE split pieces make other payloads\nframes %.300q\npieces %.300q\nwire %.200q", asFrames, asPieces, data)
	}
	asPushed, pushErr := pushed(f, bytes.NewReader(data))
	if fmt.Sprint(pushErr) != fmt.Sprint(frameErr) || !same(asFrames, asPushed) {
		t.Fatalf("ORACLE split Decoder and Reader differ\nreader  %.300q %v\ndecoder %.300q %v\nwire %.200q", asFrames, frameErr, asPushed, pushErr, data)
	}
}

// Bounded checks that the memory used grows with the bytes received, whatever size they declare
// and whether frames are taken whole or in pieces.
func Bounded(t testing.TB, f frame.Format, data []byte) {
	t.Helper()
	for _, next := range []func(r *frame.Reader) error{
		func(r *frame.Reader) error { _, err := r.Next(); return err },
		func(r *frame.Reader) error {
			body, err := r.NextReader()
			if err == nil {
				_, err = io.Copy(io.Discard, body)
			}
			return err
		},
	} {
		fuzz.AllocBound(t, data, 16, 64<<10, func(data []byte) {
			r := frame.NewReader(bytes.NewReader(data), f)
			r.MaxFrame = -1
			for next(r) == nil {
			}
		})
	}
}

// decode returns a function that lists all frames and recoverable errors of a stream.
func decode(f frame.Format, limit int, policy frame.Oversize) func(io.Reader) ([]string, error) {
	return func(src io.Reader) (events []string, err error) {
		r := frame.NewReader(src, f)
		r.MaxFrame, r.Oversize = limit, policy
		for {
			p, err := r.Next()
			if cap(p) != len(p) && err == nil {
				return nil, fmt.Errorf("frame of %d bytes has capacity %d", len(p), cap(p))
			}
			var done bool
			if events, done, err = note(events, p, err); done {
				return events, err
			}
		}
	}
}

// pushed is decode by way of a Decoder.
func pushed(f frame.Format, src io.Reader) (events []string, err error) {
	d := frame.NewDecoder(f)
	d.MaxFrame = -1
	var failed error
	for {
		p, err := d.Next()
		if err == frame.ErrShort {
			if failed != nil && failed != io.EOF {
				return events, failed
			}
			var n int
			n, failed = src.Read(d.Space(1))
			d.Wrote(n)
			if failed == io.EOF {
				d.End()
			}
			continue
		}
		var done bool
		if events, done, err = note(events, p, err); done {
			return events, err
		}
	}
}

// sound tells whether all events are frames. Behind an error pieces may go on elsewhere: what of the
// bad frame was handed out cannot be searched for the next one.
func sound(events []string) bool {
	for _, e := range events {
		if !strings.HasPrefix(e, "frame ") {
			return false
		}
	}
	return true
}

// note adds a frame or a recoverable error to events. done: the stream is over.
func note(events []string, p []byte, err error) (_ []string, done bool, _ error) {
	var e *frame.Error
	switch {
	case err == nil:
		return append(events, "frame "+string(p)), false, nil
	case errors.As(err, &e) && e.Recoverable:
		return append(events, fmt.Sprintf("error %v with %q", err, p)), false, nil
	case err == io.EOF:
		return events, true, nil
	}
	return events, true, err
}

// bodies lists all frames by way of NextReader.
func bodies(f frame.Format, src io.Reader) (events []string, err error) {
	r := frame.NewReader(src, f)
	for {
		var p []byte
		body, err := r.NextReader()
		if err == nil {
			p, err = io.ReadAll(body)
		}
		var done bool
		if err != nil {
			p = nil // how much of a bad frame was there before the error depends on the cut
		}
		if events, done, err = note(events, p, err); done {
			return events, err
		}
	}
}

// payloads splits a whole stream.
func payloads(f frame.Format, stream []byte) (got []string, err error) {
	r := frame.NewReader(bytes.NewReader(stream), f)
	r.MaxFrame = -1
	for p, err := range r.Frames() {
		if err != nil {
			return got, err
		}
		got = append(got, string(p))
	}
	return got, nil
}

func same(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
