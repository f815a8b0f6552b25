package session

import (
	"fmt"

	"github.com/parleyproto/parley/codec"
)

// CodecPanicError says that a codec panicked. It costs the message: one that was to be sent is
// refused, or dropped as [Unencodable]; one that was received is refused by a NACK, as one that
// cannot be decoded.
type CodecPanicError struct {
	Value any // what it panicked with
}

func (e *CodecPanicError) Error() string {
	return fmt.Sprintf("session: the codec panicked: %v; mend it, or what it was given", e.Value)
}

// caught is deferred around a codec: a driver holds its lock meanwhile, so a panic must not pass. It
// recovers only if the codec has not returned, as that takes longer than a small message.
func caught(returned *bool, err *error) {
	if *returned {
		return
	}
	if p := recover(); p != nil {
		*err = &CodecPanicError{p}
	}
}

func appendTo(c codec.Codec, dst []byte, m codec.Message) (all []byte, err error) {
	returned := false
	defer caught(&returned, &err)
	all, err = c.Append(dst, m)
	returned = true
	return all, err
}

func decode(c codec.Codec, b []byte) (m codec.Message, err error) {
	returned := false
	defer caught(&returned, &err)
	m, err = c.Decode(b)
	returned = true
	return m, err
}

func losesNothing(c codec.Codec, m codec.Message) (all bool, err error) {
	returned := false
	defer caught(&returned, &err)
	all = len(codec.Loss(c, m)) == 0
	returned = true
	return all, nil
}
