package preset

import (
	"bytes"
	"strconv"

	"github.com/parleyproto/parley/frame"
)

var industry = []Preset{Modbus, IEC104, FIX, MLLP}

var (
	// Modbus is Modbus over TCP.
	Modbus = Preset{
		Name:     "modbus",
		Summary:  "Modbus TCP: transaction and protocol identifiers, then a two-byte length of unit and PDU",
		Payload:  wholeFrame,
		Source:   "MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3 MBAP Header description",
		MaxFrame: 260,
		Limit:    "MODBUS Application Protocol V1.1b3, 4.1: a PDU of 253 bytes, and the header",
		Format:   frame.LengthField{Offset: 4, Size: 2, Min: 2},
	}

	// IEC104 finds the next unit by its start byte after damage.
	IEC104 = Preset{
		Name:     "iec104",
		Summary:  "IEC 60870-5-104: start byte 68, one-byte length",
		Payload:  wholeFrame,
		Source:   "IEC 60870-5-104:2006, 5 Definition of APCI",
		MaxFrame: 255,
		Limit:    "5: a length of 253, and the header",
		Format:   frame.LengthField{Offset: 1, Size: 1, Min: 4, Magic: "\x68"},
	}

	// FIX does not check the checksum at the message's end.
	FIX = Preset{
		Name:     "fix",
		Summary:  "FIX tag=value: BeginString, BodyLength that counts up to the checksum field",
		Payload:  wholeFrame,
		Source:   "FIX TagValue Encoding Technical Standard 1.0: BodyLength(9), CheckSum(10)",
		MaxFrame: frame.DefaultMaxFrame,
		Limit:    ours,
		Format:   frame.LengthFunc{Extent: fixMessage},
	}

	// MLLP carries HL7 version 2.
	MLLP = Preset{
		Name:     "mllp",
		Summary:  "MLLP (HL7 version 2): start byte 0B, end bytes 1C 0D",
		Payload:  "what stands between the marks",
		Source:   "HL7 Transport Specification: MLLP, Release 1: block format",
		MaxFrame: frame.DefaultMaxFrame,
		Limit:    ours,
		Format:   frame.MLLP,
	}
)

// fixMessage reads the first two fields, 8=FIX.4.4 SOH 9=n SOH. The field behind the n bytes is
// 10=ccc SOH.
func fixMessage(b []byte) (frame.Extent, error) {
	const (
		checksum = len("10=163\x01")
		shortest = len("8=\x019=0\x01") + checksum
		name     = 20 // bytes that a BeginString may have
		digits   = 9
	)
	begin, rest, err := fixField(b, "8=", name)
	if err != nil || begin == nil {
		return frame.Extent{Need: max(len(b)+1, shortest)}, err
	}
	length, _, err := fixField(rest, "9=", digits)
	if err != nil || length == nil {
		return frame.Extent{Need: max(len(b)+1, len(b)-len(rest)+shortest-len("8=\x01"))}, err
	}
	n, err := strconv.ParseUint(string(length), 10, 32)
	if err != nil {
		return frame.Extent{}, corrupt("BodyLength is no number")
	}
	header := len("8=") + len(begin) + len("\x01") + len("9=") + len(length) + len("\x01")
	return frame.Extent{Total: uint64(header) + n + uint64(checksum)}, nil
}

// fixField takes a field from the front of b: its value, not nil, and what follows it. It returns
// nil if the field is not complete.
func fixField(b []byte, tag string, most int) (value, rest []byte, err error) {
	n := min(len(b), len(tag))
	if string(b[:n]) != tag[:n] {
		return nil, nil, corrupt("no " + tag + " where a message begins")
	}
	if n < len(tag) {
		return nil, nil, nil
	}
	b = b[n:]
	end := bytes.IndexByte(b[:min(len(b), most+1)], '\x01')
	switch {
	case end >= 0:
		return b[:end:end], b[end+1:], nil
	case len(b) > most:
		return nil, nil, corrupt("the field " + tag + " does not end")
	}
	return nil, nil, nil
}
