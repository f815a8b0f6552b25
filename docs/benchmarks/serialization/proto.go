package serialization

import (
	"time"

	"github.com/parleyproto/parley/docs/benchmarks/serialization/pb"
	"google.golang.org/protobuf/proto"
)

const (
	protoChecks = "the input's end, UTF-8, depth; unknown fields are kept, trailing bytes are fields"
	vtChecks    = "the input's end; unknown fields are kept, trailing bytes are fields; not UTF-8"
)

type protoSafe struct{}

func (protoSafe) Marshal(o any) ([]byte, error)   { return proto.Marshal(o.(proto.Message)) }
func (protoSafe) Unmarshal(d []byte, o any) error { return proto.Unmarshal(d, o.(proto.Message)) }

type protoReuse struct {
	protoSafe
	buf []byte
}

func (s *protoReuse) Marshal(o any) (b []byte, err error) {
	s.buf, err = proto.MarshalOptions{}.MarshalAppend(s.buf[:0], o.(proto.Message))
	return s.buf, err
}

// vtMessage is what vtprotobuf generates. Its decoders merge, so a reset comes first.
type vtMessage interface {
	Reset()
	SizeVT() int
	MarshalVT() ([]byte, error)
	MarshalToSizedBufferVT([]byte) (int, error)
	UnmarshalVT([]byte) error
	UnmarshalVTUnsafe([]byte) error
}

type vtSafe struct{}

func (vtSafe) Marshal(o any) ([]byte, error) { return o.(vtMessage).MarshalVT() }

func (vtSafe) Unmarshal(d []byte, o any) error {
	m := o.(vtMessage)
	m.Reset()
	return m.UnmarshalVT(d)
}

type vtReuse struct {
	vtSafe
	buf []byte
}

func (s *vtReuse) Marshal(o any) ([]byte, error) {
	m := o.(vtMessage)
	s.buf = grown(s.buf, m.SizeVT())
	_, err := m.MarshalToSizedBufferVT(s.buf)
	return s.buf, err
}

type vtAliasing struct{ vtReuse }

func (*vtAliasing) Unmarshal(d []byte, o any) error {
	m := o.(vtMessage)
	m.Reset()
	return m.UnmarshalVTUnsafe(d)
}

func protoEntries[T any](from func(*T) any, to func(any) T, fresh func() any) []Entry[T] {
	return []Entry[T]{
		{Name: "protobuf", Kind: "safe", Checks: protoChecks, Serializer: protoSafe{}, From: from, To: to, New: fresh},
		{Name: "protobuf", Kind: "reuse", Checks: protoChecks, Serializer: &protoReuse{}, From: from, To: to, New: fresh},
		{Name: "vtprotobuf", Kind: "safe", Checks: vtChecks, Serializer: vtSafe{}, From: from, To: to, New: fresh},
		{Name: "vtprotobuf", Kind: "reuse", Checks: vtChecks, Serializer: &vtReuse{}, From: from, To: to, New: fresh},
		{Name: "vtprotobuf", Kind: "aliasing", Checks: vtChecks, Serializer: &vtAliasing{}, From: from, To: to, New: fresh},
	}
}

func protoFromSmall(v *SmallStruct) *pb.SmallStruct {
	return &pb.SmallStruct{Name: v.Name, BirthDay: v.BirthDay.UnixNano(), Phone: v.Phone,
		Siblings: int32(v.Siblings), Spouse: v.Spouse, Money: v.Money}
}

func protoToSmall(m *pb.SmallStruct) SmallStruct {
	return SmallStruct{Name: m.Name, BirthDay: time.Unix(0, m.BirthDay), Phone: m.Phone,
		Siblings: int(m.Siblings), Spouse: m.Spouse, Money: m.Money}
}

func protoSmall() []Entry[SmallStruct] {
	return protoEntries(
		func(v *SmallStruct) any { return protoFromSmall(v) },
		func(o any) SmallStruct { return protoToSmall(o.(*pb.SmallStruct)) },
		func() any { return new(pb.SmallStruct) })
}

func protoList() []Entry[List] {
	return protoEntries(
		func(v *List) any {
			m := new(pb.List)
			for i := range v.Items {
				m.Items = append(m.Items, protoFromSmall(&v.Items[i]))
			}
			return m
		},
		func(o any) (v List) {
			for _, m := range o.(*pb.List).Items {
				v.Items = append(v.Items, protoToSmall(m))
			}
			return v
		},
		func() any { return new(pb.List) })
}

func protoBlob() []Entry[Blob] {
	return protoEntries(
		func(v *Blob) any { return &pb.Blob{Name: v.Name, Data: v.Data} },
		func(o any) Blob { m := o.(*pb.Blob); return Blob{m.Name, m.Data} },
		func() any { return new(pb.Blob) })
}
