package codec

// Extension is one tagged field that the decoder's schema does not know.
type Extension struct {
	Tag  uint64
	Data []byte
}

// Extensions are the tagged fields of a message that its struct has no field for, by
// ascending tag. A struct field of this type says that the message ends, in the versions of
// its range, with a section of tagged fields; a peer of an older build keeps what it does
// not know there and carries it along. Data shares the input's memory only after an
// aliasing decode.
//
//	count uvarint │ tag uvarint │ size uvarint │ data … │ tag │ size │ data …
type Extensions []Extension

// Tail is what follows the fields of a message that a version knows. A struct field of this
// type says that such bytes are kept, and written again behind the fields.
type Tail []byte
