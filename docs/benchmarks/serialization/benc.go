package serialization

import (
	"time"

	"github.com/deneonet/benc"
	bstd "github.com/deneonet/benc/std"
)

const bencChecks = "the input's end, varint width and trailing bytes; not lengths past 2^63, list counts or bools"

// The entries are written by hand on benc's primitives, as in the public benchmark: benc's
// generated code adds field ids and is slower.

func bencSizeSmall(v *SmallStruct) int {
	return bstd.SizeString(v.Name) + bstd.SizeInt64() + bstd.SizeString(v.Phone) +
		bstd.SizeInt32() + bstd.SizeBool() + bstd.SizeFloat64()
}

func bencMarshalSmall(n int, b []byte, v *SmallStruct) int {
	n = bstd.MarshalString(n, b, v.Name)
	n = bstd.MarshalInt64(n, b, v.BirthDay.UnixNano())
	n = bstd.MarshalString(n, b, v.Phone)
	n = bstd.MarshalInt32(n, b, int32(v.Siblings))
	n = bstd.MarshalBool(n, b, v.Spouse)
	return bstd.MarshalFloat64(n, b, v.Money)
}

func bencUnmarshalSmall(n int, b []byte, v *SmallStruct) (int, error) {
	var err error
	if n, v.Name, err = bstd.UnmarshalString(n, b); err != nil {
		return n, err
	}
	var nano int64
	if n, nano, err = bstd.UnmarshalInt64(n, b); err != nil {
		return n, err
	}
	v.BirthDay = time.Unix(0, nano)
	if n, v.Phone, err = bstd.UnmarshalString(n, b); err != nil {
		return n, err
	}
	var siblings int32
	if n, siblings, err = bstd.UnmarshalInt32(n, b); err != nil {
		return n, err
	}
	v.Siblings = int(siblings)
	if n, v.Spouse, err = bstd.UnmarshalBool(n, b); err != nil {
		return n, err
	}
	n, v.Money, err = bstd.UnmarshalFloat64(n, b)
	return n, err
}

func bencAliasSmall(n int, b []byte, v *SmallStruct) (int, error) {
	var err error
	if n, v.Name, err = bstd.UnmarshalUnsafeString(n, b); err != nil {
		return n, err
	}
	var nano int64
	if n, nano, err = bstd.UnmarshalInt64(n, b); err != nil {
		return n, err
	}
	v.BirthDay = time.Unix(0, nano)
	if n, v.Phone, err = bstd.UnmarshalUnsafeString(n, b); err != nil {
		return n, err
	}
	var siblings int32
	if n, siblings, err = bstd.UnmarshalInt32(n, b); err != nil {
		return n, err
	}
	v.Siblings = int(siblings)
	if n, v.Spouse, err = bstd.UnmarshalBool(n, b); err != nil {
		return n, err
	}
	n, v.Money, err = bstd.UnmarshalFloat64(n, b)
	return n, err
}

type bencSafe struct{}

func (bencSafe) Marshal(o any) ([]byte, error) {
	v := o.(*SmallStruct)
	b := make([]byte, bencSizeSmall(v))
	n := bencMarshalSmall(0, b, v)
	return b, benc.VerifyMarshal(n, b)
}

func (bencSafe) Unmarshal(d []byte, o any) error {
	n, err := bencUnmarshalSmall(0, d, o.(*SmallStruct))
	if err != nil {
		return err
	}
	return benc.VerifyUnmarshal(n, d)
}

type bencReuse struct {
	bencSafe
	buf []byte
}

func (s *bencReuse) Marshal(o any) ([]byte, error) {
	v := o.(*SmallStruct)
	b := grown(s.buf, bencSizeSmall(v))
	n := bencMarshalSmall(0, b, v)
	return b, benc.VerifyMarshal(n, b)
}

type bencAliasing struct{ bencReuse }

func (*bencAliasing) Unmarshal(d []byte, o any) error {
	n, err := bencAliasSmall(0, d, o.(*SmallStruct))
	if err != nil {
		return err
	}
	return benc.VerifyUnmarshal(n, d)
}

func bencMarshalItem(n int, b []byte, v SmallStruct) int { return bencMarshalSmall(n, b, &v) }

func bencSizeItem(v SmallStruct) int { return bencSizeSmall(&v) }

func bencSizeList(v *List) int { return bstd.SizeSlice(v.Items, bencSizeItem) }

func bencMarshalList(b []byte, v *List) int { return bstd.MarshalSlice(0, b, v.Items, bencMarshalItem) }

func bencUnmarshalList(b []byte, v *List) (n int, err error) {
	n, v.Items, err = bstd.UnmarshalSlice[SmallStruct](0, b, bencUnmarshalSmall)
	return n, err
}

func bencAliasList(b []byte, v *List) (n int, err error) {
	n, v.Items, err = bstd.UnmarshalSlice[SmallStruct](0, b, bencAliasSmall)
	return n, err
}

func bencSizeBlob(v *Blob) int { return bstd.SizeString(v.Name) + bstd.SizeBytes(v.Data) }

func bencMarshalBlob(b []byte, v *Blob) int {
	return bstd.MarshalBytes(bstd.MarshalString(0, b, v.Name), b, v.Data)
}

func bencUnmarshalBlob(b []byte, v *Blob) (n int, err error) {
	if n, v.Name, err = bstd.UnmarshalString(0, b); err != nil {
		return n, err
	}
	n, v.Data, err = bstd.UnmarshalBytesCopied(n, b)
	return n, err
}

func bencAliasBlob(b []byte, v *Blob) (n int, err error) {
	if n, v.Name, err = bstd.UnmarshalUnsafeString(0, b); err != nil {
		return n, err
	}
	n, v.Data, err = bstd.UnmarshalBytesCropped(n, b)
	return n, err
}

func bencSmall() []Entry[SmallStruct] {
	return []Entry[SmallStruct]{
		itself[SmallStruct]("benc", "safe", bencChecks, bencSafe{}),
		itself[SmallStruct]("benc", "reuse", bencChecks, &bencReuse{buf: make([]byte, 1024)}),
		itself[SmallStruct]("benc", "aliasing", bencChecks, &bencAliasing{bencReuse{buf: make([]byte, 1024)}}),
	}
}

func bencList() []Entry[List] {
	return threeKinds("benc", bencChecks, sized[List]{bencSizeList, bencMarshalList, bencUnmarshalList, bencAliasList})
}

func bencBlob() []Entry[Blob] {
	return threeKinds("benc", bencChecks, sized[Blob]{bencSizeBlob, bencMarshalBlob, bencUnmarshalBlob, bencAliasBlob})
}
