package negotiate

import (
	"bytes"
	"strconv"
)

// AppendRefusal appends the server's line for r, with its LF:
//
//	PARLEY/1 NO code=version v=2-4 min=2 msg=come back with a newer build
//
// A value that does not fit in MaxLine, or that the syntax cannot spell, is left out; a
// message is cut off. So it never fails.
func AppendRefusal(dst []byte, r *Refusal) []byte {
	w := refusalWriter{dst: dst, begin: len(dst)}
	code := r.Code
	if !isName(code, maxFeature) {
		code = CodeGreeting
	}
	w.dst = append(append(w.dst, version1+" NO code="...), code...)
	if len(r.Versions) > 0 && len(r.Versions) <= maxList {
		w.key("v", r.Versions.normal().append(nil))
	}
	if r.Min > 0 && r.Min <= maxWireVersion {
		w.key("min", strconv.AppendUint(nil, uint64(r.Min), 10))
	}
	if len(r.Fingerprints) > 0 && len(r.Fingerprints) <= maxList {
		w.key("fp", appendFingerprints(nil, sortFingerprints(r.Fingerprints))[len(" fp="):])
	}
	w.list("f", r.Features)
	w.list("p", r.Protocols)
	if ms := uint64(r.RetryAfter / milli); r.RetryAfter > 0 && ms <= maxMillis {
		w.key("retry", strconv.AppendUint(nil, ms, 10))
	}
	w.list("alt", r.Alternatives)
	w.message(r.Message)
	return append(w.dst, '\n')
}

// messageLead begins the words for a person, which run to the end of the line.
const messageLead = " msg="

// refusalWriter appends what fits.
type refusalWriter struct {
	dst   []byte
	begin int
}

func (w *refusalWriter) left() int { return MaxLine - 1 - (len(w.dst) - w.begin) }

func (w *refusalWriter) key(key string, value []byte) {
	if len(key)+len(value)+2 <= w.left() {
		w.dst = append(append(append(append(w.dst, ' '), key...), '='), value...)
	}
}

func (w *refusalWriter) list(key string, values []string) {
	var b []byte
	n := 0
	for _, v := range values {
		if n == maxList || !isElement(v) || len(key)+len(b)+len(v)+3 > w.left() {
			continue
		}
		if n > 0 {
			b = append(b, ',')
		}
		b = append(b, v...)
		n++
	}
	if n > 0 {
		w.key(key, b)
	}
}

func (w *refusalWriter) message(msg string) {
	if msg == "" || w.left() <= len(messageLead) {
		return
	}
	msg = msg[:min(len(msg), w.left()-len(messageLead))]
	w.dst = append(w.dst, messageLead...)
	for i := 0; i < len(msg); i++ {
		c := msg[i]
		if c < 0x20 || c > 0x7e {
			c = '?'
		}
		w.dst = append(w.dst, c)
	}
}

// isElement tells whether s can stand in a list: printable, without space and comma.
func isElement(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= 0x20 || s[i] > 0x7e || s[i] == ',' {
			return false
		}
	}
	return s != ""
}

// refusal parses what follows NO.
func (p *parser) refusal() (Refusal, error) {
	var r Refusal
	for {
		if msg, ok := bytes.CutPrefix(p.line[p.off:], []byte(messageLead)); ok && p.err == nil {
			r.Message = string(msg)
			break
		}
		key, value, ok := p.next()
		if !ok {
			break
		}
		p.refusalKey(&r, key, value)
	}
	if r.Code == "" {
		p.fail(p.off, "the key code is missing")
	}
	if p.err != nil {
		return Refusal{}, p.err
	}
	return r, nil
}

func (p *parser) refusalKey(r *Refusal, key, value []byte) {
	switch string(key) {
	case "code":
		if !isName(value, maxFeature) {
			p.fail(p.at, "not a code")
		}
		r.Code = RefusalCode(value)
	case "v":
		r.Versions = p.versions(value)
	case "min":
		r.Min = p.version(value)
	case "fp":
		r.Fingerprints = p.fingerprints(value)
	case "f":
		r.Features = p.strings(value)
	case "p":
		r.Protocols = p.strings(value)
	case "retry":
		r.RetryAfter = p.millis(value)
	case "alt":
		r.Alternatives = p.strings(value)
	}
}
