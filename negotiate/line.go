package negotiate

import (
	"bytes"
	"time"
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
