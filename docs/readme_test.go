package docs_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"testing"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/fuzz"
	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport"
)

// The code blocks of README.md stand here, so that they compile and run.

func Example_frame() {
	conn := strings.NewReader("\x00\x00\x00\x05hello\x00\x00\x00\x05world")
	r := frame.NewReader(conn, frame.Uint32BE) // or frame.LF, preset.Postgres, your own
	for payload, err := range r.Frames() {     // however the bytes were cut
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", payload)
	}
	// Output:
	// hello
	// world
}

type Greeting struct {
	Text string `json:"text"`
	Loud bool   `json:"loud,omitempty"`
}

var chat = &codec.Protocol{
	Name: "chat",
	Releases: []codec.Release{
		{Version: 1, Codec: codec.JSON(&Greeting{}), Text: true, Frozen: true},
		{Version: 2, Codec: packed{}, Frozen: true},
	},
}

func Example_codec() {
	m := &Greeting{Text: "hello"}
	v1, _ := chat.Releases[0].Codec.Append(nil, m)
	v2, _ := chat.Transcode(nil, 1, 2, v1) // what was kept in version 1 goes out in version 2
	fmt.Printf("%s\n%q\n", v1, v2)
	// Output:
	// {"type":"greeting","text":"hello"}
	// "\x00hello"
}

func Example_negotiate() {
	server := negotiate.Offer{Protocol: "chat", Versions: negotiate.Versions{{Lo: 1, Hi: 3}}, Min: 2}
	client := negotiate.Offer{Protocol: "chat", Versions: negotiate.Versions{{Lo: 1, Hi: 2}}}
	agreed, err := negotiate.Choose(server, client)
	fmt.Println(agreed.Version, err)
	_, err = negotiate.Choose(server, negotiate.Offer{Protocol: "chat", Versions: negotiate.Versions{{Lo: 1, Hi: 1}}})
	fmt.Println(err)
	// Output:
	// v2 <nil>
	// negotiate: refused the peer: no common version; acceptable are 1-3, none below 2
}

func Example_transport() {
	network := &fault.Network{} // a TCP listener and no Dial do the same over a real network
	ln, _ := network.Listen("chat:7000")

	srv := &transport.Server{Protocol: chat, Handler: transport.HandlerFunc(
		func(ctx context.Context, s *transport.Session, in transport.Incoming) (codec.Message, error) {
			return &Greeting{Text: "hello, " + in.Message.(*Greeting).Text}, nil
		})}
	go srv.Serve(ln)
	defer srv.Close()

	c, _ := transport.Dial(&transport.Config{Endpoints: []string{"chat:7000"}, Protocol: chat, Dial: network.Dial})
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	reply, err := c.Call(ctx, &Greeting{Text: "Ada"}) // over any number of reconnects
	fmt.Println(reply.(*Greeting).Text, err)
	// Output: hello, Ada <nil>
}

func FuzzPacked(f *testing.F) {
	f.Add([]byte("\x00hello"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		c := fuzz.Codec[codec.Message]{Enc: encode, Dec: decode, Eq: equalGreeting}
		c.Canonical(t, wire)              // what decodes, encodes to the same bytes
		c.NoAlias(t, wire)                // and keeps nothing of its input
		c.AllocBound(t, wire, 16, 64<<10) // nor allocates more than it was sent
	})
}

// packed is a codec written by hand: a byte that is 1 for loud, then the text.
type packed struct{}

func (packed) Append(dst []byte, m codec.Message) ([]byte, error) {
	g, ok := m.(*Greeting)
	if !ok {
		return dst, &codec.MessageError{Version: 2, GoType: fmt.Sprintf("%T", m)}
	}
	loud := byte(0)
	if g.Loud {
		loud = 1
	}
	return append(append(dst, loud), g.Text...), nil
}

func (packed) Decode(src []byte) (codec.Message, error) {
	if len(src) == 0 || src[0] > 1 {
		return nil, &codec.DecodeError{Type: "Greeting", Version: 2, Err: codec.ErrCanonical}
	}
	return &Greeting{Loud: src[0] == 1, Text: string(src[1:])}, nil
}

func encode(m codec.Message) ([]byte, error) { return packed{}.Append(nil, m) }

func decode(b []byte) (codec.Message, int, error) {
	m, err := packed{}.Decode(b)
	return m, len(b), err
}

func equalGreeting(a, b codec.Message) bool { return *a.(*Greeting) == *b.(*Greeting) }
