package frame

import (
	"bytes"
	"fmt"
	"strconv"
)

// LineCount is the format of lines, some of which count bytes that follow them. Lines and counted
// bytes end with CRLF. The payload is all but the last CRLF: the line, and where bytes are
// counted, its CRLF and the bytes.
//
//	PUB FOO 5 CRLF hello CRLF      Counted{"PUB", -1}
type LineCount struct {
	Counted []Counted
	Fold    bool // the first word is matched without regard to case
	Max     int  // largest line in bytes, without its CRLF; 0 means 4096
}

// Counted tells which word of a line counts bytes.
type Counted struct {
	Verb string // the line's first word
	Word int    // the word that counts: 1 is the one after Verb; negative from the end: −1 is the last
}

// Compile implements [Compiler].
func (f LineCount) Compile() (Format, error) {
	for _, c := range f.Counted {
		switch {
		case c.Verb == "" || len(bytes.Fields([]byte(c.Verb))) != 1:
			return nil, badOption("LineCount", "Counted.Verb", fmt.Sprintf("%q", c.Verb), "must be one word")
		case c.Word == 0:
			return nil, badOption("LineCount", "Counted.Word", 0, "is the verb itself; words that count start at 1, or at −1 from the end")
		}
	}
	if f.Max < 0 {
		return nil, badOption("LineCount", "Max", f.Max, "must be positive, or 0 for 4096")
	}
	return &lineCount{f}, nil
}

func (f LineCount) AppendFrame(dst, payload []byte) ([]byte, error) {
	return fresh(f).AppendFrame(dst, payload)
}
func (f LineCount) Split(buf []byte, in In) (Part, error) { return fresh(f).Split(buf, in) }

// lineCount is a LineCount whose options have been checked.
type lineCount struct{ LineCount }

func (f *lineCount) max() int {
	if f.Max == 0 {
		return 4096
	}
	return f.Max
}

var crlf = []byte("\r\n")

func (f *lineCount) Split(buf []byte, in In) (Part, error) {
	if in.Inside {
		return f.trailed(buf, rest(buf, in.From))
	}
	from := max(0, in.From-1) // a CR may have been the last byte
	i := bytes.Index(buf[from:], crlf)
	line := from + i
	if i < 0 {
		line = len(bytes.TrimSuffix(buf, crlf[:1]))
	}
	if line > f.max() {
		return Part{}, tooLarge(uint64(f.max())+1, uint64(f.max()), "the line does not end")
	}
	if i < 0 {
		return Part{Need: line + len(crlf), From: len(buf)}, nil
	}
	n, counts, err := f.count(buf[:line])
	if err != nil {
		return Part{}, err
	}
	x := Extent{Total: uint64(line + len(crlf)), Tail: len(crlf)}
	if counts {
		x.Total += n + uint64(len(crlf))
	}
	return f.trailed(buf, x.split(buf, in))
}

func (f *lineCount) trailed(buf []byte, part Part) (Part, error) {
	if part.complete() && !bytes.Equal(buf[part.End:part.Size], crlf) {
		part.Size = 0
		return part, corrupt("the counted bytes are not followed by CRLF")
	}
	return part, nil
}

// count returns how many bytes follow line, if it counts any.
func (f *lineCount) count(line []byte) (n uint64, counts bool, err error) {
	verb, _ := nextWord(line)
	for _, c := range f.Counted {
		if string(verb) != c.Verb && !(f.Fold && bytes.EqualFold(verb, []byte(c.Verb))) {
			continue
		}
		digits := word(line, c.Word)
		if digits == nil {
			return 0, false, corrupt("the word that counts is missing after " + c.Verb)
		}
		n, err := strconv.ParseUint(string(digits), 10, 62)
		if err != nil {
			return 0, false, corrupt(fmt.Sprintf("word %d after %s is no number of bytes", c.Word, c.Verb))
		}
		return n, true, nil
	}
	return 0, false, nil
}

// word returns the i-th word behind the first of line, from the end if i is negative, or nil.
func word(line []byte, i int) []byte {
	_, line = nextWord(line)
	if i < 0 {
		n := 0
		for rest := line; ; n++ {
			var w []byte
			if w, rest = nextWord(rest); w == nil {
				break
			}
		}
		if i += n + 1; i < 1 {
			return nil
		}
	}
	for ; i > 1; i-- {
		_, line = nextWord(line)
	}
	w, _ := nextWord(line)
	return w
}

// nextWord returns the first word of line, nil if there is none, and what follows it.
func nextWord(line []byte) (word, rest []byte) {
	start := 0
	for start < len(line) && (line[start] == ' ' || line[start] == '\t') {
		start++
	}
	end := start
	for end < len(line) && line[end] != ' ' && line[end] != '\t' {
		end++
	}
	if start == end {
		return nil, nil
	}
	return line[start:end], line[end:]
}

func (f *lineCount) AppendFrame(dst, payload []byte) ([]byte, error) {
	out := append(append(dst, payload...), crlf...)
	if err := whole(f, out[len(dst):], len(payload)); err != nil {
		return dst, err
	}
	return out, nil
}
