package frame

// Moved returns how many bytes a reader has moved inside its buffer or to a larger one.
func Moved(r *Reader) int64 { return r.d.cost }

// Poisoning tells whether a decoder notes the frame that it lends.
const Poisoning = poisoning

// BufferSize returns the size of the buffer that a decoder holds.
func BufferSize(d *Decoder) int { return cap(d.in) }

// LoseSplit makes each frame that r gives from now on, other than by one of Next's loops, an error.
func LoseSplit(r *Reader) { LoseSplitOf(&r.d) }

// LoseSplitOf is LoseSplit for a Decoder.
func LoseSplitOf(d *Decoder) { d.f = invalid{corrupt("Split was called")} }

// JoinerMemory returns how many bytes a reader of a Join keeps for messages.
func JoinerMemory(r *Reader) int { return cap(r.d.f.(*joiner).msg) }

// WriterMemory returns how many bytes a writer keeps to gather frames in.
func WriterMemory(w *Writer) int {
	n := cap(w.buf)
	if j, ok := w.f.(*joiner); ok {
		n += cap(j.scratch)
	}
	return n
}

// ReaderMemory returns the size of the buffer that a reader holds.
func ReaderMemory(r *Reader) int { return cap(r.d.in) }
