package frame

import (
	"bytes"
	"encoding/binary"
)

// DefaultMaxFrame is the limit of a payload's size where none is set: 1 MiB.
const DefaultMaxFrame = 1 << 20

// Oversize says what becomes of a frame whose payload is larger than MaxFrame. In each case the
// frame's *[Error] is an [ErrTooLarge], returned as soon as the size is known.
type Oversize uint8

const (
	Fail     Oversize = iota // stop before the frame; go on only if MaxFrame is raised
	Skip                     // drop the frame and go on behind it
	Truncate                 // return the first MaxFrame bytes along with the error, drop the rest
	Stream                   // leave the frame to NextReader or Piece; Next drops it
)

// A Decoder splits bytes that are pushed into it: for event loops and state machines, which
// read for themselves. It does no I/O.
//
//	d.Write(chunk)                  // or, with no copy:
//	n, err := conn.Read(d.Space(512)); d.Wrote(n)
//	for { p, err := d.Next(); if err == frame.ErrShort { break } … }
//
// A payload returned is borrowed: it lies in the decoder's buffer, and is valid until the next
// call of any method. The buffer grows with the bytes received, never with a declared size.
// A Decoder is for one goroutine at a time.
type Decoder struct {
	MaxFrame int      // largest payload in bytes; 0: DefaultMaxFrame, which the next call puts here; negative: no limit. May be changed between calls.
	Oversize Oversize // what to do with a larger one; Fail if zero

	buffer
	splitter
}

// NewDecoder returns a Decoder for frames of format f. If f's options are wrong, Next says so.
func NewDecoder(f Format) *Decoder {
	d := &Decoder{MaxFrame: DefaultMaxFrame}
	d.format(f)
	return d
}

// Reset forgets all buffered bytes and all state, and starts a new stream of format f.
// MaxFrame and Oversize stay. The buffer's memory is kept; see [Decoder.Release].
func (d *Decoder) Reset(f Format) {
	d.poison()
	d.rewind()
	d.base = 0
	d.last = 0
	d.splitter = splitter{spill: d.spill[:0]}
	d.format(f)
}

// SetFormat changes the format from the next frame on; buffered bytes go along. A frame that was
// begun (a piece or its size was returned) is finished in the old format first.
func (d *Decoder) SetFormat(f Format) {
	d.poison()
	d.setFormat(f)
}

// Write appends a copy of p to what is to be decoded. It always takes all of p.
func (d *Decoder) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := copy(d.Space(len(rest)), rest)
		d.Wrote(n)
		rest = rest[n:]
	}
	return len(p), nil
}

// Space returns room for at least min more bytes, and at least one, in the decoder's own buffer,
// to read into. Tell with Wrote how many bytes came. The room is valid until the next call.
func (d *Decoder) Space(min int) []byte {
	d.poison()
	return d.space(max(min, 1), d.need)
}

// Wrote says that the first n bytes of the last Space are input now.
func (d *Decoder) Wrote(n int) {
	if n < 0 || n > d.room {
		d.fail(&Error{Err: ErrPayload, Reason: "Wrote more than Space gave", Offset: d.base + int64(len(d.in))})
		return
	}
	d.wrote(n)
}

// Need returns how many more bytes are useful: as many as the frame at the front still lacks, as
// far as it is known; never more, and at least 1.
func (d *Decoder) Need() int { return max(d.need-d.waiting(), 1) }

// Buffered returns the bytes received and not yet taken by a frame. They stay in the decoder.
func (d *Decoder) Buffered() []byte { return d.in[d.r:len(d.in):len(d.in)] }

// Memory returns how many bytes of memory the decoder has for its buffers.
func (d *Decoder) Memory() int { return cap(d.in) + cap(d.spill) }

// End says that no more bytes come. Next then returns what is left, and io.EOF, or an error that
// is io.ErrUnexpectedEOF if the last frame is incomplete.
func (d *Decoder) End() { d.eof = true }

// Release gives the buffer back to a pool if no bytes are waiting in it, so that an idle
// connection holds no memory. The decoder goes on working; it takes a buffer when it needs one.
func (d *Decoder) Release() {
	d.poison()
	if d.waiting() == 0 && d.held.Size == 0 {
		d.drop()
		d.spill = nil
	}
}

// Next returns the payload of the next frame. It returns [ErrShort] if that frame is not
// complete: feed more and call again. After an *[Error] that is Recoverable, Next goes on.
func (d *Decoder) Next() ([]byte, error) {
	if poisoning {
		d.poison()
	}
	// A negative MaxFrame, no limit, is a very large uint.
	if d.loop == loopUint32BE {
		in, at := d.in, uint(d.r)
		if at < uint(len(in)) && uint(len(in))-at >= 4 {
			n := uint(binary.BigEndian.Uint32(in[at:]))
			if at += 4; n <= uint(len(in))-at && n <= uint(d.MaxFrame) {
				d.r = int(at + n)
				return d.lend(in[at : at+n : at+n]), nil
			}
		}
	} else if d.loop == loopLength {
		in, f := d.in, d.length
		if at := uint(d.r) + f.at; at < uint(len(in)) && uint(len(in))-at >= 8 {
			size := f.size8(in[at:])
			if size >= f.fewest && size <= uint64(len(in)-d.r) && uint(int(size)-f.Strip) <= uint(d.MaxFrame) {
				start := d.r + f.Strip
				d.r += int(size)
				return d.lend(in[start:d.r:d.r]), nil
			}
		}
	} else if d.loop == loopLF && d.from == 0 {
		b := d.in[d.r:]
		if n := bytes.IndexByte(b, '\n'); n < 0 {
			d.from = len(b) // searched
		} else if end := trimCR(b, n); uint(end) <= uint(d.MaxFrame) {
			d.r += n + 1
			return d.lend(b[:end:end]), nil
		}
	} else if d.loop == loopVarint {
		if p, ok := d.small(uint(d.MaxFrame)); ok {
			return p, nil
		}
	} else if d.loop == loopMarked {
		if p, ok := d.marked(uint(d.MaxFrame)); ok {
			return p, nil
		}
	}
	return d.next()
}

// Piece returns the next piece of the payload of the frame at the front, and whether more
// follows, so that a frame of any size passes in constant memory; MaxFrame does not apply.
// A piece may be empty. If Next is called before the last piece, it drops the rest of the frame.
// It returns [ErrShort] like Next.
func (d *Decoder) Piece() (piece []byte, more bool, err error) {
	d.poison()
	piece, part, err := d.pull(aPiece)
	return d.lend(piece), part.More, err
}

// PeekSize returns the size of the next frame's payload, and takes nothing, as soon as the frame
// declares it; if it declares none, once the frame is complete. The frame stays one of the
// present format, whatever SetFormat says until it is taken. It returns [ErrShort] like Next.
func (d *Decoder) PeekSize() (uint64, error) {
	d.poison()
	_, part, err := d.pull(aSize)
	return part.Least, err
}

// next is Next without the loops. Inlined, it would make the loops' stack frame large.
//
//go:noinline
func (d *Decoder) next() ([]byte, error) {
	if d.MaxFrame == 0 {
		d.MaxFrame = DefaultMaxFrame // where the loops see it
	}
	if d.loop != loopNone {
		d.forget()
		if p, ok := d.split1(); ok {
			return d.lend(p), nil
		}
	}
	payload, _, err := d.pull(aFrame)
	return d.lend(payload), err
}
