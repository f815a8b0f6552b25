package wireshark

import (
	"fmt"
	"strings"

	"github.com/parleyproto/parley/codec/internal/textname"
	"github.com/parleyproto/parley/codec/schema"
)

// declare writes a field of Wireshark's for each struct and each path in it. Their
// abbreviations, which display filters use, begin with the protocol's name:
// telemetry.reading.device.
func (w *writer) declare() {
	w.structs = map[*schema.Struct]string{}
	w.names = map[*schema.Field]string{}
	root := strings.ToLower(w.p.Name) + "."
	w.f("")
	w.f("-- The messages' fields.")
	for _, s := range w.p.Structs {
		name := w.abbrev(root, s.Name)
		w.structs[s] = name
		w.field(name, "none", s.Name)
		taken := map[string]bool{}
		for _, f := range s.Fields {
			w.names[f] = w.member(name+".", f.Name, taken)
			w.node(w.names[f], f.Name, f.Type)
		}
	}
	w.f("")
	w.f("proto.fields = {}")
	w.f("for _, list in ipairs({P, F}) do")
	w.f("  for _, field in pairs(list) do table.insert(proto.fields, field) end")
	w.f("end")
}

// abbrev returns an abbreviation for a Go name that no other struct has.
func (w *writer) abbrev(prefix, name string) string { return w.member(prefix, name, w.abbrevs) }

// member is abbrev within the names of taken: as text spells the name, else as Go does, else
// with a number.
func (w *writer) member(prefix, name string, taken map[string]bool) string {
	spelling := ascii(textname.Of(name))
	if taken[spelling] {
		spelling = ascii(name)
	}
	for k := 2; taken[spelling]; k++ {
		spelling = fmt.Sprintf("%s_%d", ascii(name), k)
	}
	taken[spelling] = true
	return prefix + spelling
}

// ascii replaces what an abbreviation cannot contain.
func ascii(name string) string {
	var b strings.Builder
	for _, c := range name {
		if c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			b.WriteRune(c)
		} else {
			fmt.Fprintf(&b, "_%x", c)
		}
	}
	return b.String()
}

func (w *writer) field(abbrev, kind, name string, more ...string) {
	args := append([]string{quote(abbrev), quote(name)}, more...)
	w.f("F[%s] = ProtoField.%s(%s)", quote(abbrev), kind, strings.Join(args, ", "))
}

// node declares the field of a value, and those of its parts.
func (w *writer) node(abbrev, name string, n *schema.Node) {
	if n.Enum != nil {
		w.field(abbrev+".name", "string", "Name")
	}
	switch n.Kind {
	case schema.Pointer:
		w.node(abbrev, name, n.Elem)
	case schema.Array, schema.Slice:
		w.field(abbrev, "uint32", name)
		w.elem(abbrev+".item", "Item", n.Elem)
	case schema.Map:
		w.field(abbrev, "uint32", name)
		w.field(abbrev+".entry", "none", "Entry")
		w.elem(abbrev+".key", "Key", n.Key)
		w.elem(abbrev+".value", "Value", n.Elem)
	case schema.Time:
		w.field(abbrev, "absolute_time", name, "base.UTC")
	default:
		w.field(abbrev, fieldType(n), name)
	}
}

// elem declares the field of an element, unless it is a struct, which has its own.
func (w *writer) elem(abbrev, name string, n *schema.Node) {
	if target(n).Kind != schema.StructKind {
		w.node(abbrev, name, n)
	}
}

// target returns what pointers lead to.
func target(n *schema.Node) *schema.Node {
	for n.Kind == schema.Pointer {
		n = n.Elem
	}
	return n
}

// fieldType returns the type of the field for a node.
func fieldType(n *schema.Node) string {
	wide := map[bool]string{true: "64", false: "32"}[n.Bits == 64]
	switch n.Kind {
	case schema.Bool:
		return "bool"
	case schema.Int:
		return "int" + wide
	case schema.Uint:
		return "uint" + wide
	case schema.Float:
		if n.Bits == 32 {
			return "float"
		}
		return "double"
	case schema.String, schema.Addr, schema.UnionKind:
		return "string"
	case schema.Duration:
		return "relative_time"
	case schema.StructKind, schema.Extensions:
		return "none"
	}
	return "bytes"
}
