package gen

import (
	"fmt"
	"math"
	"strings"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/schema"
)

// protocolFile returns the source of what belongs to all versions: the Protocol, the
// messages' methods, the defaults, and the guard against a stale file.
func (g *groups) protocolFile(frozen func(codec.Version) bool) ([]byte, error) {
	e := &emitter{p: g.p, g: g}
	e.f("// Protocol lists the versions of %s.", g.p.Name)
	e.f("var Protocol = &codec.Protocol{Name: %q, Releases: []codec.Release{", g.p.Name)
	for _, v := range g.p.All() {
		e.f("{")
		e.f("Version: %d, Codec: codecV%d{},", v, v)
		if g.p.IsText(v) {
			e.f("Text: true,")
		}
		fp := g.p.Fingerprint(v)
		e.f("Fingerprint: [8]byte{%s},", hexBytes(fp[:]))
		if frozen(v) {
			e.f("Frozen: true,")
		}
		if size, ok := maxSize(g.p, v); ok {
			e.f("MaxSize: %d,", size)
		}
		e.f("},")
	}
	e.f("}}")
	for _, m := range g.p.Messages {
		e.messageMethods(m)
	}
	e.sizesTable()
	e.defaultFuncs()
	e.guards()
	return e.finish("")
}

func hexBytes(b []byte) string {
	var s strings.Builder
	for i, c := range b {
		if i > 0 {
			s.WriteString(", ")
		}
		fmt.Fprintf(&s, "%#02x", c)
	}
	return s.String()
}

// maxSize returns the largest binary payload of a version, if there is one.
func maxSize(p *schema.Protocol, v codec.Version) (uint64, bool) {
	most := uint64(0)
	for _, m := range p.MessagesAt(v) {
		most = max(most, m.PayloadSizes(v).Max)
	}
	return most, most <= math.MaxInt32 && !p.IsText(v)
}

// messageMethods writes the methods of one message.
func (e *emitter) messageMethods(m *schema.Struct) {
	versions := func(call func(v codec.Version), binaryOnly bool) {
		for _, v := range e.p.All() {
			if m.Versions.Has(v) && !(binaryOnly && e.p.IsText(v)) {
				e.f("case %d:", v)
				call(v)
			}
		}
	}
	e.f("\n// Loss returns the paths of all fields whose values version v cannot carry.")
	e.f("func (m *%s) Loss(v codec.Version) []string {\nswitch v {", m.Name)
	versions(func(v codec.Version) { e.f("return codecV%d{}.Loss(m)", v) }, false)
	e.f("}\nreturn nil\n}")

	e.f("\n// MinVersion returns the lowest version that carries all of m. If none does, it returns the newest.")
	e.f("func (m *%s) MinVersion() codec.Version {", m.Name)
	e.f("v, err := Protocol.Lowest(m)\nif err != nil { return Protocol.Newest() }\nreturn v\n}")

	e.f("\n// AppendBody appends m's fields in version v, without its id, to dst. On an error it returns dst as it was.")
	e.f("func (m *%s) AppendBody(dst []byte, v codec.Version) ([]byte, error) {", m.Name)
	all, single := e.only(m)
	if single {
		e.v = all[0]
		e.f("return %s(dst, m, v, 0)\n}", e.fn("append", m))
	} else {
		e.f("switch v {")
		versions(func(v codec.Version) { e.f("return %s", e.appendCall(m, v)) }, true)
		e.f("}\nreturn dst, wire.NoVersion(Protocol, v)\n}")
	}

	e.f("\n// SizeBody returns the length of what AppendBody would append.")
	e.f("func (m *%s) SizeBody(v codec.Version) (int, error) {\nswitch v {", m.Name)
	versions(func(v codec.Version) { e.f("return sizeBody%sV%d(m)", m.Name, v) }, true)
	e.f("}\nreturn 0, wire.NoVersion(Protocol, v)\n}")

	for _, alias := range []bool{false, true} {
		name := "DecodeBody"
		if alias {
			name = "DecodeBodyAlias"
			e.f("\n// DecodeBodyAlias is DecodeBody, but strings and byte slices share src's memory.")
		} else {
			e.f("\n// DecodeBody sets all of m from its fields in version v, without an id. It keeps nothing of src.")
		}
		e.f("func (m *%s) %s(v codec.Version, src []byte) error {", m.Name, name)
		if single {
			e.v = all[0]
			e.f("return %s(%s, src, m, v)\n}", e.fn("decodeAll", m), e.flatText(m, alias))
			continue
		}
		e.f("switch v {")
		versions(func(v codec.Version) {
			e.v = v
			e.f("return %s", e.decodeCall(m, alias, "0"))
		}, true)
		e.f("}\nreturn wire.NoVersion(Protocol, v)\n}")
	}
}

// appendCall is a call of the function that encodes m's fields in v.
func (e *emitter) appendCall(m *schema.Struct, v codec.Version) string {
	if e.v = v; flat(m, v) {
		return fmt.Sprintf("%s(dst, m, %d, 0)", e.fn("append", m), v)
	}
	return fmt.Sprintf("appendBody%sV%d(dst, m)", m.Name, v)
}

// sizesTable writes the sizes of the messages' bodies as a comment, for people who choose
// frame limits.
func (e *emitter) sizesTable() {
	e.f("\n// Sizes of binary payloads in bytes, smallest to largest:\n//")
	for _, v := range e.p.All() {
		if e.p.IsText(v) {
			continue
		}
		for _, m := range e.p.MessagesAt(v) {
			s := m.PayloadSizes(v)
			most := "unbounded"
			if s.Bounded() {
				most = fmt.Sprint(s.Max)
			}
			e.f("//\t%-5v %-24s %6d %12s", v, m.Name, s.Min, most)
		}
	}
}

// guards writes assignments that compile only while the structs and their tags are those
// that the file was made from.
func (e *emitter) guards() {
	e.f("\n// These do not compile when a struct or its tags changed after this file was written:")
	e.f("// run go generate.")
	e.f("var (")
	for _, s := range e.p.Structs {
		e.f("_ struct {")
		for _, f := range s.Source {
			e.f("%s %s %s", f.Name, f.Type, quoteTag(f.Tag))
		}
		e.f("} = %s{}", s.Name)
	}
	for _, en := range e.p.Enums {
		for _, v := range en.Values {
			e.f("_ = map[bool]int{false: 0, %s == %s: 1}", v.Name, v.Value.ExactString())
		}
	}
	e.f(")")
}

func quoteTag(tag string) string {
	switch {
	case tag == "":
		return ""
	case strings.Contains(tag, "`"):
		return fmt.Sprintf("%q", tag)
	}
	return "`" + tag + "`"
}
