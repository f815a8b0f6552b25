package preset

import (
	"encoding/binary"

	"github.com/parleyproto/parley/frame"
)

var web = []Preset{HTTP2, HTTP2Client, GRPC, WebSocket, FastCGI, LSP, RTSP}

var (
	// HTTP2 is what a server sends, and both sides after the client's preface.
	HTTP2 = Preset{
		Name:     "http2",
		Summary:  "HTTP/2: three-byte length first, which does not count the six bytes of header behind it",
		Payload:  behindLength,
		Source:   "RFC 9113, 4.1 Frame Format, 4.2 Frame Size",
		MaxFrame: 6 + 16384,
		Limit:    "SETTINGS_MAX_FRAME_SIZE by default, and the header",
		Format:   frame.LengthField{Size: 3, Adjust: 6, Strip: 3},
	}

	// HTTP2Client begins with the connection preface.
	HTTP2Client = Preset{
		Name:     "http2-client",
		Summary:  "HTTP/2, from the client: the 24-byte preface, then frames",
		Payload:  "the preface, then as http2",
		Source:   "RFC 9113, 3.4 HTTP/2 Connection Preface, 4.1 Frame Format",
		MaxFrame: 6 + 16384,
		Limit:    "SETTINGS_MAX_FRAME_SIZE by default, and the header",
		Format:   frame.Once{First: frame.Literal("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Then: HTTP2.Format},
	}

	// GRPC is the messages inside the data of one HTTP/2 stream.
	GRPC = Preset{
		Name:     "grpc",
		Summary:  "gRPC messages inside an HTTP/2 stream: compressed flag, four-byte length",
		Payload:  wholeFrame,
		Source:   "gRPC over HTTP2, Length-Prefixed-Message",
		MaxFrame: 5 + 4<<20,
		Limit:    "the largest message by default, 4 MiB, and the header",
		Format:   frame.LengthField{Offset: 1, Size: 4},
	}

	// WebSocket splits single frames, as they stand behind the HTTP upgrade;
	// [frame.WebSocketMessages] joins fragments and takes the masks off.
	WebSocket = Preset{
		Name:     "websocket",
		Summary:  "WebSocket frames behind the HTTP upgrade: flags, a length of 7, 16 or 64 bits, a mask",
		Payload:  wholeFrame,
		Source:   "RFC 6455, 5.2 Base Framing Protocol",
		MaxFrame: frame.DefaultMaxFrame,
		Limit:    ours,
		Format:   frame.WebSocket,
	}

	// FastCGI serves both directions.
	FastCGI = Preset{
		Name:     "fastcgi",
		Summary:  "FastCGI records: eight-byte header with the lengths of content and padding",
		Payload:  wholeFrame,
		Source:   "FastCGI Specification 1.0, 3.3 Records",
		MaxFrame: 8 + 65535 + 255,
		Limit:    "what the lengths can hold, and the header",
		Format:   frame.LengthFunc{Extent: fastCGIRecord},
	}

	// LSP loses headers other than Content-Length.
	LSP = Preset{
		Name:      "lsp",
		Summary:   "Language Server Protocol: header lines with Content-Length, an empty line, JSON",
		Payload:   "the body",
		Source:    "Language Server Protocol 3.17, Base Protocol",
		MaxFrame:  16 << 20,
		Limit:     ours,
		Spellings: true,
		Format:    frame.HeaderBlock{Length: "Content-Length"},
	}

	// RTSP mixes messages in text with binary data, on the same connection.
	RTSP = Preset{
		Name:      "rtsp",
		Summary:   "RTSP: messages with Content-Length, and behind a $ interleaved data with a two-byte length",
		Payload:   wholeFrame,
		Source:    "RFC 2326, 4 RTSP Message, 10.12 Embedded (Interleaved) Binary Data; RFC 7826, 14",
		MaxFrame:  frame.DefaultMaxFrame,
		Limit:     ours,
		Spellings: true,
		Format: frame.FirstByte{
			Cases:   []frame.Case{{First: '$', Format: frame.LengthField{Offset: 2, Size: 2}}},
			Default: frame.HeaderBlock{Length: "Content-Length", Whole: true},
		},
	}
)

// fastCGIRecord sums the two lengths of a record's header.
func fastCGIRecord(b []byte) (frame.Extent, error) {
	const header = 8
	if len(b) > 0 && b[0] != 1 {
		return frame.Extent{}, corrupt("the version is not 1")
	}
	if len(b) < header {
		return frame.Extent{Need: header}, nil
	}
	content, padding := binary.BigEndian.Uint16(b[4:]), b[6]
	return frame.Extent{Total: header + uint64(content) + uint64(padding)}, nil
}
