package wireshark

import (
	"fmt"
	"go/constant"
	"strconv"
	"strings"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/schema"
)

// tables writes the model: enums, unions, the structs by version, and the messages.
func (w *writer) tables() {
	for _, e := range w.p.Enums {
		w.f("")
		w.f("E[%s] = {", quote(e.Name))
		for _, v := range e.Values {
			w.f("  {name = %s, text = %s, value = %s, %s},", quote(v.Name), quote(v.TextName), quote(text(v.Value)), bounds(v.Versions))
		}
		w.f("}")
	}
	for _, u := range w.p.Unions {
		w.f("")
		w.f("U[%s] = {", quote(u.Name))
		for _, v := range u.Variants {
			w.f("  {id = %d, struct = %s, text = %s, %s},", v.ID, quote(v.Struct.Name), quote(v.Struct.TextName), bounds(v.Versions))
		}
		w.f("}")
	}
	for _, s := range w.p.Structs {
		w.layouts(s)
	}
	w.f("")
	for _, m := range w.p.Messages {
		w.message(m)
	}
}

// layouts writes a struct's fields in each version. Versions in which they are the same share
// a table.
func (w *writer) layouts(s *schema.Struct) {
	w.f("")
	w.f("S[%s] = {}", quote(s.Name))
	written := map[string]codec.Version{}
	for _, v := range w.p.All() {
		if !s.Versions.Has(v) {
			continue
		}
		var b strings.Builder
		for _, f := range s.At(v) {
			fmt.Fprintf(&b, "  %s,\n", w.layout(f, v))
		}
		if same, ok := written[b.String()]; ok {
			w.f("S[%s][%d] = S[%s][%d]", quote(s.Name), v, quote(s.Name), same)
			continue
		}
		written[b.String()] = v
		w.f("S[%s][%d] = {\n%s}", quote(s.Name), v, b.String())
	}
}

func (w *writer) message(m *schema.Struct) {
	var versions []string
	for _, v := range w.p.All() {
		if m.Versions.Has(v) {
			versions = append(versions, fmt.Sprintf("[%d] = true", v))
		}
	}
	skip := ""
	if m.SkipTail {
		skip = ", skip_tail = true"
	}
	w.f("M[%d] = {struct = %s, text = %s, field = %s, versions = {%s}%s}",
		m.ID, quote(m.Name), quote(m.TextName), quote(w.structs[m]), strings.Join(versions, ", "), skip)
}

// layout is the table of one field.
func (w *writer) layout(f *schema.Field, v codec.Version) string {
	n := f.At(v)
	parts := []string{"text = " + quote(f.TextName)}
	if n.Tagged {
		parts = append(parts, fmt.Sprintf("tag = %d", n.Tag))
	}
	return w.table(n, v, w.names[f], f.Name, parts...)
}

// kinds are the names of the functions that read and show a node.
var kinds = map[schema.Kind]string{
	schema.Bool: "bool", schema.Int: "integer", schema.Uint: "integer", schema.Float: "float", schema.String: "string",
	schema.Bytes: "bytes", schema.ByteArray: "array_of_bytes", schema.Time: "time", schema.Duration: "duration",
	schema.Addr: "addr", schema.Array: "array", schema.Slice: "slice", schema.Map: "map", schema.Pointer: "pointer",
	schema.StructKind: "struct", schema.UnionKind: "union", schema.Extensions: "extensions", schema.Tail: "tail",
}

// table is the Lua table of a node and its parts.
func (w *writer) table(n *schema.Node, v codec.Version, abbrev, name string, more ...string) string {
	parts := append([]string{"kind = " + quote(kinds[n.Kind]), "name = " + quote(name), "field = " + quote(abbrev)}, more...)
	add := func(on bool, format string, args ...any) {
		if on {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	elem := func(role, suffix, name string, n *schema.Node) {
		child := abbrev + suffix
		if t := target(n); t.Kind == schema.StructKind && suffix != "" {
			child, name = w.structs[t.Struct], t.Struct.Name
		}
		add(true, "%s = %s", role, w.table(n, v, child, name))
	}
	add(n.Null, "null = true")
	add(n.Enum != nil, "enum = %s", quote(enumName(n)))
	switch n.Kind {
	case schema.Int, schema.Uint, schema.Time, schema.Duration:
		w.integer(n, add)
	case schema.Float:
		add(true, "width = %d", n.Width)
		add(n.Little, "little = true")
	case schema.ByteArray:
		add(true, "len = %d", n.Len)
	case schema.String, schema.Bytes, schema.Slice, schema.Map:
		add(true, "prefix = %s", quote(n.Prefix.String()))
		add(n.Little, "little = true")
		add(n.UTF8, "utf8 = true")
	case schema.Array:
		add(true, "len = %d", n.Len)
	case schema.StructKind:
		add(true, "struct = %s", quote(n.Struct.Name))
	case schema.UnionKind:
		add(true, "union = %s", quote(n.Union.Name))
	}
	limits(n, add)
	switch n.Kind {
	case schema.Array, schema.Slice:
		add(n.Elem.Sizes(v).Min == 0, "hollow = true")
		elem("elem", ".item", "Item", n.Elem)
	case schema.Map:
		elem("key", ".key", "Key", n.Key)
		elem("elem", ".value", "Value", n.Elem)
	case schema.Pointer:
		add(n.NullByLength(), "by_length = true")
		add(true, "absent = %d", map[bool]int{true: 255, false: 0}[n.NullI8])
		elem("elem", "", name, n.Elem)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func enumName(n *schema.Node) string {
	if n.Enum == nil {
		return ""
	}
	return n.Enum.Name
}

// integer adds how a number is written.
func (w *writer) integer(n *schema.Node, add func(bool, string, ...any)) {
	bits := n.Bits
	if n.Kind == schema.Time || n.Kind == schema.Duration {
		bits = 64
	}
	add(true, "bits = %d", bits)
	add(n.Encoding == schema.Fixed, "width = %d", n.Width)
	add(n.Little, "little = true")
	add(n.Kind == schema.Uint, "unsigned = true")
}

// limits adds the bounds of a number or a length.
func limits(n *schema.Node, add func(bool, string, ...any)) {
	number := func(c constant.Value) string {
		switch n.Kind {
		case schema.Int, schema.Duration, schema.Time:
			return fmt.Sprintf("Int64.new(%q)", c.ExactString())
		case schema.Uint:
			return fmt.Sprintf("UInt64.new(%q)", c.ExactString())
		case schema.Float:
			x, _ := constant.Float64Val(c)
			return strconv.FormatFloat(x, 'g', -1, 64)
		}
		return c.ExactString()
	}
	if n.Min != nil {
		add(true, "min = %s", number(n.Min))
	}
	if n.Max != nil {
		add(true, "max = %s", number(n.Max))
	}
}

// text is a constant as the hand-written parts compare it.
func text(c constant.Value) string {
	if c.Kind() == constant.String {
		return constant.StringVal(c)
	}
	return c.ExactString()
}

// bounds is a version range as members of a table.
func bounds(r schema.Range) string { return fmt.Sprintf("first = %d, last = %d", r.First, r.Last) }
