package schema_test

import (
	"fmt"

	"github.com/parleyproto/parley/codec/schema"
)

// Load reads the structs of packages; the model answers what a version looks like.
func ExampleLoad() {
	protocols, err := schema.Load("testdata/guide", ".")
	if err != nil {
		fmt.Println(err) // all mistakes, each with its place
		return
	}
	reading := protocols[0].Messages[0]
	for _, f := range reading.At(3) {
		fmt.Println(f.Name, f.At(3).Describe())
	}
	// Output:
	// Sensor string len=uvarint max=64
	// Milli int32
	// At time64
	// Note string len=uvarint
}

// An Interpreter shows payloads without the package that describes them.
func ExampleInterpreter() {
	protocols, err := schema.Load("testdata/guide", ".")
	if err != nil {
		fmt.Println(err)
		return
	}
	in, err := protocols[0].Interpreter(3)
	if err != nil {
		fmt.Println(err)
		return
	}
	payload := []byte("\x01\x02t1\x00\x00\x53\xfc\x00\x00\x00\x00\x00\x00\x00\x00\x02ok")
	message, err := in.Decode(payload)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _ := in.JSON(message)
	fmt.Println(string(text))
	// Output: {"type":"reading","sensor":"t1","milli":21500,"at":"1970-01-01T00:00:00Z","note":"ok"}
}

func ExampleParseRange() {
	for _, s := range []string{"v3+", "v1-v2", "2", "v2-v1"} {
		r, err := schema.ParseRange(s)
		fmt.Println(r, err)
	}
	// Output:
	// v3+ <nil>
	// v1-v2 <nil>
	// v2 <nil>
	// v0 range "v2-v1" ends before it begins
}

// A lock holds what was released; Compare finds what a later schema changes of it.
func ExampleLock_Freeze() {
	protocols, err := schema.Load("testdata/guide", ".")
	if err != nil {
		fmt.Println(err)
		return
	}
	p := protocols[0]
	lock, golden, err := (&schema.Lock{Protocol: p.Name}).Freeze(p, nil, p.Versions.Last)
	fmt.Println(err, lock.Frozen(3), lock.Verify(p, golden))

	p.Messages[0].At(3)[0].TextName = "device" // version 1 is text
	for _, finding := range schema.Compare(lock, p) {
		fmt.Println(finding)
	}
	// Output:
	// <nil> true <nil>
	// WIRE v1 Reading.Sensor: it was "string len=uvarint max=64 name=sensor", it is "string len=uvarint max=64 name=device"; give the new representation versions of its own
}
