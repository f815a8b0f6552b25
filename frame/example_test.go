package frame_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/parleyproto/parley/frame"
)

func ExampleReader() {
	conn := strings.NewReader("\x00\x00\x00\x05hello\x00\x00\x00\x02hi")

	r := frame.NewReader(conn, frame.Uint32BE)
	r.MaxFrame = 1 << 20
	for payload, err := range r.Frames() {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Printf("%s\n", payload) // valid until the next frame
	}
	// Output:
	// hello
	// hi
}

func ExampleWriter() {
	var conn bytes.Buffer

	w := frame.NewWriter(&conn, frame.Netstring)
	w.WriteFrame([]byte("hello"))
	w.WriteFrame([]byte("hi"))
	w.Flush()

	fmt.Println(&conn)
	// Output: 5:hello,2:hi,
}

func ExampleWriter_WriteFrame() {
	w := frame.NewWriter(os.Stdout, frame.LF)
	err := w.WriteFrame([]byte("two\nlines")) // could not be split again
	fmt.Println(err, errors.Is(err, frame.ErrPayload))
	w.WriteFrame([]byte("one line"))
	w.Flush()
	// Output:
	// frame: payload cannot be carried at offset 3: a line cannot contain LF true
	// one line
}

func ExampleWriter_WriteFrames() {
	w := frame.NewWriter(os.Stdout, frame.LF)
	err := w.WriteFrames([]byte("all"), []byte("or\nnone"))
	fmt.Println(err != nil, w.Buffered())
	// Output: true 0
}

// The connection starts with lines and goes on in binary. The bytes that were read along with the
// last line are not lost.
func ExampleReader_SetFormat() {
	conn := strings.NewReader("UPGRADE binary\n\x00\x00\x00\x05hello")

	r := frame.NewReader(conn, frame.LF)
	line, _ := r.Next()
	fmt.Printf("%s\n", line)
	r.SetFormat(frame.Uint32BE)
	payload, _ := r.Next()
	fmt.Printf("%s\n", payload)
	// Output:
	// UPGRADE binary
	// hello
}

// A frame larger than memory passes in pieces.
func ExampleReader_NextReader() {
	conn := strings.NewReader("\x00\x00\x00\x0da large frame")

	r := frame.NewReader(conn, frame.Uint32BE)
	body, err := r.NextReader()
	if err != nil {
		fmt.Println(err)
		return
	}
	n, err := io.Copy(io.Discard, body)
	fmt.Println(n, err)
	// Output: 13 <nil>
}

func ExampleReader_PeekSize() {
	conn := strings.NewReader("\x00\x00\x00\x05hello")

	r := frame.NewReader(conn, frame.Uint32BE)
	size, _ := r.PeekSize()
	payload, _ := r.Next()
	fmt.Println(size, string(payload))
	// Output: 5 hello
}

// What follows the frame stays in the connection, for TLS to read.
func ExampleReader_exact() {
	conn := strings.NewReader("STARTTLS\n(the client's TLS hello)")

	r := frame.NewReader(conn, frame.LF)
	r.Exact = true
	line, _ := r.Next()
	rest, _ := io.ReadAll(conn)
	fmt.Printf("%s, then %s\n", line, rest)
	// Output: STARTTLS, then (the client's TLS hello)
}

func ExampleOversize() {
	conn := strings.NewReader("short\nmuch too long\nfine\n")

	r := frame.NewReader(conn, frame.LF)
	r.MaxFrame, r.Oversize = 8, frame.Skip
	for line, err := range r.Frames() {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%s\n", line)
	}
	// Output:
	// short
	// frame: too large (9 bytes, limit 8) at offset 6
	// fine
}

func ExampleError() {
	r := frame.NewReader(strings.NewReader("\xff\xff\xff\xff"), frame.Uint32BE)
	_, err := r.Next()

	var e *frame.Error
	if errors.As(err, &e) && errors.Is(err, frame.ErrTooLarge) {
		fmt.Println(e.Declared, e.Limit, e.Offset, e.Recoverable)
	}
	// Output: 4294967295 1048576 0 false
}

// An event loop reads straight into the decoder's buffer.
func ExampleDecoder() {
	conn := strings.NewReader("\x00\x00\x00\x05hello\x00\x00\x00\x02hi")

	d := frame.NewDecoder(frame.Uint32BE)
	for {
		n, err := conn.Read(d.Space(512))
		if err != nil {
			break
		}
		d.Wrote(n)
		for {
			payload, err := d.Next()
			if err == frame.ErrShort {
				break // read more
			}
			fmt.Printf("%s %v\n", payload, err)
		}
	}
	d.Release() // an idle connection holds no buffer
	// Output:
	// hello <nil>
	// hi <nil>
}

func ExampleDecoder_Piece() {
	d := frame.NewDecoder(frame.Uint8)
	for _, chunk := range []string{"\x05he", "ll", "o"} {
		d.Write([]byte(chunk))
		piece, more, err := d.Piece()
		fmt.Printf("%q %v %v\n", piece, more, err)
	}
	// Output:
	// "he" true <nil>
	// "ll" true <nil>
	// "o" false <nil>
}

func ExampleDecoder_Buffered() {
	d := frame.NewDecoder(frame.LF)
	d.Write([]byte("GET /\nthe body"))
	d.Next()
	fmt.Printf("%s\n", d.Buffered()) // for whoever speaks next
	// Output: the body
}

// Options that come from a user's configuration are checked before a connection is there.
func ExampleCompile() {
	_, err := frame.Compile(frame.LengthField{Offset: 2, Size: 9})
	fmt.Println(err)
	// Output: frame: LengthField.Size is 9: must be 1 to 8
}

// PostgreSQL: a type byte, then a length that counts itself and what follows.
func ExampleLengthField() {
	postgres := frame.LengthField{Offset: 1, Size: 4, Adjust: -4}
	r := frame.NewReader(strings.NewReader("Q\x00\x00\x00\x0dSELECT 1\x00"), postgres)
	message, err := r.Next()
	fmt.Printf("%q %v\n", message, err)

	mongo := frame.LengthField{Size: 4, Order: binary.LittleEndian, Adjust: -4, Strip: 4}
	wire, _ := mongo.AppendFrame(nil, []byte("body"))
	fmt.Printf("%q\n", wire)
	// Output:
	// "Q\x00\x00\x00\rSELECT 1\x00" <nil>
	// "\b\x00\x00\x00body"
}

// Where frames begin with a magic, damage costs no more than the frames it hit.
func ExampleLengthField_magic() {
	f := frame.LengthField{Offset: 2, Size: 1, Strip: 3, Magic: "\xca\xfe"}
	r := frame.NewReader(strings.NewReader("\xca\xfe\x03one noise \xca\xfe\x03two"), f)
	for payload, err := range r.Frames() {
		fmt.Printf("%q %v\n", payload, err)
	}
	// Output:
	// "one" <nil>
	// "" frame: corrupt at offset 6: no magic at the frame's start
	// "two" <nil>
}

func ExampleDelimiter() {
	r := frame.NewReader(strings.NewReader("one\r\ntwo\nthree\x00"), frame.Delimiter("\r\n", "\n", "\x00"))
	for payload := range r.Frames() {
		fmt.Printf("%q\n", payload)
	}
	// Output:
	// "one"
	// "two"
	// "three"
}
