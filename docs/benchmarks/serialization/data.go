package serialization

import (
	"math/rand/v2"
	"time"
)

// SmallStruct is the struct of go_serialization_benchmarks.
type SmallStruct struct {
	Name     string
	BirthDay time.Time
	Phone    string
	Siblings int
	Spouse   bool
	Money    float64
}

// List is a message with nested structs.
type List struct{ Items []SmallStruct }

// Blob is a message of mostly bytes.
type Blob struct {
	Name string
	Data []byte
}

const (
	nameSize  = 16
	phoneSize = 10
	values    = 1000    // random values to pick from
	listSize  = 100     // small structs in a List
	blobSize  = 1 << 20 // bytes in a Blob
)

// randString returns n random lower-case hexadecimal digits.
func randString(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789abcdef"[r.IntN(16)]
	}
	return string(b)
}

func randSmall(r *rand.Rand) SmallStruct {
	return SmallStruct{
		Name:     randString(r, nameSize),
		BirthDay: time.Unix(0, r.Int64N(1<<60)),
		Phone:    randString(r, phoneSize),
		Siblings: r.IntN(5),
		Spouse:   r.IntN(2) == 1,
		Money:    r.Float64(),
	}
}

func randList(r *rand.Rand) List {
	l := List{Items: make([]SmallStruct, listSize)}
	for i := range l.Items {
		l.Items[i] = randSmall(r)
	}
	return l
}

func randBlob(r *rand.Rand) Blob {
	b := Blob{Name: randString(r, nameSize), Data: make([]byte, blobSize)}
	for i := range b.Data {
		b.Data[i] = byte(r.Uint32())
	}
	return b
}
