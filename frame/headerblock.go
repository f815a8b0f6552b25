package frame

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// HeaderBlock is the format of frames that begin with lines "name: value", up to an empty line,
// one of which counts the bytes of the body behind it.
//
//	Content-Length: 2 CRLF CRLF {}
//
// A name is matched without regard to case. Two different lengths are an error.
type HeaderBlock struct {
	Length string // the name of the header that counts, such as "Content-Length"
	// Whole: the payload is the whole frame, header block included; the first line may be any,
	// and a frame without Length has no body. Line ends before a frame are dropped.
	// Otherwise the payload is the body, Length is required, and other headers are lost.
	Whole bool
	LF    bool // lines end with LF, and a CR before it is tolerated; otherwise with CRLF
	// End, if not empty, follows each body and is not part of the payload. Without Length, the
	// body goes up to the first End.
	End string
	Max int // largest header block in bytes, its empty line included; 0 means 8192
}

const defaultMaxHeader = 8 << 10

// Compile implements [Compiler].
func (f HeaderBlock) Compile() (Format, error) {
	switch {
	case f.Length == "" || strings.ContainsAny(f.Length, ": \t\r\n"):
		return nil, badOption("HeaderBlock", "Length", fmt.Sprintf("%q", f.Length), "must be the name of a header, such as Content-Length")
	case f.End != "" && !f.Whole:
		return nil, badOption("HeaderBlock", "End", fmt.Sprintf("%q", f.End), "needs Whole")
	case len(f.End) > maxTail:
		return nil, badOption("HeaderBlock", "End", len(f.End), "is too long")
	case f.Max < 0:
		return nil, badOption("HeaderBlock", "Max", f.Max, "must be positive, or 0 for 8192")
	}
	return &headerBlock{f}, nil
}

func (f HeaderBlock) AppendFrame(dst, payload []byte) ([]byte, error) {
	return fresh(f).AppendFrame(dst, payload)
}
func (f HeaderBlock) Split(buf []byte, in In) (Part, error) { return fresh(f).Split(buf, in) }

// headerBlock is a HeaderBlock whose options have been checked.
type headerBlock struct{ HeaderBlock }

func (f *headerBlock) max() int {
	if f.Max == 0 {
		return defaultMaxHeader
	}
	return f.Max
}

func (f *headerBlock) Split(buf []byte, in In) (Part, error) {
	if in.Inside {
		if in.From == openBody {
			return f.open(buf, 0, in)
		}
		return f.trailed(buf, rest(buf, in.From))
	}
	if n := f.padding(buf); n > 0 {
		return Part{Size: n, None: true}, nil
	}
	if in.From&openBody != 0 {
		return f.open(buf, in.From>>1, in)
	}
	head := f.head(buf, in.From>>1)
	if head < 0 && len(buf) < f.max() {
		return Part{Need: len(buf) + 1, From: len(buf) << 1}, nil
	}
	if head < 0 || head > f.max() {
		return Part{}, tooLarge(uint64(f.max())+1, uint64(f.max()), "the header block does not end")
	}
	n, found, err := f.length(buf[:head])
	switch {
	case err != nil:
		return Part{}, err
	case !found && f.End != "":
		return f.open(buf, head, in)
	case !found && !f.Whole:
		return Part{}, corrupt("no " + f.Length)
	}
	x := Extent{Total: uint64(head) + n + uint64(len(f.End)), Tail: len(f.End)}
	if !f.Whole {
		x.Off = head
	}
	return f.trailed(buf, x.split(buf, in))
}

func (f *headerBlock) trailed(buf []byte, part Part) (Part, error) {
	if part.complete() && string(buf[part.End:part.Size]) != f.End {
		part.Size = 0
		return part, corrupt(fmt.Sprintf("the body is not followed by %q", f.End))
	}
	return part, nil
}

// openBody is set in the note about a frame that End ends; the rest of it is how far the frame was
// searched. No rest of a counted frame is this small.
const openBody = 1

// open takes a frame that End ends, and whose body has no End before from.
func (f *headerBlock) open(buf []byte, from int, in In) (Part, error) {
	if i := bytes.Index(buf[from:], []byte(f.End)); i >= 0 {
		return Part{Size: from + i + len(f.End), End: from + i}, nil
	}
	sure := max(from, len(buf)-len(f.End)+1)
	if in.Pieces && sure > 0 {
		return Part{Size: sure, End: sure, More: true, From: openBody}, nil
	}
	part := Part{Need: len(buf) + 1, From: sure<<1 | openBody, Least: uint64(sure)}
	if in.Inside {
		part.From = openBody
	}
	return part, nil
}

// padding returns how many bytes of line ends stand before a frame.
func (f *headerBlock) padding(buf []byte) (n int) {
	for f.Whole && n < len(buf) {
		switch {
		case buf[n] == '\n':
			n++
		case buf[n] == '\r' && n+1 < len(buf) && buf[n+1] == '\n':
			n += 2
		default:
			return n
		}
	}
	return n
}

// head returns where the empty line behind the header block ends, or -1.
func (f *headerBlock) head(buf []byte, from int) int {
	for {
		i := bytes.IndexByte(buf[from:], '\n')
		if i < 0 {
			return -1
		}
		from += i + 1
		line := buf[:from]
		if bytes.HasSuffix(line, []byte("\r\n\r\n")) || f.LF && (bytes.HasSuffix(line, []byte("\n\n")) || bytes.HasSuffix(line, []byte("\n\r\n"))) {
			return from
		}
	}
}

// length reads the body's length from the header block.
func (f *headerBlock) length(head []byte) (n uint64, found bool, err error) {
	for first := true; ; first = false {
		line, more, ok := bytes.Cut(head, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		if !ok || len(line) == 0 {
			return n, found, nil
		}
		head = more
		name, value, ok := bytes.Cut(line, []byte(":"))
		switch {
		case first && f.Whole:
			continue // a command or a request
		case !ok:
			return 0, false, corrupt("a header line has no colon")
		case !bytes.EqualFold(bytes.TrimSpace(name), []byte(f.Length)):
			continue
		}
		v, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 62)
		if err != nil {
			return 0, false, corrupt(fmt.Sprintf("%s is no number of bytes", f.Length))
		}
		if found && v != n {
			return 0, false, corrupt("two different " + f.Length)
		}
		n, found = v, true
	}
}

func (f *headerBlock) AppendFrame(dst, payload []byte) ([]byte, error) {
	if f.Whole {
		out := append(append(dst, payload...), f.End...)
		if err := whole(f, out[len(dst):], len(payload)); err != nil {
			return dst, err
		}
		return out, nil
	}
	out := append(append(dst, f.Length...), ": "...)
	out = strconv.AppendInt(out, int64(len(payload)), 10)
	if f.LF {
		out = append(out, "\n\n"...)
	} else {
		out = append(out, "\r\n\r\n"...)
	}
	return append(out, payload...), nil
}
