package session

import (
	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
)

// Profile is a checked [Config] of a client or of a server, shared by all its sessions. It
// is immutable and safe for concurrent use, as far as its Rand is.
type Profile struct {
	role     negotiate.Role
	cfg      Config
	offer    negotiate.Offer
	dialects []Dialect // ascending by version
}
