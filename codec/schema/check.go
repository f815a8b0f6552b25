package schema

import (
	"fmt"
	"go/constant"
	"go/token"
	"regexp"

	"github.com/parleyproto/parley/codec"
)

var protocolName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]*$`)

// check finds the mistakes that concern several declarations.
func (b *builder) check() {
	if !protocolName.MatchString(b.p.Name) {
		b.report(b.pkg.Syntax[0].Package, "", "protocol name %q: letters, digits, dots, dashes and underscores, a letter first", b.p.Name)
	}
	if len(b.p.Messages) == 0 && len(b.errs) == 0 {
		b.report(b.pkg.Syntax[0].Package, "", "the protocol has no message; put //parley:message 1 above a struct")
	}
	b.checkMessages()
	for _, e := range b.p.Enums {
		if len(e.Values) == 0 {
			b.reportAt(e.Pos, e.Name, "the enum has no constants of type %s", e.Name)
		}
	}
	for _, u := range b.p.Unions {
		for _, v := range u.Variants {
			if !v.Struct.Versions.Contains(v.Versions) {
				b.reportAt(u.Pos, u.Name, "variant %d has versions %v, but %s only %v", v.ID, v.Versions, v.Struct.Name, v.Struct.Versions)
			}
		}
	}
	for _, s := range b.p.Structs {
		s.Recursive = reaches(s, s, map[*Struct]bool{})
		b.checkStruct(s)
	}
	if len(b.errs) == 0 {
		b.checkSizes()
	}
}

func (b *builder) checkMessages() {
	for i, m := range b.p.Messages {
		for _, o := range b.p.Messages[:i] {
			switch {
			case !m.Versions.Overlaps(o.Versions):
			case m.ID == o.ID:
				b.reportAt(m.Pos, m.Name, "id %d belongs to %s (%v) already; give it another id", m.ID, o.Name, o.Pos)
			case m.TextName == o.TextName:
				b.reportAt(m.Pos, m.Name, "text name %q belongs to %s already; add name=… to its directive", m.TextName, o.Name)
			}
		}
		obj := b.pkg.Types.Scope().Lookup(m.Name)
		for method := range methods {
			for _, f := range m.Fields {
				if f.Name == method {
					b.reportAt(f.Pos, m.Name+"."+f.Name, "a message's method gets this name; rename the field and keep name=%s", f.TextName)
				}
			}
			if pos, ok := b.ownMethod(obj, method); ok {
				b.report(pos, m.Name, "generated code declares the method %s; rename yours", method)
			}
		}
	}
	if obj := b.pkg.Types.Scope().Lookup("Protocol"); obj != nil && !b.generated[b.pkg.Fset.Position(obj.Pos()).Filename] {
		b.report(obj.Pos(), "Protocol", "generated code declares the variable Protocol; rename yours")
	}
}

func (b *builder) checkStruct(s *Struct) {
	for i, f := range s.Fields {
		subject := s.Name + "." + f.Name
		for _, o := range s.Fields[:i] {
			if o.TextName == f.TextName {
				b.reportAt(f.Pos, subject, "text name %q belongs to %s already; add name=… to its tag", f.TextName, o.Name)
			}
		}
		for _, l := range f.Layouts {
			b.checkLayout(s, f, l, subject)
		}
	}
	for _, f := range s.Fields {
		b.checkEnumDefault(s, f)
	}
	for _, v := range b.p.All() {
		b.checkVersion(s, v)
	}
}

// checkEnumDefault checks that what a version without a field sets it to is a value.
func (b *builder) checkEnumDefault(s *Struct, f *Field) {
	if f.Type == nil || f.Type.Enum == nil || f.Default != nil || f.Type.Kind == Pointer {
		return
	}
	zero := any("")
	switch f.Type.Kind {
	case Int:
		zero = int64(0)
	case Uint:
		zero = uint64(0)
	}
	for v := s.Versions.First; v <= s.Versions.Last; v++ {
		if _, ok := f.Type.Enum.valueOf(zero, b.p.Versions.Last); !ok && f.At(v) == nil {
			b.reportAt(f.Pos, s.Name+"."+f.Name, "%v does not have the field, and the zero value is none of %s; add default=", v, f.Type.Enum.Name)
			return
		}
	}
}

// checkLayout checks a field in one of its ranges.
func (b *builder) checkLayout(s *Struct, f *Field, l Layout, subject string) {
	if f.TextName == "type" && b.overlapsText(l.Versions) {
		b.reportAt(f.Pos, subject, `text versions use the member "type" for the message's name; add name=… to its tag`)
	}
	switch n := l.Node; n.Kind {
	case Extensions, Tail:
		if b.overlapsText(l.Versions) {
			b.reportAt(f.Pos, subject, "text versions have no %v, as unknown members are ignored; begin its range after %v", n.Kind, b.p.Text)
		}
		if n.Kind == Tail && !s.Message {
			b.reportAt(f.Pos, subject, "only a message has a tail, as only its end is known; use codec.Extensions")
		}
	}
	l.Node.walk(func(n *Node) {
		if n != l.Node && (n.Kind == Extensions || n.Kind == Tail) {
			b.reportAt(f.Pos, subject, "%s must be a field by itself", n.Go)
		}
		if n.Kind == StructKind && !n.Struct.Versions.Contains(l.Versions) {
			b.reportAt(f.Pos, subject, "versions %v are outside %v of %s; widen the one or narrow the other", l.Versions, n.Struct.Versions, n.Struct.Name)
		}
	})
	if f.Default == nil {
		return
	}
	n := l.Node
	if n.Kind == String {
		size := constant.MakeInt64(int64(len(constant.StringVal(f.Default))))
		if n.Max != nil && constant.Compare(size, token.GTR, n.Max) || n.Min != nil && constant.Compare(size, token.LSS, n.Min) {
			b.reportAt(f.Pos, subject, "the default's length %v is outside its limits", size)
		}
	} else if n.Max != nil && constant.Compare(f.Default, token.GTR, n.Max) || n.Min != nil && constant.Compare(f.Default, token.LSS, n.Min) {
		b.reportAt(f.Pos, subject, "the default %v is outside its limits", f.Default)
	}
}

func (b *builder) overlapsText(r Range) bool {
	for _, t := range b.p.Text {
		if t.Overlaps(r) {
			return true
		}
	}
	return false
}

// checkVersion checks what a struct's fields in one version have to do with each other.
func (b *builder) checkVersion(s *Struct, v codec.Version) {
	var ext, tail, tagged *Field
	tags := map[uint64]*Field{}
	for _, f := range s.At(v) {
		n, subject := f.At(v), s.Name+"."+f.Name
		switch {
		case n.Kind == Extensions && ext != nil, n.Kind == Tail && tail != nil:
			b.reportAt(f.Pos, subject, "%v has two fields of type %s; keep one", v, n.Go)
		case n.Kind == Extensions:
			ext = f
		case n.Kind == Tail:
			tail = f
		case n.Tagged:
			tagged = f
			if o := tags[n.Tag]; o != nil {
				b.reportAt(f.Pos, subject, "tag %d belongs to %s in %v already", n.Tag, o.Name, v)
			}
			tags[n.Tag] = f
		}
	}
	if tagged != nil && ext == nil {
		b.reportAt(tagged.Pos, s.Name+"."+tagged.Name, "a tagged field needs a field of type codec.Extensions with the same versions (%v), which keeps unknown tags", v)
	}
	if tail != nil && s.SkipTail {
		b.reportAt(tail.Pos, s.Name+"."+tail.Name, "the message's directive says tail=skip; remove one of them")
	}
}

// checkSizes finds lists of elements without size, and types without a finite value.
func (b *builder) checkSizes() {
	for _, s := range b.p.Structs {
		for _, v := range b.p.All() {
			if s.Versions.Has(v) && s.Sizes(v).Min == Infinite {
				b.reportAt(s.Pos, s.Name, "in %v every value contains another of the same type without end; make a part of the cycle a pointer, a list or a union with null", v)
				break
			}
		}
		for _, f := range s.Fields {
			b.checkElements(s, f)
		}
	}
}

func (b *builder) checkElements(s *Struct, f *Field) {
	for _, l := range f.Layouts {
		for v := l.Versions.First; v <= l.Versions.Last; v++ {
			mistake := ""
			l.Node.walk(func(n *Node) {
				limit, limited := n.MaxLen()
				if n.Kind == Pointer && !n.Null && n.Elem.Sizes(v).Min == 0 {
					mistake = fmt.Sprintf("what it points to can take no bytes in %v; remove nonnull or the pointer", v)
				}
				if n.Kind == Slice && !limited && n.Elem.Sizes(v).Min == 0 {
					mistake = fmt.Sprintf("its elements can take no bytes in %v, so a count could claim any number; add max=", v)
				}
				if n.Kind == Slice && limited && n.Elem.Sizes(v).Min == 0 && limit > maxFree(n.Elem) {
					mistake = fmt.Sprintf("its elements can take no bytes in %v, but memory and time; lower max= to %d, or give them a field", v, maxFree(n.Elem))
				}
			})
			if mistake != "" {
				b.reportAt(f.Pos, s.Name+"."+f.Name, "%s", mistake)
				return
			}
		}
	}
}

// freeMemory is how many bytes of memory a count may claim for elements that take no bytes of
// the input. It becomes the factor that bounds a decode.
const freeMemory = 4096

// maxFree is how many elements may come for free. Those without size take time all the same.
func maxFree(elem *Node) uint64 { return uint64(freeMemory / max(1, elem.Mem)) }

// walk calls f for n and all nodes within it, but not within structs and unions.
func (n *Node) walk(f func(*Node)) {
	f(n)
	if n.Key != nil {
		n.Key.walk(f)
	}
	if n.Elem != nil {
		n.Elem.walk(f)
	}
}

// reaches tells whether a value of from can contain one of to.
func reaches(from, to *Struct, seen map[*Struct]bool) bool {
	if seen[from] {
		return false
	}
	seen[from] = true
	found := false
	for _, f := range from.Fields {
		for _, l := range f.Layouts {
			l.Node.walk(func(n *Node) {
				for _, s := range n.structs() {
					found = found || s == to || reaches(s, to, seen)
				}
			})
		}
	}
	return found
}

// structs returns those that the node itself refers to.
func (n *Node) structs() []*Struct {
	switch n.Kind {
	case StructKind:
		return []*Struct{n.Struct}
	case UnionKind:
		var ss []*Struct
		for _, v := range n.Union.Variants {
			ss = append(ss, v.Struct)
		}
		return ss
	}
	return nil
}
