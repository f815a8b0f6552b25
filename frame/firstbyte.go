package frame

import "fmt"

// FirstByte chooses the format of each frame by the frame's first byte, for streams that mix two:
// RTSP with interleaved binary data, syslog in both of its framings.
//
// AppendFrame takes the first format in the order given that carries the payload and whose frame
// begins with one of its own bytes.
type FirstByte struct {
	Cases   []Case
	Default Format // of all other first bytes; nil: they are corrupt
}

// Case gives a format to the frames that begin with a byte from First to Last.
type Case struct {
	First, Last byte // Last 0 means First
	Format      Format
}

// Syslog is syslog over TCP in both framings of RFC 6587: counted where a frame begins with a
// digit, else a line.
var Syslog Format = FirstByte{
	Cases:   []Case{{First: '1', Last: '9', Format: OctetCounting}},
	Default: LF,
}

// Compile implements [Compiler].
func (f FirstByte) Compile() (Format, error) {
	out := FirstByte{Cases: make([]Case, len(f.Cases)), Default: f.Default}
	if len(f.Cases) == 0 {
		return nil, badOption("FirstByte", "Cases", "empty", "needs a case; without one use the format itself")
	}
	for i, c := range f.Cases {
		if c.Last == 0 {
			c.Last = c.First
		}
		if c.Last < c.First {
			return nil, badOption("FirstByte", "Cases", fmt.Sprintf("%#02x-%#02x", c.First, c.Last), "ends before it begins")
		}
		inner, err := Compile(c.Format)
		if err != nil {
			return nil, err
		}
		out.Cases[i] = Case{c.First, c.Last, inner}
	}
	if f.Default != nil {
		inner, err := Compile(f.Default)
		if err != nil {
			return nil, err
		}
		out.Default = inner
	}
	return out, nil
}

// Fresh implements [Stateful].
func (f FirstByte) Fresh() Format {
	if _, err := f.Compile(); err != nil {
		return invalid{err}
	}
	s := &firstByte{}
	for i := range s.of {
		s.of[i] = noCase
	}
	for _, c := range f.Cases {
		s.formats = append(s.formats, fresh(c.Format))
		for b := int(c.First); b <= int(max(c.First, c.Last)); b++ {
			if s.of[b] == noCase {
				s.of[b] = uint8(len(s.formats) - 1)
			}
		}
	}
	if f.Default != nil {
		s.formats = append(s.formats, fresh(f.Default))
		for i, c := range s.of {
			if c == noCase {
				s.of[i] = uint8(len(s.formats) - 1)
			}
		}
	}
	return s
}

func (f FirstByte) AppendFrame(dst, payload []byte) ([]byte, error) {
	return f.Fresh().AppendFrame(dst, payload)
}

func (f FirstByte) Split(buf []byte, in In) (Part, error) { return f.Fresh().Split(buf, in) }

const noCase = 0xFF

// firstByte is a FirstByte and which of its formats is inside a frame.
type firstByte struct {
	of      [256]uint8 // the format of each first byte
	formats []Format
	active  Format
}

func (f *firstByte) Split(buf []byte, in In) (Part, error) {
	run := f.active
	if !in.Inside || run == nil {
		if len(buf) == 0 {
			return Part{Need: 1}, nil
		}
		c := f.of[buf[0]]
		if c == noCase {
			return Part{}, corrupt(fmt.Sprintf("no frame begins with %#02x", buf[0]))
		}
		run = f.formats[c]
	}
	part, err := run.Split(buf, in)
	if part.Size > 0 {
		f.active = run
	}
	return part, err
}

// Held implements [Holder].
func (f *firstByte) Held() []byte { return f.active.(Holder).Held() }

func (f *firstByte) AppendFrame(dst, payload []byte) ([]byte, error) {
	var first error
	for i, run := range f.formats {
		out, err := run.AppendFrame(dst, payload)
		if err == nil && len(out) > len(dst) && int(f.of[out[len(dst)]]) == i {
			return out, nil
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = unfit(0, "no case's first byte begins a frame with this payload")
	}
	return dst, first
}
