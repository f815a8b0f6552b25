package frame

import (
	"errors"
	"fmt"
	"strings"
)

// What went wrong, to be matched by errors.Is. A frame that the stream's end cuts off is
// io.ErrUnexpectedEOF; a stream that ends between two frames is io.EOF.
var (
	ErrShort    = errors.New("frame: more bytes are needed")          // from a Decoder: feed it and call again
	ErrTooLarge = errors.New("too large")                             // a frame beyond a limit
	ErrCorrupt  = errors.New("corrupt")                               // bytes that are no frame of this format
	ErrPayload  = errors.New("payload cannot be carried")             // on encoding: nothing was written
	ErrFormat   = errors.New("the format does not keep its contract") // a mistake in a Format, not in the bytes
)

// Error is a frame that could not be split or could not be written.
type Error struct {
	Err    error  // one of the Err… values, or io.ErrUnexpectedEOF
	Reason string // what exactly, in words
	Cause  error  // what the format itself returned, if it was not an *Error

	// Declared is the payload's size in bytes as its header declares it. Where the format
	// declares none, it is Limit+1: at least that much. 0 when size is not the matter.
	Declared uint64
	// Limit is the limit that was exceeded, in bytes: MaxFrame or the format's own.
	Limit uint64
	// Offset is where in the stream the frame, or the damage, starts: bytes since the Reader or
	// Decoder was made or reset. On encoding it is the offset in the payload.
	Offset int64
	// Recoverable: the next call goes on behind the damage. If not, it returns the same error,
	// but for an ErrTooLarge under the policy Fail, where MaxFrame may be raised first.
	Recoverable bool
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "frame: %v", e.Err)
	if e.Limit > 0 {
		fmt.Fprintf(&b, " (%d bytes, limit %d)", e.Declared, e.Limit)
	}
	fmt.Fprintf(&b, " at offset %d", e.Offset)
	if e.Reason != "" {
		b.WriteString(": " + e.Reason)
	}
	if e.Cause != nil {
		fmt.Fprintf(&b, ": %v", e.Cause)
	}
	return b.String()
}

func (e *Error) Unwrap() []error {
	if e.Cause != nil {
		return []error{e.Err, e.Cause}
	}
	return []error{e.Err}
}

// OptionError is an option of a format that makes no sense.
type OptionError struct {
	Format string // such as "LengthField"
	Option string // such as "Size"
	Value  string // what was given
	Why    string // what is wrong with it, and what would be right
}

func (e *OptionError) Error() string {
	return fmt.Sprintf("frame: %s.%s is %s: %s", e.Format, e.Option, e.Value, e.Why)
}

func badOption(format, option string, value any, why string) error {
	return &OptionError{Format: format, Option: option, Value: fmt.Sprint(value), Why: why}
}

// corrupt is what a format returns about bytes that are no frame of it.
func corrupt(reason string) error { return &Error{Err: ErrCorrupt, Reason: reason} }

// unfit is what a format returns about a payload that it cannot carry.
func unfit(at int, reason string) error {
	return &Error{Err: ErrPayload, Reason: reason, Offset: int64(at)}
}

// tooLarge is what a format returns about a payload beyond what it can declare, or a header
// beyond its own limit.
func tooLarge(size, limit uint64, reason string) error {
	return &Error{Err: ErrTooLarge, Reason: reason, Declared: size, Limit: limit}
}
