// Package frame finds where one message ends and the next begins on a byte stream, and puts
// messages on one.
//
// A stream has no messages. What was written as two may be read as one, or as five pieces:
//
//	written   00 00 00 05 h e l l o   00 00 00 02 h i
//	read      00 00 00|05 h e l|l o 00 00|00 02 h i
//	framed                h e l l o                h i
//
// A [Format] says how the messages of one protocol follow each other. One value describes both
// directions. A [Reader] splits what it reads, a [Writer] frames what it is given, a [Decoder]
// splits what is pushed into it:
//
//	r := frame.NewReader(conn, frame.Uint32BE)
//	for payload, err := range r.Frames() { … }
//
//	w := frame.NewWriter(conn, frame.Uint32BE)
//	w.WriteFrame(payload)
//	w.Flush()
//
// # Formats
//
//	a b c LF                        Line: LF, StrictLF
//	a b c CR LF                     Delimiter("\r\n"), several too
//	a b c                           Fixed(3), Literal("abc"), Rest
//	00 00 00 03 a b c               Prefix: Uint8 … Uint64LE
//	type 00 00 00 07 a b c          LengthField: offset, width, order, adjustment, strip, magic, trailer
//	03 a b c                        Varint, Uvarint
//	3:abc,                          Decimal: Netstring, OctetCounting
//	Content-Length: 3 CRLF CRLF abc HeaderBlock
//	PUB subject 3 CRLF abc CRLF     LineCount
//	$3 CRLF abc CRLF                RESP
//	0B abc 1C 0D                    StartEnd: MLLP
//	C0 a b c C0                     SLIP
//	04 a b c 00                     COBS
//	what a function says            LengthFunc: WebSocket, ZMTP
//
// and those that are made of others:
//
//	CRC32C     a checksum at each payload's end
//	Join       one message of several frames: WebSocketMessages, MySQLMessages
//	FirstByte  the first byte chooses: Syslog
//	Once       a preface, then the protocol
//
// Package preset has the formats of some forty protocols by name.
//
// # What holds for all of them
//
// The sequence of frames and errors does not depend on how the bytes were cut. What AppendFrame
// writes, Split takes apart, and the other way round but where a format says that it has several
// spellings. Memory grows with the bytes received, never with a size that was only declared, and
// time is linear in them. A payload is borrowed: it is valid until the next call. Package
// frametest holds any Format, yours too, to these laws, and the analyzer in frame/borrowcheck
// finds frames that are kept too long.
//
// # Limits and errors
//
// A payload larger than MaxFrame is refused as soon as its size is known, before its bytes are
// stored (messages of a [Join], once they are whole); the policy [Oversize] says how to go on. Errors are of type *[Error] and tell the
// declared size, the limit, the place in the stream, and whether the next call goes on. A cut-off
// frame is io.ErrUnexpectedEOF, a clean end io.EOF.
package frame
