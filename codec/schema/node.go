package schema

import (
	"cmp"
	"go/constant"
	"slices"

	"github.com/parleyproto/parley/codec"
)

// Kind is what a type is on the wire.
type Kind int

const (
	Bool       Kind = iota // one byte, 0 or 1
	Int                    // signed integer of Bits bits
	Uint                   // unsigned integer of Bits bits
	Float                  // IEEE 754 of Bits bits
	String                 // length, then bytes
	Bytes                  // length, then bytes; []byte in Go
	ByteArray              // Len bytes; [N]byte in Go
	Time                   // unix nanoseconds in 64 bits; the zero Time is the smallest number
	Duration               // nanoseconds in 64 bits
	Addr                   // netip.Addr: a byte 0, 4 or 16, then so many bytes
	Array                  // Len elements
	Slice                  // count, then elements
	Map                    // count, then keys and elements, by ascending key
	Pointer                // presence, then the element
	StructKind             // fields one after the other
	UnionKind              // uvarint id, then the variant's fields; 0: nil
	Extensions             // codec.Extensions: tagged fields, known and unknown ones
	Tail                   // codec.Tail: what follows the fields that this version knows
)

// Encoding is how an integer is written.
type Encoding int

const (
	Fixed   Encoding = iota // Width bytes
	Uvarint                 // LEB128, shortest form
	Zigzag                  // 0, −1, 1, −2 … as uvarint 0, 1, 2, 3 …
)

// Prefix is how a length or a count is written.
type Prefix int

const (
	PrefixUvarint Prefix = iota // LEB128, shortest form
	PrefixU8
	PrefixU16
	PrefixU32
	PrefixI16     // null is −1
	PrefixI32     // null is −1
	PrefixCompact // uvarint of length + 1; null is 0
)

// Node is a type together with its representation in some range of versions. Nodes form a
// tree; structs and unions in it are referred to, so that they may be recursive.
type Node struct {
	Kind Kind
	Go   string // the Go type as the package writes it: "[]Point", "time.Duration"
	Mem  int    // bytes of a Go value of this type, without what it points to, on 64 bits

	Bits     int      // Int, Uint, Float: of the Go type
	Encoding Encoding // Int, Uint, Time, Duration
	Width    int      // in bytes, if Fixed; also of Float
	Little   bool     // little-endian; also the prefix
	Prefix   Prefix   // String, Bytes, Slice, Map
	Null     bool     // Bytes, Slice, Map, Pointer, UnionKind: nil is a value of its own
	NullI8   bool     // Pointer: presence is −1 or 1 instead of 0 or 1
	UTF8     bool     // String: must be valid UTF-8
	Min, Max constant.Value
	Len      int // Array, ByteArray

	Elem   *Node // Array, Slice, Map, Pointer
	Key    *Node // Map
	Struct *Struct
	Union  *Union
	Enum   *Enum // of Int, Uint and String

	Tagged bool   // the field stands in the extensions, under Tag
	Tag    uint64 //
}

// counted tells whether the node has a length or a count, so that Min and Max are its limits.
func (n *Node) counted() bool {
	return n.Kind == String || n.Kind == Bytes || n.Kind == Slice || n.Kind == Map
}

// MaxLen returns the largest length or count, if there is one besides that of the prefix.
func (n *Node) MaxLen() (uint64, bool) {
	if n.Max == nil || !n.counted() {
		return 0, false
	}
	return constant.Uint64Val(n.Max)
}

// MinLen returns the smallest length or count.
func (n *Node) MinLen() uint64 {
	if n.Min == nil || !n.counted() {
		return 0
	}
	u, _ := constant.Uint64Val(n.Min)
	return u
}

// NullByLength tells whether a pointer's nil is written by the element's length prefix
// instead of a byte of its own.
func (n *Node) NullByLength() bool {
	return n.Kind == Pointer && n.Elem.Kind == String && n.Elem.Prefix.CanNull()
}

// CanNull tells whether the prefix has a value for null.
func (p Prefix) CanNull() bool { return p == PrefixI16 || p == PrefixI32 || p == PrefixCompact }

// Size returns the prefix's width in bytes, 0 if it varies.
func (p Prefix) Size() int {
	switch p {
	case PrefixU8:
		return 1
	case PrefixU16, PrefixI16:
		return 2
	case PrefixU32, PrefixI32:
		return 4
	}
	return 0
}

// Cap returns the largest length that the prefix can write.
func (p Prefix) Cap() uint64 {
	switch p {
	case PrefixU8:
		return 1<<8 - 1
	case PrefixU16:
		return 1<<16 - 1
	case PrefixI16:
		return 1<<15 - 1
	case PrefixI32:
		return 1<<31 - 1
	case PrefixU32:
		return 1<<32 - 1
	}
	return 1<<63 - 1
}

func sortByTag(fs []*Field, v codec.Version) {
	slices.SortStableFunc(fs, func(a, b *Field) int { return cmp.Compare(a.At(v).Tag, b.At(v).Tag) })
}
