package wire

import "unsafe"

// shareBelow is the size in bytes up to which a message's strings share one copy of the
// payload: one allocation instead of one each, at the price that a kept string keeps so much
// memory at most.
const shareBelow = 256

// Decoder is the state of one decode. Its zero value copies each string and byte slice.
type Decoder struct {
	Budget int // bytes that lists, maps and pointers may still take
	Depth  int // levels that recursive structs may still nest

	text  string // the input as a string to cut from, "" if strings are copied one by one
	alias bool   // byte slices share the input's memory
}

// NewDecoder returns the state for a decode of src. Lists, maps and pointers may take
// perByte bytes of memory for each byte of src, and recursive structs nest depth levels.
// With share, short payloads are copied once for all their strings.
func NewDecoder(src []byte, perByte, depth int, share bool) Decoder {
	d := Decoder{Budget: len(src) * perByte, Depth: depth}
	if share {
		d.text = Share(src)
	}
	return d
}

// NewAliasDecoder is NewDecoder, but strings and byte slices share src's memory.
func NewAliasDecoder(src []byte, perByte, depth int) Decoder {
	return Decoder{
		Budget: len(src) * perByte, Depth: depth,
		text: Alias(src), alias: true,
	}
}

// String returns src[i:j] as a string.
func (d *Decoder) String(src []byte, i, j int) string { return Cut(d.text, src, i, j) }

// Alias returns a string that shares src's memory.
func Alias(src []byte) string { return unsafe.String(unsafe.SliceData(src), len(src)) }

// Share returns a copy of src to cut strings from, "" if they had better be copied one by one.
func Share(src []byte) string {
	if len(src) > shareBelow {
		return ""
	}
	return string(src)
}

// Cut returns src[i:j] as a string: a part of text, which has the same bytes, if that is not
// empty.
func Cut(text string, src []byte, i, j int) string {
	if text != "" {
		return text[i:j]
	}
	return string(src[i:j])
}

// Bytes returns src[i:j] as a slice of its own, or of src in an aliasing decode.
func (d *Decoder) Bytes(src []byte, i, j int) []byte {
	if d.alias {
		return src[i:j:j]
	}
	return append([]byte{}, src[i:j]...)
}

// Take takes n times size bytes from the budget; false if it does not last.
func (d *Decoder) Take(n, size int) bool {
	d.Budget -= n * size
	return d.Budget >= 0
}

// OverBudget returns the error about a field for which Take was false.
func (d *Decoder) OverBudget(path string, offset, n, size int) error {
	need := uint64(n) * uint64(size)
	return TooMany(path, offset, "memory", need, uint64(d.Budget+n*size))
}

// Enter counts one more level of a recursive struct; false if it is too deep.
func (d *Decoder) Enter() bool {
	d.Depth--
	return d.Depth >= 0
}

// Leave ends a level.
func (d *Decoder) Leave() { d.Depth++ }
