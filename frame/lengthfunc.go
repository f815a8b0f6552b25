package frame

// LengthFunc is the format of frames whose extent a function reads from their first bytes: for
// what the other formats do not cover, such as a width chosen by a flag or two lengths summed.
type LengthFunc struct {
	// Extent tells from the first bytes of a frame where it lies, or, by Need, that it has to see
	// more. It is a pure function: what it says of a frame, it says again when it sees more of
	// it, and it never asks for bytes past the frame's end. An error is final.
	Extent func(head []byte) (Extent, error)
	// Append appends the frame that carries payload to dst. If nil, the payload is the whole
	// frame (Extent.Off and Tail are 0), and Extent checks it.
	Append func(dst, payload []byte) ([]byte, error)
}

// Compile implements [Compiler].
func (f LengthFunc) Compile() (Format, error) {
	if f.Extent == nil {
		return nil, badOption("LengthFunc", "Extent", "nil", "a function is required")
	}
	return &lengthFunc{f}, nil
}

func (f LengthFunc) AppendFrame(dst, payload []byte) ([]byte, error) {
	return fresh(f).AppendFrame(dst, payload)
}
func (f LengthFunc) Split(buf []byte, in In) (Part, error) { return fresh(f).Split(buf, in) }

// lengthFunc is a LengthFunc whose options have been checked.
type lengthFunc struct{ LengthFunc }

func (f *lengthFunc) Split(buf []byte, in In) (Part, error) {
	if in.Inside {
		return rest(buf, in.From), nil
	}
	x, err := f.Extent(buf)
	switch {
	case err != nil:
		return Part{}, err
	case x.Need > 0:
		return Part{Need: x.Need}, nil
	}
	if reason := x.check(); reason != "" {
		return Part{}, corrupt(reason)
	}
	return x.split(buf, in), nil
}

func (f *lengthFunc) AppendFrame(dst, payload []byte) ([]byte, error) {
	if f.Append != nil {
		return f.Append(dst, payload)
	}
	if err := whole(f, payload, len(payload)); err != nil {
		return dst, err
	}
	return append(dst, payload...), nil
}
