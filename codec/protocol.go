package codec

import (
	"errors"
	"fmt"
)

// Release is one version of a protocol.
type Release struct {
	Version Version
	Codec   Codec

	// Text says that every payload is one line of text without LF.
	Text bool

	// Fingerprint of the version's layout; peers whose fingerprints differ do not match
	// in this version. Zero: none, as with hand-written codecs.
	Fingerprint [8]byte

	// Frozen says that the layout is locked: it will never change again. An unfrozen
	// version is offered to peers only on demand.
	Frozen bool

	// MaxSize is the largest payload's size in bytes; 0: unknown or unbounded.
	MaxSize int
}

// Protocol lists the releases of one protocol. It is immutable once in use, and then safe
// for concurrent use.
type Protocol struct {
	Name     string
	Releases []Release // in ascending order of their versions
}

// Release returns the release of version v, or a [*VersionError].
func (p *Protocol) Release(v Version) (*Release, error) {
	for i := range p.Releases {
		if p.Releases[i].Version == v {
			return &p.Releases[i], nil
		}
	}
	return nil, &VersionError{Protocol: p.Name, Version: v, Have: p.Versions()}
}

// Versions returns the versions of all releases, ascending.
func (p *Protocol) Versions() []Version {
	vs := make([]Version, len(p.Releases))
	for i := range p.Releases {
		vs[i] = p.Releases[i].Version
	}
	return vs
}

// Newest returns the highest version, or 0 for a protocol without releases.
func (p *Protocol) Newest() Version {
	if len(p.Releases) == 0 {
		return 0
	}
	return p.Releases[len(p.Releases)-1].Version
}

// Check tells all that is wrong with a protocol that was written by hand: no name, no
// releases, versions that do not ascend, a release without a codec.
func (p *Protocol) Check() error {
	var errs []error
	if p.Name == "" {
		errs = append(errs, errors.New("codec: a protocol needs a name"))
	}
	if len(p.Releases) == 0 {
		errs = append(errs, fmt.Errorf("codec: protocol %q needs at least one release", p.Name))
	}
	for i, r := range p.Releases {
		if i > 0 && r.Version <= p.Releases[i-1].Version {
			errs = append(errs, fmt.Errorf("codec: protocol %q: release %v must come before %v", p.Name, r.Version, p.Releases[i-1].Version))
		}
		if r.Codec == nil {
			errs = append(errs, fmt.Errorf("codec: protocol %q: release %v needs a Codec", p.Name, r.Version))
		}
	}
	return errors.Join(errs...)
}

// Lowest returns the lowest version whose codec carries all of m: with nothing lost and
// nothing refused. If there is none, the error tells why the newest one does not: a
// [*LossError], also about fields that are declared lossy, or what its Append says.
func (p *Protocol) Lowest(m Message) (Version, error) {
	err := error(&VersionError{Protocol: p.Name})
	for i := range p.Releases {
		r := &p.Releases[i]
		if lost := Loss(r.Codec, m); len(lost) > 0 {
			err = &LossError{Path: lost[0], Version: r.Version, Carriers: "other versions"}
		} else if _, err = Size(r.Codec, m); err == nil {
			return r.Version, nil
		}
	}
	return 0, err
}

// Transcode appends to dst the payload src of version from, decoded and encoded again in
// version to. On an error it returns dst as it was: a [*VersionError], a [*DecodeError], or
// what the codec of version to says, such as a [*LossError]. It keeps nothing of src; dst
// and src must not overlap.
func (p *Protocol) Transcode(dst []byte, from, to Version, src []byte) ([]byte, error) {
	old, err := p.Release(from)
	if err != nil {
		return dst, err
	}
	new, err := p.Release(to)
	if err != nil {
		return dst, err
	}
	if from == to {
		return append(dst, src...), nil
	}
	var m Message
	if a, ok := old.Codec.(AliasDecoder); ok {
		m, err = a.DecodeAlias(src)
	} else {
		m, err = old.Codec.Decode(src)
	}
	if err != nil {
		return dst, err
	}
	return new.Codec.Append(dst, m)
}
