package schema

import (
	"go/constant"
	"math"
	"net/netip"

	"github.com/parleyproto/parley/codec"
)

// Values of the interpreter, by kind:
//
//	Bool                    bool
//	Int, Duration           int64
//	Time                    int64, unix nanoseconds; math.MinInt64 is the zero time
//	Uint                    uint64
//	Float                   float64 or float32
//	String                  string
//	Bytes, ByteArray, Tail  []byte
//	Addr                    netip.Addr
//	Array, Slice            []any
//	Map                     []Entry, by ascending key
//	Pointer                 the value that it points to
//	StructKind              *Record
//	UnionKind               *Choice
//	Extensions              codec.Extensions
//
// Null is nil in all of them.

// Record is a value of a struct: one entry for each field that the version has.
type Record struct {
	Struct *Struct
	Fields []FieldValue
}

// FieldValue is a field with its value.
type FieldValue struct {
	Field *Field
	Value any
}

// Get returns the value of the field with a Go name; false if the record has none.
func (r *Record) Get(name string) (any, bool) {
	for _, f := range r.Fields {
		if f.Field.Name == name {
			return f.Value, true
		}
	}
	return nil, false
}

// Entry is one entry of a map.
type Entry struct{ Key, Value any }

// Choice is a value of a union.
type Choice struct {
	Variant Variant
	Record  *Record
}

// defaultOf returns the value of a field that a message does not give.
func (in *Interpreter) defaultOf(f *Field, n *Node) any {
	c := f.Default
	if c == nil {
		return in.zero(n)
	}
	switch n.Kind {
	case Bool:
		return constant.BoolVal(c)
	case Int, Duration:
		i, _ := constant.Int64Val(c)
		return i
	case Uint:
		u, _ := constant.Uint64Val(c)
		return u
	case Float:
		x, _ := constant.Float64Val(c)
		if n.Bits == 32 {
			return float32(x)
		}
		return x
	}
	return constant.StringVal(c)
}

// zero returns the value that a new Go value of the type stands for.
func (in *Interpreter) zero(n *Node) any {
	switch n.Kind {
	case Bool:
		return false
	case Int, Duration:
		return int64(0)
	case Time:
		return int64(math.MinInt64)
	case Uint:
		return uint64(0)
	case Float:
		if n.Bits == 32 {
			return float32(0)
		}
		return float64(0)
	case String:
		return ""
	case ByteArray:
		return make([]byte, n.Len)
	case Tail:
		return []byte{}
	case Addr:
		return netip.Addr{}
	case Extensions:
		return codec.Extensions(nil)
	case Array:
		list := make([]any, n.Len)
		for k := range list {
			list[k] = in.zero(n.Elem)
		}
		return list
	case StructKind:
		return in.newRecord(n.Struct)
	case Pointer:
		if !n.Null {
			return in.zero(n.Elem)
		}
	case Bytes:
		if !n.Null {
			return []byte{}
		}
	case Slice:
		if !n.Null {
			return []any{}
		}
	case Map:
		if !n.Null {
			return []Entry{}
		}
	}
	return nil
}

// newRecord returns a record whose fields have their defaults.
func (in *Interpreter) newRecord(s *Struct) *Record {
	r := &Record{Struct: s}
	for _, f := range s.At(in.v) {
		r.Fields = append(r.Fields, FieldValue{f, in.defaultOf(f, f.At(in.v))})
	}
	return r
}
