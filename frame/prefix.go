package frame

import "encoding/binary"

// Prefix is the format of frames that begin with the size of their payload, in a fixed width.
//
//	Uint32BE:  00 00 00 05 h e l l o
type Prefix uint8

const (
	Uint8 Prefix = iota
	Uint16BE
	Uint16LE
	Uint24BE
	Uint24LE
	Uint32BE
	Uint32LE
	Uint64BE
	Uint64LE
)

var prefixes = func() (all [9]*lengthField) {
	for i, size := range []int{1, 2, 2, 3, 3, 4, 4, 8, 8} {
		f := LengthField{Size: size, Strip: size}
		if i > 0 && i%2 == 0 {
			f.Order = binary.LittleEndian
		}
		all[i], _ = f.compile()
	}
	return all
}()

// Compile implements [Compiler].
func (p Prefix) Compile() (Format, error) {
	if int(p) >= len(prefixes) {
		return nil, badOption("Prefix", "value", uint8(p), "is none of Uint8 to Uint64LE")
	}
	return prefixes[p], nil
}

func (p Prefix) AppendFrame(dst, payload []byte) ([]byte, error) {
	return fresh(p).AppendFrame(dst, payload)
}
func (p Prefix) Split(buf []byte, in In) (Part, error) { return fresh(p).Split(buf, in) }
