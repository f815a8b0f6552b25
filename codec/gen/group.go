package gen

import (
	"fmt"
	"strings"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/schema"
)

// groups tells which versions share functions: a struct's functions are written once for all
// versions in which it and all that it contains look the same.
type groups struct {
	p    *schema.Protocol
	keys map[*schema.Struct]map[codec.Version]string
	used map[codec.Version]map[*schema.Struct]bool // the structs within each version's messages
}

func newGroups(p *schema.Protocol) *groups {
	g := &groups{p, map[*schema.Struct]map[codec.Version]string{}, map[codec.Version]map[*schema.Struct]bool{}}
	for _, v := range p.All() {
		g.used[v] = map[*schema.Struct]bool{}
		for _, s := range structsAt(p, v) {
			g.used[v][s] = true
		}
	}
	return g
}

// first returns the first version whose functions serve s in v.
func (g *groups) first(s *schema.Struct, v codec.Version) codec.Version {
	key := g.key(s, v)
	for _, o := range g.p.All() {
		if g.used[o][s] && g.key(s, o) == key {
			return o
		}
	}
	return v
}

// key describes which layouts a struct and all structs within it have in v.
func (g *groups) key(s *schema.Struct, v codec.Version) string {
	if g.keys[s] == nil {
		g.keys[s] = map[codec.Version]string{}
	}
	if key, ok := g.keys[s][v]; ok {
		return key
	}
	var b strings.Builder
	fmt.Fprintf(&b, "text=%v", g.p.IsText(v))
	for _, o := range reachable(s) {
		fmt.Fprintf(&b, " %s:", o.Name)
		for _, f := range o.Fields {
			writeLayout(&b, f, v)
		}
	}
	g.keys[s][v] = b.String()
	return b.String()
}

// writeLayout writes which of a field's layouts is in force, and which of its union's
// variants and its enum's values there are.
func writeLayout(b *strings.Builder, f *schema.Field, v codec.Version) {
	b.WriteByte(' ')
	for i, l := range f.Layouts {
		if l.Versions.Has(v) {
			fmt.Fprint(b, i)
			eachNode(l.Node, func(n *schema.Node) {
				if n.Union != nil {
					for _, variant := range n.Union.Variants {
						fmt.Fprintf(b, "%t", variant.Versions.Has(v))
					}
				}
				if n.Enum != nil {
					for _, value := range n.Enum.Values {
						fmt.Fprintf(b, "%t", value.Versions.Has(v))
					}
				}
			})
			return
		}
	}
	b.WriteByte('-')
}

// reachable returns s and all structs within it, in the order of a walk.
func reachable(s *schema.Struct) []*schema.Struct {
	var all []*schema.Struct
	seen := map[*schema.Struct]bool{}
	var visit func(*schema.Struct)
	visit = func(s *schema.Struct) {
		if seen[s] {
			return
		}
		seen[s] = true
		all = append(all, s)
		for _, f := range s.Fields {
			for _, l := range f.Layouts {
				eachNode(l.Node, func(n *schema.Node) {
					for _, o := range parts(n) {
						visit(o)
					}
				})
			}
		}
	}
	visit(s)
	return all
}

// parts returns the structs that a node itself refers to.
func parts(n *schema.Node) []*schema.Struct {
	var ss []*schema.Struct
	if n.Struct != nil {
		ss = append(ss, n.Struct)
	}
	if n.Union != nil {
		for _, v := range n.Union.Variants {
			ss = append(ss, v.Struct)
		}
	}
	return ss
}

// eachNode calls f for n and all nodes within it, but not within structs and unions.
func eachNode(n *schema.Node, f func(*schema.Node)) {
	f(n)
	if n.Key != nil {
		eachNode(n.Key, f)
	}
	if n.Elem != nil {
		eachNode(n.Elem, f)
	}
}

// structsAt returns the structs that the messages of v contain, in the order of a walk.
func structsAt(p *schema.Protocol, v codec.Version) []*schema.Struct {
	var all []*schema.Struct
	seen := map[*schema.Struct]bool{}
	var visit func(*schema.Struct)
	visit = func(s *schema.Struct) {
		if seen[s] {
			return
		}
		seen[s] = true
		all = append(all, s)
		for _, f := range s.At(v) {
			eachNode(f.At(v), func(n *schema.Node) {
				if n.Struct != nil {
					visit(n.Struct)
				}
				if n.Union != nil {
					for _, variant := range n.Union.Variants {
						if variant.Versions.Has(v) {
							visit(variant.Struct)
						}
					}
				}
			})
		}
	}
	for _, m := range p.MessagesAt(v) {
		visit(m)
	}
	return all
}

// fn returns the name of a struct's function in the emitter's version: sizeReadingV2.
func (e *emitter) fn(verb string, s *schema.Struct) string {
	return fmt.Sprintf("%s%sV%d", verb, s.Name, e.g.first(s, e.v))
}
