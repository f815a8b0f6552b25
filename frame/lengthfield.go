package frame

import (
	"encoding/binary"
	"fmt"
	"math"
)

// LengthField is the format of frames whose header holds their length.
//
//	 0         Offset        Offset+Size                             total
//	┌─────────┬─────────────┬───────────────────────────┬───────────┐
//	│ Magic … │ length      │ …                         │ Trailer   │
//	└─────────┴─────────────┴───────────────────────────┴───────────┘
//	     total = Offset + Size + length + Adjust
//	     payload = from Strip up to the Trailer
//
// The payload holds what Strip leaves of the header. On writing, these header bytes must be
// there, and their length and Magic must be right. What Strip takes away is made anew: Magic and
// length as they are, any other byte as 0; where a peer writes something else there, the frame
// has several spellings.
type LengthField struct {
	Offset  int              // bytes before the length field
	Size    int              // its width in bytes, 1 to 8
	Order   binary.ByteOrder // binary.LittleEndian, or binary.BigEndian, which nil means too
	Adjust  int              // what to add to the length to get the bytes that follow it; negative where it counts the header
	Strip   int              // bytes taken away from the frame's front; 0: the payload is the whole frame
	Min     uint64           // the smallest legal value of the length field
	Magic   string           // the frame's first bytes; after damage the next frame is found by it
	Trailer string           // the frame's last bytes, counted in its length; always taken away
}

// Compile implements [Compiler].
func (f LengthField) Compile() (Format, error) {
	c, err := f.compile()
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (f LengthField) compile() (*lengthField, error) {
	bad := func(option string, value any, why string) (*lengthField, error) {
		return nil, badOption("LengthField", option, value, why)
	}
	head := f.Offset + f.Size
	switch {
	case f.Size < 1 || f.Size > 8:
		return bad("Size", f.Size, "must be 1 to 8")
	case f.Offset < 0 || f.Offset > maxHeader:
		return bad("Offset", f.Offset, fmt.Sprintf("must be 0 to %d", maxHeader))
	case f.Order != nil && f.Order != binary.LittleEndian && f.Order != binary.BigEndian:
		return bad("Order", f.Order, "must be binary.BigEndian or binary.LittleEndian")
	case f.Adjust < -maxHeader || f.Adjust > maxHeader:
		return bad("Adjust", f.Adjust, fmt.Sprintf("must be within ±%d", maxHeader))
	case f.Strip < 0 || f.Strip > maxHeader:
		return bad("Strip", f.Strip, fmt.Sprintf("must be 0 to %d", maxHeader))
	case len(f.Magic) > f.Offset:
		return bad("Magic", fmt.Sprintf("%q", f.Magic), "must end before the length field; raise Offset")
	case len(f.Trailer) > maxTail:
		return bad("Trailer", fmt.Sprintf("%d bytes", len(f.Trailer)), fmt.Sprintf("must have at most %d", maxTail))
	case f.Min > f.max():
		return bad("Min", f.Min, fmt.Sprintf("is more than the length field can hold, %d", f.max()))
	}
	if f.Order == binary.ByteOrder(binary.BigEndian) {
		f.Order = nil
	}
	c := &lengthField{LengthField: f, head: head, little: f.Order != nil}
	c.at = uint(f.Offset)
	c.shift, c.mask = uint(64-8*f.Size), f.max()
	c.add = uint64(head + f.Adjust)
	c.least = max(head, f.Strip) + len(f.Trailer)
	c.fewest = uint64(c.least)
	if f.Min>>62 != 0 || int64(f.Min)+int64(c.add) > int64(c.least) {
		c.fewest = f.Min + c.add
	}
	return c, nil
}

const maxHeader = 1 << 16 // more than any protocol's header; keeps sums of options small

func (f LengthField) max() uint64 { return math.MaxUint64 >> (64 - 8*f.Size) }

func (f LengthField) AppendFrame(dst, payload []byte) ([]byte, error) {
	return fresh(f).AppendFrame(dst, payload)
}
func (f LengthField) Split(buf []byte, in In) (Part, error) { return fresh(f).Split(buf, in) }
