package preset

import "github.com/parleyproto/parley/frame"

var messaging = []Preset{Kafka, MQTT, AMQP, AMQPClient, NATS, STOMP, ZMTP, SMPP}

var (
	// Kafka has a signed length; a negative one is beyond MaxFrame.
	Kafka = Preset{
		Name:     "kafka",
		Summary:  "Kafka requests and responses: four-byte length first",
		Payload:  behindLength,
		Source:   "Kafka protocol guide, Protocol Primitive Types, Common Request and Response Structure",
		MaxFrame: 104857600,
		Limit:    "socket.request.max.bytes",
		Format:   frame.Uint32BE,
	}

	// MQTT accepts the shortest spelling of a length only, which version 5 demands.
	MQTT = Preset{
		Name:     "mqtt",
		Summary:  "MQTT 3.1.1 and 5: type byte, then a length in at most four bytes of seven bits",
		Payload:  wholeFrame,
		Source:   "MQTT 5.0 (OASIS), 1.5.5 Variable Byte Integer, 2.1.4 Remaining Length",
		MaxFrame: 1 + 4 + 268435455,
		Limit:    "2.1.4: 268435455, and the header",
		Format:   frame.Varint{Width: 4, Offset: 1, Whole: true},
	}

	// AMQP is what a server sends, and both sides after the client's protocol header.
	AMQP = Preset{
		Name:     "amqp",
		Summary:  "AMQP 0-9-1: type, channel, length, and an end byte CE",
		Payload:  "the whole frame, without its end byte",
		Source:   "AMQP 0-9-1, 4.2.3 General Frame Format",
		MaxFrame: 131072,
		Limit:    "frame_max of RabbitMQ",
		Format:   frame.LengthField{Offset: 3, Size: 4, Adjust: 1, Trailer: "\xCE"},
	}

	// AMQPClient begins with the protocol header.
	AMQPClient = Preset{
		Name:     "amqp-client",
		Summary:  "AMQP 0-9-1, from the client: the eight-byte protocol header, then frames",
		Payload:  "the protocol header, then as amqp",
		Source:   "AMQP 0-9-1, 4.2.2 Protocol Header, 4.2.3 General Frame Format",
		MaxFrame: 131072,
		Limit:    "frame_max of RabbitMQ",
		Format:   frame.Once{First: frame.Literal("AMQP\x00\x00\x09\x01"), Then: AMQP.Format},
	}

	// NATS serves both directions.
	NATS = Preset{
		Name:     "nats",
		Summary:  "NATS client protocol: CRLF lines; the last word of PUB, HPUB, MSG and HMSG counts bytes that follow",
		Payload:  "the whole frame, without its last CRLF",
		Source:   "NATS documentation, Client Protocol",
		MaxFrame: natsLine + len("\r\n") + 1<<20,
		Limit:    "max_payload by default, 1 MiB, and the line",
		Format: frame.LineCount{
			Counted: []frame.Counted{{Verb: "PUB", Word: -1}, {Verb: "HPUB", Word: -1}, {Verb: "MSG", Word: -1}, {Verb: "HMSG", Word: -1}},
			Fold:    true,
			Max:     natsLine,
		},
	}

	// STOMP drops the line ends between frames, which serve as heart-beats.
	STOMP = Preset{
		Name:      "stomp",
		Summary:   "STOMP 1.2: header lines, an empty line, a body by content-length or up to NUL",
		Payload:   "the whole frame, without its NUL",
		Source:    "STOMP Protocol Specification 1.2, STOMP Frames, Augmented BNF",
		MaxFrame:  frame.DefaultMaxFrame,
		Limit:     ours,
		Spellings: true,
		Format:    frame.HeaderBlock{Length: "content-length", Whole: true, LF: true, End: "\x00"},
	}

	// ZMTP serves both directions: each begins with a greeting.
	ZMTP = Preset{
		Name:     "zmtp",
		Summary:  "ZMTP 3 (ZeroMQ): a 64-byte greeting, then flags and a length of one or eight bytes",
		Payload:  "the greeting, then " + wholeFrame,
		Source:   "37/ZMTP 3.1, Formal Grammar",
		MaxFrame: frame.DefaultMaxFrame,
		Limit:    ours,
		Format:   frame.Once{First: frame.LengthFunc{Extent: zmtpGreeting}, Then: frame.ZMTP},
	}

	// SMPP has a length that counts itself, first.
	SMPP = Preset{
		Name:     "smpp",
		Summary:  "SMPP 3.4: four-byte length that counts itself, first",
		Payload:  behindLength,
		Source:   "SMPP Protocol Specification v3.4, 3.2 SMPP PDU Format",
		MaxFrame: 128 << 10,
		Limit:    ours + ": room for a message_payload of 64 KiB",
		Format:   frame.LengthField{Size: 4, Adjust: -4, Min: 16, Strip: 4},
	}
)

// natsLine is room for the INFO of a cluster with many addresses; servers take 4096 by default.
const natsLine = 32 << 10

// zmtpGreeting checks the signature: FF, eight bytes of padding, 7F.
func zmtpGreeting(b []byte) (frame.Extent, error) {
	const size, signature = 64, 10
	switch {
	case len(b) > 0 && b[0] != 0xFF, len(b) >= signature && b[signature-1] != 0x7F:
		return frame.Extent{}, corrupt("no ZMTP signature; peers of ZMTP 1.0 send none")
	case len(b) < signature:
		return frame.Extent{Need: size}, nil
	}
	return frame.Extent{Total: size}, nil
}
