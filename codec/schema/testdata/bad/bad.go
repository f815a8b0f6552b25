//parley:protocol 7bad versions=1-3 text=1,9 order=middle depth=0 colour=red
//parley:protocol bad versions=1-3 text=1,9 order=middle depth=0

// Package bad makes every mistake that a schema can make.
package bad

import (
	"net/url"
	"time"

	"github.com/parleyproto/parley/codec"
)

//parley:message 1
//parley:message 2
type Twice struct {
	A uint8 `parley:"v1+"`
}

//parley:message one
type NoID struct {
	A uint8 `parley:"v1+"`
}

//parley:message 5
type First struct {
	A uint8 `parley:"v1+"`
}

//parley:message 5 name=twice
type SameID struct {
	A uint8 `parley:"v1+"`
}

//parley:massage 3
type Typo struct {
	A uint8 `parley:"v1+"`
}

//parley:message 6 versions=v2-v9 tail=forget
type Ranges struct {
	A uint8  `parley:"v0+"`
	B uint8  `parley:"v1-v2,u8;v2+,u8"`
	C uint16 `parley:"u16;u8"`
	D uint8  `parley:"v3-v1"`
	E Narrow `parley:"v1+"`
}

//parley:struct versions=v3+
type Narrow struct {
	A uint8 `parley:"v3+"`
}

//parley:message 7
type Types struct {
	A     int                `parley:"v1+"`
	B     chan int           `parley:"v1+"`
	C     url.URL            `parley:"v1+"`
	D     any                `parley:"v1+"`
	E     map[float64]bool   `parley:"v1+"`
	F     **int32            `parley:"v1+"`
	G     *[]byte            `parley:"v1+"`
	H     Generic[int8]      `parley:"v1+"`
	I     []codec.Extensions `parley:"v1+"`
	J     complex64          `parley:"v1+"`
	K     func()             `parley:"v1+"`
	L     Self               `parley:"v1+"`
	M     uint8
	n     uint8 `parley:"v1+"`
	First `parley:"v1+"`
	O     []struct{ A uint8 } `parley:"v1+"`
}

type Self []Self

type Generic[T any] struct {
	A T `parley:"v1+"`
}

//parley:message 8
type Options struct {
	A    uint8         `parley:"v1+,fast"`
	B    uint8         `parley:"v1+,max"`
	C    uint8         `parley:"v1+,max=3,max=4"`
	D    uint8         `parley:"v1+,zigzag"`
	E    uint8         `parley:"v1+,u16"`
	F    uint8         `parley:"v1+,u8,uvarint"`
	G    uint8         `parley:"v1+,max=256"`
	H    uint8         `parley:"v1+,min=4,max=3"`
	I    string        `parley:"v1+,len=u7"`
	J    string        `parley:"v1+,len=u8,max=256"`
	K    []byte        `parley:"v1+,null,len=u16"`
	L    *int8         `parley:"v1+,presence=maybe,null"`
	M    uint8         `parley:"v1+,default=many"`
	N    uint8         `parley:"v1+,default=9,max=3"`
	O    []uint8       `parley:"v1+,default=3"`
	P    string        `parley:"v1+,elem.max=3,lossy=yes"`
	Q    uint8         `parley:"v1,name=a"`
	R    uint8         `parley:"max=3,v1+"`
	S    time.Duration `parley:"v1+,i32"`
	Loss uint8         `parley:"v1+"`
}

//parley:message 9
type Convert struct {
	Old   float64 `parley:"v1"`
	New   int32   `parley:"v2+,from=Old"`
	Other int32   `parley:"v2+,from=Nothing"`
	Wrong int32   `parley:"v2+,from=Other"`
}

// OtherToWrong returns no error.
func (*Convert) OtherToWrong(int32) int32 { return 0 }

// MinVersion is what generated code declares.
func (*Convert) MinVersion() {}

//parley:message 10 versions=v2+
type Extended struct {
	A uint8            `parley:"v2,tag=1;v3,tag=1"`
	B uint8            `parley:"v3+,tag=1"`
	C codec.Extensions `parley:"v3+"`
	D codec.Extensions `parley:"v3+"`
	T codec.Tail       `parley:"v3+"`
}

//parley:enum
type Empty uint8

//parley:enum
type Level uint8

const (
	Low  Level = 1
	Also Level = 1
	//parley:value versions=v8+
	High Level = 2
	//parley:value
	Stray = 3
)

//parley:variant 0 First
//parley:variant 1 Nobody
//parley:variant 2 Twice
//parley:variant 3 Round
//parley:variant 3 Square
//parley:enum
type Shape interface{ shape() }

type Round struct {
	A uint8 `parley:"v1+"`
}

type Square struct {
	A uint8 `parley:"v1+"`
}

func (*Round) shape()  {}
func (*Square) shape() {}

// Protocol is what generated code declares.
var Protocol int

//parley:message 11
func stray() {}

//parley:message 12
type Holder struct {
	Part HasTail `parley:"v2+"`
}

type HasTail struct {
	Rest codec.Tail       `parley:"v1+"`
	Ext  codec.Extensions `parley:"v1+"`
	Type uint8            `parley:"v1+"`
}

//parley:enum
type Wide float64
