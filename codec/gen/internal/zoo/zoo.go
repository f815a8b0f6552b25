//parley:protocol zoo versions=0-4 text=0

// Package zoo has one message for each kind of field and each rule, so that what the
// generator writes can be tested.
package zoo

import (
	"errors"
	"math"
	"net/netip"
	"time"

	"github.com/parleyproto/parley/codec"
)

//go:generate go run github.com/parleyproto/parley/cmd/parley gen .

// Person is the struct of the public serialisation benchmarks.
//
//parley:message 1
type Person struct {
	Name     string    `parley:"v0+,max=64"`
	BirthDay time.Time `parley:"v0+"`
	Phone    string    `parley:"v0+,max=16"`
	Siblings int32     `parley:"v0+,min=0,max=100"`
	Spouse   bool      `parley:"v0+"`
	Money    float64   `parley:"v0+"`
}

// Color is an enum.
//
//parley:enum
type Color uint8

const (
	Red   Color = 1
	Green Color = 2
	//parley:value versions=v3+
	Blue Color = 7
)

// Celsius is a named float.
type Celsius float64

// Scalars has all numbers in all representations.
//
//parley:message 2
type Scalars struct {
	B    bool          `parley:"v0+"`
	I8   int8          `parley:"v0+"`
	I16  int16         `parley:"v0+,le"`
	I32  int32         `parley:"v0-v2,i16;v3+,zigzag"`
	I64  int64         `parley:"v0+,zigzag,min=-1000000,max=1000000"`
	U8   uint8         `parley:"v0+"`
	U16  uint16        `parley:"v0+,uvarint"`
	U32  uint32        `parley:"v0+,u8"`
	U64  uint64        `parley:"v0-v1;v2+,uvarint"`
	F32  float32       `parley:"v0+"`
	F64  Celsius       `parley:"v0+,le"`
	Col  Color         `parley:"v0+,default=Green"`
	Dur  time.Duration `parley:"v0+,zigzag"`
	When time.Time     `parley:"v1+,zigzag"`
	Addr netip.Addr    `parley:"v0+"`
	ID   [16]byte      `parley:"v0+"`
	Grid [3]int16      `parley:"v0+"`
	Long [6]uint32     `parley:"v2+,elem.uvarint"`
}

// Point is a part of others.
type Point struct {
	X int32  `parley:"v0+"`
	Y int32  `parley:"v0+"`
	Z int32  `parley:"v2+,default=-1"`
	N string `parley:"v3+,lossy"`
}

// Flat has the same layout in all versions.
type Flat struct {
	A uint16 `parley:"v0+"`
	B bool   `parley:"v0+"`
}

// Lists has everything that holds several values.
//
//parley:message 3
type Lists struct {
	Names  []string         `parley:"v0+,max=1000,elem.max=100,elem.utf8"`
	Points []Point          `parley:"v0+,len=u16"`
	Flats  []Flat           `parley:"v0+"`
	Nums   []uint32         `parley:"v0+,elem.le"`
	Data   []byte           `parley:"v0+,len=u32,max=1000000"`
	Null   []byte           `parley:"v1-v2,len=i32;v3+,null"`
	Maybe  []int64          `parley:"v1+,null,len=i16,elem.zigzag"`
	Deep   [][]string       `parley:"v0+"`
	Rooms  map[string]Point `parley:"v0+"`
	Counts map[uint16]int32 `parley:"v1+,null,key.uvarint"`
	Pair   [2]Point         `parley:"v0+"`
	Flat   Flat             `parley:"v0+"`
	Empty  []struct0        `parley:"v0+,max=4"`
}

type struct0 struct{}

// Shape is a union.
//
//parley:variant 1 Circle
//parley:variant 2 Square
//parley:variant 9 Group versions=v3+
type Shape interface{ shape() }

// Circle is a shape.
type Circle struct {
	R float64 `parley:"v0+,min=0"`
}

// Square is a shape.
type Square struct {
	Side float64 `parley:"v0+"`
	Name *string `parley:"v0+,len=compact"`
}

// Group is a shape of shapes.
type Group struct {
	Shapes []Shape `parley:"v0+"`
}

func (*Circle) shape() {}
func (*Square) shape() {}
func (*Group) shape()  {}

// Tree is recursive.
//
//parley:message 4
type Tree struct {
	Label string  `parley:"v0+"`
	Kids  []*Tree `parley:"v0+"`
	Left  *Tree   `parley:"v1+,presence=i8"`
	Shape Shape   `parley:"v0+,null"`
}

// Pointers has all kinds of absence.
//
//parley:message 5
type Pointers struct {
	S    *string `parley:"v0-v1,nonnull,len=i16;v2,len=i16;v3+,len=compact"`
	N    *int32  `parley:"v0+"`
	P    *Point  `parley:"v0+"`
	Must *Flat   `parley:"v0+,nonnull"`
	I16  *string `parley:"v0+,len=i16,max=10"`
	Byte *string `parley:"v0+"`
}

// Reading has fields that replaced one another.
//
//parley:message 6
type Reading struct {
	Sensor  string  `parley:"v0+,max=64"`
	Kelvin  float64 `parley:"v0"`
	Celsius float64 `parley:"v1-v2,from=Kelvin"`
	Milli   int32   `parley:"v3+,from=Celsius"`
	Note    string  `parley:"v3+,lossy,default=none"`
	Must    uint8   `parley:"v4+"`
	Old     bool    `parley:"v0-v1,default=true"`
}

var errRange = errors.New("temperature out of range")

// KelvinToCelsius converts.
func (*Reading) KelvinToCelsius(k float64) (float64, error) { return k - 273, nil }

// CelsiusToKelvin converts.
func (*Reading) CelsiusToKelvin(c float64) (float64, error) { return c + 273, nil }

// CelsiusToMilli converts what fits.
func (*Reading) CelsiusToMilli(c float64) (int32, error) {
	if !(c > -2e6 && c < 2e6) {
		return 0, errRange
	}
	return int32(math.Round(c * 1000)), nil
}

// MilliToCelsius converts.
func (*Reading) MilliToCelsius(m int32) (float64, error) { return float64(m) / 1000, nil }

// Batch holds readings, so that conversions happen within lists.
//
//parley:message 200
type Batch struct {
	Readings []Reading          `parley:"v0+"`
	ByName   map[string]Reading `parley:"v0+"`
	One      *Reading           `parley:"v0+"`
}

// Tagged has extensions and a tail.
//
//parley:message 7 versions=v1+
type Tagged struct {
	ID    uint32           `parley:"v1+,uvarint"`
	Color *string          `parley:"v2+,tag=3,len=compact"`
	Size  int32            `parley:"v2+,tag=0,default=5"`
	Parts []Point          `parley:"v2+,tag=7,len=compact"`
	Ext   codec.Extensions `parley:"v1+"`
	Rest  codec.Tail       `parley:"v4+"`
	Cache int              `parley:"-"`
}

// Unit is an enum of strings.
//
//parley:enum
type Unit string

const (
	Meter Unit = "m"
	Foot  Unit = "ft"
	//parley:value versions=v2+ name=mile
	Mile Unit = "mi"
)

// Measure has enums in all places.
//
//parley:message 9
type Measure struct {
	Unit   Unit             `parley:"v0+,default=Meter"`
	Colors []Color          `parley:"v0+"`
	ByUnit map[string]int32 `parley:"v0+"`
	Pair   [2]Color         `parley:"v0+"`
	Opt    *Color           `parley:"v0+"`
}

// Skipping ignores what follows it.
//
//parley:message 8 tail=skip
type Skipping struct {
	A uint8 `parley:"v0+"`
}
