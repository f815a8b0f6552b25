package schema

import (
	"go/constant"
	"math"
	"math/bits"

	"github.com/parleyproto/parley/codec"
)

// Infinite is the size of what has no largest size.
const Infinite = math.MaxUint64

// Sizes are the smallest and the largest number of bytes that a value takes. Min is
// [Infinite] for a type that has no finite value.
type Sizes struct{ Min, Max uint64 }

// Bounded tells whether there is a largest size.
func (s Sizes) Bounded() bool { return s.Max != Infinite }

// Sizes returns those of the struct's fields in version v, without a message's id.
func (s *Struct) Sizes(v codec.Version) Sizes { return s.sizes(v, map[*Struct]bool{}) }

// PayloadSizes returns those of a message's binary payload: its id and its fields.
func (s *Struct) PayloadSizes(v codec.Version) Sizes {
	id := uvarintSize(s.ID)
	return Sizes{id, id}.plus(s.Sizes(v))
}

// Sizes returns those of the node in version v.
func (n *Node) Sizes(v codec.Version) Sizes { return n.sizes(v, map[*Struct]bool{}) }

func (s *Struct) sizes(v codec.Version, active map[*Struct]bool) Sizes {
	if active[s] {
		return Sizes{Infinite, Infinite}
	}
	active[s] = true
	defer delete(active, s)
	total := Sizes{}
	for _, f := range s.At(v) {
		n := f.At(v)
		if n.Tagged {
			continue // counted by the extensions, which are unbounded
		}
		total = total.plus(n.sizes(v, active))
	}
	if s.SkipTail {
		total.Max = Infinite
	}
	return total
}

func (n *Node) sizes(v codec.Version, active map[*Struct]bool) Sizes {
	switch n.Kind {
	case Bool:
		return Sizes{1, 1}
	case Int, Uint, Time, Duration:
		return n.integerSizes()
	case Float:
		return Sizes{uint64(n.Width), uint64(n.Width)}
	case ByteArray:
		return Sizes{uint64(n.Len), uint64(n.Len)}
	case Addr:
		return Sizes{1, 17}
	case String, Bytes:
		return n.countSizes(Sizes{1, 1})
	case Array:
		e := n.Elem.sizes(v, active)
		return Sizes{times(e.Min, uint64(n.Len)), times(e.Max, uint64(n.Len))}
	case Slice:
		return n.countSizes(n.Elem.sizes(v, active))
	case Map:
		return n.countSizes(n.Key.sizes(v, active).plus(n.Elem.sizes(v, active)))
	case Pointer:
		return n.pointerSizes(v, active)
	case StructKind:
		return n.Struct.sizes(v, active)
	case UnionKind:
		return n.unionSizes(v, active)
	case Extensions:
		return Sizes{1, Infinite}
	}
	return Sizes{0, Infinite} // Tail
}

// integerSizes bounds a varint by the node's limits where it has some.
func (n *Node) integerSizes() Sizes {
	if n.Encoding == Fixed {
		return Sizes{uint64(n.Width), uint64(n.Width)}
	}
	if n.Encoding == Uvarint {
		lo, hi := uint64(0), uint64(math.MaxUint64)>>(64-n.Bits)
		if n.Min != nil {
			lo, _ = constant.Uint64Val(n.Min)
		}
		if n.Max != nil {
			hi, _ = constant.Uint64Val(n.Max)
		}
		return Sizes{uvarintSize(lo), uvarintSize(hi)}
	}
	lo, hi := int64(math.MinInt64)>>(64-n.Bits), int64(math.MaxInt64)>>(64-n.Bits)
	if n.Min != nil {
		lo, _ = constant.Int64Val(n.Min)
	}
	if n.Max != nil {
		hi, _ = constant.Int64Val(n.Max)
	}
	a, b := uvarintSize(zigzag(lo)), uvarintSize(zigzag(hi))
	least := min(a, b)
	if lo <= 0 && hi >= 0 {
		least = 1
	}
	return Sizes{least, max(a, b)}
}

// countSizes returns the sizes of a prefix and so many elements as the limits allow.
func (n *Node) countSizes(elem Sizes) Sizes {
	least := n.MinLen()
	most := uint64(Infinite)
	if m, ok := n.MaxLen(); ok {
		most = m
	} else if n.Prefix.Size() > 0 {
		most = n.Prefix.Cap()
	}
	if n.Null {
		least = 0
	}
	return Sizes{n.prefixSize(least), n.prefixSize(most)}.plus(Sizes{times(elem.Min, least), times(elem.Max, most)})
}

func (n *Node) prefixSize(count uint64) uint64 {
	switch {
	case n.Prefix.Size() > 0:
		return uint64(n.Prefix.Size())
	case n.Prefix == PrefixCompact && n.Null:
		if count == 0 {
			return 1
		}
		return uvarintSize(count + 1)
	case n.Prefix == PrefixCompact:
		return uvarintSize(count + 1)
	}
	return uvarintSize(count)
}

func (n *Node) pointerSizes(v codec.Version, active map[*Struct]bool) Sizes {
	e := n.Elem.sizes(v, active)
	switch {
	case !n.Null:
		return e
	case n.NullByLength():
		return Sizes{min(e.Min, max(1, uint64(n.Elem.Prefix.Size()))), e.Max}
	}
	return Sizes{1, plus(1, e.Max)}
}

func (n *Node) unionSizes(v codec.Version, active map[*Struct]bool) Sizes {
	total := Sizes{Infinite, 0}
	if n.Null {
		total = Sizes{1, 1}
	}
	for _, variant := range n.Union.Variants {
		if !variant.Versions.Has(v) {
			continue
		}
		id := uvarintSize(variant.ID)
		s := Sizes{id, id}.plus(variant.Struct.sizes(v, active))
		total = Sizes{min(total.Min, s.Min), max(total.Max, s.Max)}
	}
	return total
}

func (s Sizes) plus(o Sizes) Sizes { return Sizes{plus(s.Min, o.Min), plus(s.Max, o.Max)} }

func plus(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	if carry > 0 {
		return Infinite
	}
	return sum
}

func times(a, n uint64) uint64 {
	high, low := bits.Mul64(a, n)
	if high > 0 || (a == Infinite || n == Infinite) && a != 0 && n != 0 {
		return Infinite
	}
	return low
}

func zigzag(i int64) uint64 { return uint64(i<<1) ^ uint64(i>>63) }

func uvarintSize(u uint64) uint64 { return uint64(bits.Len64(u|1)+6) / 7 }
