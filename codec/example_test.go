package codec_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/parleyproto/parley/codec"
)

type Greeting struct {
	Name string `json:"name"`
}

// Hand-written types take part in versioning with JSON.
func ExampleJSON() {
	c := codec.JSON(&Greeting{})
	b, _ := c.Append(nil, &Greeting{Name: "Ada"})
	fmt.Println(string(b))
	m, _ := c.Decode(b)
	fmt.Println(m.(*Greeting).Name)
	// Output:
	// {"type":"greeting","name":"Ada"}
	// Ada
}

// envelope is a codec of one message with encoding/json. Any other serialiser becomes a
// [codec.Codec] the same way: two methods; what is common to all messages, such as an id in
// front, is up to it.
type envelope struct{}

func (envelope) Append(dst []byte, m codec.Message) ([]byte, error) {
	g, ok := m.(*Greeting)
	if !ok {
		return dst, &codec.MessageError{GoType: fmt.Sprintf("%T", m)}
	}
	b, err := json.Marshal(g)
	if err != nil {
		return dst, &codec.EncodeError{Type: "Greeting", Err: err}
	}
	return append(dst, b...), nil
}

func (envelope) Decode(src []byte) (codec.Message, error) {
	g := new(Greeting)
	if err := json.Unmarshal(src, g); err != nil {
		return nil, &codec.DecodeError{Type: "Greeting", Err: err}
	}
	return g, nil
}

func ExampleCodec() {
	p := &codec.Protocol{Name: "hello", Releases: []codec.Release{
		{Version: 1, Codec: envelope{}, Text: true},
		{Version: 2, Codec: codec.JSON(&Greeting{}), Text: true},
	}}
	b, err := p.Transcode(nil, 1, 2, []byte(`{"name":"Ada"}`))
	fmt.Println(string(b), err)
	// Output: {"type":"greeting","name":"Ada"} <nil>
}

func ExampleProtocol_Release() {
	p := &codec.Protocol{Name: "hello", Releases: []codec.Release{{Version: 1, Codec: envelope{}}}}
	_, err := p.Release(2)
	var v *codec.VersionError
	fmt.Println(errors.As(err, &v), v.Have)
	fmt.Println(err)
	// Output:
	// true [v1]
	// codec: protocol "hello" has no version v2; it has [v1]
}

// What an older version does not have is an error, and Loss tells all of it.
func ExampleLoss() {
	v1 := narrow{codec.JSON(&reading{})}
	m := &reading{Sensor: "t1", Celsius: 21.5}
	fmt.Println(codec.Loss(v1, m))
	_, err := v1.Append(nil, m)
	var loss *codec.LossError
	fmt.Println(errors.As(err, &loss), loss.Path, loss.Carriers)
	// Output:
	// [Celsius]
	// true Celsius v2+
}

func ExampleProtocol_Lowest() {
	p := &codec.Protocol{Name: "weather", Releases: []codec.Release{
		{Version: 1, Codec: narrow{codec.JSON(&reading{})}, Text: true},
		{Version: 2, Codec: codec.JSON(&reading{}), Text: true},
	}}
	fmt.Println(p.Lowest(&reading{Sensor: "t1"}))
	fmt.Println(p.Lowest(&reading{Sensor: "t1", Celsius: 21.5}))
	// Output:
	// v1 <nil>
	// v2 <nil>
}
