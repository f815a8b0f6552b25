package frame_test

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/parleyproto/parley/frame"
)

// show prints what f makes of a stream.
func show(f frame.Format, stream string) {
	for payload, err := range frame.NewReader(strings.NewReader(stream), f).Frames() {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%q\n", payload)
	}
}

// MQTT: the packet's type, then the size of the rest in at most four bytes.
func ExampleVarint() {
	show(frame.Varint{Offset: 1, Width: 4, Whole: true}, "\xc0\x00\x30\x04\x00\x01ax")
	// Output:
	// "\xc0\x00"
	// "0\x04\x00\x01ax"
}

func ExampleDecimal() {
	show(frame.Decimal{Sep: ":", Trailer: ","}, "5:hello,0:,")
	// Output:
	// "hello"
	// ""
}

// The language server protocol.
func ExampleHeaderBlock() {
	lsp := frame.HeaderBlock{Length: "Content-Length"}
	show(lsp, "Content-Length: 2\r\n\r\n{}Content-Length: 4\r\n\r\nnull")
	// Output:
	// "{}"
	// "null"
}

// NATS: the last word of some lines counts the bytes that follow.
func ExampleLineCount() {
	nats := frame.LineCount{Counted: []frame.Counted{{Verb: "PUB", Word: -1}, {Verb: "MSG", Word: -1}}, Fold: true}
	show(nats, "PING\r\nPUB FOO 5\r\nhello\r\n")
	// Output:
	// "PING"
	// "PUB FOO 5\r\nhello"
}

func ExampleRESP() {
	show(frame.RESP{}, "+OK\r\n*2\r\n$4\r\nPING\r\n$2\r\nhi\r\n")
	// Output:
	// "+OK\r\n"
	// "*2\r\n$4\r\nPING\r\n$2\r\nhi\r\n"
}

func ExampleStartEnd() {
	show(frame.StartEnd{Start: "\x0b", End: "\x1c\r"}, "\x0bMSH|^~\\&\x1c\r")
	// Output: "MSH|^~\\&"
}

// A checksum that does not match loses one frame.
func ExampleCRC32C() {
	f := frame.CRC32C{Format: frame.LF, Text: true}
	wire, _ := f.AppendFrame(nil, []byte("hello"))
	fmt.Printf("%q\n", wire)
	show(f, string(wire)+"hellO9a71bb4c\n"+string(wire))
	// Output:
	// "hello9a71bb4c\n"
	// "hello"
	// frame: corrupt at offset 14: wrong checksum
	// "hello"
}

// RTSP mixes text with binary frames that begin with a dollar sign.
func ExampleFirstByte() {
	rtsp := frame.FirstByte{
		Cases:   []frame.Case{{First: '$', Format: frame.LengthField{Offset: 2, Size: 2}}},
		Default: frame.HeaderBlock{Length: "Content-Length", Whole: true},
	}
	show(rtsp, "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n$\x00\x00\x04data")
	// Output:
	// "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"
	// "$\x00\x00\x04data"
}

// A preface, once, then the protocol.
func ExampleOnce() {
	amqp := frame.Once{
		First: frame.Literal("AMQP\x00\x00\x09\x01"),
		Then:  frame.LengthField{Offset: 3, Size: 4, Adjust: 1, Trailer: "\xce"},
	}
	show(amqp, "AMQP\x00\x00\x09\x01\x08\x00\x00\x00\x00\x00\x00\xce")
	// Output:
	// "AMQP\x00\x00\t\x01"
	// "\b\x00\x00\x00\x00\x00\x00"
}

// A control frame between the fragments of a message comes when it comes.
func ExampleJoin() {
	show(frame.WebSocketMessages, "\x01\x03hel"+"\x89\x04ping"+"\x80\x02lo")
	// Output:
	// "\x89ping"
	// "\x81hello"
}

// Escaped and stuffed frames are decoded where they lie.
func ExampleCOBS() {
	show(frame.COBS, "\x03\x11\x22\x02\x33\x00")
	// Output: "\x11\"\x003"
}

// A bad escape loses its frame only.
func ExampleSLIP() {
	show(frame.SLIP, "\xc0\x01\xdb\xdc\x02\xc0"+"bad\xdbx\xc0"+"fine\xc0")
	// Output:
	// "\x01\xc0\x02"
	// frame: corrupt at offset 6: an escape is followed by neither DC nor DD
	// "fine"
}

// The payload begins with the packet's sequence byte.
func ExampleMySQLMessages() {
	show(frame.MySQLMessages, "\x09\x00\x00\x00\x03SELECT 1")
	// Output: "\x00\x03SELECT 1"
}

// FastCGI: two lengths in the header, of the content and of padding behind it.
func ExampleLengthFunc() {
	fastcgi := frame.LengthFunc{Extent: func(head []byte) (frame.Extent, error) {
		if len(head) < 8 {
			return frame.Extent{Need: 8}, nil
		}
		content, padding := binary.BigEndian.Uint16(head[4:]), head[6]
		return frame.Extent{Total: 8 + uint64(content) + uint64(padding)}, nil
	}}
	show(fastcgi, "\x01\x05\x00\x01\x00\x02\x01\x00hi\x00")
	// Output: "\x01\x05\x00\x01\x00\x02\x01\x00hi\x00"
}
