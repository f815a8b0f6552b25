package frame

import (
	"io"
	"net"
)

const (
	writeBuffer = 16 << 10 // what WriteFrame gathers before it writes
	largeWrite  = 8 << 10  // a payload from this size on is not copied
)

// A Writer writes frames to a stream. Frames are gathered in a buffer; Flush writes them out. A
// large payload is written from where it lies, without a copy, if the format allows it.
//
// A payload that the format cannot carry is an error, and nothing of it is written; the writer
// goes on. An error of the destination is final, since part of a frame may be out.
// A Writer is for one goroutine at a time.
type Writer struct {
	MaxFrame int // largest payload in bytes; 0: DefaultMaxFrame; negative: no limit

	dst      io.Writer
	f        Format
	stateful bool
	buf      []byte
	err      error
	vec      [3][]byte
	bufs     net.Buffers
}

// NewWriter returns a Writer of frames of format f to dst. If f's options are wrong, WriteFrame
// says so.
func NewWriter(dst io.Writer, f Format) *Writer {
	w := &Writer{MaxFrame: DefaultMaxFrame, dst: dst}
	w.SetFormat(f)
	return w
}

// Reset starts anew with another stream, forgets what was not flushed and the last error, and
// keeps MaxFrame and the buffer.
func (w *Writer) Reset(dst io.Writer, f Format) {
	w.dst, w.buf, w.err = dst, w.buf[:0], nil
	w.SetFormat(f)
}

// SetFormat changes the format from the next frame on.
func (w *Writer) SetFormat(f Format) {
	ready, err := Compile(f)
	if err != nil {
		w.err = err
		return
	}
	w.f = ready
	s, stateful := ready.(Stateful)
	if w.stateful = stateful; stateful {
		w.f = s.Fresh()
	}
}

// WriteFrame writes the frame that carries payload. It does not keep payload.
func (w *Writer) WriteFrame(payload []byte) error {
	if err := w.check(payload); err != nil {
		return err
	}
	if len(payload) >= largeWrite {
		if e, ok := w.f.(Encloser); ok {
			return w.writeLarge(e, payload)
		}
	}
	buf, err := w.f.AppendFrame(w.buf, payload)
	if err != nil {
		return err
	}
	if w.buf = buf; len(buf) >= writeBuffer {
		return w.Flush()
	}
	return nil
}

// WriteFrames writes one frame for each payload, or, if one of them cannot be carried, none. A
// [Stateful] format has moved on with the frames before that one; then these are written.
func (w *Writer) WriteFrames(payloads ...[]byte) error {
	buf := w.buf
	for _, p := range payloads {
		err := w.check(p)
		if err == nil {
			buf, err = w.f.AppendFrame(buf, p)
		}
		if err != nil {
			if w.stateful {
				w.buf = buf
			}
			return err
		}
	}
	if w.buf = buf; len(buf) >= writeBuffer {
		return w.Flush()
	}
	return nil
}

// Buffered returns how many bytes wait for Flush.
func (w *Writer) Buffered() int { return len(w.buf) }

// Flush writes out what was gathered.
func (w *Writer) Flush() error {
	if w.err != nil || len(w.buf) == 0 {
		return w.err
	}
	n, err := w.dst.Write(w.buf)
	if err == nil && n < len(w.buf) {
		err = io.ErrShortWrite
	}
	w.buf, w.err = reusable(w.buf), err
	return err
}

func (w *Writer) check(payload []byte) error {
	if w.err != nil {
		return w.err
	}
	limit := w.MaxFrame
	if limit == 0 {
		limit = DefaultMaxFrame
	}
	if limit > 0 && len(payload) > limit {
		return tooLarge(uint64(len(payload)), uint64(limit), "raise MaxFrame")
	}
	return nil
}

// writeLarge writes what was gathered, the header, the payload and the trailer in one go: in one
// system call where dst is a TCP or Unix connection.
func (w *Writer) writeLarge(e Encloser, payload []byte) error {
	buf, trailer, err := e.Enclose(w.buf, payload)
	if err != nil {
		return err
	}
	w.vec = [3][]byte{buf[:trailer], payload, buf[trailer:]}
	w.bufs = w.vec[:]
	if trailer == len(buf) {
		w.bufs = w.vec[:2]
	}
	total := int64(len(buf) + len(payload))
	n, err := w.bufs.WriteTo(w.dst)
	if err == nil && n < total {
		err = io.ErrShortWrite
	}
	w.err = err
	w.buf, w.vec = buf[:0], [3][]byte{}
	return w.err
}
