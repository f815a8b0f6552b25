package schema

import (
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
)

// node makes the node of a Go type with a segment's options; nil after a reported mistake.
// Only with final are mistakes reported: the default representation of a type that needs an
// option is never used.
func (b *builder) node(t types.Type, o *options, subject string, pos token.Pos, final bool) *Node {
	r := &resolver{b: b, subject: subject, pos: pos, silent: !final}
	return r.node(t, o)
}

// resolver makes the nodes of one field.
type resolver struct {
	b       *builder
	subject string
	pos     token.Pos
	silent  bool
	depth   int
}

// memSizes are those of Go values on machines of 64 bits.
var memSizes = types.SizesFor("gc", "amd64")

func (r *resolver) report(format string, args ...any) {
	if !r.silent {
		r.b.report(r.pos, r.subject, format, args...)
	}
}

func (r *resolver) node(t types.Type, o *options) *Node {
	if r.depth++; r.depth > 32 {
		r.report("type %s contains itself; put a struct into the cycle", r.b.goType(t))
		return nil
	}
	defer func() { r.depth-- }()
	n := &Node{Go: r.b.goType(t), Mem: int(memSizes.Sizeof(t)), Little: r.b.little}
	if o.has("le") {
		n.Little = true
	}
	if o.has("be") {
		n.Little = false
	}
	t = types.Unalias(t)
	if named, ok := t.(*types.Named); ok {
		if done, ok := r.named(n, named, o); done {
			return ok
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return r.basic(n, u, o)
	case *types.Slice:
		return r.slice(n, u, o)
	case *types.Array:
		if isByte(u.Elem()) {
			n.Kind, n.Len = ByteArray, int(u.Len())
			return n
		}
		n.Kind, n.Len = Array, int(u.Len())
		if u.Len() > 1<<16 {
			r.report("an array of %d elements is too long; use a slice", u.Len())
			return nil
		}
		n.Elem = r.node(u.Elem(), o.elemOptions())
		return n.complete()
	case *types.Map:
		return r.mapNode(n, u, o)
	case *types.Pointer:
		return r.pointer(n, u, o)
	case *types.Interface:
		r.report("%s is no union; put directives //parley:variant ID Struct above a named interface", n.Go)
	default:
		r.report("type %s cannot be on the wire; use a bool, sized number, string, slice, array, map, struct, pointer, time.Time, time.Duration, netip.Addr or a union", n.Go)
	}
	return nil
}

// named handles the named types that have a kind of their own: done tells so.
func (r *resolver) named(n *Node, named *types.Named, o *options) (done bool, res *Node) {
	obj := named.Obj()
	if obj.Pkg() == nil {
		return false, nil
	}
	switch obj.Pkg().Path() + "." + obj.Name() {
	case "time.Time":
		n.Kind, n.Width, n.Bits = Time, 8, 64
		r.encoding(n, o, true)
		return true, n
	case "time.Duration":
		n.Kind, n.Width, n.Bits = Duration, 8, 64
		r.encoding(n, o, true)
		r.bounds(n, o)
		return true, n
	case "net/netip.Addr":
		n.Kind = Addr
		return true, n
	case "github.com/parleyproto/parley/codec.Extensions":
		n.Kind = Extensions
		return true, n
	case "github.com/parleyproto/parley/codec.Tail":
		n.Kind = Tail
		return true, n
	}
	own := obj.Pkg() == r.b.pkg.Types
	switch named.Underlying().(type) {
	case *types.Struct:
		if !own {
			r.report("%s is a struct of another package; declare one here and convert", n.Go)
			return true, nil
		}
		if named.TypeArgs().Len() > 0 {
			r.report("generic struct %s cannot be on the wire; declare a struct for each instance", n.Go)
			return true, nil
		}
		n.Kind, n.Struct = StructKind, r.b.structOf(obj)
		if n.Struct == nil {
			r.report("struct %s is declared inside a function; declare it at package level", n.Go)
			return true, nil
		}
		return true, n
	case *types.Interface:
		if u := r.b.unions[obj.Name()]; own && u != nil {
			n.Kind, n.Union = UnionKind, u
			n.Null = o.has("null")
			return true, n
		}
	default:
		if own {
			n.Enum = r.b.enums[obj.Name()]
		}
	}
	return false, nil
}

func (r *resolver) basic(n *Node, u *types.Basic, o *options) *Node {
	switch u.Kind() {
	case types.Bool:
		n.Kind = Bool
		return n
	case types.Int8, types.Int16, types.Int32, types.Int64:
		n.Kind, n.Bits = Int, sizeOf(u)
	case types.Uint8, types.Uint16, types.Uint32, types.Uint64:
		n.Kind, n.Bits = Uint, sizeOf(u)
	case types.Float32, types.Float64:
		n.Kind, n.Bits = Float, sizeOf(u)
		n.Width = n.Bits / 8
		r.bounds(n, o)
		return n
	case types.String:
		n.Kind = String
		n.UTF8 = o.has("utf8")
		r.prefix(n, o)
		return n
	case types.Int, types.Uint, types.Uintptr:
		r.report("%s has no fixed size; use int32, int64, uint32 or uint64", n.Go)
		return nil
	case types.Invalid:
		r.report("its type does not compile")
		return nil
	default:
		r.report("type %s cannot be on the wire", n.Go)
		return nil
	}
	n.Width = n.Bits / 8
	r.encoding(n, o, n.Kind == Int)
	r.bounds(n, o)
	return n
}

func sizeOf(u *types.Basic) int {
	return map[types.BasicKind]int{
		types.Int8: 8, types.Int16: 16, types.Int32: 32, types.Int64: 64,
		types.Uint8: 8, types.Uint16: 16, types.Uint32: 32, types.Uint64: 64,
		types.Float32: 32, types.Float64: 64,
	}[u.Kind()]
}

// encoding reads an integer's representation.
func (r *resolver) encoding(n *Node, o *options, signed bool) {
	given := ""
	for _, name := range []string{"i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "uvarint", "zigzag"} {
		if o == nil || !isSet(o, name) {
			continue
		}
		if given != "" {
			r.report("both %s and %s are given; an integer has one representation", given, name)
			return
		}
		given = name
		wantSigned := name[0] == 'i' || name == "zigzag"
		if wantSigned != signed {
			continue // left unused, which is reported
		}
		o.has(name)
		switch name {
		case "uvarint":
			n.Encoding, n.Width = Uvarint, 0
		case "zigzag":
			n.Encoding, n.Width = Zigzag, 0
		default:
			bits, _ := strconv.Atoi(name[1:])
			if (n.Kind == Time || n.Kind == Duration) && bits != 64 {
				r.report("%s needs 64 bits; write i64 or zigzag", n.Go)
			}
			if bits > n.Bits {
				r.report("%s is wider than %s; use a Go type of %d bits, the widest of all versions", name, n.Go, bits)
			}
			n.Width = bits / 8
		}
	}
}

func isSet(o *options, name string) bool { _, ok := o.set[name]; return ok }

// bounds reads a number's min and max.
func (r *resolver) bounds(n *Node, o *options) {
	for _, name := range []string{"min", "max"} {
		s, ok := o.take(name)
		if !ok {
			continue
		}
		c := r.b.constant(n, s, r.subject, r.pos)
		if name == "min" {
			n.Min = c
		} else {
			n.Max = c
		}
	}
	if n.Min != nil && n.Max != nil && constant.Compare(n.Min, token.GTR, n.Max) {
		r.report("min=%v is above max=%v", n.Min, n.Max)
	}
}

// prefix reads how a length is written, and its limits.
func (r *resolver) prefix(n *Node, o *options) {
	if s, ok := o.take("len"); ok {
		p, ok := prefixes[s]
		if !ok {
			r.report("len=%s: a length is u8, u16, u32, i16, i32, uvarint or compact", s)
		}
		n.Prefix = p
	} else if n.Null {
		n.Prefix = PrefixCompact
	}
	if n.Null && !n.Prefix.CanNull() {
		r.report("a length that can be null is i16, i32 or compact")
	}
	for _, name := range []string{"min", "max"} {
		s, ok := o.take(name)
		if !ok {
			continue
		}
		u, err := strconv.ParseUint(s, 10, 62)
		if err != nil {
			r.report("%s=%s: write a length, a number from 0 to 2^62-1", name, s)
			continue
		}
		if u > n.Prefix.Cap() {
			r.report("%s=%d is more than the length's prefix can say; write a wider len=", name, u)
		}
		if name == "min" {
			n.Min = constant.MakeUint64(u)
		} else {
			n.Max = constant.MakeUint64(u)
		}
	}
	if n.Max != nil && constant.Compare(n.Max, token.LSS, constant.MakeUint64(n.MinLen())) {
		r.report("min=%v is above max=%v", n.Min, n.Max)
	}
}

var prefixes = map[string]Prefix{
	"u8": PrefixU8, "u16": PrefixU16, "u32": PrefixU32, "i16": PrefixI16, "i32": PrefixI32,
	"uvarint": PrefixUvarint, "compact": PrefixCompact,
}

func (r *resolver) slice(n *Node, u *types.Slice, o *options) *Node {
	n.Null = o.has("null")
	if isByte(u.Elem()) {
		n.Kind = Bytes
		r.prefix(n, o)
		return n
	}
	n.Kind = Slice
	r.prefix(n, o)
	n.Elem = r.node(u.Elem(), o.elemOptions())
	return n.complete()
}

func (r *resolver) mapNode(n *Node, u *types.Map, o *options) *Node {
	n.Kind = Map
	n.Null = o.has("null")
	r.prefix(n, o)
	n.Key = r.node(u.Key(), o.keyOptions())
	n.Elem = r.node(u.Elem(), o.elemOptions())
	if n.Key != nil {
		switch n.Key.Kind {
		case Int, Uint, String:
		default:
			r.report("a map's keys must be integers or strings, which have an order, not %s", n.Key.Go)
			return nil
		}
	}
	return n.complete()
}

func (r *resolver) pointer(n *Node, u *types.Pointer, o *options) *Node {
	n.Kind, n.Null = Pointer, true
	if o.has("null") {
		r.report("a pointer can be nil without the option null; nonnull forbids it")
	}
	if o.has("nonnull") {
		n.Null = false
	}
	if s, ok := o.take("presence"); ok {
		switch s {
		case "i8":
			n.NullI8 = true
		case "bool":
		default:
			r.report("presence=%s: it is bool (0 or 1) or i8 (−1 or 1)", s)
		}
	}
	if _, ok := u.Elem().Underlying().(*types.Pointer); ok {
		r.report("a pointer to a pointer cannot be on the wire; use one")
		return nil
	}
	n.Elem = r.node(u.Elem(), o) // a pointer's options are those of what it points to
	if n.Elem == nil {
		return nil
	}
	switch n.Elem.Kind {
	case Slice, Map, Bytes, UnionKind, Extensions, Tail:
		r.report("%s can be nil by itself; remove the pointer and write the option null", n.Elem.Go)
		return nil
	}
	return n
}

// isByte tells whether a type is byte itself: a list of a named type, such as an enum, is
// a list.
func isByte(t types.Type) bool {
	basic, ok := types.Unalias(t).(*types.Basic)
	return ok && basic.Kind() == types.Uint8
}

// complete returns n, or nil if a part of it is missing.
func (n *Node) complete() *Node {
	if n.Elem == nil || n.Kind == Map && n.Key == nil {
		return nil
	}
	return n
}

// goType returns a type as the package's source writes it, and remembers the imports.
func (b *builder) goType(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p == b.pkg.Types {
			return ""
		}
		b.p.Imports = append(b.p.Imports, p.Path())
		return p.Name()
	})
}
