package frame

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"iter"
)

// A Reader reads frames from a stream.
//
// A payload returned is borrowed: it lies in the reader's buffer, and is valid until the next
// call of any method. Copy it (bytes.Clone) to keep it; under the race detector an old one is
// overwritten. A Reader is for one goroutine at a time.
//
// An error of the source, such as a read deadline that passed, loses no byte: the next call
// reads on. After io.EOF the reader reads no more.
type Reader struct {
	MaxFrame int      // largest payload in bytes; 0: DefaultMaxFrame, which the next call puts here; negative: no limit. May be changed between calls.
	Oversize Oversize // what to do with a larger one; Fail if zero
	// Exact: never read past the end of the frame that is asked for, so that what follows it
	// stays in the source (STARTTLS). Costs a read for each header, and for each byte of a
	// format that has to look for the frame's end.
	Exact bool

	src  io.Reader
	d    Decoder
	err  error // from the source, to be returned once the frames before it are
	body body
}

// NewReader returns a Reader of frames of format f from src. If f's options are wrong, Next says so.
func NewReader(src io.Reader, f Format) *Reader {
	r := &Reader{MaxFrame: DefaultMaxFrame, src: src}
	r.d.format(f)
	return r
}

// Reset starts anew with another stream: it forgets buffered bytes, state and errors, and keeps
// the options and the buffer.
func (r *Reader) Reset(src io.Reader, f Format) {
	r.src, r.err = src, nil
	r.d.Reset(f)
}

// SetFormat changes the format from the next frame on; buffered bytes go along. A frame that was
// begun (NextReader, PeekSize) is finished in the old format first.
func (r *Reader) SetFormat(f Format) { r.d.SetFormat(f) }

// Buffered returns the bytes read from the source and not yet taken by a frame. They stay in the
// reader. To hand the stream to another reader, give it these first, then the source.
func (r *Reader) Buffered() []byte { return r.d.Buffered() }

// Release gives the reader's buffer back to a pool if no bytes are waiting in it.
func (r *Reader) Release() { r.d.Release() }

// Next returns the payload of the next frame. At the end of the stream it returns io.EOF; inside
// a frame, an error that is io.ErrUnexpectedEOF. After an *[Error] that is Recoverable, and after
// an error of the source, it goes on.
func (r *Reader) Next() ([]byte, error) {
	d := &r.d
	if poisoning {
		d.poison()
	}
	// As in Decoder.Next, which is a call away. A negative MaxFrame is a very large uint.
	if d.loop == loopUint32BE {
		in, at := d.in, uint(d.r)
		if at < uint(len(in)) && uint(len(in))-at >= 4 {
			n := uint(binary.BigEndian.Uint32(in[at:]))
			if at += 4; n <= uint(len(in))-at && n <= uint(r.MaxFrame) {
				d.r = int(at + n)
				return d.lend(in[at : at+n : at+n]), nil
			}
		}
	} else if d.loop == loopLength {
		in, f := d.in, d.length
		if at := uint(d.r) + f.at; at < uint(len(in)) && uint(len(in))-at >= 8 {
			size := f.size8(in[at:])
			if size >= f.fewest && size <= uint64(len(in)-d.r) && uint(int(size)-f.Strip) <= uint(r.MaxFrame) {
				start := d.r + f.Strip
				d.r += int(size)
				return d.lend(in[start:d.r:d.r]), nil
			}
		}
	} else if d.loop == loopLF && d.from == 0 {
		b := d.in[d.r:]
		if n := bytes.IndexByte(b, '\n'); n < 0 {
			d.from = len(b) // searched
		} else if end := trimCR(b, n); uint(end) <= uint(r.MaxFrame) {
			d.r += n + 1
			return d.lend(b[:end:end]), nil
		}
	} else if d.loop == loopVarint {
		if p, ok := d.small(uint(r.MaxFrame)); ok {
			return p, nil
		}
	} else if d.loop == loopMarked {
		if p, ok := d.marked(uint(r.MaxFrame)); ok {
			return p, nil
		}
	}
	return r.next()
}

// next is Next without the loops. Inlined, it would make the loops' stack frame large.
//
//go:noinline
func (r *Reader) next() ([]byte, error) {
	d := &r.d
	if r.MaxFrame == 0 {
		r.MaxFrame = DefaultMaxFrame // where the loops see it
	}
	d.MaxFrame, d.Oversize = r.MaxFrame, r.Oversize
	payload, err := d.next()
	for err == ErrShort {
		if err := r.fill(); err != nil {
			return nil, err
		}
		payload, err = d.Next()
	}
	return payload, err
}

// Frames returns the frames up to the end of the stream. A recoverable error is handed over and
// the loop goes on; any other is handed over and ends it.
func (r *Reader) Frames() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for {
			payload, err := r.Next()
			if err == io.EOF {
				return
			}
			var e *Error
			if !yield(payload, err) || err != nil && !(errors.As(err, &e) && e.Recoverable) {
				return
			}
		}
	}
}

// PeekSize returns the size of the next frame's payload in bytes, and takes nothing, as soon as
// the frame declares it; if it declares none, once the frame is complete. The frame stays one of
// the present format, whatever SetFormat says until it is taken. MaxFrame does not apply to a
// size that is declared.
func (r *Reader) PeekSize() (uint64, error) {
	r.d.poison()
	_, part, err := r.pull(aSize)
	return part.Least, err
}

// pull runs the decoder, and reads when it is short of bytes.
func (r *Reader) pull(w want) ([]byte, Part, error) {
	d := &r.d
	d.MaxFrame, d.Oversize = r.MaxFrame, r.Oversize
	for {
		payload, part, err := d.pull(w)
		if err != ErrShort {
			return d.lend(payload), part, err
		}
		if err := r.fill(); err != nil {
			return nil, Part{}, err
		}
	}
}

const maxEmptyReads = 100 // as bufio: a source that gives nothing again and again is broken

// fill reads once from the source, into the decoder's buffer.
func (r *Reader) fill() error {
	for range maxEmptyReads {
		if r.err != nil {
			return r.endOrError()
		}
		room := r.d.space(1, r.d.need)
		if r.Exact {
			room = room[:min(len(room), r.d.Need())]
		}
		n, err := r.src.Read(room)
		if n < 0 || n > len(room) {
			return r.d.fail(&Error{Err: ErrCorrupt, Reason: "the source's Read returned an impossible count", Offset: r.d.base + int64(len(r.d.in))})
		}
		r.d.wrote(n)
		r.err = err
		if n > 0 {
			return nil
		}
	}
	if r.err != nil {
		return r.endOrError()
	}
	return io.ErrNoProgress
}

// endOrError tells the decoder of the stream's end, and returns any other error once.
func (r *Reader) endOrError() error {
	err := r.err
	if err == io.EOF {
		r.d.eof = true
		return nil
	}
	r.err = nil
	return err
}
