package schema

import (
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strings"

	"github.com/parleyproto/parley/codec/internal/textname"
)

// resolveAll resolves the fields of all structs that messages reach.
func (b *builder) resolveAll() {
	b.resolveUnions()
	for _, d := range b.decls {
		if s := b.structs[d.name]; s != nil {
			b.resolveStruct(s, d.obj)
		}
	}
	for _, name := range sortedKeys(b.structs) {
		s := b.structs[name]
		b.p.Structs = append(b.p.Structs, s)
		if s.Message {
			b.p.Messages = append(b.p.Messages, s)
		}
	}
	for _, name := range sortedKeys(b.enums) {
		b.p.Enums = append(b.p.Enums, b.enums[name])
	}
	for _, name := range sortedKeys(b.unions) {
		b.p.Unions = append(b.p.Unions, b.unions[name])
	}
	slices.SortStableFunc(b.p.Messages, func(x, y *Struct) int {
		switch {
		case x.ID < y.ID:
			return -1
		case x.ID > y.ID:
			return 1
		}
		return 0
	})
	slices.Sort(b.p.Imports)
	b.p.Imports = slices.Compact(b.p.Imports)
}

// structOf returns the model of a struct of the package, made on first use.
func (b *builder) structOf(obj *types.TypeName) *Struct {
	if s := b.structs[obj.Name()]; s != nil {
		return s
	}
	i := slices.IndexFunc(b.decls, func(d decl) bool { return d.obj == obj })
	if i < 0 {
		return nil
	}
	s := b.newStruct(b.decls[i])
	b.structs[obj.Name()] = s
	b.resolveStruct(s, obj)
	return s
}

func (b *builder) resolveStruct(s *Struct, obj *types.TypeName) {
	if s.Fields != nil {
		return
	}
	s.Fields = []*Field{}
	named, ok := obj.Type().(*types.Named)
	st, isStruct := obj.Type().Underlying().(*types.Struct)
	switch {
	case !ok || !isStruct:
		b.report(obj.Pos(), s.Name, "it must be a struct type, not %v", obj.Type().Underlying())
		return
	case named.TypeParams().Len() > 0:
		b.report(obj.Pos(), s.Name, "generic structs cannot be messages; declare a struct for each instance")
		return
	}
	s.Mem = int(memSizes.Sizeof(st))
	for i := range st.NumFields() {
		v := st.Field(i)
		tag, ok := reflect.StructTag(st.Tag(i)).Lookup("parley")
		s.Source = append(s.Source, SourceField{v.Name(), b.goType(v.Type()), st.Tag(i)})
		subject := s.Name + "." + v.Name()
		switch {
		case tag == "-":
			continue
		case !ok:
			b.report(v.Pos(), subject, `it has no parley tag; say which versions have it, such as parley:"%v+", or parley:"-"`, b.p.Versions.Last)
			continue
		case v.Embedded():
			b.report(v.Pos(), subject, "embedded fields are not supported; give it a name")
			continue
		case !v.Exported():
			b.report(v.Pos(), subject, `unexported fields cannot be on the wire; export it, or write parley:"-"`)
			continue
		}
		s.Fields = append(s.Fields, b.resolveField(s, v, tag))
	}
	b.resolveConversions(s, named, st)
}

func (b *builder) resolveField(s *Struct, v *types.Var, tag string) *Field {
	f := &Field{Name: v.Name(), TextName: textname.Of(v.Name()), Pos: b.position(v.Pos())}
	subject := s.Name + "." + f.Name
	segs, err := parseTag(tag)
	b.reportAll(v.Pos(), subject, err)
	f.Type = b.node(v.Type(), &options{}, subject, v.Pos(), false)
	for i, seg := range segs {
		b.fieldOptions(f, seg, subject, v.Pos())
		r := s.Versions
		if seg.versions != "" {
			if r, err = ParseRange(seg.versions); err != nil {
				b.report(v.Pos(), subject, "%v", err)
				continue
			}
			if !s.Versions.Contains(r) {
				b.report(v.Pos(), subject, "versions %v are outside %v of %s; widen the one or narrow the other", r, s.Versions, s.Name)
				continue
			}
		} else if i > 0 || len(segs) > 1 {
			b.report(v.Pos(), subject, "each of several parts of a tag must begin with its versions, such as v3+")
			continue
		}
		n := b.node(v.Type(), seg.options, subject, v.Pos(), true)
		if n == nil {
			return f
		}
		if value, ok := seg.take("tag"); ok {
			n.Tagged = true
			n.Tag = b.number(value, subject, v.Pos())
		}
		if left := seg.unused(""); left != nil {
			b.report(v.Pos(), subject, "option %s does not apply to %s", strings.Join(left, ", "), b.goType(v.Type()))
		}
		f.Layouts = append(f.Layouts, Layout{r, n})
	}
	b.clipLayouts(f, s, subject, v.Pos())
	return f
}

// clipLayouts checks that a field's ranges ascend, and closes the open one.
func (b *builder) clipLayouts(f *Field, s *Struct, subject string, pos token.Pos) {
	for i := range f.Layouts {
		r := &f.Layouts[i].Versions
		if i > 0 {
			prev := f.Layouts[i-1].Versions
			if prev.Overlaps(*r) || prev.First > r.First {
				b.report(pos, subject, "versions %v and %v overlap or do not ascend; end the first before the second begins", prev, *r)
			}
		}
	}
	for i := range f.Layouts {
		r := &f.Layouts[i].Versions
		r.Last = min(r.Last, s.Versions.Last)
	}
}

// fieldOptions reads the options that belong to a field as a whole.
func (b *builder) fieldOptions(f *Field, seg segment, subject string, pos token.Pos) {
	if name, ok := seg.take("name"); ok {
		f.TextName = name
	}
	if seg.has("lossy") {
		f.Lossy = true
	}
	if value, ok := seg.take("default"); ok && f.Type != nil {
		if f.Default != nil {
			b.report(pos, subject, "default is given twice; a field has one for all versions")
		}
		f.Default = b.constant(f.Type, value, subject, pos)
	}
	if from, ok := seg.take("from"); ok {
		if f.Older != nil {
			b.report(pos, subject, "from is given twice")
		}
		f.Older = &Conversion{Source: &Field{Name: from}} // resolved when all fields are known
	}
}

// resolveConversions finds the methods between fields and those that replaced them.
func (b *builder) resolveConversions(s *Struct, named *types.Named, st *types.Struct) {
	vars := map[string]*types.Var{}
	for i := range st.NumFields() {
		vars[st.Field(i).Name()] = st.Field(i)
	}
	for _, f := range s.Fields {
		if f.Older == nil {
			continue
		}
		subject, from := s.Name+"."+f.Name, f.Older.Source.Name
		pos := vars[f.Name].Pos()
		i := slices.IndexFunc(s.Fields, func(o *Field) bool { return o.Name == from })
		f.Older = nil
		if i < 0 || s.Fields[i] == f {
			b.report(pos, subject, "from=%s: %s has no other field of this name", from, s.Name)
			continue
		}
		old := s.Fields[i]
		if old.Newer != nil {
			b.report(pos, subject, "from=%s: %s.%s was replaced by %s already; use a chain", from, s.Name, from, old.Newer.Source.Name)
			continue
		}
		up := b.conversion(named, vars[old.Name], vars[f.Name], subject, pos)
		down := b.conversion(named, vars[f.Name], vars[old.Name], subject, pos)
		if up != "" && down != "" {
			f.Older = &Conversion{up, old}
			old.Newer = &Conversion{down, f}
		}
	}
	for _, f := range s.Fields { // a chain must end
		for o, n := f, 0; o.Older != nil; o, n = o.Older.Source, n+1 {
			if n > len(s.Fields) {
				b.reportAt(f.Pos, s.Name+"."+f.Name, "its from= leads back to itself")
				f.Older = nil
				break
			}
		}
	}
}

// conversion finds the method that makes one field's value of another's.
func (b *builder) conversion(named *types.Named, from, to *types.Var, subject string, pos token.Pos) string {
	name := from.Name() + "To" + to.Name()
	want := "func (m *" + named.Obj().Name() + ") " + name + "(" + b.goType(from.Type()) + ") (" + b.goType(to.Type()) + ", error)"
	obj, _, _ := types.LookupFieldOrMethod(types.NewPointer(named), true, b.pkg.Types, name)
	fn, ok := obj.(*types.Func)
	if !ok {
		b.report(pos, subject, "the conversion is missing; write %s", want)
		return ""
	}
	sig := fn.Signature()
	if sig.Variadic() || sig.Params().Len() != 1 || sig.Results().Len() != 2 ||
		!types.Identical(sig.Params().At(0).Type(), from.Type()) ||
		!types.Identical(sig.Results().At(0).Type(), to.Type()) ||
		!types.Identical(sig.Results().At(1).Type(), types.Universe.Lookup("error").Type()) {
		b.report(pos, subject, "method %s has the wrong type; it must be %s", name, want)
		return ""
	}
	return name
}

// resolveUnions makes the unions of all interfaces with //parley:variant directives.
func (b *builder) resolveUnions() {
	for _, d := range b.decls {
		if _, ok := find(d.ds, "variant"); !ok {
			continue
		}
		u := &Union{Name: d.name, Pos: b.position(d.pos)}
		b.unions[d.name] = u
		iface, ok := d.obj.Type().Underlying().(*types.Interface)
		if !ok {
			b.report(d.pos, d.name, "//parley:variant belongs above an interface type")
			continue
		}
		for _, dir := range d.ds {
			if dir.kind != "variant" {
				b.report(dir.pos, d.name, "//parley:%s does not belong above a union", dir.kind)
				continue
			}
			b.addVariant(u, dir, iface)
		}
		slices.SortFunc(u.Variants, func(x, y Variant) int { return int(int64(x.ID) - int64(y.ID)) })
	}
}

func (b *builder) addVariant(u *Union, dir directive, iface *types.Interface) {
	id, err := dir.id()
	if err != nil || id == 0 {
		b.report(dir.pos, u.Name, "variant %s: its id must be a number above 0, which stands for nil", dir.args[0])
		return
	}
	obj, _ := b.pkg.Types.Scope().Lookup(dir.args[1]).(*types.TypeName)
	if obj == nil {
		b.report(dir.pos, u.Name, "variant %d: the package has no struct %s", id, dir.args[1])
		return
	}
	if !types.Implements(types.NewPointer(obj.Type()), iface) {
		b.report(dir.pos, u.Name, "variant %d: *%s does not implement %s; give it the methods", id, obj.Name(), u.Name)
		return
	}
	v := Variant{ID: id, Struct: b.structOf(obj), Versions: b.versions(dir, u.Name, b.p.Versions)}
	for _, o := range u.Variants {
		if o.ID == v.ID || o.Struct == v.Struct {
			b.report(dir.pos, u.Name, "variant %d %s is there already as %d %s; ids and structs must differ", id, obj.Name(), o.ID, o.Struct.Name)
			return
		}
	}
	if v.Struct != nil {
		u.Variants = append(u.Variants, v)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
