package schema

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// directive is a comment line "//parley:kind arg… key=value…".
type directive struct {
	pos  token.Pos
	kind string
	args []string
	opts map[string]string
}

// directiveOptions are the options that each kind of directive takes.
var directiveOptions = map[string][]string{
	"protocol": {"versions", "text", "order", "depth"},
	"message":  {"versions", "name", "tail"},
	"struct":   {"versions", "name"},
	"enum":     {},
	"value":    {"versions", "name"},
	"variant":  {"versions"},
}

// directiveArgs is how many arguments each kind takes.
var directiveArgs = map[string]int{"protocol": 1, "message": 1, "variant": 2}

// directives returns those of a comment group; mistakes go to report.
func directives(g *ast.CommentGroup, report func(token.Pos, error)) []directive {
	if g == nil {
		return nil
	}
	var ds []directive
	for _, c := range g.List {
		text, ok := strings.CutPrefix(c.Text, "//parley:")
		if !ok {
			continue
		}
		d, err := parseDirective(text)
		d.pos = c.Pos()
		if err != nil {
			report(d.pos, err)
			continue
		}
		if d.kind != "variant" && slices.ContainsFunc(ds, func(o directive) bool { return o.kind == d.kind }) {
			report(d.pos, fmt.Errorf("directive //parley:%s is given twice; remove one", d.kind))
			continue
		}
		ds = append(ds, d)
	}
	return ds
}

func parseDirective(text string) (directive, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return directive{}, errors.New("//parley: needs a kind, such as //parley:message 1")
	}
	d := directive{kind: words[0], opts: map[string]string{}}
	known, ok := directiveOptions[d.kind]
	if !ok {
		return d, fmt.Errorf("unknown directive //parley:%s; there are protocol, message, struct, enum, value and variant", d.kind)
	}
	for _, w := range words[1:] {
		key, value, isOpt := strings.Cut(w, "=")
		switch {
		case !isOpt:
			d.args = append(d.args, w)
		case !slices.Contains(known, key):
			return d, fmt.Errorf("unknown option %q of //parley:%s; it takes [%s]", key, d.kind, strings.Join(known, " "))
		case d.opts[key] != "":
			return d, fmt.Errorf("option %s is given twice", key)
		case value == "":
			return d, fmt.Errorf("option %s needs a value", key)
		default:
			d.opts[key] = value
		}
	}
	if want := directiveArgs[d.kind]; len(d.args) != want {
		usage := map[string]string{"protocol": "//parley:protocol NAME versions=1-3", "message": "//parley:message ID", "variant": "//parley:variant ID Struct"}[d.kind]
		if usage == "" {
			usage = "//parley:" + d.kind
		}
		return d, fmt.Errorf("//parley:%s takes %d arguments, not %d; write %s", d.kind, want, len(d.args), usage)
	}
	return d, nil
}

// find returns the directive of a kind.
func find(ds []directive, kind string) (directive, bool) {
	i := slices.IndexFunc(ds, func(d directive) bool { return d.kind == kind })
	if i < 0 {
		return directive{}, false
	}
	return ds[i], true
}

// id reads a directive's first argument as a number.
func (d *directive) id() (uint64, error) {
	id, err := strconv.ParseUint(d.args[0], 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is no id; write a number from 0 to 4294967295", d.args[0])
	}
	return id, nil
}
