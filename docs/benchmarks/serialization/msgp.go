package serialization

import (
	"github.com/parleyproto/parley/docs/benchmarks/serialization/msgpgen"
	"github.com/tinylib/msgp/msgp"
)

const msgpChecks = "the input's end, types of values, list counts (no limit set); not trailing bytes"

type msgpSafe struct{}

func (msgpSafe) Marshal(o any) ([]byte, error) { return o.(msgp.Marshaler).MarshalMsg(nil) }

func (msgpSafe) Unmarshal(d []byte, o any) error {
	_, err := o.(msgp.Unmarshaler).UnmarshalMsg(d)
	return err
}

type msgpReuse struct {
	msgpSafe
	buf []byte
}

func (s *msgpReuse) Marshal(o any) (b []byte, err error) {
	s.buf, err = o.(msgp.Marshaler).MarshalMsg(s.buf[:0])
	return s.buf, err
}

// msgp has no aliasing decoder for strings.
func msgpEntries[T any](from func(*T) any, to func(any) T, fresh func() any) []Entry[T] {
	return []Entry[T]{
		{Name: "msgp", Kind: "safe", Checks: msgpChecks, Serializer: msgpSafe{}, From: from, To: to, New: fresh},
		{Name: "msgp", Kind: "reuse", Checks: msgpChecks, Serializer: &msgpReuse{}, From: from, To: to, New: fresh},
	}
}

func msgpFromSmall(v *SmallStruct) msgpgen.SmallStruct {
	return msgpgen.SmallStruct{Name: v.Name, BirthDay: v.BirthDay, Phone: v.Phone,
		Siblings: int32(v.Siblings), Spouse: v.Spouse, Money: v.Money}
}

func msgpToSmall(m *msgpgen.SmallStruct) SmallStruct {
	return SmallStruct{Name: m.Name, BirthDay: m.BirthDay, Phone: m.Phone,
		Siblings: int(m.Siblings), Spouse: m.Spouse, Money: m.Money}
}

func msgpSmall() []Entry[SmallStruct] {
	return msgpEntries(
		func(v *SmallStruct) any { m := msgpFromSmall(v); return &m },
		func(o any) SmallStruct { return msgpToSmall(o.(*msgpgen.SmallStruct)) },
		func() any { return new(msgpgen.SmallStruct) })
}

func msgpList() []Entry[List] {
	return msgpEntries(
		func(v *List) any {
			m := new(msgpgen.List)
			for i := range v.Items {
				m.Items = append(m.Items, msgpFromSmall(&v.Items[i]))
			}
			return m
		},
		func(o any) (v List) {
			m := o.(*msgpgen.List)
			for i := range m.Items {
				v.Items = append(v.Items, msgpToSmall(&m.Items[i]))
			}
			return v
		},
		func() any { return new(msgpgen.List) })
}

func msgpBlob() []Entry[Blob] {
	return msgpEntries(
		func(v *Blob) any { return &msgpgen.Blob{Name: v.Name, Data: v.Data} },
		func(o any) Blob { m := o.(*msgpgen.Blob); return Blob{m.Name, m.Data} },
		func() any { return new(msgpgen.Blob) })
}
