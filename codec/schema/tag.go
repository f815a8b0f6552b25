package schema

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A field's tag is a list of segments, one for each range of versions with a representation
// of its own:
//
//	parley:"v1-v2,len=i16,max=64;v3+,len=compact,max=64"
//
// A segment is a version range and then options. Options that begin with "elem." or "key."
// are for the elements and keys of the field's type.

// options are those of one type within a segment.
type options struct {
	set  map[string]string // by name; "" for an option without a value
	used map[string]bool
	elem *options
	key  *options
}

// segment is one range of a tag with its options.
type segment struct {
	versions string // as written, "" if not
	*options
}

// parseTag splits a tag into segments.
func parseTag(tag string) ([]segment, error) {
	var segs []segment
	var errs []error
	for _, part := range splitQuoted(tag, ';') {
		s := segment{options: &options{}}
		for i, opt := range splitQuoted(part, ',') {
			opt = strings.TrimSpace(opt)
			if isRange(opt) {
				if i > 0 {
					errs = append(errs, fmt.Errorf("the version range %s must stand first, or after a semicolon", opt))
				}
				s.versions = opt
				continue
			}
			errs = append(errs, s.add(opt))
		}
		segs = append(segs, s)
	}
	return segs, errors.Join(errs...)
}

// names are all options there are.
var names = []string{
	"i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "uvarint", "zigzag", "le", "be",
	"len", "null", "nonnull", "presence", "min", "max", "utf8", "tag", "default", "lossy", "name", "from",
}

// valued are the options that need a value; the others take none.
var valued = []string{"len", "presence", "min", "max", "tag", "default", "name", "from"}

func (o *options) add(opt string) error {
	if rest, ok := strings.CutPrefix(opt, "elem."); ok {
		if o.elem == nil {
			o.elem = &options{}
		}
		return o.elem.add(rest)
	}
	if rest, ok := strings.CutPrefix(opt, "key."); ok {
		if o.key == nil {
			o.key = &options{}
		}
		return o.key.add(rest)
	}
	name, value, hasValue := strings.Cut(opt, "=")
	switch {
	case !slices.Contains(names, name):
		return fmt.Errorf("unknown option %q; there are %s", name, strings.Join(names, " "))
	case slices.Contains(valued, name) && value == "":
		return fmt.Errorf("option %s needs a value: %s=…", name, name)
	case !slices.Contains(valued, name) && hasValue:
		return fmt.Errorf("option %s takes no value", name)
	}
	if _, ok := o.set[name]; ok {
		return fmt.Errorf("option %s is given twice", name)
	}
	if o.set == nil {
		o.set, o.used = map[string]string{}, map[string]bool{}
	}
	if len(value) > 1 && value[0] == '\'' && value[len(value)-1] == '\'' {
		value = value[1 : len(value)-1]
	}
	o.set[name] = value
	return nil
}

// has tells whether an option is set, and marks it as understood.
func (o *options) has(name string) bool {
	_, ok := o.take(name)
	return ok
}

// take returns an option's value and marks it as understood.
func (o *options) take(name string) (string, bool) {
	if o == nil {
		return "", false
	}
	value, ok := o.set[name]
	if ok {
		o.used[name] = true
	}
	return value, ok
}

// unused returns the options that nobody understood, with their prefixes, sorted.
func (o *options) unused(prefix string) []string {
	if o == nil {
		return nil
	}
	var left []string
	for name := range o.set {
		if !o.used[name] {
			left = append(left, prefix+name)
		}
	}
	left = append(left, o.elem.unused(prefix+"elem.")...)
	left = append(left, o.key.unused(prefix+"key.")...)
	slices.Sort(left)
	return left
}

func (o *options) elemOptions() *options {
	if o == nil {
		return nil
	}
	return o.elem
}

func (o *options) keyOptions() *options {
	if o == nil {
		return nil
	}
	return o.key
}

// splitQuoted splits s at sep, but not within single quotes.
func splitQuoted(s string, sep byte) []string {
	var parts []string
	start, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\'':
			quoted = !quoted
		case s[i] == sep && !quoted:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}
