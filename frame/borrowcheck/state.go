package borrowcheck

import (
	"go/token"
	"go/types"
	"maps"
	"strings"
)

// A place is what can hold a borrowed frame: an SSA value, or a part of one. Parts are written
// ".2" (field), "[3]" (element) and "#1" (result); "" is all of it.
type place struct {
	root any // an ssa.Value; for a deferred call, its instruction
	path string
}

// A loan is what is known of the frame in a place.
type loan struct {
	call  string    // the method that lent it
	from  string    // its lender
	pos   token.Pos // of the call
	stale bool      // a later call on the lender may have happened
}

// worse returns the loan that says more: stale rather than fresh, then the earlier one.
func (l loan) worse(m loan) loan {
	if l.stale != m.stale {
		if m.stale {
			return m
		}
		return l
	}
	if m.pos < l.pos {
		return m
	}
	return l
}

// A state is what may be on loan at one point of a function.
type state map[place]loan

func (s state) add(p place, l loan) {
	if old, ok := s[p]; ok {
		l = old.worse(l)
	}
	s[p] = l
}

// join adds t to s, and reports whether s changed.
func (s state) join(t state) bool {
	changed := false
	for p, l := range t {
		old, ok := s[p]
		if ok {
			l = old.worse(l)
		}
		if !ok || l != old {
			s[p] = l
			changed = true
		}
	}
	return changed
}

// end makes the loans from one lender stale.
func (s state) end(from string) {
	for p, l := range s {
		if l.from == from && !l.stale {
			l.stale = true
			s[p] = l
		}
	}
}

// clear forgets what lies in p and its parts.
func (s state) clear(p place) {
	for q := range s {
		if q.root == p.root && within(q.path, p.path) {
			delete(s, q)
		}
	}
}

// under returns the parts of p that are on loan, by their paths within p, along with what p
// itself is part of.
func (s state) under(p place) map[string]loan {
	var parts map[string]loan
	add := func(path string, l loan) {
		if parts == nil {
			parts = make(map[string]loan)
		}
		if old, ok := parts[path]; ok {
			l = old.worse(l)
		}
		parts[path] = l
	}
	for q, l := range s {
		switch {
		case q.root != p.root:
		case within(q.path, p.path):
			add(q.path[len(p.path):], l)
		case within(p.path, q.path):
			add("", l)
		}
	}
	return parts
}

// within reports whether path is a part of whole, or the same.
func within(path, whole string) bool {
	rest, ok := strings.CutPrefix(path, whole)
	return ok && (rest == "" || strings.ContainsAny(rest[:1], ".[#"))
}

// worst joins all the loans of parts.
func worst(parts map[string]loan) (l loan, ok bool) {
	for _, m := range parts {
		if !ok {
			l, ok = m, true
		} else {
			l = l.worse(m)
		}
	}
	return l, ok
}

func (s state) clone() state { return maps.Clone(s) }

// carries reports whether a value of type t can hold a borrowed frame.
func carries(t types.Type) bool {
	switch t := t.Underlying().(type) {
	case *types.Basic:
		return t.Kind() == types.UnsafePointer
	case *types.Array:
		return carries(t.Elem())
	case *types.Struct:
		for i := range t.NumFields() {
			if carries(t.Field(i).Type()) {
				return true
			}
		}
		return false
	case *types.Tuple:
		for i := range t.Len() {
			if carries(t.At(i).Type()) {
				return true
			}
		}
		return false
	case *types.Chan:
		return false // what is sent on it is reported already
	}
	return true
}
