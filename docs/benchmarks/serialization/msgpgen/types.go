// Package msgpgen holds the messages as msgp wants them.
package msgpgen

import "time"

//go:generate go tool github.com/tinylib/msgp -tests=false -io=false

// SmallStruct is serialization.SmallStruct.
type SmallStruct struct {
	Name     string
	BirthDay time.Time
	Phone    string
	Siblings int32
	Spouse   bool
	Money    float64
}

// List is serialization.List.
type List struct{ Items []SmallStruct }

// Blob is serialization.Blob.
type Blob struct {
	Name string
	Data []byte
}
