package frame

import "bytes"

// Line is a format of lines that end with LF.
type Line uint8

const (
	// LF ends a line with LF. One CR before it is tolerated and taken away when reading, so
	// that a payload cannot end with CR. It writes LF alone.
	LF Line = iota
	// StrictLF ends a line with LF. A CR is data like any other byte.
	StrictLF
)

// Compile implements [Compiler].
func (l Line) Compile() (Format, error) {
	if l > StrictLF {
		return nil, badOption("Line", "value", uint8(l), "is neither LF nor StrictLF")
	}
	return line(l), nil
}

func (l Line) AppendFrame(dst, payload []byte) ([]byte, error) {
	return fresh(l).AppendFrame(dst, payload)
}
func (l Line) Split(buf []byte, in In) (Part, error) { return fresh(l).Split(buf, in) }

// line is a Line that has been checked.
type line Line

func (l line) AppendFrame(dst, payload []byte) ([]byte, error) {
	if err := l.check(payload); err != nil {
		return dst, err
	}
	return append(append(dst, payload...), '\n'), nil
}

// Enclose implements [Encloser].
func (l line) Enclose(dst, payload []byte) ([]byte, int, error) {
	if err := l.check(payload); err != nil {
		return dst, 0, err
	}
	return append(dst, '\n'), len(dst), nil
}

func (l line) check(payload []byte) error {
	if i := bytes.IndexByte(payload, '\n'); i >= 0 {
		return unfit(i, "a line cannot contain LF")
	}
	if n := len(payload); l == line(LF) && n > 0 && payload[n-1] == '\r' {
		return unfit(n-1, "a line that ends with CR would lose it; use StrictLF")
	}
	return nil
}

func (l line) Split(buf []byte, in In) (Part, error) {
	i := bytes.IndexByte(buf[in.From:], '\n')
	if i >= 0 {
		end := in.From + i
		size := end + 1
		if l == line(LF) && end > 0 && buf[end-1] == '\r' {
			end--
		}
		return Part{Size: size, End: end}, nil
	}
	n := len(buf)
	if l == line(LF) && n > 0 && buf[n-1] == '\r' {
		n-- // it may belong to the line's end
	}
	if in.Pieces && n > 0 {
		return Part{Size: n, End: n, More: true}, nil
	}
	return Part{Need: len(buf) + 1, From: len(buf), Least: uint64(n)}, nil
}
