package frame

import "io"

// NextReader returns the payload of the next frame as a stream, so that a frame of any size
// passes in constant memory; MaxFrame does not apply. It waits for the frame's beginning. The
// reader returned is valid until the next call of a method of r; what it was not asked for is
// dropped then. It returns an error that is io.ErrUnexpectedEOF if the frame is cut off.
//
// A format that knows no pieces passes the frame as a whole, within MaxFrame. So do the formats
// that declare a length for frames of more than 4 MiB where an int has 32 bits.
func (r *Reader) NextReader() (io.Reader, error) {
	r.d.poison()
	if r.d.inside && r.d.mode == deliver {
		r.d.mode = discard
	}
	b := &r.body
	*b = body{r: r}
	piece, part, err := r.pull(aPiece)
	if err != nil {
		return nil, err
	}
	b.piece, b.more = piece, part.More
	return b, nil
}

// body is the payload of the frame at the front.
type body struct {
	r     *Reader
	piece []byte
	more  bool
}

func (b *body) Read(p []byte) (int, error) {
	for len(b.piece) == 0 {
		if !b.more {
			return 0, io.EOF
		}
		if len(p) == 0 {
			return 0, nil
		}
		piece, part, err := b.r.pull(aPiece)
		if err != nil {
			return 0, err
		}
		b.piece, b.more = piece, part.More
	}
	n := copy(p, b.piece)
	b.piece = b.piece[n:]
	return n, nil
}
