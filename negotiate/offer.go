package negotiate

import (
	"cmp"
	"slices"
	"time"

	"github.com/parleyproto/parley/codec"
)

// What a greeting means when it does not say (docs/protocol.md, 1.2). The heartbeat is that
// of engine.io, with the shortest tolerated gap of gRPC's clients.
const (
	DefaultMaxMessage = 16 << 20 // bytes
	DefaultWindow     = 1 << 20  // bytes

	DefaultInterval = 25 * time.Second
	DefaultGap      = 10 * time.Second
)

// Offer is what one side can and wants to speak. The zero values of all fields but Protocol
// and Versions mean the defaults of the wire. An Offer is not changed by this package and
// must not be changed by its owner while a handshake or a connection uses it.
type Offer struct {
	// Protocol names the application protocol: 1 to 64 of A-Z a-z 0-9 . _ -
	Protocol string

	// Versions that this side can speak, none above MaxVersion.
	Versions Versions

	// Min is the lowest version that this side will speak, whatever happens: at the
	// choice, in an upgrade or downgrade, with a legacy peer. Zero: the lowest of
	// Versions.
	Min codec.Version

	// Prefer is a server's order of preference, best first. Versions that it does not
	// name come after it, highest first; so nil means highest first. It is not sent.
	Prefer []codec.Version

	// Fingerprints of versions' layouts. Two sides that both have one for a version must
	// have the same, or they do not match in this version.
	Fingerprints []Fingerprint

	// Features wanted, each name once.
	Features []Feature

	MaxMessage uint64    // the largest message accepted, in bytes; 0: DefaultMaxMessage
	Window     uint64    // bytes of unacknowledged messages allowed to the peer; 0: DefaultWindow
	Heartbeat  Heartbeat // zero: DefaultInterval and DefaultGap

	// Nonce makes the digest of this connection unlike that of any other. Draw it anew,
	// at random, for each connection. Zero: none is sent.
	Nonce Nonce
}

// Normal returns o as its peer reads it: with the defaults filled in, versions and
// fingerprints sorted. Prefer stays.
func (o Offer) Normal() Offer {
	o.Versions = o.Versions.normal()
	o.Min = max(o.Min, o.Versions.Lowest())
	o.Fingerprints = sortFingerprints(o.Fingerprints)
	if o.MaxMessage == 0 {
		o.MaxMessage = DefaultMaxMessage
	}
	if o.Window == 0 {
		o.Window = DefaultWindow
	}
	if o.Heartbeat == (Heartbeat{}) {
		o.Heartbeat = Heartbeat{DefaultInterval, DefaultGap}
	}
	return o
}

// share takes those strings of local that are equal to the offer's own: a server keeps the offer
// of each client, and these once for all.
func (o *Offer) share(local *Offer) {
	if o.Protocol == local.Protocol {
		o.Protocol = local.Protocol
	}
	for i := range o.Features {
		for _, f := range local.Features {
			if o.Features[i].Name == f.Name {
				o.Features[i].Name = f.Name
			}
		}
	}
}

// layout returns the fingerprint of version v.
func (o *Offer) layout(v codec.Version) (layout [8]byte, ok bool) {
	for _, f := range o.Fingerprints {
		if f.Version == v {
			return f.Layout, true
		}
	}
	return layout, false
}

// sortFingerprints returns fs in ascending order of their versions; unsorted ones are copied.
func sortFingerprints(fs []Fingerprint) []Fingerprint {
	byVersion := func(a, b Fingerprint) int { return cmp.Compare(a.Version, b.Version) }
	if slices.IsSortedFunc(fs, byVersion) {
		return fs
	}
	fs = slices.Clone(fs)
	slices.SortFunc(fs, byVersion)
	return fs
}

// Fingerprint tells the layout of one version apart from others.
type Fingerprint struct {
	Version codec.Version
	Layout  [8]byte
}

// Feature is something optional that both sides must name to use it.
type Feature struct {
	Name     string // 1 to 32 of a-z A-Z 0-9 . _ -
	Required bool   // refuse a peer that does not name it
}

// Heartbeat is one side's terms.
type Heartbeat struct {
	Interval time.Duration // this side wants to send a ping so often; whole milliseconds, at least one
	Gap      time.Duration // the shortest gap between the peer's pings that it tolerates; whole milliseconds
}

// Nonce is 16 random bytes.
type Nonce [16]byte

// Agreement is what a negotiation came to. It holds everything about the peer that the
// connection needs later, and nothing of the handshake's own memory.
type Agreement struct {
	Version  codec.Version
	Features []string // those that both sides named, in the local offer's order
	Digest   Digest   // H0, over both greeting lines; of a legacy peer, zero
	Peer     Offer    // with the defaults filled in; of a legacy peer, empty but for Protocol

	// Legacy says that the peer did not greet and was recognised by its first bytes. Such
	// a peer has no envelope, no digest and no session.
	Legacy bool
}

// Has tells whether both sides named the feature.
func (a *Agreement) Has(feature string) bool {
	for _, f := range a.Features {
		if f == feature {
			return true
		}
	}
	return false
}
