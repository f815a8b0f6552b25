package frame

import (
	"encoding/binary"
	"math/bits"
)

// loop names the formats whose frames are split without a call of Split, when they are complete.
// A test holds each loop to what Split gives.
type loop uint8

const (
	loopNone     loop = iota // something special is going on: a frame was begun, held, is skipped
	loopSplit                // any format: one call of Split
	loopUint32BE             // in Next itself
	loopLF
	loopLength // any other LengthField but
	loopMarked // one with a magic or a trailer
	loopVarint // the payload behind its size
)

// loopOf returns the loop for a format that is ready to run.
func loopOf(f Format) loop {
	switch f := f.(type) {
	case *lengthField:
		switch {
		case f.LengthField == LengthField{Size: 4, Strip: 4}:
			return loopUint32BE
		case f.Size == 8 && f.Adjust > 0: // the sum might wrap
			return loopSplit
		case f.Magic != "" || f.Trailer != "":
			return loopMarked
		}
		return loopLength
	case *varint:
		if !f.Whole && f.width() >= 2 {
			return loopVarint
		}
	case line:
		if f == line(LF) {
			return loopLF
		}
	}
	return loopSplit
}

// split1 returns the next frame if one call of Split gives it as a whole. If not, what Split said
// is held for the long way.
func (d *Decoder) split1() ([]byte, bool) {
	b := d.in[d.r:len(d.in):len(d.in)]
	if len(b) < d.need {
		return nil, false
	}
	part, err := d.f.Split(b, In{From: d.from, EOF: d.eof})
	if err == nil && part.None && part.Size > 0 && part.Size <= len(b) {
		d.r += part.Size
		d.from, d.need = 0, 0
		b = b[part.Size:]
		part, err = d.f.Split(b, In{EOF: d.eof})
	}
	if err == nil && part.complete() && !part.Held && part.possible(len(b)) && part.End <= part.Size &&
		uint64(part.End-part.Off) <= d.limit() {
		d.r += part.Size
		d.from, d.need, d.last = 0, 0, part.Size
		return b[part.Off:part.End:part.End], true
	}
	if part.Size > 0 {
		d.start = d.base + int64(d.r)
		part, err = d.accept(part, err, b, In{})
		d.hold(part, err)
	}
	return nil, false
}

// small returns the next frame behind a size of one or two bytes, if it is complete and no larger
// than most.
func (d *Decoder) small(most uint) ([]byte, bool) {
	b := d.in[d.r:]
	if len(b) < 2 {
		return nil, false
	}
	n, head := int(b[0]), 1
	if n >= 0x80 {
		if b[1] == 0 || b[1] >= 0x80 {
			return nil, false
		}
		n, head = n&0x7F|int(b[1])<<7, 2
	}
	if b = b[head:]; n > len(b) || uint(n) > most {
		return nil, false
	}
	d.r += head + n
	return d.lend(b[:n:n]), true
}

// trimCR returns where a line ends whose LF is b[n].
func trimCR(b []byte, n int) int {
	if n > 0 && b[n-1] == '\r' {
		n--
	}
	return n
}

// size8 reads the length field at b with one load of 8 bytes, and returns the frame's size. It is
// meaningless below f.fewest.
func (f *lengthField) size8(b []byte) uint64 {
	v := binary.LittleEndian.Uint64(b)
	if !f.little {
		v = bits.ReverseBytes64(v) >> (f.shift & 63)
	}
	return v&f.mask + f.add
}

// marked returns the next frame of a format with a magic or a trailer, if it is complete, sound,
// and no larger than most.
func (d *Decoder) marked(most uint) ([]byte, bool) {
	f, b := d.length, d.in[d.r:]
	if len(b) < f.Offset+8 {
		return nil, false
	}
	size := f.size8(b[f.Offset:])
	if size < f.fewest || size > uint64(len(b)) || !f.intact(b[:size]) {
		return nil, false
	}
	end := int(size) - len(f.Trailer)
	p := b[f.Strip:end:end]
	if uint(len(p)) > most {
		return nil, false
	}
	d.r += int(size)
	return d.lend(p), true
}
