package gen

import (
	"fmt"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/schema"
)

// A flat message has only fixed-width fields and strings. As most small messages are, it is
// worth one function to encode and one to decode, without calls in between: checks, size and
// writing in one, and a decode without a budget, as nothing but strings takes memory.
//
//	check, size │ run of fixed-width fields and a length │ string │ length │ string …
//	             └── one array on the stack, one append

// flat tells whether m is flat in v.
func flat(m *schema.Struct, v codec.Version) bool {
	if m.Recursive || m.SkipTail || !m.Message || converts(m, v) {
		return false
	}
	for _, f := range m.Fields {
		n := f.At(v)
		switch {
		case f.Older != nil || f.Newer != nil:
			return false
		case n == nil:
		case n.Tagged, n.Kind != schema.String && !atomic(n, v):
			return false
		}
	}
	return true
}

// nested tells whether a struct or a list within v's messages contains s, so that it needs
// functions that others call.
func (e *emitter) nested(s *schema.Struct) bool {
	for _, v := range e.p.All() {
		if !s.Versions.Has(v) || e.g.first(s, v) != e.v {
			continue
		}
		for _, o := range structsAt(e.p, v) {
			for _, f := range o.At(v) {
				found := false
				eachNode(f.At(v), func(n *schema.Node) {
					for _, part := range parts(n) {
						found = found || part == s
					}
				})
				if found {
					return true
				}
			}
		}
	}
	return false
}

// only returns the versions of m's flat function, if m has one layout in all versions with
// binary payloads: then the function itself checks the version.
func (e *emitter) only(m *schema.Struct) (versions []codec.Version, ok bool) {
	for _, v := range e.p.All() {
		if m.Versions.Has(v) && !e.p.IsText(v) {
			versions = append(versions, v)
		}
	}
	for _, v := range versions {
		if !flat(m, v) || e.g.first(m, v) != versions[0] {
			return nil, false
		}
	}
	return versions, len(versions) > 0
}

// checkVersion writes the check of a flat function that is called for any version.
func (e *emitter) checkVersion(m *schema.Struct, onError string) {
	versions, ok := e.only(m)
	if !ok {
		return
	}
	first, last := versions[0], versions[len(versions)-1]
	cond := fmt.Sprintf("v < %d || v > %d", first, last)
	switch {
	case first == last:
		cond = fmt.Sprintf("v != %d", first)
	case first == 0:
		cond = fmt.Sprintf("v > %d", last)
	}
	e.f("if %s { return %swire.NoVersion(Protocol, v) }", cond, onError)
}

// flatAppend writes the function that encodes a flat message.
func (e *emitter) flatAppend(m *schema.Struct) {
	e.within = m
	e.nanos = map[string]string{}
	defer func() { e.nanos = nil }()
	name := e.fn("append", m)
	e.f("")
	e.f("// %s appends head bytes for the caller to set, and m's fields.", name)
	e.f("func %s(dst []byte, m *%s, v codec.Version, head int) ([]byte, error) {", name, m.Name)
	e.checkVersion(m, "dst, ")
	e.fails("return dst, wire.Of(", fmt.Sprintf(", %q, v)", m.Name))
	e.f(`if m == nil { «wire.Invalid("", codec.ErrNil)» }`)
	static, body := e.sizeFields(m)
	e.f("n := head + %d", static)
	e.buf.WriteString(body)
	e.f("dst = wire.Reserve(dst, n)")
	e.f("dst = dst[:len(dst)+head]")
	var r flatRun
	for _, f := range m.At(e.v) {
		n, x := f.At(e.v), "m."+f.Name
		if n.Kind != schema.String {
			r.atoms.add(e, n, x, "")
			continue
		}
		e.appendString(&r, n, x)
	}
	e.appendRun(&r)
	e.f("return dst, nil\n}")
}

// flatRun is a run and, behind it, the length of a string.
type flatRun struct {
	atoms  run
	prefix *schema.Node
	text   string // whose length it is
}

// appendString writes the appends of a string, its length together with the run before it
// if the length has a fixed width.
func (e *emitter) appendString(r *flatRun, n *schema.Node, x string) {
	switch n.Prefix {
	case schema.PrefixUvarint:
		e.appendRun(r)
		e.f("dst = wire.AppendUvarint(dst, uint64(len(%s)))", x)
	case schema.PrefixCompact:
		e.appendRun(r)
		e.f("dst = wire.AppendUvarint(dst, uint64(len(%s))+1)", x)
	default:
		r.prefix, r.text = n, x
		e.appendRun(r)
	}
	e.f("dst = append(dst, %s...)", x)
}

// appendRun writes the gathered run by way of an array on the stack, and empties it.
func (e *emitter) appendRun(r *flatRun) {
	defer func() { *r = flatRun{} }()
	prefix := 0
	if r.prefix != nil {
		prefix = r.prefix.Prefix.Size()
	}
	switch total := r.atoms.size + prefix; {
	case total == 0:
		return
	case total == 1 && prefix == 1:
		e.f("dst = append(dst, byte(len(%s)))", r.text)
		return
	default:
		h := e.local("h")
		e.f("var %s [%d]byte", h, total)
		off := 0
		for _, a := range r.atoms.atoms {
			size, _ := fixedSize(a.n, e.v)
			e.putAtom(a, h, fmt.Sprint(off), fmt.Sprint(off+size))
			off += size
		}
		switch {
		case prefix == 1:
			e.f("%s[%d] = byte(len(%s))", h, off, r.text)
		case prefix > 1:
			e.f("%s.PutUint%d(%s[%d:%d], uint%d(len(%s)))", order(r.prefix), prefix*8, h, off, total, prefix*8, r.text)
		}
		e.f("dst = append(dst, %s[:]...)", h)
	}
}

// flatDecode writes the function that decodes a flat message.
func (e *emitter) flatDecode(m *schema.Struct) {
	e.within = m
	name := e.fn("decodeAll", m)
	e.f("")
	e.f("// %s sets all of m from src. Strings are cut from text if that is not empty.", name)
	e.f("func %s(text string, src []byte, m *%s, v codec.Version) error {", name, m.Name)
	e.checkVersion(m, "")
	e.f("i := 0")
	e.fails("return wire.Of(", fmt.Sprintf(", %q, v)", m.Name))
	var r flatRun
	for _, f := range m.At(e.v) {
		n, x, w := f.At(e.v), "m."+f.Name, literal(f.Name)
		if n.Kind != schema.String {
			r.atoms.add(e, n, x, w)
			continue
		}
		e.cutString(&r, n, x, w)
	}
	e.decodeRun(&r.atoms)
	e.absent(m)
	e.f(`if i != len(src) { «wire.Bad("", i, codec.ErrTrailing)» }`)
	e.f("return nil\n}")
}

// cutString writes the decode of a string, of a length with a fixed width together with the
// run before it.
func (e *emitter) cutString(r *flatRun, n *schema.Node, x string, w where) {
	c := ""
	if size := n.Prefix.Size(); size > 0 && r.atoms.size > 0 {
		c = e.local("n")
		length := &schema.Node{Kind: schema.Uint, Go: "uint64", Bits: 64, Width: size, Little: n.Little}
		e.f("var %s uint64", c)
		r.atoms.atoms = append(r.atoms.atoms, atom{length, c, w})
		r.atoms.size += size
		e.decodeRun(&r.atoms)
	} else {
		e.decodeRun(&r.atoms)
		c = e.decodePrefix(n, w)
	}
	e.decodeLimits(n, c, w)
	j := e.local("j")
	e.f("if %s > uint64(len(src)-i) { «wire.Short(%s, src)» }", c, w)
	e.f("%s := i + int(%s)", j, c)
	e.f("%s = %s", x, convert(n.Go, fmt.Sprintf("wire.Cut(text, src, i, %s)", j), "string"))
	e.stringRules(n, x, w)
	e.f("i = %s", j)
}

// flatText is what a decode of m cuts strings from.
func (e *emitter) flatText(m *schema.Struct, alias bool) string {
	switch {
	case alias:
		return "wire.Alias(src)"
	case stringCount(m, e.v) > 1:
		return "wire.Share(src)"
	}
	return `""`
}
