package codec

import (
	"errors"
	"fmt"
	"strings"
)

// Causes of a [*DecodeError] or an [*EncodeError], matched by errors.Is. A payload that ends
// too early is io.ErrUnexpectedEOF.
var (
	ErrTrailing  = errors.New("bytes after the message's end")
	ErrCanonical = errors.New("not the canonical encoding of its value")
	ErrRange     = errors.New("value out of range")
	ErrUTF8      = errors.New("invalid UTF-8")
	ErrEnum      = errors.New("value that the enum does not have in this version")
	ErrNil       = errors.New("nil where a value is required")
	ErrDepth     = errors.New("nested deeper than the protocol's limit")
	ErrSyntax    = errors.New("malformed text")
	ErrDuplicate = errors.New("given twice")
	ErrMissing   = errors.New("required member missing")
)

// VersionError says that a protocol does not have a version.
type VersionError struct {
	Protocol string
	Version  Version
	Have     []Version
}

func (e *VersionError) Error() string {
	have := make([]string, len(e.Have))
	for i, v := range e.Have {
		have[i] = v.String()
	}
	return fmt.Sprintf("codec: protocol %q has no version %v; it has [%s]", e.Protocol, e.Version, strings.Join(have, " "))
}

// MessageError says that a codec does not know a message: on encoding its Go type, on
// decoding its id or name.
type MessageError struct {
	Version Version
	GoType  string // on encoding
	ID      uint64 // on decoding a binary payload
	Name    string // on decoding a text payload
}

func (e *MessageError) Error() string {
	switch {
	case e.GoType != "":
		return fmt.Sprintf("codec: no message%s has Go type %s; give a pointer to one of the protocol's message structs", at(e.Version), e.GoType)
	case e.Name != "":
		return fmt.Sprintf("codec: no message%s is named %q", at(e.Version), e.Name)
	}
	return fmt.Sprintf("codec: no message%s has id %d", at(e.Version), e.ID)
}

// LossError says that a version cannot carry a field's value. Nothing was written.
type LossError struct {
	Type     string  // the message's type
	Path     string  // of the field, such as "Points[2].Note"
	Version  Version // that was to be encoded
	Carriers string  // the versions that carry the value, such as "v3+"
}

func (e *LossError) Error() string {
	return fmt.Sprintf("codec: %s: %v cannot carry the value (%s can); encode it for a newer peer, set it to its default, or declare the field lossy",
		join(e.Type, e.Path), e.Version, e.Carriers)
}

// LimitError is the cause of an encode or decode error about too large or too small a
// number: of bytes, of elements, or the value itself.
type LimitError struct {
	What  string // "length", "elements", "value", "memory"
	Size  uint64 // found or declared
	Limit uint64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s %d exceeds the limit %d", e.What, e.Size, e.Limit)
}

// EncodeError says why a message cannot be encoded. Nothing was written.
type EncodeError struct {
	Type    string // the message's type
	Path    string // of the field
	Version Version
	Err     error // the cause
}

func (e *EncodeError) Error() string {
	return fmt.Sprintf("codec: encode %s%s: %v", subject(e.Type, e.Path), at(e.Version), e.Err)
}

func (e *EncodeError) Unwrap() error { return e.Err }

// DecodeError says why and where a payload cannot be decoded.
type DecodeError struct {
	Type    string // the message's type
	Path    string // of the field
	Version Version
	Offset  int // in bytes, from the start of what Decode was given
	Err     error
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("codec: decode %s%s, byte %d: %v", subject(e.Type, e.Path), at(e.Version), e.Offset, e.Err)
}

func (e *DecodeError) Unwrap() error { return e.Err }

// join joins a type and a path in it: "Reading.Points[2].Note".
func join(typ, path string) string {
	if typ == "" || path == "" {
		return typ + path
	}
	return typ + "." + path
}

// at says at which version; nothing for 0, which is also that of codecs that do not know
// their version.
func at(v Version) string {
	if v == 0 {
		return ""
	}
	return " at " + v.String()
}

// subject names what an error is about when the type may not be known yet.
func subject(typ, path string) string {
	if typ == "" && path == "" {
		return "message"
	}
	return join(typ, path)
}
