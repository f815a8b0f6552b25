package negotiate

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/parleyproto/parley/codec"
)

// The syntax of greeting, answer and refusal (docs/protocol.md, sections 1 to 3). It is
// frozen for ever: a change here is a mistake.
const (
	// MaxLine is the longest greeting, answer or refusal in bytes, with its LF.
	MaxLine = 1024

	magic    = "PARLEY/"
	version1 = "PARLEY/1"

	maxKeys   = 64               // in one line
	maxList   = 64               // elements of one list
	maxSize   = 1 << 40          // max and win
	maxMillis = 1<<32 - 1        // hb and retry
	milli     = time.Millisecond // the unit of times
)

// parser reads one line. Its first error sticks; then every method returns zero values.
type parser struct {
	line []byte // without LF and CR
	off  int    // of the next byte
	at   int    // where the present token's value begins
	key  []byte // of the present token
	seen [maxKeys][]byte
	keys int
	err  *SyntaxError
}

func (p *parser) fail(at int, reason string) {
	if p.err == nil {
		p.err = &SyntaxError{Offset: at, Key: string(p.key), Reason: reason}
		p.off = len(p.line)
	}
}

// result returns the first error, as an error that is nil when there was none.
func (p *parser) result() error {
	if p.err == nil {
		return nil
	}
	return p.err
}

// start checks the line's bytes and takes its first token.
func (p *parser) start(line []byte) {
	line = bytes.TrimSuffix(line, []byte{'\r'})
	p.line = line
	if len(line) > MaxLine-1 {
		p.fail(MaxLine-1, "the line is longer than 1024 bytes with its LF")
		return
	}
	for i, c := range line {
		if c < 0x20 || c > 0x7e {
			p.fail(i, "a byte outside printable ASCII")
			return
		}
	}
	if string(p.token()) != version1 {
		p.fail(0, "the line does not begin with PARLEY/1 and a space")
	}
}

// token takes the next token; between two stands one space.
func (p *parser) token() []byte {
	if p.err != nil {
		return nil
	}
	begin := p.off
	if begin > 0 {
		if begin >= len(p.line) {
			p.fail(begin, "the line ends too early")
			return nil
		}
		begin++ // the space at which the last token ended
	}
	n := bytes.IndexByte(p.line[begin:], ' ')
	if n < 0 {
		n = len(p.line) - begin
	}
	if n == 0 {
		p.fail(begin, "an empty token; one space stands between two tokens")
		return nil
	}
	p.at, p.off = begin, begin+n
	return p.line[begin : begin+n]
}

// next takes the next key=value. It returns false at the end of the line and after an error.
func (p *parser) next() (key, value []byte, ok bool) {
	p.key = nil
	if p.err != nil || p.off >= len(p.line) {
		return nil, nil, false
	}
	t := p.token()
	if p.err != nil {
		return nil, nil, false
	}
	begin := p.at
	eq := bytes.IndexByte(t, '=')
	if eq <= 0 {
		p.fail(begin, "not key=value")
		return nil, nil, false
	}
	p.key, p.at = t[:eq], begin+eq+1
	for _, k := range p.seen[:p.keys] {
		if bytes.Equal(k, p.key) {
			p.fail(begin, "given twice")
			return nil, nil, false
		}
	}
	if p.keys == maxKeys {
		p.fail(begin, "more than 64 keys")
		return nil, nil, false
	}
	p.seen[p.keys] = p.key
	p.keys++
	return p.key, t[eq+1:], true
}

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

const (
	maxProtocol = 64 // bytes of a protocol's name
	maxFeature  = 32 // bytes of a feature's
)

// isName tells whether b is 1 to limit letters, digits, dots, underscores and hyphens.
func isName[S ~string | ~[]byte](b S, limit int) bool {
	if len(b) == 0 || len(b) > limit {
		return false
	}
	for i := 0; i < len(b); i++ {
		c := b[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}
