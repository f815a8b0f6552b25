package frame

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
)

// RESP is the format of the Redis serialization protocol, versions 2 and 3. A frame is one value
// with all that is nested in it; the payload is the value as it stands, its last CRLF included.
// Attributes belong to the value that follows them.
//
//	*2 CRLF $4 CRLF PING CRLF $2 CRLF hi CRLF
//
// Streamed values of unknown length ($?, *?) are an error.
type RESP struct {
	Depth  int  // how deep arrays may be nested; 0 means 32
	Line   int  // longest line in bytes, without its CRLF; 0 means 65536
	Inline bool // a line that begins with a letter is a command typed by hand
}

// Compile implements [Compiler].
func (f RESP) Compile() (Format, error) {
	switch {
	case f.Depth < 0 || f.Depth > 1<<16:
		return nil, badOption("RESP", "Depth", f.Depth, "must be 1 to 65536, or 0 for 32")
	case f.Line < 0:
		return nil, badOption("RESP", "Line", f.Line, "must be positive, or 0 for 65536")
	}
	return f, nil
}

// Fresh implements [Stateful]: the place reached in a value is kept, so that it is never read twice.
func (f RESP) Fresh() Format {
	if _, err := f.Compile(); err != nil {
		return invalid{err}
	}
	if f.Depth == 0 {
		f.Depth = 32
	}
	if f.Line == 0 {
		f.Line = 64 << 10
	}
	return &respStream{RESP: f}
}

func (f RESP) Split(buf []byte, in In) (Part, error) { return f.Fresh().Split(buf, In{EOF: in.EOF}) }

func (f RESP) AppendFrame(dst, payload []byte) ([]byte, error) {
	return f.Fresh().AppendFrame(dst, payload)
}

// respStream is a RESP that has read the value at the front up to a place.
type respStream struct {
	RESP
	open    []uint64 // for each array begun, how many values are still to come
	bulk    int      // bytes of a bulk string, its CRLF included, that are still to come: 0, or 2 and more
	at      int      // how far the value was read: In.From must be the same
	scanned int      // how far a line behind at was searched for its end
}

func (f *respStream) Split(buf []byte, in In) (Part, error) {
	if !in.Inside && in.From == 0 || in.From != f.at || f.at > len(buf) {
		f.open, f.bulk, f.at, f.scanned = f.open[:0], 0, 0, 0
	}
	for {
		least := uint64(f.at + f.bulk)
		done, err := f.step(buf)
		if err != nil {
			return Part{Least: least}, err
		}
		if done {
			n := f.at
			f.at = 0
			return Part{Size: n, End: n}, nil
		}
		if need := f.need(buf); need > 0 {
			return f.stop(buf, need, in), nil
		}
	}
}

func (f *respStream) AppendFrame(dst, payload []byte) ([]byte, error) {
	if err := whole(f, payload, len(payload)); err != nil {
		return dst, err
	}
	return append(dst, payload...), nil
}

// need returns the useful len(buf) if the next step lacks bytes, else 0.
func (f *respStream) need(buf []byte) int {
	if f.bulk > 0 && f.at+f.bulk > len(buf) {
		return f.at + f.bulk
	}
	if f.bulk == 0 && f.scanned >= len(buf) {
		return max(len(buf)+1, f.at+3)
	}
	return 0
}

// stop returns what was read as a piece, or as incomplete.
func (f *respStream) stop(buf []byte, need int, in In) Part {
	if in.Pieces && f.bulk > 2 && len(buf) > f.at { // all of a bulk string but its CRLF
		n := min(len(buf)-f.at, f.bulk-2)
		f.at, f.bulk = f.at+n, f.bulk-n
	}
	if in.Pieces && f.at > 0 {
		n := f.at
		f.at, f.scanned = 0, max(0, f.scanned-n)
		return Part{Size: n, End: n, More: true}
	}
	return Part{Need: need, From: f.at, Least: uint64(f.at + f.bulk)}
}

// step reads one line or one bulk string, if it is there, and tells whether the value is complete.
func (f *respStream) step(buf []byte) (bool, error) {
	if f.bulk > 0 {
		end := f.at + f.bulk
		if end > len(buf) {
			return false, nil
		}
		if !bytes.Equal(buf[end-2:end], crlf) {
			return false, corrupt("a bulk string is not followed by CRLF")
		}
		f.at, f.bulk, f.scanned = end, 0, end
		return f.close(), nil
	}
	from := max(f.at, f.scanned-1)
	i := bytes.Index(buf[from:], crlf)
	end := from + i
	if i < 0 {
		f.scanned = len(buf)
		end = len(bytes.TrimSuffix(buf, crlf[:1]))
	}
	if end-f.at > f.Line {
		return false, tooLarge(uint64(f.Line)+1, uint64(f.Line), "a line does not end")
	}
	if i < 0 {
		return false, nil
	}
	line := buf[f.at:end]
	f.at, f.scanned = end+2, end+2
	return f.line(line)
}

// line reads the line that begins a value.
func (f *respStream) line(line []byte) (bool, error) {
	if len(line) == 0 {
		return false, corrupt("an empty line")
	}
	switch c := line[0]; c {
	case '+', '-', ':', '_', '#', ',', '(':
		return f.close(), nil
	case '$', '=', '!':
		n, null, err := respLength(line)
		if err != nil || null {
			return err == nil && f.close(), err
		}
		f.bulk = int(n) + 2
		return false, nil
	case '*', '~', '>', '%', '|':
		n, null, err := respLength(line)
		if err != nil || null {
			return err == nil && f.close(), err
		}
		switch c {
		case '%':
			n *= 2
		case '|':
			n = 2*n + 1 // the value that the attributes belong to
		}
		if n == 0 {
			return f.close(), nil
		}
		if len(f.open) == f.Depth {
			return false, corrupt(fmt.Sprintf("nested deeper than %d", f.Depth))
		}
		f.open = append(f.open, n)
		return false, nil
	default:
		if f.Inline && len(f.open) == 0 && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return true, nil
		}
		return false, corrupt(fmt.Sprintf("no value begins with %q", c))
	}
}

// close ends a value, and the arrays that it was the last of. It tells whether none is open.
func (f *respStream) close() bool {
	for len(f.open) > 0 {
		last := len(f.open) - 1
		if f.open[last]--; f.open[last] > 0 {
			return false
		}
		f.open = f.open[:last]
	}
	return true
}

// respLength reads the number behind a type byte; −1 is null.
func respLength(line []byte) (n uint64, null bool, err error) {
	digits := string(line[1:])
	if digits == "-1" && (line[0] == '$' || line[0] == '*') {
		return 0, true, nil
	}
	n, perr := strconv.ParseUint(digits, 10, 62)
	if perr != nil || n > math.MaxInt32-2 || len(digits) > 1 && digits[0] == '0' {
		return 0, false, corrupt(fmt.Sprintf("no length behind %q", line[0]))
	}
	return n, false, nil
}
