package serialization

import (
	"encoding/binary"
	"math"
	"time"
	"unsafe"
)

// The baseline of the public benchmark: constant offsets, lengths taken for granted.
const (
	baselineSize   = 8 + 8 + 4 + nameSize + phoneSize + 1
	baselineChecks = "nothing; a name or phone of another length is encoded wrongly, short input panics"
)

type baseline struct{}

func (baseline) Marshal(o any) ([]byte, error) {
	return baselineAppend(make([]byte, 0, baselineSize), o.(*SmallStruct)), nil
}

func (baseline) Unmarshal(d []byte, o any) error {
	v := o.(*SmallStruct)
	v.BirthDay = time.Unix(0, int64(binary.LittleEndian.Uint64(d[:8])))
	v.Money = math.Float64frombits(binary.LittleEndian.Uint64(d[8:16]))
	v.Siblings = int(binary.LittleEndian.Uint32(d[16:20]))
	v.Name = string(d[20:36])
	v.Phone = string(d[36:46])
	v.Spouse = d[46] != 0
	return nil
}

type baselineReuse struct {
	baseline
	buf []byte
}

func (s *baselineReuse) Marshal(o any) ([]byte, error) {
	return baselineAppend(s.buf, o.(*SmallStruct)), nil
}

type baselineUnsafe struct{ baselineReuse }

func (s *baselineUnsafe) Unmarshal(d []byte, o any) error {
	v := o.(*SmallStruct)
	v.BirthDay = time.Unix(0, int64(binary.LittleEndian.Uint64(d[:8])))
	v.Money = math.Float64frombits(binary.LittleEndian.Uint64(d[8:16]))
	v.Siblings = int(binary.LittleEndian.Uint32(d[16:20]))
	v.Name = alias(d[20:36])
	v.Phone = alias(d[36:46])
	v.Spouse = d[46] != 0
	return nil
}

func baselineAppend(b []byte, v *SmallStruct) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(v.BirthDay.UnixNano()))
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v.Money))
	b = binary.LittleEndian.AppendUint32(b, uint32(v.Siblings))
	b = append(b, v.Name...)
	b = append(b, v.Phone...)
	if v.Spouse {
		return append(b, 1)
	}
	return append(b, 0)
}

// alias returns a string that shares b's memory.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func baselineSmall() []Entry[SmallStruct] {
	return []Entry[SmallStruct]{
		itself[SmallStruct]("hand-written", "safe", baselineChecks, baseline{}),
		itself[SmallStruct]("hand-written", "reuse", baselineChecks, &baselineReuse{buf: make([]byte, 0, baselineSize)}),
		itself[SmallStruct]("hand-written", "aliasing", baselineChecks,
			&baselineUnsafe{baselineReuse{buf: make([]byte, 0, baselineSize)}}),
	}
}

// The same for the larger messages: a count or a length in four bytes, then constant offsets.

func baselineDecode(d []byte, v *SmallStruct) { _ = baseline{}.Unmarshal(d, v) }

func baselineAlias(d []byte, v *SmallStruct) { _ = (*baselineUnsafe)(nil).Unmarshal(d, v) }

func baselineItems(d []byte, v *List, decode func([]byte, *SmallStruct)) int {
	v.Items = make([]SmallStruct, binary.LittleEndian.Uint32(d))
	n := 4
	for i := range v.Items {
		decode(d[n:n+baselineSize], &v.Items[i])
		n += baselineSize
	}
	return n
}

func baselineList() []Entry[List] {
	return threeKinds("hand-written", baselineChecks, sized[List]{
		size: func(v *List) int { return 4 + len(v.Items)*baselineSize },
		marshal: func(b []byte, v *List) int {
			b = binary.LittleEndian.AppendUint32(b[:0], uint32(len(v.Items)))
			for i := range v.Items {
				b = baselineAppend(b, &v.Items[i])
			}
			return len(b)
		},
		unmarshal: func(d []byte, v *List) (int, error) { return baselineItems(d, v, baselineDecode), nil },
		alias:     func(d []byte, v *List) (int, error) { return baselineItems(d, v, baselineAlias), nil },
	})
}

func baselineBlob() []Entry[Blob] {
	return threeKinds("hand-written", baselineChecks, sized[Blob]{
		size: func(v *Blob) int { return nameSize + 4 + len(v.Data) },
		marshal: func(b []byte, v *Blob) int {
			b = append(b[:0], v.Name...)
			b = binary.LittleEndian.AppendUint32(b, uint32(len(v.Data)))
			return len(append(b, v.Data...))
		},
		unmarshal: func(d []byte, v *Blob) (int, error) {
			n := nameSize + 4 + int(binary.LittleEndian.Uint32(d[nameSize:]))
			v.Name, v.Data = string(d[:nameSize]), append([]byte(nil), d[nameSize+4:n]...)
			return n, nil
		},
		alias: func(d []byte, v *Blob) (int, error) {
			n := nameSize + 4 + int(binary.LittleEndian.Uint32(d[nameSize:]))
			v.Name, v.Data = alias(d[:nameSize]), d[nameSize+4:n:n]
			return n, nil
		},
	})
}
