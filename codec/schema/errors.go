package schema

import (
	"cmp"
	"fmt"
	"go/token"
	"slices"
	"strings"
)

// Error is one mistake in a schema.
type Error struct {
	Pos     token.Position
	Subject string // "Reading.Note", "" for the package
	Msg     string // what is wrong, and how to mend it
}

// Error returns "file:line:col: Type.Field: message".
func (e *Error) Error() string {
	if e.Subject == "" {
		return fmt.Sprintf("%v: %s", e.Pos, e.Msg)
	}
	return fmt.Sprintf("%v: %s: %s", e.Pos, e.Subject, e.Msg)
}

// Errors are all mistakes of a schema, by position.
type Errors []*Error

// Error returns one line for each mistake.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the mistakes one by one.
func (es Errors) Unwrap() []error {
	errs := make([]error, len(es))
	for i, e := range es {
		errs[i] = e
	}
	return errs
}

// sorted returns the mistakes by position, each once.
func (es Errors) sorted() Errors {
	slices.SortStableFunc(es, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Pos.Filename, b.Pos.Filename), cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Column, b.Pos.Column), cmp.Compare(a.Msg, b.Msg))
	})
	return slices.CompactFunc(es, func(a, b *Error) bool { return *a == *b })
}
