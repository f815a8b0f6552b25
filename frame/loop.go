package frame

import (
	"encoding/binary"
	"math/bits"
)

// loop names the formats whose frames are split without a call of Split, when they are complete.
// A test holds each loop to what Split gives.
type loop uint8

const (
	loopNone     loop = iota
	loopUint32BE      // in Next itself
	loopLF
	loopLength // any other LengthField but
	loopMarked // one with a magic or a trailer
)

// loopOf returns the loop for a format that is ready to run.
func loopOf(f Format) loop {
	switch f := f.(type) {
	case *lengthField:
		switch {
		case f.LengthField == LengthField{Size: 4, Strip: 4}:
			return loopUint32BE
		case f.Size == 8 && f.Adjust > 0: // the sum might wrap
			return loopNone
		case f.Magic != "" || f.Trailer != "":
			return loopMarked
		}
		return loopLength
	case line:
		if f == line(LF) {
			return loopLF
		}
	}
	return loopNone
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
func (d *Decoder) marked(most int) ([]byte, bool) {
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
	if len(p) > most {
		return nil, false
	}
	d.r += int(size)
	return d.lend(p), true
}
