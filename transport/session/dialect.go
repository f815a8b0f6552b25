package session

import (
	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/frame"
)

// Dialect is how one version is spoken: how frames are found on the stream, and how messages
// are spelled in them.
type Dialect struct {
	Version codec.Version
	Format  frame.Format
	Codec   codec.Codec
	Text    bool // envelopes are spelled as text: one line each
}
