package frame

import (
	"bytes"
	"fmt"
)

// Delimiter is the format of frames that end with one of the delimiters given, which is not part
// of the payload. AppendFrame writes the first of them.
//
// The delimiter that ends first in the stream counts; of those that end at the same byte, the
// longest. So nothing ever depends on bytes that are still to come.
func Delimiter(first string, more ...string) Format {
	d := &delimiter{all: append([]string{first}, more...)}
	for i, s := range d.all {
		if s == "" {
			d.err = badOption("Delimiter", fmt.Sprintf("argument %d", i+1), `""`, "a delimiter needs at least one byte")
			return d
		}
		d.longest = max(d.longest, len(s))
		if last := s[len(s)-1]; bytes.IndexByte(d.lasts, last) < 0 {
			d.lasts = append(d.lasts, last)
		}
	}
	for i, s := range d.all {
		if end, n := d.find([]byte(s), 0); end != len(s) || n != len(s) {
			d.err = badOption("Delimiter", fmt.Sprintf("argument %d", i+1), fmt.Sprintf("%q", s), "can never be found: another delimiter inside it ends first")
		}
	}
	return d
}

type delimiter struct {
	all     []string
	longest int
	lasts   []byte // the different last bytes of the delimiters
	err     error
}

// Compile implements [Compiler].
func (d *delimiter) Compile() (Format, error) { return d, d.err }

func (d *delimiter) Split(buf []byte, in In) (Part, error) {
	if d.err != nil {
		return Part{}, d.err
	}
	if end, n := d.find(buf, in.From); n > 0 {
		return Part{Size: end, End: end - n}, nil
	}
	sure := max(0, len(buf)-d.longest+1) // no delimiter begins before
	if in.Pieces && sure > 0 {
		return Part{Size: sure, End: sure, More: true, From: len(buf) - sure}, nil
	}
	return Part{Need: len(buf) + 1, From: len(buf), Least: uint64(sure)}, nil
}

// find returns where the first delimiter that ends after from ends, and its length.
func (d *delimiter) find(buf []byte, from int) (end, n int) {
	for end = from; ; {
		switch i := d.next(buf[end:]); i {
		case -1:
			return 0, 0
		default:
			end += i + 1
		}
		for _, s := range d.all {
			if len(s) > n && bytes.HasSuffix(buf[:end], []byte(s)) {
				n = len(s)
			}
		}
		if n > 0 {
			return end, n
		}
	}
}

// next finds the first byte that is the last of a delimiter.
func (d *delimiter) next(b []byte) int {
	if len(d.lasts) == 1 {
		return bytes.IndexByte(b, d.lasts[0])
	}
	// A byte that is nowhere near must not be searched for in all that is there, for each frame
	// anew: so look at a little, then at twice as much.
	for from, size := 0, 64; from < len(b); from, size = from+size, 2*size {
		window := b[from:min(len(b), from+size)]
		found := false
		for _, c := range d.lasts {
			if i := bytes.IndexByte(window, c); i >= 0 {
				window, found = window[:i], true
			}
		}
		if found {
			return from + len(window)
		}
	}
	return -1
}

func (d *delimiter) AppendFrame(dst, payload []byte) ([]byte, error) {
	if err := d.check(payload); err != nil {
		return dst, err
	}
	return append(append(dst, payload...), d.all[0]...), nil
}

// Enclose implements [Encloser].
func (d *delimiter) Enclose(dst, payload []byte) ([]byte, int, error) {
	if err := d.check(payload); err != nil {
		return dst, 0, err
	}
	return append(dst, d.all[0]...), len(dst), nil
}

func (d *delimiter) check(payload []byte) error {
	if d.err != nil {
		return d.err
	}
	return cutBy(d, payload, d.all[0])
}

// cutBy returns an error if d would find a delimiter in payload, or across payload and the end
// that follows it.
func cutBy(d *delimiter, payload []byte, end string) error {
	if at, n := d.find(payload, 0); n > 0 {
		return unfit(at-n, "the payload contains a delimiter")
	}
	tail := payload[max(0, len(payload)-d.longest+1):]
	seam := append(append(make([]byte, 0, 64), tail...), end...)
	if at, n := d.find(seam, len(tail)); at != len(seam) || n != len(end) {
		return unfit(len(payload), "the payload's last bytes and the delimiter make another delimiter")
	}
	return nil
}
