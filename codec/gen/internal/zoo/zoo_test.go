package zoo

import (
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/parleyproto/parley/codec"
	"net/netip"
	"testing"
	"time"
)

func TestQuick(t *testing.T) {
	s := "hi"
	ms := []codec.Message{
		&Person{Name: "Ada", BirthDay: time.Unix(5, 7).UTC(), Phone: "123", Siblings: 2, Spouse: true, Money: 1.5},
		&Scalars{Col: Blue, I32: 100000, U32: 200, Addr: netip.MustParseAddr("10.0.0.1"), Long: [6]uint32{1, 2, 3, 4, 5, 600}},
		&Lists{Names: []string{"a", "b"}, Points: []Point{{1, 2, 3, "n"}}, Rooms: map[string]Point{"x": {}, "a": {1, 1, 1, ""}}, Null: []byte{}, Maybe: []int64{}},
		&Tree{Label: "x", Left: &Tree{}, Kids: []*Tree{{}}, Shape: &Group{Shapes: []Shape{&Circle{2}, &Square{1, &s}}}},
		&Pointers{S: &s, N: new(int32), P: &Point{}, Must: &Flat{}},
		&Reading{Milli: 21500, Note: "none"},
		&Tagged{ID: 3, Color: &s, Size: 9, Parts: []Point{{}}, Ext: codec.Extensions{{Tag: 1, Data: []byte("x")}}},
		&Skipping{1},
		&Batch{Readings: []Reading{{Milli: 3}}},
	}
	for _, m := range ms {
		for _, r := range Protocol.Releases {
			b, err := r.Codec.Append(nil, m)
			if err != nil {
				t.Logf("%v %T %v %v", r.Version, m, err, codec.Loss(r.Codec, m))
				continue
			}
			got, err := r.Codec.Decode(b)
			if err != nil {
				t.Errorf("%v %T % x: %v", r.Version, m, b, err)
				continue
			}
			t.Logf("%v %T %d %x\n%s", r.Version, m, len(b), b, cmp.Diff(m, got, cmpopts.EquateComparable(netip.Addr{}), cmpopts.IgnoreUnexported(Tagged{})))
		}
	}
}
