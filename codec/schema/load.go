package schema

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// NoSchemaError says that a package has no //parley:protocol directive.
type NoSchemaError struct{ Package string }

func (e *NoSchemaError) Error() string {
	return fmt.Sprintf("schema: package %s has no //parley:protocol directive; write one above its package clause", e.Package)
}

// Load loads the packages that the patterns name, as the go command understands them in dir,
// and returns the model of each that has a //parley:protocol directive. All mistakes of all
// packages come at once, as [Errors]. A single package without the directive is a
// [*NoSchemaError]; among several it is passed over.
func Load(dir string, patterns ...string) ([]*Protocol, error) {
	cfg := &packages.Config{
		Dir: dir,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes |
			packages.NeedTypesInfo | packages.NeedImports,
	}
	pkgs, err := packages.Load(cfg, patterns...)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	var protocols []*Protocol
	var errs Errors
	for _, pkg := range pkgs {
		p, perrs := build(pkg, dir)
		errs = append(errs, perrs...)
		if p != nil {
			protocols = append(protocols, p)
		} else if len(pkgs) == 1 && len(perrs) == 0 {
			return nil, &NoSchemaError{pkg.PkgPath}
		}
	}
	if len(errs) > 0 {
		return nil, errs.sorted()
	}
	if len(protocols) == 0 {
		return nil, &NoSchemaError{strings.Join(patterns, " ")}
	}
	return protocols, nil
}

// build makes the model of one package; nil without errors if it has none.
func build(pkg *packages.Package, dir string) (*Protocol, Errors) {
	b := &builder{pkg: pkg, dir: dir, structs: map[string]*Struct{}, enums: map[string]*Enum{}, unions: map[string]*Union{}, generated: map[string]bool{}}
	for _, f := range pkg.Syntax {
		if ast.IsGenerated(f) {
			b.generated[pkg.Fset.Position(f.Package).Filename] = true
		}
	}
	if !b.protocol() {
		b.loadErrors()
		headless := func(f *ast.File) bool { return !f.Name.Pos().IsValid() }
		if len(pkg.Syntax) == 0 || slices.ContainsFunc(pkg.Syntax, headless) {
			return nil, b.errs // a directive could not be seen
		}
		return nil, b.onlyWithDirectives()
	}
	b.collect()
	b.resolveAll()
	b.check()
	b.loadErrors()
	if len(b.errs) > 0 {
		return nil, b.errs
	}
	return &b.p, nil
}

// builder holds what is known of a package while its model is made.
type builder struct {
	pkg       *packages.Package
	dir       string // positions are relative to it
	p         Protocol
	little    bool // the protocol's byte order
	decls     []decl
	structs   map[string]*Struct
	enums     map[string]*Enum
	unions    map[string]*Union
	generated map[string]bool // by file name
	errs      Errors
}

func (b *builder) report(pos token.Pos, subject, format string, args ...any) {
	b.reportAt(b.position(pos), subject, format, args...)
}

func (b *builder) reportAt(pos token.Position, subject, format string, args ...any) {
	b.errs = append(b.errs, &Error{Pos: pos, Subject: subject, Msg: fmt.Sprintf(format, args...)})
}

// reportAll reports each of several joined errors.
func (b *builder) reportAll(pos token.Pos, subject string, err error) {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, e := range joined.Unwrap() {
			b.report(pos, subject, "%v", e)
		}
	} else if err != nil {
		b.report(pos, subject, "%v", err)
	}
}

func (b *builder) position(pos token.Pos) token.Position {
	p := b.pkg.Fset.Position(pos)
	p.Offset = 0
	p.Filename = b.short(p.Filename)
	return p
}

// short returns a file's name relative to where the user stands, if it is below.
func (b *builder) short(file string) string {
	dir, err := filepath.Abs(b.dir)
	if err != nil {
		return file
	}
	if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return file
}

// onlyWithDirectives returns the errors of a package without a protocol only if it looks as
// if it were meant to have one.
func (b *builder) onlyWithDirectives() Errors {
	for _, f := range b.pkg.Syntax {
		for _, g := range f.Comments {
			for _, c := range g.List {
				if strings.HasPrefix(c.Text, "//parley:") && !b.generated[b.pkg.Fset.Position(c.Pos()).Filename] {
					if len(b.errs) == 0 {
						b.report(c.Pos(), "", "the package has directives but no //parley:protocol; write one above a package clause")
					}
					return b.errs
				}
			}
		}
	}
	return nil
}

// loadErrors reports why the package does not compile, but for what generated code, which
// may be missing or old, causes.
func (b *builder) loadErrors() {
	for _, e := range b.pkg.Errors {
		if strings.HasPrefix(e.Msg, "# ") {
			continue // the compiler's output as a whole; its parts come one by one
		}
		file, line, col := splitPosition(e.Pos)
		if b.generated[file] || b.causedByGeneration(e.Msg) {
			continue
		}
		b.reportAt(token.Position{Filename: b.short(file), Line: line, Column: col}, "",
			"the package does not compile: %s", e.Msg)
	}
}

// causedByGeneration tells whether a compiler's message is about a name that generated code
// declares.
func (b *builder) causedByGeneration(msg string) bool {
	for _, prefix := range []string{"undefined: ", "missing method ", "undefined (type "} {
		if i := strings.Index(msg, prefix); i >= 0 && b.willGenerate(strings.Fields(msg[i+len(prefix):] + " .")[0]) {
			return true
		}
	}
	if _, rest, ok := strings.Cut(msg, "has no field or method "); ok {
		name, _, _ := strings.Cut(strings.TrimSuffix(rest, ")"), ",")
		return methods[name]
	}
	return strings.Contains(msg, "no required module provides") && len(b.generated) == 0
}

// methods are those that generated code gives to each message.
var methods = map[string]bool{
	"Loss": true, "MinVersion": true, "AppendBody": true, "SizeBody": true, "DecodeBody": true, "DecodeBodyAlias": true,
}

func (b *builder) willGenerate(name string) bool {
	name = strings.Trim(name, ",;:)")
	if name == "Protocol" {
		return true
	}
	if rest, ok := strings.CutPrefix(name, "New"); ok && b.structs[rest] != nil {
		return true
	}
	_, method, ok := strings.Cut(name, ".")
	return ok && methods[method]
}

// splitPosition splits "file:line:col".
func splitPosition(s string) (file string, line, col int) {
	rest, c, ok := cutLast(s)
	if !ok {
		return s, 0, 0
	}
	file, l, ok := cutLast(rest)
	if !ok {
		return rest, c, 0
	}
	return file, l, c
}

func cutLast(s string) (string, int, bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return s, 0, false
	}
	n := 0
	if _, err := fmt.Sscanf(s[i+1:], "%d", &n); err != nil {
		return s, 0, false
	}
	return s[:i], n, true
}
