package schema

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"github.com/parleyproto/parley/codec/internal/textname"
)

// decl is a type declaration with the directives above it.
type decl struct {
	name string
	pos  token.Pos
	obj  *types.TypeName
	ds   []directive
}

// protocol reads the //parley:protocol directive; false if there is none.
func (b *builder) protocol() bool {
	var all []directive
	for _, f := range b.pkg.Syntax {
		if b.generated[b.pkg.Fset.Position(f.Package).Filename] {
			continue
		}
		for _, g := range f.Comments {
			if g.End() > f.Name.Pos() {
				break // directives of the package stand above its clause
			}
			for _, d := range directives(g, func(pos token.Pos, err error) { b.report(pos, "", "%v", err) }) {
				if d.kind != "protocol" {
					b.report(d.pos, "", "//parley:%s must stand above a declaration, not above the package clause", d.kind)
					continue
				}
				all = append(all, d)
			}
		}
	}
	if len(all) == 0 {
		return false
	}
	for _, d := range all[1:] {
		b.report(d.pos, "", "the package has a second //parley:protocol directive; keep one")
	}
	b.p = Protocol{Name: all[0].args[0], Package: b.pkg.Name, Path: b.pkg.PkgPath, Dir: b.pkg.Dir, Depth: 100}
	b.protocolOptions(all[0])
	return true
}

func (b *builder) protocolOptions(d directive) {
	r, err := ParseRange(d.opts["versions"])
	if err != nil || r.Last == Open {
		b.report(d.pos, "", "the protocol needs a closed range of versions, such as versions=1-3")
		r = Range{0, 1 << 20}
	} else if r.Last-r.First > 1000 {
		b.report(d.pos, "", "the protocol has more than 1000 versions; raise the first one")
		r.First = r.Last
	}
	b.p.Versions = r
	for s := range strings.SplitSeq(d.opts["text"], ",") {
		if s == "" {
			continue
		}
		t, err := ParseRange(s)
		if err != nil {
			b.report(d.pos, "", "text: %v", err)
		} else if !r.Contains(t) {
			b.report(d.pos, "", "text version %v is outside the protocol's %v", t, r)
		}
		t.Last = min(t.Last, r.Last)
		b.p.Text = append(b.p.Text, t)
	}
	switch d.opts["order"] {
	case "", "be":
	case "le":
		b.little = true
	default:
		b.report(d.pos, "", "order=%s: the byte order is be or le", d.opts["order"])
	}
	if s := d.opts["depth"]; s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 10000 {
			b.report(d.pos, "", "depth=%s: write a number from 1 to 10000", s)
		}
		b.p.Depth = n
	}
}

// collect finds the package's types that have directives, and its enums' constants.
func (b *builder) collect() {
	for _, f := range b.pkg.Syntax {
		if b.generated[b.pkg.Fset.Position(f.Package).Filename] {
			continue
		}
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
				b.collectTypes(g)
			}
		}
	}
	slices.SortFunc(b.decls, func(x, y decl) int { return strings.Compare(x.name, y.name) })
	for _, d := range b.decls {
		if dir, ok := find(d.ds, "enum"); ok {
			basic, _ := d.obj.Type().Underlying().(*types.Basic)
			if basic == nil || basic.Info()&(types.IsInteger|types.IsString) == 0 {
				b.report(dir.pos, d.name, "an enum is a named integer or string type")
				continue
			}
			b.enums[d.name] = &Enum{Name: d.name, Pos: b.position(d.pos)}
		}
	}
	for _, f := range b.pkg.Syntax {
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
				b.collectConstants(g)
			}
		}
	}
	b.strayDirectives()
}

func (b *builder) collectTypes(g *ast.GenDecl) {
	for _, spec := range g.Specs {
		ts := spec.(*ast.TypeSpec)
		doc := ts.Doc
		if doc == nil && !g.Lparen.IsValid() {
			doc = g.Doc
		}
		ds := directives(doc, func(pos token.Pos, err error) { b.report(pos, ts.Name.Name, "%v", err) })
		obj, _ := b.pkg.TypesInfo.Defs[ts.Name].(*types.TypeName)
		if obj == nil {
			continue
		}
		d := decl{ts.Name.Name, ts.Name.Pos(), obj, ds}
		b.decls = append(b.decls, d)
		_, isMessage := find(ds, "message")
		_, isStruct := find(ds, "struct")
		if isMessage || isStruct {
			b.structs[d.name] = b.newStruct(d)
		}
	}
}

// newStruct makes a struct from its directives; its fields are resolved later.
func (b *builder) newStruct(d decl) *Struct {
	s := &Struct{Name: d.name, TextName: textname.Of(d.name), Pos: b.position(d.pos), Versions: b.p.Versions}
	for _, dir := range d.ds {
		switch dir.kind {
		case "message":
			s.Message = true
			id, err := dir.id()
			if err != nil {
				b.report(dir.pos, d.name, "%v", err)
			}
			s.ID = id
		case "struct":
			if s.Message {
				b.report(dir.pos, d.name, "it is a message already; remove //parley:struct")
			}
		default:
			b.report(dir.pos, d.name, "//parley:%s does not belong above a struct", dir.kind)
			continue
		}
		s.Versions = b.versions(dir, d.name, s.Versions)
		if name := dir.opts["name"]; name != "" {
			s.TextName = name
		}
		switch dir.opts["tail"] {
		case "skip":
			s.SkipTail = true
		case "", "error":
		default:
			b.report(dir.pos, d.name, "tail=%s: it is error or skip; to keep what follows, add a field of type codec.Tail", dir.opts["tail"])
		}
	}
	return s
}

// versions reads a directive's versions within those of its parent.
func (b *builder) versions(d directive, subject string, parent Range) Range {
	s := d.opts["versions"]
	if s == "" {
		return parent
	}
	r, err := ParseRange(s)
	if err != nil {
		b.report(d.pos, subject, "%v", err)
		return parent
	}
	if !parent.Contains(r) {
		b.report(d.pos, subject, "versions %v are outside %v; widen the protocol's range or narrow this one", r, parent)
		return parent
	}
	r.Last = min(r.Last, parent.Last)
	return r
}

// collectConstants adds a declaration's constants to the enums of their types.
func (b *builder) collectConstants(g *ast.GenDecl) {
	for _, spec := range g.Specs {
		vs := spec.(*ast.ValueSpec)
		groups := []*ast.CommentGroup{vs.Doc, vs.Comment}
		if !g.Lparen.IsValid() {
			groups = append(groups, g.Doc)
		}
		for _, id := range vs.Names {
			c, _ := b.pkg.TypesInfo.Defs[id].(*types.Const)
			if c == nil || id.Name == "_" {
				continue
			}
			named, _ := c.Type().(*types.Named)
			var e *Enum
			if named != nil && named.Obj().Pkg() == b.pkg.Types {
				e = b.enums[named.Obj().Name()]
			}
			v := EnumValue{Name: id.Name, Value: c.Val(), Versions: b.p.Versions}
			for _, cg := range groups {
				for _, d := range directives(cg, func(pos token.Pos, err error) { b.report(pos, id.Name, "%v", err) }) {
					if e == nil || d.kind != "value" {
						b.report(d.pos, id.Name, "//parley:%s above a constant: only //parley:value, on constants of a type with //parley:enum", d.kind)
						continue
					}
					v.Versions = b.versions(d, id.Name, b.p.Versions)
					v.TextName = d.opts["name"]
				}
			}
			if e == nil {
				continue
			}
			if v.TextName == "" {
				v.TextName = textname.Of(strings.TrimPrefix(v.Name, e.Name))
			}
			b.addValue(e, v, id.Pos())
		}
	}
}

func (b *builder) addValue(e *Enum, v EnumValue, pos token.Pos) {
	for _, o := range e.Values {
		if constant.Compare(o.Value, token.EQL, v.Value) {
			b.report(pos, v.Name, "it has the value %v of %s; an enum's values must differ", v.Value, o.Name)
			return
		}
		if o.TextName == v.TextName {
			b.report(pos, v.Name, "it has the text name %q of %s; give one of them a //parley:value name=…", v.TextName, o.Name)
			return
		}
	}
	e.Values = append(e.Values, v)
	slices.SortFunc(e.Values, func(x, y EnumValue) int {
		if constant.Compare(x.Value, token.LSS, y.Value) {
			return -1
		}
		return 1
	})
}

// strayDirectives reports directives that stand where nothing reads them.
func (b *builder) strayDirectives() {
	for _, f := range b.pkg.Syntax {
		if b.generated[b.pkg.Fset.Position(f.Package).Filename] {
			continue
		}
		read := map[*ast.CommentGroup]bool{}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			read[g.Doc] = !g.Lparen.IsValid() && (g.Tok == token.TYPE || g.Tok == token.CONST)
			for _, spec := range g.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					read[s.Doc] = true
				case *ast.ValueSpec:
					read[s.Doc], read[s.Comment] = g.Tok == token.CONST, g.Tok == token.CONST
				}
			}
		}
		for _, g := range f.Comments {
			if read[g] || g.End() <= f.Name.Pos() {
				continue
			}
			for _, c := range g.List {
				if strings.HasPrefix(c.Text, "//parley:") {
					b.report(c.Pos(), "", "directive %s belongs to nothing; put it right above a type or constant", c.Text)
				}
			}
		}
	}
}

// ownMethod finds a method that the user wrote, not generated code.
func (b *builder) ownMethod(obj types.Object, name string) (token.Pos, bool) {
	if obj == nil {
		return 0, false
	}
	m, _, _ := types.LookupFieldOrMethod(types.NewPointer(obj.Type()), true, b.pkg.Types, name)
	fn, ok := m.(*types.Func)
	if !ok || b.generated[b.pkg.Fset.Position(fn.Pos()).Filename] {
		return 0, false
	}
	return fn.Pos(), true
}
