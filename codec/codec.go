package codec

import "strconv"

// Version numbers the releases of a protocol. Versions are compared by their order only;
// they may have gaps, and 0 is a version like any other.
type Version uint32

// String returns the version as tags and logs spell it: "v3".
func (v Version) String() string { return "v" + strconv.FormatUint(uint64(v), 10) }

// Message is a pointer to a struct that the codecs of a protocol know.
type Message any

// Codec encodes and decodes all messages of one version of a protocol. A payload is
// self-contained: it holds the message's id or type name. Implementations are safe for
// concurrent use.
type Codec interface {
	// Append appends m's payload to dst and returns the longer slice. On an error it
	// returns dst as it was: [*LossError] when this version cannot carry the value,
	// [*EncodeError] when the value breaks a rule of the schema, [*MessageError] when the
	// codec does not know m's type. It keeps nothing of m.
	Append(dst []byte, m Message) ([]byte, error)

	// Decode returns the message that src holds, as a pointer to a new struct. It takes
	// all of src: bytes after the message's end are an error. It keeps nothing of src.
	// Errors are [*DecodeError] or [*MessageError].
	Decode(src []byte) (Message, error)
}

// Sizer is a [Codec] that knows a message's encoded size without encoding it.
type Sizer interface {
	// Size returns the length in bytes of what Append would append, or Append's error.
	Size(m Message) (int, error)
}

// AliasDecoder is a [Codec] that can decode without copying strings and byte slices.
type AliasDecoder interface {
	// DecodeAlias is Decode, but strings and byte slices in the result share src's memory:
	// the message is valid until src changes.
	DecodeAlias(src []byte) (Message, error)
}

// IntoDecoder is a [Codec] that can decode into an existing message.
type IntoDecoder interface {
	// DecodeInto decodes src into m, whose type must be the payload's. Every field is set,
	// also those that the version does not have; lists and what pointers point to may be
	// reused, strings, bytes and maps are new. On an error m's contents are unspecified. It keeps nothing of src.
	DecodeInto(m Message, src []byte) error
}

// Losser is a [Codec] that can tell what of a message its version would lose.
type Losser interface {
	// Loss returns the paths of all fields, such as "Points[2].Note", whose values the
	// version cannot carry, also of those that the schema declares lossy. Empty: the
	// version carries all of m, or does not have its message at all, as Append then says.
	Loss(m Message) []string
}

// Loss returns the paths of all fields of m that c's version cannot carry. It is empty for a
// codec that does not implement [Losser].
func Loss(c Codec, m Message) []string {
	if l, ok := c.(Losser); ok {
		return l.Loss(m)
	}
	return nil
}

// Size returns the length of m's payload in c, computed by its [Sizer] or by encoding m.
func Size(c Codec, m Message) (int, error) {
	if s, ok := c.(Sizer); ok {
		return s.Size(m)
	}
	b, err := c.Append(nil, m)
	return len(b), err
}
