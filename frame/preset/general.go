package preset

import (
	"encoding/binary"

	"github.com/parleyproto/parley/frame"
)

var general = []Preset{Netstring, SLIP, COBS, NineP, Bitcoin}

var (
	// Netstring is a decimal length, a colon, the payload, a comma.
	Netstring = Preset{
		Name:     "netstring",
		Summary:  "netstrings: decimal length, colon, payload, comma",
		Payload:  "the string",
		Source:   "D. J. Bernstein, Netstrings, 1997",
		MaxFrame: frame.DefaultMaxFrame,
		Limit:    ours,
		Format:   frame.Netstring,
	}

	// SLIP drops empty frames, and writes an END before each frame too.
	SLIP = Preset{
		Name:      "slip",
		Summary:   "SLIP: frames end with C0, which is escaped inside",
		Payload:   "the datagram, unescaped",
		Source:    "RFC 1055, Protocol",
		MaxFrame:  65535,
		Limit:     "an IP datagram; RFC 1055 asks for 1006 at least",
		Spellings: true,
		Format:    frame.SLIP,
	}

	// COBS ends frames with 00, and drops empty ones.
	COBS = Preset{
		Name:      "cobs",
		Summary:   "COBS: frames end with 00, which is stuffed inside",
		Payload:   "the packet, unstuffed",
		Source:    "S. Cheshire, M. Baker, Consistent Overhead Byte Stuffing, SIGCOMM 1997",
		MaxFrame:  frame.DefaultMaxFrame,
		Limit:     ours,
		Spellings: true,
		Format:    frame.COBS,
	}

	// NineP is 9P2000 and its dialects.
	NineP = Preset{
		Name:     "9p",
		Summary:  "9P2000: four-byte little-endian length that counts itself, first",
		Payload:  behindLength,
		Source:   "Plan 9 Programmer's Manual, intro(5), Messages",
		MaxFrame: frame.DefaultMaxFrame,
		Limit:    ours + "; version(5) negotiates msize",
		Format:   frame.LengthField{Size: 4, Order: binary.LittleEndian, Adjust: -4, Min: 7, Strip: 4},
	}

	// Bitcoin finds the next message by its start string after damage.
	Bitcoin = Preset{
		Name:     "bitcoin",
		Summary:  "Bitcoin main network: start string, command, little-endian length, checksum",
		Payload:  wholeFrame,
		Source:   "Bitcoin developer reference, P2P Network: Message Headers",
		MaxFrame: 24 + 4_000_000,
		Limit:    "MAX_PROTOCOL_MESSAGE_LENGTH, and the header",
		Format:   frame.LengthField{Offset: 16, Size: 4, Order: binary.LittleEndian, Adjust: 4, Magic: "\xF9\xBE\xB4\xD9"},
	}
)
