package negotiate

import (
	"encoding/hex"
	"strconv"

	"github.com/parleyproto/parley/codec"
)

// Answer is what a server says when it accepts: the version chosen, and its own offer, whose
// features are those chosen.
type Answer struct {
	Version codec.Version
	Offer   Offer
}

// AppendGreeting appends the client's line for o, with its LF:
//
//	PARLEY/1 telemetry v=1-3 min=2 f=zip,audit! n=000102030405060708090a0b0c0d0e0f
//
// What has its default value is left out. On an error, an [OfferError], it returns dst as it
// was.
func AppendGreeting(dst []byte, o Offer) ([]byte, error) {
	if err := o.Validate(); err != nil {
		return dst, err
	}
	return appendGreeting(dst, o, false), nil
}

// AppendAnswer appends the server's line for a, with its LF:
//
//	PARLEY/1 OK telemetry v=3 all=1-3 f=zip n=0f0e0d0c0b0a09080706050403020100
//
// Errors are as for [AppendGreeting].
func AppendAnswer(dst []byte, a Answer) ([]byte, error) {
	if err := a.Offer.Validate(); err != nil {
		return dst, err
	}
	return appendAnswer(dst, a, false), nil
}

// ParseGreeting parses a client's line without its LF. A CR at its end is allowed. The offer
// has its defaults filled in and keeps nothing of the line. The error is a [*SyntaxError].
func ParseGreeting(line []byte) (Offer, error) {
	var p parser
	p.start(line)
	o := Offer{Protocol: p.protocol()}
	for {
		key, value, ok := p.next()
		if !ok {
			break
		}
		if string(key) == "v" {
			o.Versions = p.versions(value)
		} else {
			p.offerKey(&o, key, value)
		}
	}
	if o.Versions == nil {
		p.fail(p.off, "the key v is missing")
	}
	if p.err != nil {
		return Offer{}, p.err
	}
	return o.Normal(), nil
}

// ParseAnswer parses a server's line without its LF. When the server refuses, the error is a
// [*RefusedError], otherwise a [*SyntaxError].
func ParseAnswer(line []byte) (Answer, error) {
	var p parser
	p.start(line)
	switch string(p.token()) {
	case "OK":
		return p.acceptance()
	case "NO":
		r, err := p.refusal()
		if err == nil {
			err = &RefusedError{Refusal: r}
		}
		return Answer{}, err
	}
	p.fail(p.at, "expected OK or NO")
	return Answer{}, p.err
}

func (p *parser) acceptance() (Answer, error) {
	a := Answer{Offer: Offer{Protocol: p.protocol()}}
	chosen := false
	for {
		key, value, ok := p.next()
		if !ok {
			break
		}
		switch string(key) {
		case "v":
			a.Version, chosen = p.version(value), true
		case "all":
			a.Offer.Versions = p.versions(value)
		default:
			p.offerKey(&a.Offer, key, value)
		}
	}
	if !chosen {
		p.fail(p.off, "the key v is missing")
	}
	if p.err != nil {
		return Answer{}, p.err
	}
	if a.Offer.Versions == nil {
		a.Offer.Versions = VersionSet(a.Version)
	}
	a.Offer = a.Offer.Normal()
	return a, nil
}

func (p *parser) protocol() string {
	name := p.token()
	if p.err == nil && !isName(name, maxProtocol) {
		p.fail(p.at, "a protocol's name is 1 to 64 of A-Z a-z 0-9 . _ -")
	}
	return string(name)
}

// offerKey parses the keys that greeting and answer have in common.
func (p *parser) offerKey(o *Offer, key, value []byte) {
	switch string(key) {
	case "min":
		o.Min = p.version(value)
	case "fp":
		o.Fingerprints = p.fingerprints(value)
	case "f":
		o.Features = p.features(value)
	case "max":
		o.MaxMessage = p.positive(value, maxSize)
	case "win":
		o.Window = p.positive(value, maxSize)
	case "hb":
		o.Heartbeat = p.heartbeat(value)
	case "n":
		p.hex(o.Nonce[:], value)
	}
}

func appendGreeting(dst []byte, o Offer, grease bool) []byte {
	begin := len(dst)
	dst = append(append(dst, version1+" "...), o.Protocol...)
	dst = appendOffer(append(dst, " v="...), o, grease)
	if grease && len(dst)-begin > MaxLine {
		return appendGreeting(dst[:begin], o, false)
	}
	return dst
}

func appendAnswer(dst []byte, a Answer, grease bool) []byte {
	begin := len(dst)
	dst = append(append(dst, version1+" OK "...), a.Offer.Protocol...)
	dst = strconv.AppendUint(append(dst, " v="...), uint64(a.Version), 10)
	dst = appendOffer(append(dst, " all="...), a.Offer, grease)
	if grease && len(dst)-begin > MaxLine {
		return appendAnswer(dst[:begin], a, false)
	}
	return dst
}

// appendOffer appends what follows the key of the versions, and LF. Grease is drawn from the
// nonce: a version, a feature and a key that nobody knows.
func appendOffer(dst []byte, o Offer, grease bool) []byte {
	o = o.Normal()
	grease = grease && o.Nonce != Nonce{}
	dst = o.Versions.append(dst)
	if grease {
		n := uint64(o.Nonce[0])<<8 | uint64(o.Nonce[1])
		first := uint64(MaxVersion) + 1
		dst = strconv.AppendUint(append(dst, ','), first+n%(uint64(maxWireVersion)-first+1), 10)
	}
	if o.Min > o.Versions.Lowest() {
		dst = strconv.AppendUint(append(dst, " min="...), uint64(o.Min), 10)
	}
	dst = appendFingerprints(dst, o.Fingerprints)
	dst = appendFeatures(dst, o.Features, grease, o.Nonce[2])
	if o.MaxMessage != DefaultMaxMessage {
		dst = strconv.AppendUint(append(dst, " max="...), o.MaxMessage, 10)
	}
	if o.Window != DefaultWindow {
		dst = strconv.AppendUint(append(dst, " win="...), o.Window, 10)
	}
	if h := o.Heartbeat; h != (Heartbeat{DefaultInterval, DefaultGap}) {
		dst = strconv.AppendUint(append(dst, " hb="...), uint64(h.Interval/milli), 10)
		dst = strconv.AppendUint(append(dst, '/'), uint64(h.Gap/milli), 10)
	}
	if o.Nonce != (Nonce{}) {
		dst = hex.AppendEncode(append(dst, " n="...), o.Nonce[:])
	}
	if grease {
		dst = hex.AppendEncode(append(dst, " x-"...), o.Nonce[3:4])
		dst = hex.AppendEncode(append(dst, '='), o.Nonce[4:6])
	}
	return append(dst, '\n')
}

func appendFingerprints(dst []byte, fs []Fingerprint) []byte {
	for i, f := range fs {
		if i == 0 {
			dst = append(dst, " fp="...)
		} else {
			dst = append(dst, ',')
		}
		dst = strconv.AppendUint(dst, uint64(f.Version), 10)
		dst = hex.AppendEncode(append(dst, ':'), f.Layout[:])
	}
	return dst
}

func appendFeatures(dst []byte, fs []Feature, grease bool, seed byte) []byte {
	sep := " f="
	for _, f := range fs {
		dst = append(append(dst, sep...), f.Name...)
		if sep = ","; f.Required {
			dst = append(dst, '!')
		}
	}
	if grease {
		dst = hex.AppendEncode(append(append(dst, sep...), "x-"...), []byte{seed})
	}
	return dst
}
