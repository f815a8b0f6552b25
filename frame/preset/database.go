package preset

import (
	"encoding/binary"

	"github.com/parleyproto/parley/frame"
)

var databases = []Preset{Postgres, PostgresClient, PostgresSSL, MySQL, MongoDB, Cassandra, TDS, RESP, Memcached}

var (
	// Postgres is what a PostgreSQL server sends: a type byte, and a length that counts itself.
	Postgres = Preset{
		Name:     "postgres",
		Summary:  "PostgreSQL, from the server: type byte, then a length that counts itself",
		Payload:  wholeFrame,
		Source:   "PostgreSQL documentation, Frontend/Backend Protocol: Messaging Overview, Message Formats",
		MaxFrame: 1<<30 - 1,
		Limit:    "MaxAllocSize of the server",
		Format:   frame.LengthField{Offset: 1, Size: 4, Adjust: -4, Min: 4},
	}

	// PostgresClient is what a client sends: start-up packets without a type byte, up to the
	// first that asks for neither TLS nor GSSAPI encryption, then messages like the server's.
	//
	// After a request that the server grants ('S', 'G'), the encrypted stream begins: make a
	// Reader of that.
	PostgresClient = Preset{
		Name:     "postgres-client",
		Summary:  "PostgreSQL, from the client: SSLRequest and start-up packets, then messages as the server's",
		Payload:  "of start-up packets what follows the length, then " + wholeFrame,
		Source:   "PostgreSQL documentation, Frontend/Backend Protocol: Start-up, SSL Session Encryption, Message Formats",
		MaxFrame: 1<<30 - 1,
		Limit:    "MaxAllocSize of the server",
		Format: frame.Once{
			First: frame.LengthField{Size: 4, Adjust: -4, Min: 8, Strip: 4},
			Last:  postgresStarts,
			Then:  Postgres.Format,
		},
	}

	// PostgresSSL is what a server sends to a client that asked for TLS first: one bare byte,
	// then messages. If that byte is 'S', TLS follows instead: use an exact Reader, take the one
	// frame, and begin anew on the TLS connection with Postgres.
	PostgresSSL = Preset{
		Name:     "postgres-ssl",
		Summary:  "PostgreSQL, from the server after an SSLRequest: one byte S or N, then messages",
		Payload:  "the one byte, then " + wholeFrame,
		Source:   "PostgreSQL documentation, Frontend/Backend Protocol: SSL Session Encryption",
		MaxFrame: 1<<30 - 1,
		Limit:    "MaxAllocSize of the server",
		Format:   frame.Once{First: frame.Fixed(1), Then: Postgres.Format},
	}

	// MySQL joins packets of 2^24−1 bytes with those that continue them.
	MySQL = Preset{
		Name:     "mysql",
		Summary:  "MySQL and MariaDB: three-byte little-endian length, sequence byte; long packets joined",
		Payload:  "the first packet's sequence byte, then the bodies",
		Source:   "MySQL Internals, Client/Server Protocol: MySQL Packets, Sending More Than 16Mb",
		MaxFrame: 64 << 20,
		Limit:    "max_allowed_packet of MySQL 8",
		Format:   frame.MySQLMessages,
	}

	// MongoDB has a little-endian length that counts itself, first.
	MongoDB = Preset{
		Name:     "mongodb",
		Summary:  "MongoDB wire protocol: little-endian length that counts itself, first",
		Payload:  behindLength,
		Source:   "MongoDB manual, Wire Protocol: Standard Message Header",
		MaxFrame: 48_000_000,
		Limit:    "maxMessageSizeBytes",
		Format:   frame.LengthField{Size: 4, Order: binary.LittleEndian, Adjust: -4, Min: 16, Strip: 4},
	}

	// Cassandra is the native protocol up to version 4. Version 5 has other frames after the
	// start-up.
	Cassandra = Preset{
		Name:     "cassandra",
		Summary:  "Cassandra native protocol 3 and 4: nine-byte header that ends with the body's length",
		Payload:  wholeFrame,
		Source:   "CQL Binary Protocol v4, 2 Frame header, 2.5 length",
		MaxFrame: 9 + 256<<20,
		Limit:    "2.5: 256 MiB, and the header",
		Format:   frame.LengthField{Offset: 5, Size: 4},
	}

	// TDS splits packets; a message of several ends with the one whose status has bit 0 set.
	TDS = Preset{
		Name:     "tds",
		Summary:  "TDS (SQL Server): type, status, then a length of the whole packet",
		Payload:  wholeFrame,
		Source:   "MS-TDS, 2.2.3.1 Packet Header",
		MaxFrame: 32767,
		Limit:    "the largest packet size that can be negotiated",
		Format:   frame.LengthField{Offset: 2, Size: 2, Adjust: -4, Min: 8},
	}

	// RESP serves both directions, and commands typed by hand.
	RESP = Preset{
		Name:     "resp",
		Summary:  "RESP 2 and 3 (Redis): one value with all that is nested in it",
		Payload:  wholeFrame,
		Source:   "Redis documentation, Redis serialization protocol specification",
		MaxFrame: 512 << 20,
		Limit:    "proto-max-bulk-len",
		Format:   frame.RESP{Inline: true},
	}

	// Memcached is the text protocol, meta commands included, both directions.
	Memcached = Preset{
		Name:     "memcached",
		Summary:  "memcached text protocol: lines, some of which count bytes that follow",
		Payload:  "the whole frame, without its last CRLF",
		Source:   "memcached, doc/protocol.txt: Storage commands, Retrieval command, Meta Set",
		MaxFrame: memcachedLine + len("\r\n") + 1<<20,
		Limit:    "the largest item by default, 1 MiB, and its line",
		Format: frame.LineCount{
			Max: memcachedLine,
			Counted: []frame.Counted{
				{Verb: "set", Word: 4}, {Verb: "add", Word: 4}, {Verb: "replace", Word: 4},
				{Verb: "append", Word: 4}, {Verb: "prepend", Word: 4}, {Verb: "cas", Word: 4},
				{Verb: "ms", Word: 2},
				{Verb: "VALUE", Word: 3}, {Verb: "VA", Word: 1},
			},
		},
	}
)

// memcachedLine is room for a get of a few hundred keys.
const memcachedLine = 64 << 10

// Codes that stand where a start-up message has its protocol version.
const (
	postgresSSLRequest    = 80877103
	postgresGSSENCRequest = 80877104
)

// postgresStarts tells whether a start-up packet is the last one.
func postgresStarts(packet []byte) bool {
	code := binary.BigEndian.Uint32(packet)
	return code != postgresSSLRequest && code != postgresGSSENCRequest
}
