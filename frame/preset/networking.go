package preset

import (
	"bytes"
	"encoding/binary"

	"github.com/parleyproto/parley/frame"
)

var networking = []Preset{DNS, TLS, BGP, Diameter, ProxyV2, TPKT, Syslog}

var (
	// DNS is DNS over TCP or TLS.
	DNS = Preset{
		Name:     "dns",
		Summary:  "DNS over TCP and TLS: two-byte length first",
		Payload:  behindLength,
		Source:   "RFC 1035, 4.2.2 TCP usage; RFC 7766, 8",
		MaxFrame: 65535,
		Limit:    "what the length can hold",
		Format:   frame.LengthField{Size: 2, Min: 12, Strip: 2},
	}

	// TLS splits records.
	TLS = Preset{
		Name:     "tls",
		Summary:  "TLS records: type, version, two-byte length",
		Payload:  wholeFrame,
		Source:   "RFC 8446, 5.1 Record Layer, 5.2; RFC 5246, 6.2.3",
		MaxFrame: 5 + 1<<14 + 2048,
		Limit:    "RFC 5246, 6.2.3: 2^14+2048, and the header; TLS 1.3 allows 2^14+256",
		Format:   frame.LengthField{Offset: 3, Size: 2},
	}

	// BGP finds the next message by its marker after damage.
	BGP = Preset{
		Name:     "bgp",
		Summary:  "BGP-4: sixteen bytes FF, then a length of the whole message",
		Payload:  wholeFrame,
		Source:   "RFC 4271, 4.1 Message Header Format",
		MaxFrame: 4096,
		Limit:    "RFC 4271, 4.1; 65535 with RFC 8654",
		Format: frame.LengthField{
			Offset: 16, Size: 2, Adjust: -18, Min: 19,
			Magic: "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
		},
	}

	// Diameter has a version, then a length of the whole message.
	Diameter = Preset{
		Name:     "diameter",
		Summary:  "Diameter: version byte, then a three-byte length of the whole message",
		Payload:  wholeFrame,
		Source:   "RFC 6733, 3 Diameter Header",
		MaxFrame: 1<<24 - 1,
		Limit:    "what the length can hold",
		Format:   frame.LengthField{Offset: 1, Size: 3, Adjust: -4, Min: 20},
	}

	// ProxyV2 is one header, and then all that follows as one more frame: take that with
	// NextReader, or give the Reader the format of what follows by SetFormat.
	ProxyV2 = Preset{
		Name:     "proxy-v2",
		Summary:  "PROXY protocol version 2: a twelve-byte signature, a two-byte length; then the connection's own bytes",
		Payload:  "the whole header, then all that follows",
		Source:   "The PROXY protocol (HAProxy), 2.2 Binary header format (version 2)",
		MaxFrame: 16 + 65535,
		Limit:    "of the header: what the length can hold",
		Format:   frame.Once{First: frame.LengthFunc{Extent: proxyHeader}, Then: frame.Rest},
	}

	// TPKT carries ISO transport (X.224, RDP, H.323, S7) over TCP.
	TPKT = Preset{
		Name:     "tpkt",
		Summary:  "TPKT, ISO transport over TCP: version 3, reserved, a length of the whole packet",
		Payload:  wholeFrame,
		Source:   "RFC 1006, 6 Packet Format",
		MaxFrame: 65535,
		Limit:    "what the length can hold",
		Format:   frame.LengthField{Offset: 2, Size: 2, Adjust: -4, Min: 7},
	}

	// Syslog tells the two framings apart by the first byte of each message, and writes counted
	// ones.
	Syslog = Preset{
		Name:      "syslog",
		Summary:   "syslog over TCP: counted by a decimal number where a message begins with a digit, else a line",
		Payload:   "the message",
		Source:    "RFC 6587, 3.4.1 Octet Counting, 3.4.2 Non-Transparent-Framing; RFC 5425, 4.3",
		MaxFrame:  64 << 10,
		Limit:     ours + "; RFC 5425 asks for 2048 at least",
		Spellings: true,
		Format:    frame.Syslog,
	}
)

const proxySignature = "\r\n\r\n\x00\r\nQUIT\n"

// proxyHeader checks the signature and the version, and reads the length.
func proxyHeader(b []byte) (frame.Extent, error) {
	const header = 16
	n := min(len(b), len(proxySignature))
	switch {
	case !bytes.Equal(b[:n], []byte(proxySignature[:n])):
		return frame.Extent{}, corrupt("no PROXY protocol signature")
	case len(b) > n && b[n]>>4 != 2:
		return frame.Extent{}, corrupt("not version 2 of the PROXY protocol")
	case len(b) < header:
		return frame.Extent{Need: header}, nil
	}
	return frame.Extent{Total: header + uint64(binary.BigEndian.Uint16(b[14:]))}, nil
}
