package wire

import (
	"io"
	"unicode/utf8"

	"github.com/parleyproto/parley/codec"
)

// maxNesting is how deep members that nobody knows may nest.
const maxNesting = 100

// Text reads one JSON value with a cursor whose first error sticks: after it, every method
// returns at once with a zero value, so that callers look at Err once, at the end. It
// accepts RFC 8259 and nothing else.
type Text struct {
	Depth int // levels that recursive structs may still nest

	src   []byte
	i     int
	err   error
	first bool // the next member or element is the first of its object or list
	path  []place
}

// place is where the cursor stands in one object or list.
type place struct {
	from, to int // the member's name in src; to is 0 in a list
	index    int
}

// NewText returns a reader of src in which recursive structs nest depth levels.
func NewText(src []byte, depth int) Text { return Text{Depth: depth, src: src} }

// Err returns the first error, a [*codec.DecodeError] with offset and path.
func (t *Text) Err() error { return t.err }

// Fail makes cause the error, about where the cursor stands, unless there is one already.
func (t *Text) Fail(cause error) {
	if t.err == nil {
		t.err = Bad(t.where(), t.i, cause)
	}
}

// FailAt is Fail about a member of the object that the cursor stands in or behind.
func (t *Text) FailAt(member string, cause error) {
	if t.err == nil {
		t.err = Bad(Join(t.where(), member), t.i, cause)
	}
}

// where returns the path of the value that the cursor stands at.
func (t *Text) where() string {
	path := ""
	for _, p := range t.path {
		switch {
		case p.to > 0:
			path = Join(path, string(t.src[p.from:p.to]))
		case p.index >= 0:
			path = Index(path, p.index)
		}
	}
	return path
}

// syntax fails: with io.ErrUnexpectedEOF at the end of the input.
func (t *Text) syntax() {
	if t.i >= len(t.src) {
		t.Fail(io.ErrUnexpectedEOF)
	} else {
		t.Fail(codec.ErrSyntax)
	}
}

// peek skips white space and returns the next byte, 0 at the end or after an error.
func (t *Text) peek() byte {
	for t.err == nil && t.i < len(t.src) {
		switch c := t.src[t.i]; c {
		case ' ', '\t', '\r', '\n':
			t.i++
		default:
			return c
		}
	}
	return 0
}

// take takes the byte c, or fails.
func (t *Text) take(c byte) bool {
	if t.peek() != c {
		t.syntax()
		return false
	}
	t.i++
	return true
}

// literal takes a word such as null, or fails.
func (t *Text) literal(word string) {
	rest := t.src[min(t.i, len(t.src)):]
	if len(rest) >= len(word) && string(rest[:len(word)]) == word {
		t.i += len(word)
		return
	}
	if len(rest) < len(word) && string(rest) == word[:len(rest)] {
		t.i = len(t.src)
	}
	t.syntax()
}

// Object begins an object; [Text.Member] goes through its members.
func (t *Text) Object() { t.open('{') }

// List begins a list; [Text.Element] goes through its elements.
func (t *Text) List() { t.open('[') }

func (t *Text) open(bracket byte) {
	if t.take(bracket) {
		t.first = true
		t.path = append(t.path, place{index: -1})
	}
}

// next goes to the next part of an object or list; false at its end.
func (t *Text) next(bracket byte) bool {
	c := t.peek()
	if t.err != nil {
		return false
	}
	if c == bracket {
		t.i++
		t.first = false
		t.path = t.path[:len(t.path)-1]
		return false
	}
	if !t.first && !t.take(',') {
		return false
	}
	t.path[len(t.path)-1].to = 0
	t.first = false
	return true
}

// Member goes to the next member and returns its name, valid until the next call; false at
// the object's end or after an error.
func (t *Text) Member() ([]byte, bool) {
	if !t.next('}') {
		return nil, false
	}
	t.peek()
	top := &t.path[len(t.path)-1]
	from := t.i + 1
	name := t.string()
	if t.err != nil {
		return nil, false
	}
	top.from, top.to = from, t.i-1
	if !t.take(':') {
		return nil, false
	}
	return name, true
}

// Element goes to the next element; false at the list's end or after an error.
func (t *Text) Element() bool {
	if !t.next(']') {
		return false
	}
	t.path[len(t.path)-1].index++
	return true
}

// Once fails if the member was seen before, and marks it as seen.
func (t *Text) Once(seen *bool) {
	if *seen {
		t.Fail(codec.ErrDuplicate)
	}
	*seen = true
}

// Null takes a null; false if the value is another.
func (t *Text) Null() bool {
	if t.peek() != 'n' {
		return false
	}
	t.literal("null")
	return t.err == nil
}

// Type returns the member "type" of the object that comes next, without moving. Unless
// anywhere is true, it must be the first member.
func (t *Text) Type(anywhere bool) string {
	look := *t
	look.path = append([]place(nil), t.path...)
	look.Object()
	typ, found := "", false
	for {
		name, ok := look.Member()
		if !ok {
			break
		}
		if string(name) == "type" {
			typ, found = look.String(), true
			break
		}
		if !anywhere {
			break
		}
		look.Skip()
	}
	if look.err == nil && !found {
		if n := len(look.path); n > 0 {
			look.path[n-1].to = 0
		}
		look.FailAt("type", codec.ErrMissing)
	}
	if look.err != nil && t.err == nil {
		t.err = look.err
	}
	return typ
}

// Enter counts one more level of a recursive struct, or fails.
func (t *Text) Enter() {
	if t.Depth--; t.Depth < 0 {
		t.Fail(codec.ErrDepth)
	}
}

// Leave ends a level.
func (t *Text) Leave() { t.Depth++ }

// Skip takes a value of any kind that nobody knows.
func (t *Text) Skip() { t.skip(maxNesting) }

func (t *Text) skip(depth int) {
	if depth == 0 {
		t.Fail(codec.ErrDepth)
	}
	switch c := t.peek(); {
	case t.err != nil:
	case c == '{':
		t.Object()
		for {
			if _, ok := t.Member(); !ok {
				return
			}
			t.skip(depth - 1)
		}
	case c == '[':
		for t.List(); t.Element(); {
			t.skip(depth - 1)
		}
	case c == '"':
		t.string()
	case c == 't' || c == 'f':
		t.Bool()
	case c == 'n':
		t.Null()
	default:
		t.number()
	}
}

// End fails if anything but white space follows.
func (t *Text) End() {
	if t.peek(); t.err == nil && t.i < len(t.src) {
		t.Fail(codec.ErrTrailing)
	}
}

// string takes a string and returns its contents, which share src if they can.
func (t *Text) string() []byte {
	if !t.take('"') {
		return nil
	}
	start := t.i
	for ; t.i < len(t.src); t.i++ {
		switch c := t.src[t.i]; {
		case c == '"':
			s := t.src[start:t.i]
			if !utf8.Valid(s) {
				t.Fail(codec.ErrUTF8)
				return nil
			}
			t.i++
			return s
		case c == '\\':
			return t.escaped(append([]byte(nil), t.src[start:t.i]...))
		case c < ' ':
			t.syntax()
			return nil
		}
	}
	t.syntax()
	return nil
}
