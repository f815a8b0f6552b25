package frame

// Begun returns what has come of the payload of the frame at the front, which is incomplete, and how
// many bytes of it are still to come. It is for who wants to read the rest of a large payload
// straight to where it belongs; see [Decoder.Divert]. rest is 0 when there is no such frame, when
// its size is not known yet or exceeds MaxFrame, and with formats other than a length field
// without Magic and Trailer, such as a [Prefix]. Begun takes nothing, and begun stays in the
// decoder, valid until the next call that is not Begun, Buffered or Need.
func (d *Decoder) Begun() (begun []byte, rest int) {
	f, ok := d.f.(*lengthField)
	if !ok || f.Magic != "" || f.Trailer != "" || d.err != nil || d.eof || d.held.Size > 0 ||
		d.mode != deliver || d.inside || d.pinned || d.later != nil || d.damaged {
		return nil, 0
	}
	b := d.in[d.r:len(d.in):len(d.in)]
	part, err := f.Split(b, In{})
	if err != nil || part.Size > 0 || !part.Exact || part.Least > d.limit() || len(b) < f.Strip {
		return nil, 0
	}
	return b[f.Strip:], part.Need - len(b)
}

// Divert takes the frame of which Begun has just told out of the decoder. Its caller reads the rest
// elsewhere: what the decoder is given next is the frame behind it. Copy before what Begun returned.
// Where there is no rest, Divert does nothing.
func (d *Decoder) Divert() {
	_, rest := d.Begun()
	if rest == 0 {
		return
	}
	d.poison()
	d.last = d.waiting() + rest
	d.rewind()
	d.base += int64(rest)
	d.from, d.need = 0, 0
}
