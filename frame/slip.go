package frame

import "bytes"

// SLIP is RFC 1055: a frame ends with END (C0); END and ESC (DB) in the payload are escaped. It
// writes an END in front of a frame too, which flushes line noise; reading needs none, so frames
// have several spellings. Empty frames are dropped, so an empty payload cannot be carried. A bad
// escape loses its frame only.
//
//	C0 01 DB DC 02 C0  =  01 C0 02
var SLIP Format = slip{}

type slip struct{}

const (
	slipEnd    = 0xC0
	slipEsc    = 0xDB
	slipEscEnd = 0xDC
	slipEscEsc = 0xDD
)

var errSLIP = corrupt("an escape is followed by neither DC nor DD")

func (slip) AppendFrame(dst, payload []byte) ([]byte, error) {
	if len(payload) == 0 {
		return dst, unfit(0, "SLIP drops empty frames")
	}
	dst = append(dst, slipEnd)
	plain := 0 // payload[plain:i] needs no escape
	for i, c := range payload {
		if c != slipEnd && c != slipEsc {
			continue
		}
		dst = append(append(dst, payload[plain:i]...), slipEsc, slipEscEnd)
		if c == slipEsc {
			dst[len(dst)-1] = slipEscEsc
		}
		plain = i + 1
	}
	dst = append(dst, payload[plain:]...)
	return append(dst, slipEnd), nil
}

func (slip) Split(buf []byte, in In) (Part, error) {
	const damaged = 1 // From: skip to the frame's end
	empty := 0
	for !in.Inside && empty < len(buf) && buf[empty] == slipEnd {
		empty++
	}
	if empty > 0 {
		return Part{Size: empty, None: true}, nil
	}
	from := in.From
	if in.Inside {
		from = 0
	}
	i := bytes.IndexByte(buf[from:], slipEnd)
	n := from + i
	if i < 0 {
		n = len(buf)
	}
	part := Part{Least: uint64(n+1) / 2}
	if in.Inside && in.From == damaged {
		part = Part{Size: n, More: true, From: damaged}
		if i >= 0 {
			part = Part{Size: n + 1}
		}
		if part.Size == 0 {
			return Part{Need: 1, From: damaged}, nil
		}
		return part, errSLIP
	}
	if i < 0 && !in.Pieces {
		part.Need, part.From = n+1, n
		return part, nil
	}
	if i < 0 && n > 0 && buf[n-1] == slipEsc {
		n-- // what it escapes is still to come
	}
	if i < 0 && n == 0 {
		return Part{Need: len(buf) + 1}, nil
	}
	if !slipValid(buf[:n]) {
		part.Size = n + 1
		if i < 0 {
			part.Size, part.More, part.From = n, true, damaged
		}
		return part, errSLIP
	}
	part = Part{Size: n + 1, End: unslip(buf[:n])}
	if i < 0 {
		part.Size, part.More = n, true
	}
	return part, nil
}

// slipValid tells whether each escape in b is followed by what it may be.
func slipValid(b []byte) bool {
	for {
		i := bytes.IndexByte(b, slipEsc)
		if i < 0 {
			return true
		}
		if i+1 == len(b) || b[i+1] != slipEscEnd && b[i+1] != slipEscEsc {
			return false
		}
		b = b[i+2:]
	}
}

// unslip decodes b in place and returns the payload's size.
func unslip(b []byte) int {
	i := bytes.IndexByte(b, slipEsc)
	if i < 0 {
		return len(b)
	}
	n := i
	for {
		b[n] = slipEnd
		if b[i+1] == slipEscEsc {
			b[n] = slipEsc
		}
		n, i = n+1, i+2
		next := bytes.IndexByte(b[i:], slipEsc)
		if next < 0 {
			return n + copy(b[n:], b[i:])
		}
		n += copy(b[n:], b[i:i+next])
		i += next
	}
}
