package serialization

import (
	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/docs/benchmarks/serialization/schema"
)

const parleyChecks = "the input's end, trailing bytes, bools, limits of lengths, list counts and memory before allocating; " +
	"on encoding the range of times and lengths"

// parleyMessage is what is generated for each message.
type parleyMessage interface {
	*schema.SmallStruct | *schema.List | *schema.Blob
	AppendBody(dst []byte, v codec.Version) ([]byte, error)
	DecodeBody(v codec.Version, src []byte) error
	DecodeBodyAlias(v codec.Version, src []byte) error
}

// The small struct has serialisers of its own, as those of the peers: calls of generic
// methods go through a dictionary.

type parleySafe struct{}

func (parleySafe) Marshal(o any) ([]byte, error) { return o.(*schema.SmallStruct).AppendBody(nil, 1) }

func (parleySafe) Unmarshal(d []byte, o any) error { return o.(*schema.SmallStruct).DecodeBody(1, d) }

type parleyReuse struct {
	parleySafe
	buf []byte
}

func (s *parleyReuse) Marshal(o any) ([]byte, error) {
	return o.(*schema.SmallStruct).AppendBody(s.buf[:0], 1)
}

type parleyAliasing struct{ parleyReuse }

func (*parleyAliasing) Unmarshal(d []byte, o any) error {
	return o.(*schema.SmallStruct).DecodeBodyAlias(1, d)
}

type parleyLarge[M parleyMessage] struct {
	buf          []byte
	reuse, alias bool
}

func (s *parleyLarge[M]) Marshal(o any) (b []byte, err error) {
	if !s.reuse {
		return o.(M).AppendBody(nil, 1)
	}
	s.buf, err = o.(M).AppendBody(s.buf[:0], 1)
	return s.buf, err
}

func (s *parleyLarge[M]) Unmarshal(d []byte, o any) error {
	if s.alias {
		return o.(M).DecodeBodyAlias(1, d)
	}
	return o.(M).DecodeBody(1, d)
}

func parleyEntries[T any](safe, reuse, aliasing Serializer, from func(*T) any, to func(any) T, fresh func() any) []Entry[T] {
	return []Entry[T]{
		{Name: "parley", Kind: "safe", Checks: parleyChecks, Serializer: safe, From: from, To: to, New: fresh},
		{Name: "parley", Kind: "reuse", Checks: parleyChecks, Serializer: reuse, From: from, To: to, New: fresh},
		{Name: "parley", Kind: "aliasing", Checks: parleyChecks, Serializer: aliasing, From: from, To: to, New: fresh},
	}
}

func parleyFromSmall(v *SmallStruct) schema.SmallStruct {
	return schema.SmallStruct{Name: v.Name, BirthDay: v.BirthDay, Phone: v.Phone,
		Siblings: int32(v.Siblings), Spouse: v.Spouse, Money: v.Money}
}

func parleyToSmall(m *schema.SmallStruct) SmallStruct {
	return SmallStruct{Name: m.Name, BirthDay: m.BirthDay, Phone: m.Phone,
		Siblings: int(m.Siblings), Spouse: m.Spouse, Money: m.Money}
}

func parleySmall() []Entry[SmallStruct] {
	buf := make([]byte, 0, 1024)
	return parleyEntries(parleySafe{}, &parleyReuse{buf: buf}, &parleyAliasing{parleyReuse{buf: buf}},
		func(v *SmallStruct) any { m := parleyFromSmall(v); return &m },
		func(o any) SmallStruct { return parleyToSmall(o.(*schema.SmallStruct)) },
		func() any { return new(schema.SmallStruct) })
}

func parleyLargeEntries[T any, M parleyMessage](from func(*T) any, to func(any) T, fresh func() any) []Entry[T] {
	return parleyEntries(&parleyLarge[M]{}, &parleyLarge[M]{reuse: true}, &parleyLarge[M]{reuse: true, alias: true}, from, to, fresh)
}

func parleyList() []Entry[List] {
	return parleyLargeEntries[List, *schema.List](
		func(v *List) any {
			m := new(schema.List)
			for i := range v.Items {
				m.Items = append(m.Items, parleyFromSmall(&v.Items[i]))
			}
			return m
		},
		func(o any) (v List) {
			m := o.(*schema.List)
			for i := range m.Items {
				v.Items = append(v.Items, parleyToSmall(&m.Items[i]))
			}
			return v
		},
		func() any { return new(schema.List) })
}

func parleyBlob() []Entry[Blob] {
	return parleyLargeEntries[Blob, *schema.Blob](
		func(v *Blob) any { return &schema.Blob{Name: v.Name, Data: v.Data} },
		func(o any) Blob { m := o.(*schema.Blob); return Blob{m.Name, m.Data} },
		func() any { return new(schema.Blob) })
}
