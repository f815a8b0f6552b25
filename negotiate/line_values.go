package negotiate

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/parleyproto/parley/codec"
)

// The values of a line's keys. A value that breaks the syntax is reported by fail, and the
// method returns something that is not used.

// number parses a canonical decimal number up to limit.
func (p *parser) number(b []byte, limit uint64) uint64 {
	if len(b) == 0 || len(b) > 19 || b[0] == '0' && len(b) > 1 {
		p.fail(p.at, "not a decimal number without leading zeros")
		return 0
	}
	var n uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			p.fail(p.at, "not a decimal number without leading zeros")
			return 0
		}
		n = n*10 + uint64(c-'0')
	}
	if n > limit {
		p.fail(p.at, "a number above "+strconv.FormatUint(limit, 10))
		return 0
	}
	return n
}

// positive parses a number from 1 to limit.
func (p *parser) positive(b []byte, limit uint64) uint64 {
	n := p.number(b, limit)
	if n == 0 {
		p.fail(p.at, "must not be 0")
	}
	return n
}

func (p *parser) version(b []byte) codec.Version {
	return codec.Version(p.number(b, uint64(maxWireVersion)))
}

func (p *parser) millis(b []byte) time.Duration {
	return time.Duration(p.number(b, maxMillis)) * milli
}

// hex parses exactly len(dst) bytes of lower-case hex.
func (p *parser) hex(dst, b []byte) {
	if len(b) != 2*len(dst) {
		p.fail(p.at, "expected "+strconv.Itoa(2*len(dst))+" hex digits")
		return
	}
	if _, err := hex.Decode(dst, b); err != nil || bytes.ContainsAny(b, "ABCDEF") {
		p.fail(p.at, "not lower-case hex digits")
	}
}

// list returns the number of elements of a comma-separated list.
func (p *parser) list(b []byte) int {
	n := bytes.Count(b, []byte{','}) + 1
	if n > maxList {
		p.fail(p.at, "more than 64 elements")
		return 0
	}
	return n
}

// element takes the first element of *rest, which becomes nil after the last one.
func (p *parser) element(rest *[]byte) (e []byte, ok bool) {
	if p.err != nil || *rest == nil {
		return nil, false
	}
	e, after, more := bytes.Cut(*rest, []byte{','})
	if *rest = after; !more {
		*rest = nil
	}
	return e, true
}

func (p *parser) versions(b []byte) Versions {
	s := make(Versions, 0, p.list(b))
	for rest := b; ; {
		e, ok := p.element(&rest)
		if !ok {
			return s.normal()
		}
		lo, hi, isRange := bytes.Cut(e, []byte{'-'})
		r := Range{Lo: p.version(lo)}
		if r.Hi = r.Lo; isRange {
			r.Hi = p.version(hi)
		}
		if r.Hi < r.Lo {
			p.fail(p.at, "a range whose end is below its begin")
		}
		s = append(s, r)
		p.at += len(e) + 1
	}
}

func (p *parser) fingerprints(b []byte) []Fingerprint {
	s := make([]Fingerprint, 0, p.list(b))
	for rest := b; ; {
		e, ok := p.element(&rest)
		if !ok {
			break
		}
		v, layout, _ := bytes.Cut(e, []byte{':'})
		f := Fingerprint{Version: p.version(v)}
		p.hex(f.Layout[:], layout)
		s = append(s, f)
		p.at += len(e) + 1
	}
	s = sortFingerprints(s)
	for i := 1; i < len(s); i++ {
		if s[i].Version == s[i-1].Version {
			p.fail(p.at, "two fingerprints of one version")
		}
	}
	return s
}

func (p *parser) features(b []byte) []Feature {
	s := make([]Feature, 0, p.list(b))
	for rest := b; ; {
		e, ok := p.element(&rest)
		if !ok {
			return s
		}
		name, required := bytes.CutSuffix(e, []byte{'!'})
		if !isName(name, maxFeature) {
			p.fail(p.at, "a feature is 1 to 32 of A-Z a-z 0-9 . _ -")
		}
		for _, f := range s {
			if f.Name == string(name) {
				p.fail(p.at, "a feature given twice")
			}
		}
		s = append(s, Feature{Name: string(name), Required: required})
		p.at += len(e) + 1
	}
}

func (p *parser) heartbeat(b []byte) Heartbeat {
	interval, gap, ok := bytes.Cut(b, []byte{'/'})
	if !ok {
		p.fail(p.at, "expected INTERVAL/GAP in milliseconds")
	}
	h := Heartbeat{Interval: time.Duration(p.positive(interval, maxMillis)) * milli, Gap: p.millis(gap)}
	return h
}

// strings parses a comma-separated list of tokens.
func (p *parser) strings(b []byte) []string {
	s := make([]string, 0, p.list(b))
	for rest := b; ; {
		e, ok := p.element(&rest)
		if !ok {
			return s
		}
		if len(e) == 0 {
			p.fail(p.at, "an empty element")
		}
		s = append(s, string(e))
		p.at += len(e) + 1
	}
}
