//parley:protocol post versions=1-3 text=1

// Package post is a small schema whose tables in Lua are compared with tables.golden.
package post

// Urgency is an enum.
//
//parley:enum
type Urgency uint8

const (
	Low Urgency = 1
	//parley:value versions=v3+
	High Urgency = 9
)

// Letter is a message.
//
//parley:message 5
type Letter struct {
	To      []Name           `parley:"v1+,max=9"`
	Text    string           `parley:"v1-v2;v3+,len=compact,max=1000"`
	Weight  int32            `parley:"v2,i16,le;v3+,zigzag,min=0"`
	Urgency Urgency          `parley:"v1+,default=Low"`
	Stamps  map[uint16]*Name `parley:"v3+"`
	Cover   Cover            `parley:"v2+,null"`
}

// Name is a part.
type Name struct {
	First string `parley:"v1+"`
}

// Cover is a union.
//
//parley:variant 1 Name
//parley:variant 2 Box versions=v3+
type Cover interface{ cover() }

// Box is a variant.
type Box struct {
	Side float64 `parley:"v3+,max=2.5"`
}

func (*Name) cover() {}
func (*Box) cover()  {}
