// Package schema holds the messages in our tags, little-endian as all peers are.
//
//parley:protocol benchmark versions=1 order=le
package schema

import "time"

//go:generate go run github.com/parleyproto/parley/cmd/parley gen .

// SmallStruct is serialization.SmallStruct, its fields of one size first: they are encoded
// in one go then.
//
//parley:message 1
type SmallStruct struct {
	BirthDay time.Time `parley:"v1+"`
	Money    float64   `parley:"v1+"`
	Siblings int32     `parley:"v1+"`
	Spouse   bool      `parley:"v1+"`
	Name     string    `parley:"v1+,len=u8"`
	Phone    string    `parley:"v1+,len=u8"`
}

// List is serialization.List.
//
//parley:message 2
type List struct {
	Items []SmallStruct `parley:"v1+"`
}

// Blob is serialization.Blob.
//
//parley:message 3
type Blob struct {
	Name string `parley:"v1+,len=u8"`
	Data []byte `parley:"v1+,len=u32"`
}
