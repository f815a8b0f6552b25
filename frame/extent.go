package frame

import "math"

// Extent is where a frame lies, as its first bytes tell: a header of Off bytes, the payload, and
// Tail bytes behind it.
type Extent struct {
	Need  int    // if not 0, the header is incomplete: how many bytes of the frame are useful next
	Total uint64 // the whole frame's size
	Off   int    // bytes before the payload; 0: the payload begins with the header
	Tail  int    // bytes after the payload, such as a trailer or padding, at most 255
}

const maxTail = math.MaxUint8

// check returns why there can be no such frame.
func (x Extent) check() string {
	switch {
	case x.Off < 0 || x.Tail < 0 || x.Tail > maxTail:
		return "impossible extent"
	case x.Total == 0:
		return "a frame of no bytes"
	case x.Total > math.MaxInt64:
		return "the length is 2^63 or more"
	case x.Total < uint64(x.Off+x.Tail):
		return "the frame is shorter than its header and trailer"
	}
	return ""
}

// split takes the frame, or a piece of it, from buf. The header must be complete, and check
// passed.
func (x Extent) split(buf []byte, in In) Part {
	part := Part{Least: x.Total - uint64(x.Off+x.Tail), Exact: true}
	if x.Total > math.MaxInt-maxHeader {
		part.Need = math.MaxInt // more than any memory: MaxFrame refuses it
		return part
	}
	total := int(x.Total)
	if len(buf) >= total {
		part.Size, part.Off, part.End = total, x.Off, total-x.Tail
		return part
	}
	part.Need = total
	if in.Pieces && len(buf) > 0 && len(buf) >= x.Off && total <= math.MaxInt>>9 {
		end := min(len(buf), total-x.Tail)
		part.Size, part.Off, part.End, part.More = end, x.Off, end, true
		part.From = (total-end)<<8 | x.Tail
	}
	return part
}

// rest goes on inside a frame whose first piece split took. The tail of a complete frame is
// buf[part.End:part.Size].
func rest(buf []byte, from int) Part {
	left, tail := from>>8, from&maxTail
	body := left - tail
	switch {
	case len(buf) >= left:
		return Part{Size: left, End: body}
	case body > 0 && len(buf) > 0:
		n := min(len(buf), body)
		return Part{Size: n, End: n, More: true, From: (left-n)<<8 | tail}
	}
	return Part{Need: left, From: from}
}

func (p Part) complete() bool { return p.Size > 0 && !p.More && !p.None }

// whole checks that frame, made of a payload that holds its own header, is one frame of f and
// nothing else, with the payload in front.
func whole(f Format, frame []byte, payload int) error {
	part, err := f.Split(frame, In{})
	switch {
	case err != nil:
		return &Error{Err: ErrPayload, Reason: "the payload is no frame of this format", Cause: err}
	case !part.complete() || part.Size != len(frame) || part.Off != 0 || part.End != payload:
		return unfit(0, "the payload is not exactly one frame of this format")
	}
	return nil
}
