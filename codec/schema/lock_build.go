package schema

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parleyproto/parley/codec"
)

// lockVersion returns the layout of version v as the model has it now.
func (p *Protocol) lockVersion(v codec.Version) LockedVersion {
	l := LockedVersion{Version: v, Text: p.IsText(v), Fingerprint: p.Fingerprint(v)}
	b := lockBuilder{p: p, v: v, seen: map[string]bool{}}
	for _, m := range p.MessagesAt(v) {
		head := fmt.Sprintf("%d %s", m.ID, m.Name)
		if l.Text {
			head += " name=" + m.TextName
		}
		if m.SkipTail {
			head += " tail=skip"
		}
		b.decl("message", head, m)
	}
	slices.SortStableFunc(b.parts, func(x, y LockedDecl) int { return strings.Compare(x.Kind+x.Head, y.Kind+y.Head) })
	l.Decls = append(b.messages, b.parts...)
	return l
}

// lockBuilder gathers a version's declarations.
type lockBuilder struct {
	p               *Protocol
	v               codec.Version
	messages, parts []LockedDecl
	seen            map[string]bool
}

func (b *lockBuilder) decl(kind, head string, s *Struct) {
	d := LockedDecl{Kind: kind, Head: head}
	for _, f := range s.At(b.v) {
		wire := f.At(b.v).Outline()
		if f.At(b.v).Tagged {
			wire += fmt.Sprintf(" tag=%d", f.At(b.v).Tag)
		}
		if f.Default != nil {
			wire += " default=" + f.Default.ExactString()
		}
		if b.p.IsText(b.v) {
			wire += " name=" + f.TextName
		}
		d.Lines = append(d.Lines, LockedLine{f.Name + " " + f.Type.Go, wire})
	}
	if kind == "message" {
		b.messages = append(b.messages, d)
	} else {
		b.parts = append(b.parts, d)
	}
	for _, f := range s.At(b.v) {
		f.At(b.v).walk(b.part)
	}
}

// part adds the declaration that a node refers to, once.
func (b *lockBuilder) part(n *Node) {
	switch {
	case n.Struct != nil && !b.seen[n.Struct.Name]:
		b.seen[n.Struct.Name] = true
		b.decl("struct", n.Struct.Name, n.Struct)
	case n.Enum != nil && !b.seen[n.Enum.Name]:
		b.seen[n.Enum.Name] = true
		d := LockedDecl{Kind: "enum", Head: n.Enum.Name}
		for _, value := range n.Enum.Values {
			if value.Versions.Has(b.v) {
				wire := value.Value.ExactString()
				if b.p.IsText(b.v) {
					wire += " name=" + value.TextName
				}
				d.Lines = append(d.Lines, LockedLine{value.Name, wire})
			}
		}
		b.parts = append(b.parts, d)
	case n.Union != nil && !b.seen[n.Union.Name]:
		b.seen[n.Union.Name] = true
		d := LockedDecl{Kind: "union", Head: n.Union.Name}
		for _, variant := range n.Union.Variants {
			if variant.Versions.Has(b.v) {
				d.Lines = append(d.Lines, LockedLine{variant.Struct.Name, fmt.Sprint(variant.ID)})
			}
		}
		b.parts = append(b.parts, d)
		for _, variant := range n.Union.Variants {
			if variant.Versions.Has(b.v) && !b.seen[variant.Struct.Name] {
				b.seen[variant.Struct.Name] = true
				b.decl("struct", variant.Struct.Name, variant.Struct)
			}
		}
	}
}

// Outline returns the node's representation with its parts, structs by name: "list len=u16
// of string len=uvarint max=64".
func (n *Node) Outline() string {
	s := n.Describe()
	switch n.Kind {
	case Array, Slice:
		return s + " of " + n.Elem.Outline()
	case Map:
		return s + " of " + n.Key.Outline() + " to " + n.Elem.Outline()
	case Pointer:
		return s + " " + n.Elem.Outline()
	case StructKind:
		return s + " " + n.Struct.Name
	case UnionKind:
		return s + " " + n.Union.Name
	}
	if n.Enum != nil {
		return s + " enum " + n.Enum.Name
	}
	return s
}
