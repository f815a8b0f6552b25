package frame_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/frame/frametest"
)

// formats is the table of all formats: who adds a format adds a line. The laws, the properties
// and the fuzz targets run over it.
var formats = []frametest.Case{
	{Name: "lf", Format: frame.LF, Payloads: text, Unfit: []string{"a\nb", "\n", "a\r"}, Streams: []string{"a\r\nb\n\n\r\n", "no end"}, Spellings: true},
	{Name: "strict-lf", Format: frame.StrictLF, Payloads: []string{"a\r", "", "hello"}, Unfit: []string{"a\nb"}, Streams: []string{"a\r\nb\n\n\r\n"}},
	{Name: "crlf", Format: frame.Delimiter("\r\n"), Payloads: []string{"a\r\rb", "", "c\nd", "hello"}, Unfit: []string{"a\r\nb", "\r\n"}, Streams: []string{"\r\r\n\n\r\n", "end\r"}},
	{Name: "any-eol", Format: frame.Delimiter("\r\n", "\n", "\x00"), Payloads: text, Unfit: []string{"a\nb", "a\x00"}, Streams: []string{"a\nb\r\nc\x00\r\x00"}, Spellings: true},
	{Name: "overlap", Format: frame.Delimiter("aab"), Payloads: []string{"aa", "ab", "", "xaax"}, Unfit: []string{"aab", "xaabx"}, Streams: []string{"aaaaab aab", "aaa"}},
	{Name: "fixed", Format: frame.Fixed(3), Payloads: []string{"abc", "def"}, Unfit: []string{"", "ab", "abcd"}, Streams: []string{"abcd"}},
	{Name: "literal", Format: frame.Literal("PRI * X"), Payloads: []string{"PRI * X", "PRI * X"}, Unfit: []string{"", "PRI * Y"}, Streams: []string{"PRI * Y", "P"}},
	{Name: "rest", Format: frame.Rest, Payloads: []string{"all that follows"}, Unfit: []string{""}},
	{Name: "uint8", Format: frame.Uint8, Payloads: append(text, strings.Repeat("x", 255)), Unfit: []string{strings.Repeat("x", 256)}, Streams: []string{"\x05abc"}},
	{Name: "uint16be", Format: frame.Uint16BE, Payloads: text, Unfit: []string{strings.Repeat("x", 65536)}, Streams: []string{"\x00\x01a\x00"}},
	{Name: "uint24le", Format: frame.Uint24LE, Payloads: text},
	{Name: "uint32be", Format: frame.Uint32BE, Payloads: text, Streams: []string{"\xff\xff\xff\xffabc", "\x00\x00\x00\x05abcdefgh"}},
	{Name: "uint64le", Format: frame.Uint64LE, Payloads: text, Streams: []string{"\x00\x00\x00\x00\x00\x00\x00\x80abc", "\x00\x00\x00\x00\x00\x00\x00\x70abc"}},
	{Name: "length-whole", Format: frame.LengthField{Offset: 1, Size: 4, Adjust: -4}, Payloads: []string{"Q\x00\x00\x00\x06hi", "X\x00\x00\x00\x04"}, Unfit: []string{"", "Q", "Q\x00\x00\x00\x07hi"}, Streams: []string{"Q\x00\x00\x00\x03"}},
	{Name: "length-adjust", Format: frame.LengthField{Offset: 2, Size: 3, Order: binary.LittleEndian, Adjust: -5, Strip: 5, Min: 6}, Payloads: []string{"a", "hello"}, Unfit: []string{""}, Streams: []string{"ab\x08\x00\x00xyz", "ab\x02\x00\x00xyz"}, Spellings: true},
	{Name: "length-magic", Format: frame.LengthField{Offset: 2, Size: 1, Strip: 3, Adjust: -1, Magic: "MM", Trailer: "."}, Payloads: text, Streams: []string{"xxMM\x03ab.y", "MMMM\x02\x03ab.", "MM\x03ab!MM\x03ab.", "MM\x00MM\x01.", "M", "xM", "MM\x09abM", "MM\x09abMM\x03cd."}},
	{Name: "length-inside", Format: frame.LengthField{Offset: 1, Size: 2, Adjust: 1, Strip: 2}, Payloads: []string{"\x01xa", "\x00x"}, Unfit: []string{"", "\x05xa"}, Spellings: true},
	{Name: "uvarint", Format: frame.Uvarint, Payloads: append(text, strings.Repeat("v", 300)), Streams: []string{"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", "\x80\x00", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"}},
	{Name: "mqtt", Format: frame.Varint{Offset: 1, Width: 4, Whole: true}, Payloads: []string{"\xc0\x00", "0\x03abc"}, Unfit: []string{"", "\xc0", "\xc0\x01", "\xc0\x00\xc0\x00"}, Streams: []string{"0\xff\xff\xff\xff\x01"}},
	{Name: "netstring", Format: frame.Netstring, Payloads: text, Streams: []string{"5:hello!", "05:hello,", "x", "5;", "1234567890:", "0:,", "00:,"}},
	{Name: "octets", Format: frame.OctetCounting, Payloads: []string{"<6>hello", "a\nb"}, Unfit: []string{""}, Streams: []string{"0 ", "3 ab"}},
	{Name: "two-separators", Format: frame.Decimal{Sep: "\r\n", Trailer: "\r\n", Digits: 2}, Payloads: text, Unfit: []string{strings.Repeat("x", 100)}, Streams: []string{"3\rab", "100\r\n"}},
	{Name: "syslog", Format: frame.Syslog, Payloads: []string{"<6>hello", "two\nlines", "5", ""}, Streams: []string{"<6>a\n3 <6>b\n", "<6>a\n3 <6>"}, Spellings: true},
	{Name: "lsp", Format: frame.HeaderBlock{Length: "Content-Length", Max: 64}, Payloads: text, Streams: []string{"content-length:2\r\nContent-Type: x\r\n\r\n{}", "\r\n", "X: y\r\n\r\n", "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "Content-Length: -1\r\n\r\n", "no colon\r\n\r\n", strings.Repeat("a: b\r\n", 20), strings.Repeat("a", 70)}, Spellings: true},
	{Name: "stomp", Format: frame.HeaderBlock{Length: "content-length", Whole: true, LF: true, End: "\x00"}, Payloads: []string{"SEND\ndestination:a\n\nhi", "SEND\ncontent-length:3\n\na\x00b", "CONNECTED\n\n"}, Unfit: []string{"", "x", "A\n\na\x00", "\nA\n\n", "A\ncontent-length:2\n\na"}, Streams: []string{"\n\r\nA\n\nx\x00\n\n", "A\r\nb:c\r\n\r\nx\x00\r", "A\ncontent-length:1\n\nab"}, Spellings: true},
	{Name: "rtsp", Format: rtsp, Payloads: []string{"$\x00\x00\x02hi", "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", "GET x\r\nContent-Length: 2\r\n\r\n$$"}, Unfit: []string{"", "$", "x"}, Streams: []string{"\r\nA\r\n\r\n"}, Spellings: true},
	{Name: "nats", Format: nats, Payloads: []string{"PING", "PUB FOO 5\r\nhello", "msg a 1 0\r\n", "+OK"}, Unfit: []string{"PUB FOO 5\r\nhell", "PUB FOO x", "a\r\nb", strings.Repeat("x", 65)}, Streams: []string{"PUB FOO 1\r\nab\r\n", "PUB FOO\r\n", "PUB FOO -1\r\n", "PING\r\rx\r\n\r\n", strings.Repeat("x", 70)}},
	{Name: "resp", Format: frame.RESP{Depth: 3, Line: 20}, Payloads: []string{"+OK\r\n", "*2\r\n$4\r\nPING\r\n$2\r\n\r\n\r\n", "$-1\r\n", "*0\r\n", "*-1\r\n", "%1\r\n+a\r\n*1\r\n:1\r\n", "|1\r\n+k\r\n+v\r\n$0\r\n\r\n", "_\r\n", "~1\r\n,1.5\r\n"}, Unfit: []string{"", "+OK", "+OK\r\n+OK\r\n", "*1\r\n"}, Streams: []string{"*1\r\n*1\r\n*1\r\n*1\r\n", "$5\r\nhelloxx", "$01\r\n", "?\r\n", "\r\n", "*9223372036854775807\r\n", "$3\r\nabc\r", strings.Repeat("+", 30), "*1\r\n$9\r\n12345"}},
	{Name: "resp-inline", Format: frame.RESP{Inline: true}, Payloads: []string{"PING\r\n", "*1\r\n+x\r\n"}, Streams: []string{"*1\r\nPING\r\n"}},
	{Name: "mllp", Format: frame.MLLP, Payloads: append(text, "a\x1cb\rc\x0b"), Unfit: []string{"a\x1c\rb"}, Streams: []string{"xx\x0ba\x1c\r\nyy\x0bb\x1c\r", "\x0ba\x1c", "\x0b\x0b"}},
	{Name: "start-end", Format: frame.StartEnd{Start: "<<", End: "aab"}, Payloads: []string{"", "a", "xaa"}, Unfit: []string{"aab"}, Streams: []string{"<x<<y<<zaab<", "<<aaaab"}},
	{Name: "slip", Format: frame.SLIP, Payloads: []string{"\x01\xc0\x02", "\xdb", "hello", "\xc0\xdb\xdc\xdd"}, Unfit: []string{""}, Streams: []string{"a\xc0\xc0\xc0b\xc0", "a\xdbx\xdb\xc0ok\xc0", "a\xdb\xc0b\xc0", "a\xdb", "x\xdb\xdcyyyyyyyyyyy\xdb\xdb\xc0z\xc0"}, Spellings: true},
	{Name: "cobs", Format: frame.COBS, Payloads: []string{"\x11\x22\x00\x33", "", "\x00\x00", "hello", strings.Repeat("z", 254), strings.Repeat("z", 255) + "\x00a"}, Streams: []string{"\x00\x00\x02a\x00", "\x05ab\x00\x02c\x00", "\x02a\x02b\x01\x00", "\x03a", "\x09abcdefg\x09hijk\x00\x02c\x00"}, Spellings: true},
	{Name: "crc-prefix", Format: frame.CRC32C{Format: frame.Uint8}, Payloads: text, Streams: []string{"\x05abcde\x05abcde\x02ab", "\x04\x00\x00\x00\x00\x05abc"}},
	{Name: "crc-lines", Format: frame.CRC32C{Format: frame.LF, Text: true}, Payloads: text, Unfit: []string{"a\nb"}, Streams: []string{"12345678\nhello12345678\n\n"}, Spellings: true},
	{Name: "crc-slip", Format: frame.CRC32C{Format: frame.SLIP}, Payloads: append(text, "\xc0\xdb"), Streams: []string{"abc\xc0defghi\xc0"}, Spellings: true},
	{Name: "crc-messages", Format: frame.CRC32C{Format: frame.WebSocketMessages}, Payloads: []string{"\x81hello", "\x82"}, Unfit: []string{"", "\x01"}, Streams: []string{"\x01\x02he\x89\x01p\x80\x05lo123", "\x81\x00"}, Spellings: true},
	{Name: "websocket", Format: frame.WebSocket, Payloads: []string{"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "\x89\x00", "\x82\x7e\x00\x7e" + strings.Repeat("w", 126)}, Unfit: []string{"", "\x81", "\x89\x7e\x00\x7e", "\x81\x05hell"}, Streams: []string{"\x09\x00", "\x81\x7e\x00\x01a", "\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00"}},
	{Name: "websocket-messages", Format: frame.WebSocketMessages, Payloads: []string{"\x81hello", "\x82", "\x89ping", "\x82" + strings.Repeat("w", 126)}, Unfit: []string{"", "\x01", "\x80"}, Streams: []string{"\x01\x02he\x89\x01p\x00\x01l\x80\x02lo\x81\x00", "\x80\x00", "\x01\x01a\x01\x01b", "\x01\x01a"}, Spellings: true},
	{Name: "websocket-behind-http", Format: frame.Once{First: frame.HeaderBlock{Length: "Content-Length", Whole: true}, Then: frame.WebSocketMessages}, Payloads: []string{"GET / HTTP/1.1\r\n\r\n", "\x81hello", "\x89ping"}, Streams: []string{"X\r\n\r\n\x01\x02he\x89\x01p\x00\x01l\x80\x02lo\x81\x00"}, Ordered: true, Spellings: true},
	{Name: "messages-until", Format: frame.Once{First: frame.MySQLMessages, Last: func(p []byte) bool { return p[0] == 2 }, Then: frame.LF}, Payloads: []string{"\x00hello", "\x02", "line"}, Streams: []string{"\x01\x00\x00\x02a\x00\x00"}, Ordered: true, Spellings: true},
	{Name: "messages-or-lines", Format: frame.FirstByte{Cases: []frame.Case{{First: 'A', Last: 'z', Format: frame.LF}}, Default: frame.WebSocketMessages}, Payloads: []string{"hello", "\x81hello", "\x89"}, Unfit: []string{"", "\x01", "a\nb\x00"}, Streams: []string{"\x01\x02heline\n\x80\x02lo", "a\r\n\x80\x00"}, Spellings: true},
	{Name: "zmtp", Format: frame.ZMTP, Payloads: []string{"\x00\x05hello", "\x04\x00", "\x02\x00\x00\x00\x00\x00\x00\x00\x01a"}, Unfit: []string{"", "\x00", "\x08\x00"}, Streams: []string{"\x02\x80\x00\x00\x00\x00\x00\x00\x00"}},
	{Name: "mysql-messages", Format: frame.MySQLMessages, Payloads: []string{"\x00SELECT 1", "\x01"}, Unfit: []string{""}, Streams: []string{"\x01\x00\x00\x05a\x00\x00\x00\x06"}},
	{Name: "once", Format: frame.Once{First: frame.Literal("HELO"), Then: frame.Uint8}, Payloads: []string{"HELO", "", "abc"}, Streams: []string{"HELO\x05ab", "HELP"}, Ordered: true},
	{Name: "once-until", Format: frame.Once{First: frame.LF, Last: func(p []byte) bool { return len(p) == 0 }, Then: frame.COBS}, Payloads: []string{"a", "b", "", "x\x00y"}, Ordered: true, Spellings: true},
}

var (
	text = []string{"hello", "", "a", "0123456789"}
	rtsp = frame.FirstByte{
		Cases:   []frame.Case{{First: '$', Format: frame.LengthField{Offset: 2, Size: 2}}},
		Default: frame.HeaderBlock{Length: "Content-Length", Whole: true},
	}
	nats = frame.LineCount{Counted: []frame.Counted{{Verb: "PUB", Word: -1}, {Verb: "MSG", Word: -1}}, Fold: true, Max: 64}
)

func TestLaws(t *testing.T) {
	for _, c := range formats {
		t.Run(c.Name, func(t *testing.T) { frametest.Check(t, c) })
	}
}
