package wire

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/parleyproto/parley/codec"
)

// The functions of this file make and complete errors. They run only when something is
// wrong, so paths are built here and not on the way down, and none of them is inlined, which
// would swell the code that runs when all is well.

// Bad returns a decode error about a field.
//
//go:noinline
func Bad(path string, offset int, cause error) error {
	return &codec.DecodeError{Path: path, Offset: offset, Err: cause}
}

// Short returns the decode error of an input that ends within a field.
//
//go:noinline
func Short(path string, src []byte) error { return Bad(path, len(src), io.ErrUnexpectedEOF) }

// Width is one field of a run of fixed-width fields.
type Width struct {
	Path  string
	Bytes int
}

// ShortRun returns the decode error of an input that ends within a run of fields that
// starts at index i: about the first field that is not complete.
//
//go:noinline
func ShortRun(src []byte, i int, run ...Width) error {
	for _, w := range run {
		if i += w.Bytes; i > len(src) {
			return Short(w.Path, src)
		}
	}
	return Short("", src)
}

// TooMany returns the decode error of a length, count or value above its limit.
//
//go:noinline
func TooMany(path string, offset int, what string, size, limit uint64) error {
	return Bad(path, offset, &codec.LimitError{What: what, Size: size, Limit: limit})
}

// Invalid returns an encode error about a field.
//
//go:noinline
func Invalid(path string, cause error) error { return &codec.EncodeError{Path: path, Err: cause} }

// TooLong returns the encode error of a length or count above its limit.
//
//go:noinline
func TooLong(path, what string, size int, limit uint64) error {
	return Invalid(path, &codec.LimitError{What: what, Size: uint64(size), Limit: limit})
}

// Lost returns the error about a field that a version does not carry.
//
//go:noinline
func Lost(path, carriers string) error { return &codec.LossError{Path: path, Carriers: carriers} }

// In puts the path of the field in which a part failed before the part's path.
//
//go:noinline
func In(err error, path string) error {
	switch e := err.(type) {
	case *codec.DecodeError:
		e.Path = Join(path, e.Path)
	case *codec.EncodeError:
		e.Path = Join(path, e.Path)
	case *codec.LossError:
		e.Path = Join(path, e.Path)
	}
	return err
}

// Of completes an error with the message's type and version, and returns it.
//
//go:noinline
func Of(err error, typ string, v codec.Version) error {
	var d *codec.DecodeError
	var e *codec.EncodeError
	var l *codec.LossError
	switch {
	case errors.As(err, &d):
		d.Type, d.Version = typ, v
	case errors.As(err, &e):
		e.Type, e.Version = typ, v
	case errors.As(err, &l):
		l.Type, l.Version = typ, v
	}
	return err
}

// Behind moves a decode error, if err is one, behind i bytes that were decoded before.
func Behind(i int, err error) error {
	if err != nil {
		move(i, err)
	}
	return err
}

func move(i int, err error) {
	var d *codec.DecodeError
	if errors.As(err, &d) {
		d.Offset += i
	}
}

// Join joins two paths: "Points[2]" and "Note" to "Points[2].Note".
func Join(path, rest string) string {
	if path == "" || rest == "" || rest[0] == '[' {
		return path + rest
	}
	return path + "." + rest
}

// Index returns the path of an element: "Points[2]".
func Index(path string, k int) string { return path + "[" + strconv.Itoa(k) + "]" }

// Key returns the path of a map's element: `Rooms["hall"]`.
func Key[K ~string | ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64](path string, k K) string {
	return path + "[" + keyText(k) + "]"
}

// UnknownType returns the error about a message whose Go type a version does not have.
func UnknownType(m codec.Message, v codec.Version) error {
	return &codec.MessageError{GoType: fmt.Sprintf("%T", m), Version: v}
}

// UnknownMessage returns the error about a payload whose id a version does not have.
func UnknownMessage(id uint64, v codec.Version) error { return &codec.MessageError{ID: id, Version: v} }

// WrongMessage returns the error about a payload that is not of the type to decode into.
func WrongMessage(m codec.Message, id uint64, v codec.Version) error {
	return &codec.MessageError{GoType: fmt.Sprintf("%T", m), ID: id, Version: v}
}

// NoVersion returns the error about a version that a message does not have.
//
//go:noinline
func NoVersion(p *codec.Protocol, v codec.Version) error {
	return &codec.VersionError{Protocol: p.Name, Version: v, Have: p.Versions()}
}
