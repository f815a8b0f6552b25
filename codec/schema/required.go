package schema

import (
	"go/constant"

	"github.com/parleyproto/parley/codec"
)

// Required tells whether a text payload of version v must have the field: its default would
// break a limit, or is none of its enum's values.
func (f *Field) Required(v codec.Version) bool {
	n := f.At(v)
	return n != nil && f.Default == nil && !n.zeroFits(v)
}

// zeroFits tells whether the zero value can be encoded in v.
func (n *Node) zeroFits(v codec.Version) bool {
	switch n.Kind {
	case Int, Duration:
		return n.inBounds(int64(0)) && n.inEnum(int64(0), v)
	case Uint:
		return n.inBounds(uint64(0)) && n.inEnum(uint64(0), v)
	case Float:
		return (n.Min == nil || constant.Sign(n.Min) <= 0) && (n.Max == nil || constant.Sign(n.Max) >= 0)
	case String:
		return n.MinLen() == 0 && n.inEnum("", v)
	case Bytes, Slice, Map:
		return n.Null || n.MinLen() == 0
	case Array:
		return n.Len == 0 || n.Elem.zeroFits(v)
	case Pointer:
		return n.Null || n.Elem.zeroFits(v)
	case UnionKind:
		return n.Null
	case StructKind:
		for _, f := range n.Struct.Fields {
			if f.Required(v) {
				return false
			}
		}
	}
	return true
}
