package serialization

import (
	"time"

	"github.com/mus-format/mus-go/ord"
	"github.com/mus-format/mus-go/unsafe"
)

const musChecks = "the input's end, negative lengths, bool bytes; not list counts or trailing bytes"

type musSafe struct{}

func musSizeSmall(v *SmallStruct) int {
	return ord.String.Size(v.Name) + unsafe.Int64.Size(0) + ord.String.Size(v.Phone) +
		unsafe.Int32.Size(0) + unsafe.Bool.Size(v.Spouse) + unsafe.Float64.Size(v.Money)
}

func musMarshalSmall(b []byte, v *SmallStruct) int {
	n := unsafe.String.Marshal(v.Name, b)
	n += unsafe.Int64.Marshal(v.BirthDay.UnixNano(), b[n:])
	n += unsafe.String.Marshal(v.Phone, b[n:])
	n += unsafe.Int32.Marshal(int32(v.Siblings), b[n:])
	n += unsafe.Bool.Marshal(v.Spouse, b[n:])
	return n + unsafe.Float64.Marshal(v.Money, b[n:])
}

func musUnmarshalSmall(b []byte, v *SmallStruct) (n int, err error) {
	if v.Name, n, err = ord.String.Unmarshal(b); err != nil {
		return n, err
	}
	nano, n1, err := unsafe.Int64.Unmarshal(b[n:])
	n += n1
	if err != nil {
		return n, err
	}
	v.BirthDay = time.Unix(0, nano)
	v.Phone, n1, err = ord.String.Unmarshal(b[n:])
	n += n1
	if err != nil {
		return n, err
	}
	n, err = musUnmarshalTail(n, b, v)
	return n, err
}

func musAliasSmall(b []byte, v *SmallStruct) (n int, err error) {
	if v.Name, n, err = unsafe.String.Unmarshal(b); err != nil {
		return n, err
	}
	nano, n1, err := unsafe.Int64.Unmarshal(b[n:])
	n += n1
	if err != nil {
		return n, err
	}
	v.BirthDay = time.Unix(0, nano)
	v.Phone, n1, err = unsafe.String.Unmarshal(b[n:])
	n += n1
	if err != nil {
		return n, err
	}
	n, err = musUnmarshalTail(n, b, v)
	return n, err
}

func musUnmarshalTail(n int, b []byte, v *SmallStruct) (int, error) {
	siblings, n1, err := unsafe.Int32.Unmarshal(b[n:])
	n += n1
	if err != nil {
		return n, err
	}
	v.Siblings = int(siblings)
	v.Spouse, n1, err = unsafe.Bool.Unmarshal(b[n:])
	n += n1
	if err != nil {
		return n, err
	}
	v.Money, n1, err = unsafe.Float64.Unmarshal(b[n:])
	return n + n1, err
}

func (musSafe) Marshal(o any) ([]byte, error) {
	v := o.(*SmallStruct)
	b := make([]byte, musSizeSmall(v))
	musMarshalSmall(b, v)
	return b, nil
}

func (musSafe) Unmarshal(d []byte, o any) error {
	_, err := musUnmarshalSmall(d, o.(*SmallStruct))
	return err
}

// musReuse writes into a buffer that is known to be large enough, without asking for the
// size, as the public benchmark's entry does.
type musReuse struct {
	musSafe
	buf []byte
}

func (s *musReuse) Marshal(o any) ([]byte, error) {
	return s.buf[:musMarshalSmall(s.buf, o.(*SmallStruct))], nil
}

type musAliasing struct{ musReuse }

func (*musAliasing) Unmarshal(d []byte, o any) error {
	_, err := musAliasSmall(d, o.(*SmallStruct))
	return err
}

// musItem makes a small struct the element of mus's slices.
type musItem struct{ alias bool }

func (musItem) Marshal(v SmallStruct, b []byte) int { return musMarshalSmall(b, &v) }
func (musItem) Size(v SmallStruct) int              { return musSizeSmall(&v) }
func (s musItem) Skip(b []byte) (n int, err error)  { _, n, err = s.Unmarshal(b); return n, err }
func (s musItem) Unmarshal(b []byte) (v SmallStruct, n int, err error) {
	if s.alias {
		n, err = musAliasSmall(b, &v)
	} else {
		n, err = musUnmarshalSmall(b, &v)
	}
	return v, n, err
}

var (
	musItems      = ord.NewSliceSer[SmallStruct](musItem{})
	musAliasItems = ord.NewSliceSer[SmallStruct](musItem{alias: true})
)

func musSmall() []Entry[SmallStruct] {
	return []Entry[SmallStruct]{
		itself[SmallStruct]("mus", "safe", musChecks, musSafe{}),
		itself[SmallStruct]("mus", "reuse", musChecks, &musReuse{buf: make([]byte, 1024)}),
		itself[SmallStruct]("mus", "aliasing", musChecks, &musAliasing{musReuse{buf: make([]byte, 1024)}}),
	}
}

func musList() []Entry[List] {
	return threeKinds("mus", musChecks, sized[List]{
		size:    func(v *List) int { return musItems.Size(v.Items) },
		marshal: func(b []byte, v *List) int { return musItems.Marshal(v.Items, b) },
		unmarshal: func(b []byte, v *List) (n int, err error) {
			v.Items, n, err = musItems.Unmarshal(b)
			return n, err
		},
		alias: func(b []byte, v *List) (n int, err error) {
			v.Items, n, err = musAliasItems.Unmarshal(b)
			return n, err
		},
	})
}

func musBlob() []Entry[Blob] {
	return threeKinds("mus", musChecks, sized[Blob]{
		size: func(v *Blob) int { return ord.String.Size(v.Name) + ord.ByteSlice.Size(v.Data) },
		marshal: func(b []byte, v *Blob) int {
			n := ord.String.Marshal(v.Name, b)
			return n + ord.ByteSlice.Marshal(v.Data, b[n:])
		},
		unmarshal: func(b []byte, v *Blob) (n int, err error) {
			if v.Name, n, err = ord.String.Unmarshal(b); err != nil {
				return n, err
			}
			data, n1, err := ord.ByteSlice.Unmarshal(b[n:])
			v.Data = data
			return n + n1, err
		},
		alias: func(b []byte, v *Blob) (n int, err error) {
			if v.Name, n, err = unsafe.String.Unmarshal(b); err != nil {
				return n, err
			}
			data, n1, err := unsafe.ByteSlice.Unmarshal(b[n:])
			v.Data = data
			return n + n1, err
		},
	})
}
