package frame

// Moved returns how many bytes a reader has moved inside its buffer or to a larger one.
func Moved(r *Reader) int64 { return r.d.cost }

// BufferSize returns the size of the buffer that a decoder holds.
func BufferSize(d *Decoder) int { return cap(d.in) }
