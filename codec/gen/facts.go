package gen

import (
	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/schema"
)

// facts.go answers questions about the model that shape the code.

// fixedSize returns a node's size in bytes if it is the same for all values.
func fixedSize(n *schema.Node, v codec.Version) (int, bool) {
	switch n.Kind {
	case schema.Bool:
		return 1, true
	case schema.Int, schema.Uint, schema.Time, schema.Duration, schema.Float:
		return n.Width, n.Kind == schema.Float || n.Encoding == schema.Fixed
	case schema.ByteArray:
		return n.Len, true
	case schema.Array:
		size, ok := fixedSize(n.Elem, v)
		return size * n.Len, ok
	case schema.StructKind:
		return fixedStruct(n.Struct, v)
	}
	return 0, false
}

func fixedStruct(s *schema.Struct, v codec.Version) (int, bool) {
	total := 0
	if s.Recursive {
		return 0, false
	}
	for _, f := range s.At(v) {
		size, ok := fixedSize(f.At(v), v)
		if !ok || f.At(v).Tagged {
			return 0, false
		}
		total += size
	}
	return total, true
}

// atomic tells whether a node takes part in a run of fixed-width fields: it is decoded and
// written at a constant offset without calling another function.
func atomic(n *schema.Node, v codec.Version) bool {
	switch n.Kind {
	case schema.Bool, schema.Float, schema.ByteArray:
		return true
	case schema.Int, schema.Uint, schema.Time, schema.Duration:
		return n.Encoding == schema.Fixed
	case schema.Array:
		return n.Len <= 4 && atomic(n.Elem, v)
	case schema.StructKind:
		if n.Struct.Recursive {
			return false
		}
		for _, f := range n.Struct.Fields {
			if f.At(v) == nil || f.At(v).Tagged || !atomic(f.At(v), v) {
				return false
			}
		}
		return true
	}
	return false
}

// checked tells whether some value of a node cannot be encoded in v, so that the size pass
// must look at it.
func checked(n *schema.Node, v codec.Version) bool {
	switch n.Kind {
	case schema.Int, schema.Uint:
		return n.Enum != nil || n.Min != nil || n.Max != nil || n.Encoding == schema.Fixed && n.Width*8 < n.Bits
	case schema.Float, schema.Duration:
		return n.Min != nil || n.Max != nil
	case schema.String:
		return n.Enum != nil || n.UTF8 || lengthChecked(n)
	case schema.Bytes:
		return lengthChecked(n)
	case schema.Slice:
		return lengthChecked(n) || checked(n.Elem, v)
	case schema.Map:
		return lengthChecked(n) || checked(n.Key, v) || checked(n.Elem, v)
	case schema.Array:
		return checked(n.Elem, v)
	case schema.Pointer:
		return !n.Null || checked(n.Elem, v)
	case schema.StructKind:
		return checkedStruct(n.Struct, v)
	case schema.Time, schema.Addr, schema.UnionKind, schema.Extensions:
		return true
	}
	return false
}

func lengthChecked(n *schema.Node) bool {
	return n.Min != nil || n.Max != nil || n.Prefix.Size() > 0
}

func checkedStruct(s *schema.Struct, v codec.Version) bool {
	if s.Recursive {
		return true
	}
	for _, f := range s.Fields {
		if n := f.At(v); (losesAt(f, v) || losesNil(f, v)) && !f.Lossy || n != nil && checked(n, v) {
			return true
		}
	}
	return false
}

// chain returns the fields that replaced one another, oldest first, of which f is one.
func chain(f *schema.Field) []*schema.Field {
	for f.Older != nil {
		f = f.Older.Source
	}
	fs := []*schema.Field{f}
	for f.Newer != nil {
		f = f.Newer.Source
		fs = append(fs, f)
	}
	return fs
}

// newestPresent returns the index of the last field of a chain that v has, or -1.
func newestPresent(fs []*schema.Field, v codec.Version) int {
	for i := len(fs) - 1; i >= 0; i-- {
		if fs[i].At(v) != nil {
			return i
		}
	}
	return -1
}

// losesAt tells whether v loses a value of f that is not its default: v does not have the
// field and nothing that carries its value in another form.
func losesAt(f *schema.Field, v codec.Version) bool {
	return f.At(v) == nil && newestPresent(chain(f), v) < 0
}

// losesNil tells whether v has f but cannot tell its nil from its empty or zero value, which
// other versions can.
func losesNil(f *schema.Field, v codec.Version) bool {
	n := f.At(v)
	return n != nil && !n.Null && nilDiffers(f)
}

// nilDiffers tells whether some version has a value for a field's nil.
func nilDiffers(f *schema.Field) bool { return nilCarriers(f) != "" }

// nilCarriers returns the versions that have a value for a field's nil.
func nilCarriers(f *schema.Field) string {
	nullable := &schema.Field{}
	for _, l := range f.Layouts {
		if l.Node.Null {
			nullable.Layouts = append(nullable.Layouts, l)
		}
	}
	return nullable.Carriers()
}

// converts tells whether encoding s in v may need conversions by the user's methods.
func converts(s *schema.Struct, v codec.Version) bool {
	for _, o := range reachableAt(s, v) {
		for _, f := range o.Fields {
			if derived(f, v) || fillsNil(f, v) {
				return true
			}
		}
	}
	return false
}

// derived tells whether v has f, and other fields that it can be derived from.
func derived(f *schema.Field, v codec.Version) bool { return f.At(v) != nil && len(chain(f)) > 1 }

// fillsNil tells whether v has no value for nil where the schema lets it become zero.
func fillsNil(f *schema.Field, v codec.Version) bool {
	return f.Lossy && losesNil(f, v) && f.At(v).Kind == schema.Pointer
}

// reachableAt returns s and all structs within it in v.
func reachableAt(s *schema.Struct, v codec.Version) []*schema.Struct {
	return structsAt(&schema.Protocol{Messages: []*schema.Struct{{Versions: schema.Range{First: v, Last: v}, Fields: []*schema.Field{{
		Layouts: []schema.Layout{{Versions: schema.Range{First: v, Last: v}, Node: &schema.Node{Kind: schema.StructKind, Struct: s}}},
	}}}}}, v)[1:]
}

// stringCount counts the strings that a decode of s in v makes: 2 stands for several.
func stringCount(s *schema.Struct, v codec.Version) int {
	total := 0
	for _, o := range reachableAt(s, v) {
		for _, f := range o.At(v) {
			eachNode(f.At(v), func(n *schema.Node) {
				switch {
				case n.Kind == schema.String && f.At(v).Kind == schema.String && o == s:
					total++
				case n.Kind == schema.String:
					total += 2
				}
			})
		}
	}
	return min(total, 2)
}

// perByte returns how many bytes of memory lists, maps and pointers of an honest message
// take at most for each byte of its payload.
func perByte(s *schema.Struct, v codec.Version) int {
	most := 0
	for _, o := range reachableAt(s, v) {
		for _, f := range o.At(v) {
			eachNode(f.At(v), func(n *schema.Node) {
				cost, least := elementCost(n, v)
				most = max(most, (cost+least-1)/least)
			})
		}
	}
	return most
}

// elementCost returns the memory that one element of a list or map, or what a pointer
// points to, takes, and the smallest number of bytes that it takes in a payload.
func elementCost(n *schema.Node, v codec.Version) (cost, least int) {
	atLeast := func(s schema.Sizes) int { return int(max(1, s.Min)) }
	switch n.Kind {
	case schema.Slice:
		if n.Elem.Sizes(v).Min == 0 {
			limit, _ := n.MaxLen()
			return n.Elem.Mem * int(limit), 1
		}
		return n.Elem.Mem, atLeast(n.Elem.Sizes(v))
	case schema.Map:
		return mapCost(n), atLeast(n.Key.Sizes(v)) + int(n.Elem.Sizes(v).Min)
	case schema.Pointer:
		return n.Elem.Mem, 1
	case schema.UnionKind:
		for _, variant := range n.Union.Variants {
			cost = max(cost, variant.Struct.Mem)
		}
		return cost, 1
	case schema.Extensions:
		return extensionMem, 2
	}
	return 0, 1
}

// extensionMem is the size of a codec.Extension.
const extensionMem = 32

// mapCost estimates what a map takes for an entry: Go's maps are at least 7/16 full.
func mapCost(n *schema.Node) int { return (n.Key.Mem + n.Elem.Mem + 2) * 16 / 7 }
