package schema

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/parleyproto/parley/codec"
)

// Describe returns the layout of version v as text, one line for each message, field and
// part: all that decides about bytes and defaults, and nothing else. Go names are not in it,
// but for text versions, whose payloads hold names. Two versions with one description have
// one layout.
func (p *Protocol) Describe(v codec.Version) string {
	d := &describer{v: v, text: p.IsText(v), numbers: map[*Struct]int{}}
	if d.text {
		d.line("text")
	} else {
		d.line("binary")
	}
	for _, m := range p.MessagesAt(v) {
		d.line("message %d%s%s", m.ID, d.name(m.TextName), map[bool]string{true: " tail=skip"}[m.SkipTail])
		d.body(m)
	}
	return d.b.String()
}

// DescribeStruct returns the layout of one struct, as Describe does for a message.
func (p *Protocol) DescribeStruct(s *Struct, v codec.Version) string {
	d := &describer{v: v, text: p.IsText(v), numbers: map[*Struct]int{}}
	d.body(s)
	return d.b.String()
}

// Fingerprint returns eight bytes that stand for the layout of version v.
func (p *Protocol) Fingerprint(v codec.Version) [8]byte {
	sum := sha256.Sum256([]byte(p.Describe(v)))
	return [8]byte(sum[:8])
}

// describer writes a layout; a struct that it meets again is referred to by number.
type describer struct {
	b       strings.Builder
	v       codec.Version
	text    bool
	depth   int
	numbers map[*Struct]int
}

func (d *describer) line(format string, args ...any) {
	d.b.WriteString(strings.Repeat("  ", d.depth))
	fmt.Fprintf(&d.b, format, args...)
	d.b.WriteByte('\n')
}

func (d *describer) name(name string) string {
	if !d.text {
		return ""
	}
	return " name=" + name
}

func (d *describer) body(s *Struct) {
	if n, ok := d.numbers[s]; ok {
		d.line("  as struct %d", n)
		return
	}
	d.numbers[s] = len(d.numbers) + 1
	d.depth++
	d.line("struct %d", d.numbers[s])
	for _, f := range s.Fields {
		n := f.At(d.v)
		def := ""
		if f.Default != nil {
			def = " default=" + f.Default.ExactString()
		}
		if n == nil {
			continue
		}
		tag := ""
		if n.Tagged {
			tag = fmt.Sprintf(" tag=%d", n.Tag)
		}
		d.node("field"+d.name(f.TextName), n, tag+def)
	}
	d.depth--
}

// node writes one line about a node and more about its parts.
func (d *describer) node(role string, n *Node, rest string) {
	d.line("%s %s%s", role, n.Describe(), rest)
	d.depth++
	switch n.Kind {
	case Array, Slice:
		d.node("elem", n.Elem, "")
	case Map:
		d.node("key", n.Key, "")
		d.node("elem", n.Elem, "")
	case Pointer:
		d.node("to", n.Elem, "")
	case StructKind:
		d.body(n.Struct)
	case UnionKind:
		for _, v := range n.Union.Variants {
			if v.Versions.Has(d.v) {
				d.line("variant %d%s", v.ID, d.name(v.Struct.TextName))
				d.body(v.Struct)
			}
		}
	}
	if n.Enum != nil {
		for _, v := range n.Enum.Values {
			if v.Versions.Has(d.v) {
				d.line("value %s%s", v.Value.ExactString(), d.name(v.TextName))
			}
		}
	}
	d.depth--
}

var kindNames = [...]string{"bool", "int", "uint", "float", "string", "bytes", "bytes", "time", "duration",
	"addr", "array", "list", "map", "optional", "struct", "union", "extensions", "tail"}

// String returns the kind's name in layouts.
func (k Kind) String() string { return kindNames[k] }

var prefixNames = [...]string{"uvarint", "u8", "u16", "u32", "i16", "i32", "compact"}

// String returns the prefix as tags spell it.
func (p Prefix) String() string { return prefixNames[p] }

// Describe returns the node's own representation, without its parts: "uint16", "zigzag64",
// "string len=u8 max=64".
func (n *Node) Describe() string {
	var b strings.Builder
	b.WriteString(n.Kind.String())
	option := func(on bool, format string, args ...any) {
		if on {
			fmt.Fprintf(&b, format, args...)
		}
	}
	switch n.Kind {
	case Int, Uint, Time, Duration:
		option(n.Encoding == Fixed, "%d", n.Width*8)
		option(n.Encoding == Uvarint, " uvarint%d", n.Bits)
		option(n.Encoding == Zigzag, " zigzag%d", n.Bits)
	case Float:
		option(true, "%d", n.Bits)
	case String, Bytes, Slice, Map:
		option(true, " len=%v", n.Prefix)
	case ByteArray, Array:
		option(true, " size=%d", n.Len)
	}
	wide := n.Encoding == Fixed && n.Width > 1 || n.Prefix.Size() > 1
	option(wide && n.Little, " le")
	option(n.Null, " null")
	option(n.NullI8, " presence=i8")
	option(n.UTF8, " utf8")
	if n.Min != nil {
		option(true, " min=%s", n.Min.ExactString())
	}
	if n.Max != nil {
		option(true, " max=%s", n.Max.ExactString())
	}
	return b.String()
}
