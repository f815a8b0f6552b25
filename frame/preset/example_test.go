package preset_test

import (
	"fmt"
	"io"
	"strings"

	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/frame/preset"
)

func Example() {
	conn := strings.NewReader("PUB FOO 5\r\nhello\r\nPING\r\n")
	r := frame.NewReader(conn, preset.NATS)
	r.MaxFrame = preset.NATS.MaxFrame
	for payload, err := range r.Frames() {
		fmt.Printf("%q %v\n", payload, err)
	}
	// Output:
	// "PUB FOO 5\r\nhello" <nil>
	// "PING" <nil>
}

func ExampleLookup() {
	p, err := preset.Lookup("mqtt")
	fmt.Println(p.Summary, err)
	_, err = preset.Lookup("mqqt")
	fmt.Println(err)
	// Output:
	// MQTT 3.1.1 and 5: type byte, then a length in at most four bytes of seven bits <nil>
	// preset: there is no preset "mqqt"; is it mqtt?
}

func ExampleAll() {
	for _, p := range preset.All()[:3] {
		fmt.Printf("%-12s %s\n", p.Name, p.Summary)
	}
	// Output:
	// 9p           9P2000: four-byte little-endian length that counts itself, first
	// amqp         AMQP 0-9-1: type, channel, length, and an end byte CE
	// amqp-client  AMQP 0-9-1, from the client: the eight-byte protocol header, then frames
}

// The limit of a preset holds once it is given to the Reader, and to the Writer.
func ExamplePreset() {
	p := preset.HTTP2
	r := frame.NewReader(strings.NewReader("\x00\x40\x01…"), p)
	r.MaxFrame = p.MaxFrame
	_, err := r.Next()
	fmt.Println(err)

	w := frame.NewWriter(io.Discard, p)
	w.MaxFrame = p.MaxFrame
	fmt.Println(w.WriteFrame(make([]byte, 20_000)))
	// Output:
	// frame: too large (16391 bytes, limit 16390) at offset 0: raise MaxFrame or choose another Oversize policy
	// frame: too large (20000 bytes, limit 16390) at offset 0: raise MaxFrame
}

// A client that asked for TLS gets one bare byte, and only then messages.
func ExamplePreset_answerToSSLRequest() {
	answers := strings.NewReader("N" + "Z\x00\x00\x00\x05I")
	r := frame.NewReader(answers, preset.PostgresSSL)
	for payload, err := range r.Frames() {
		fmt.Printf("%q %v\n", payload, err)
	}
	// Output:
	// "N" <nil>
	// "Z\x00\x00\x00\x05I" <nil>
}
