package frame

import (
	"bytes"
	"fmt"
)

// Fixed is the format of frames that all have the same size, in bytes.
type Fixed int

// Compile implements [Compiler].
func (f Fixed) Compile() (Format, error) {
	if f < 1 || f > 1<<30 {
		return nil, badOption("Fixed", "size", int(f), "must be 1 to 2^30")
	}
	return fixed(f), nil
}

func (f Fixed) AppendFrame(dst, payload []byte) ([]byte, error) {
	return fresh(f).AppendFrame(dst, payload)
}
func (f Fixed) Split(buf []byte, in In) (Part, error) { return fresh(f).Split(buf, in) }

// fixed is a Fixed whose size has been checked.
type fixed int

func (f fixed) AppendFrame(dst, payload []byte) ([]byte, error) {
	if len(payload) != int(f) {
		return dst, unfit(0, fmt.Sprintf("%d bytes where each frame has %d", len(payload), int(f)))
	}
	return append(dst, payload...), nil
}

// Enclose implements [Encloser].
func (f fixed) Enclose(dst, payload []byte) ([]byte, int, error) {
	out, err := f.AppendFrame(dst, payload)
	return out[:len(dst)], len(dst), err
}

func (f fixed) Split(buf []byte, in In) (Part, error) {
	if in.Inside {
		return rest(buf, in.From), nil
	}
	return Extent{Total: uint64(f)}.split(buf, in), nil
}

// Literal is the format of one frame that is always the same bytes, such as a protocol's preface.
type Literal string

// Compile implements [Compiler].
func (l Literal) Compile() (Format, error) {
	if l == "" {
		return nil, badOption("Literal", "bytes", `""`, "a frame needs at least one byte")
	}
	return literal(l), nil
}

func (l Literal) AppendFrame(dst, payload []byte) ([]byte, error) {
	return fresh(l).AppendFrame(dst, payload)
}
func (l Literal) Split(buf []byte, in In) (Part, error) { return fresh(l).Split(buf, in) }

// literal is a Literal that is not empty.
type literal string

func (l literal) AppendFrame(dst, payload []byte) ([]byte, error) {
	if string(payload) != string(l) {
		return dst, unfit(0, fmt.Sprintf("only %q can be carried", string(l)))
	}
	return append(dst, payload...), nil
}

func (l literal) Split(buf []byte, in In) (Part, error) {
	part := Part{Need: len(l), Least: uint64(len(l)), Exact: true}
	n := min(len(buf), len(l))
	if !bytes.Equal(buf[:n], []byte(l[:n])) {
		return part, corrupt(fmt.Sprintf("not %q", string(l)))
	}
	if n == len(l) {
		part.Size, part.End = n, n
	}
	return part, nil
}

// Rest is the format of one frame that is all that follows, up to the end of the stream. An end
// at once is no frame. It carries any payload but the empty one.
var Rest Format = untilEnd{}

type untilEnd struct{}

func (untilEnd) AppendFrame(dst, payload []byte) ([]byte, error) {
	if len(payload) == 0 {
		return dst, unfit(0, "no bytes are no frame")
	}
	return append(dst, payload...), nil
}

// Enclose implements [Encloser].
func (untilEnd) Enclose(dst, payload []byte) ([]byte, int, error) { return dst, len(dst), nil }

func (untilEnd) Split(buf []byte, in In) (Part, error) {
	n := len(buf)
	switch {
	case in.EOF && n > 0:
		return Part{Size: n, End: n}, nil
	case in.Pieces && n > 1: // one byte is kept to end the frame with
		return Part{Size: n - 1, End: n - 1, More: true}, nil
	}
	return Part{Need: n + 1, Least: uint64(n)}, nil
}
