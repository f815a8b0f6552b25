package frame

import (
	"fmt"
	"strconv"
)

// Decimal is the format of frames that begin with the size of their payload in ASCII decimal.
//
//	12:hello world!,      Sep ":", Trailer ","
//
// Numbers have no leading zeros.
type Decimal struct {
	Sep     string // what follows the number, such as ":" or " "; needed, no digit in front
	Trailer string // what follows the payload
	Digits  int    // the most digits, 1 to 18; 0 means 9
	Min     uint64 // the smallest legal number
}

var (
	// Netstring is D. J. Bernstein's netstring: 5:hello,
	Netstring Format = Decimal{Sep: ":", Trailer: ","}
	// OctetCounting is syslog over TCP with counted messages (RFC 6587, 3.4.1): 5 hello
	OctetCounting Format = Decimal{Sep: " ", Min: 1}
)

// Compile implements [Compiler].
func (f Decimal) Compile() (Format, error) {
	switch {
	case f.Sep == "" || f.Sep[0] >= '0' && f.Sep[0] <= '9':
		return nil, badOption("Decimal", "Sep", fmt.Sprintf("%q", f.Sep), "must be there, and not begin with a digit, to end the number")
	case f.Digits < 0 || f.Digits > 18:
		return nil, badOption("Decimal", "Digits", f.Digits, "must be 1 to 18, or 0 for 9")
	case len(f.Sep) > maxTail || len(f.Trailer) > maxTail:
		return nil, badOption("Decimal", "Trailer", len(f.Trailer), "is too long")
	}
	return &decimal{f}, nil
}

func (f Decimal) AppendFrame(dst, payload []byte) ([]byte, error) {
	return fresh(f).AppendFrame(dst, payload)
}
func (f Decimal) Split(buf []byte, in In) (Part, error) { return fresh(f).Split(buf, in) }

// decimal is a Decimal whose options have been checked.
type decimal struct{ Decimal }

func (f *decimal) digits() int {
	if f.Digits == 0 {
		return 9
	}
	return f.Digits
}

func (f *decimal) Split(buf []byte, in In) (Part, error) {
	if in.Inside {
		return f.trailed(buf, rest(buf, in.From))
	}
	n, digits := uint64(0), 0
	for digits < len(buf) && buf[digits] >= '0' && buf[digits] <= '9' {
		if digits == 1 && n == 0 {
			return Part{}, corrupt("the number has a leading zero")
		}
		if digits++; digits > f.digits() {
			return Part{}, corrupt(fmt.Sprintf("the number has more than %d digits", f.digits()))
		}
		n = n*10 + uint64(buf[digits-1]-'0')
	}
	if digits == 0 && len(buf) > 0 {
		return Part{}, corrupt("no number where a frame begins")
	}
	sep := buf[digits:min(len(buf), digits+len(f.Sep))]
	switch {
	case string(sep) != f.Sep[:len(sep)]:
		return Part{}, corrupt(fmt.Sprintf("the number is not followed by %q", f.Sep))
	case len(sep) < len(f.Sep):
		return Part{Need: len(buf) + max(1, min(digits, 1)*(len(f.Sep)-len(sep)))}, nil
	case n < f.Min:
		return Part{}, corrupt("the length is less than the least legal one")
	}
	off := digits + len(f.Sep)
	x := Extent{Total: uint64(off) + n + uint64(len(f.Trailer)), Off: off, Tail: len(f.Trailer)}
	return f.trailed(buf, x.split(buf, in))
}

func (f *decimal) trailed(buf []byte, part Part) (Part, error) {
	if part.complete() && string(buf[part.End:part.Size]) != f.Trailer {
		part.Size = 0
		return part, corrupt(fmt.Sprintf("the payload is not followed by %q", f.Trailer))
	}
	return part, nil
}

func (f *decimal) AppendFrame(dst, payload []byte) ([]byte, error) {
	out, trailer, err := f.Enclose(dst, payload)
	if err != nil {
		return dst, err
	}
	return append(append(out[:trailer], payload...), f.Trailer...), nil
}

// Enclose implements [Encloser].
func (f *decimal) Enclose(dst, payload []byte) ([]byte, int, error) {
	if uint64(len(payload)) < f.Min {
		return dst, 0, unfit(0, "the payload is shorter than the least legal length")
	}
	out := strconv.AppendInt(dst, int64(len(payload)), 10)
	if n := len(out) - len(dst); n > f.digits() {
		return dst, 0, tooLarge(uint64(len(payload)), pow10(f.digits())-1, "the number cannot hold more")
	}
	out = append(out, f.Sep...)
	return append(out, f.Trailer...), len(out), nil
}

func pow10(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}
