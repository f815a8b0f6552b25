package schema

import (
	"go/constant"
	"go/token"

	"github.com/parleyproto/parley/codec"
)

// Protocol is the checked model of one package's messages.
type Protocol struct {
	Name     string
	Package  string   // its Go name
	Path     string   // its import path
	Dir      string   // where its files are
	Imports  []string // import paths of foreign named types in the fields
	Versions Range    // closed
	Text     []Range  // the versions whose payloads are text
	Depth    int      // how deep recursive values may nest

	Messages []*Struct // by id
	Structs  []*Struct // all, messages too, by name
	Enums    []*Enum   // by name
	Unions   []*Union  // by name
}

// All returns the protocol's versions, ascending.
func (p *Protocol) All() []codec.Version {
	var vs []codec.Version
	for v := p.Versions.First; v <= p.Versions.Last; v++ {
		vs = append(vs, v)
	}
	return vs
}

// IsText tells whether the payloads of version v are text.
func (p *Protocol) IsText(v codec.Version) bool {
	for _, r := range p.Text {
		if r.Has(v) {
			return true
		}
	}
	return false
}

// MessagesAt returns the messages that version v has, by id.
func (p *Protocol) MessagesAt(v codec.Version) []*Struct {
	var ms []*Struct
	for _, m := range p.Messages {
		if m.Versions.Has(v) {
			ms = append(ms, m)
		}
	}
	return ms
}

// Struct is one Go struct: a message, if it has an id, or a part of messages.
type Struct struct {
	Name      string // Go
	TextName  string // the value of the member "type" in text versions
	Pos       token.Position
	Message   bool
	ID        uint64
	Versions  Range
	SkipTail  bool // bytes after a message's end are skipped, not an error
	Mem       int  // bytes of a Go value, without what it points to, on 64 bits
	Recursive bool // it can contain itself
	Fields    []*Field
	Source    []SourceField
}

// SourceField is one field as the Go source declares it, also one that is not on the wire.
type SourceField struct{ Name, Type, Tag string }

// At returns the struct's fields in version v, in the order of their bytes. Tagged fields
// come last, by tag; then the extensions; then the tail.
func (s *Struct) At(v codec.Version) []*Field {
	var plain, tagged, ext, tail []*Field
	for _, f := range s.Fields {
		switch n := f.At(v); {
		case n == nil:
		case n.Kind == Extensions:
			ext = append(ext, f)
		case n.Kind == Tail:
			tail = append(tail, f)
		case n.Tagged:
			tagged = append(tagged, f)
		default:
			plain = append(plain, f)
		}
	}
	sortByTag(tagged, v)
	return append(append(append(plain, tagged...), ext...), tail...)
}

// Field is one field of a struct, over all versions.
type Field struct {
	Name     string // Go
	TextName string // the member's name in text versions
	Pos      token.Position
	Type     *Node    // the Go type, with its default representation
	Layouts  []Layout // by version; versions in none of them do not have the field

	Default constant.Value // nil: the type's zero value
	Lossy   bool           // versions that cannot carry a value drop it

	// How the field is derived from the one that it replaced and from the one that replaced
	// it, in versions that have that one only; nil: there is none.
	Older, Newer *Conversion
}

// Layout is a field's representation in a range of versions.
type Layout struct {
	Versions Range
	Node     *Node
}

// At returns the field's representation in version v, nil if the version does not have it.
func (f *Field) At(v codec.Version) *Node {
	for _, l := range f.Layouts {
		if l.Versions.Has(v) {
			return l.Node
		}
	}
	return nil
}

// Carriers returns the versions that have the field, as text for errors: "v1-v2, v4+".
func (f *Field) Carriers() string {
	s := ""
	for i, l := range f.Layouts {
		r := l.Versions
		if i > 0 && f.Layouts[i-1].Versions.Last+1 == r.First {
			continue
		}
		for _, next := range f.Layouts[i+1:] {
			if next.Versions.First == r.Last+1 {
				r.Last = next.Versions.Last
			}
		}
		if s != "" {
			s += ", "
		}
		s += r.String()
	}
	return s
}

// Conversion derives a field from another of its struct by a method that the user writes:
// func (m *Reading) CelsiusToMilli(celsius float64) (int32, error).
type Conversion struct {
	Method string
	Source *Field
}

// Enum is a named integer or string type whose values are its constants.
type Enum struct {
	Name   string
	Pos    token.Position
	Values []EnumValue // by value
}

// EnumValue is one constant of an enum.
type EnumValue struct {
	Name     string // Go
	TextName string
	Value    constant.Value
	Versions Range
}

// Union is an interface whose values are pointers to some of the protocol's structs.
type Union struct {
	Name     string
	Pos      token.Position
	Variants []Variant // by id
}

// Variant is one of a union's structs.
type Variant struct {
	ID       uint64 // above 0
	Struct   *Struct
	Versions Range
}
