package preset_test

import (
	"slices"
	"strings"

	"github.com/parleyproto/parley/frame/preset"
)

// A sample is bytes of a protocol, as its specification or a peer writes them.
type sample struct {
	preset        preset.Preset
	wire          string
	payloads      []string
	bad           []string // bytes that are no frame
	unfit         []string // payloads that cannot be framed
	otherSpelling bool     // AppendFrame writes wire's payloads in other bytes
}

// whole is a sample of a preset whose payloads are the whole frames.
func whole(p preset.Preset, frames ...string) sample {
	return sample{preset: p, wire: strings.Join(frames, ""), payloads: frames}
}

func (s sample) not(bad ...string) sample      { s.bad = bad; return s }
func (s sample) refuse(unfit ...string) sample { s.unfit = unfit; return s }

var samples = slices.Concat(databaseSamples, messagingSamples, webSamples, otherSamples)

var (
	startup = unhex("0003 0000 |user| 00 |parley| 00 00")
	query   = unhex("51 0000000D |SELECT 1| 00")
	ready   = unhex("5A 00000005 49")
)

var databaseSamples = []sample{
	whole(preset.Postgres, ready, unhex("52 00000008 00000000"), unhex("31 00000004")).
		not(unhex("5A 00000003 49"), unhex("5A FFFFFFFF")).
		refuse("", "Z", unhex("5A 00000006 49")),
	{
		preset:   preset.PostgresClient,
		wire:     unhex("00000008 04D2162F 00000008 04D21630 00000015") + startup + query,
		payloads: []string{unhex("04D2162F"), unhex("04D21630"), startup, query},
		bad:      []string{unhex("00000007 04D216"), unhex("00000000")},
		unfit:    []string{"", "abc"},
	},
	{
		preset:   preset.PostgresSSL,
		wire:     "N" + ready,
		payloads: []string{"N", ready},
		unfit:    []string{"", "NN"},
	},
	{
		preset:   preset.MySQL,
		wire:     unhex("010000 01 01 000000 02 050000 03 |abcde|"),
		payloads: []string{unhex("01 01"), "\x02", "\x03abcde"},
		unfit:    []string{""},
	},
	{
		preset:   preset.MongoDB,
		wire:     unhex("15000000 01000000 00000000 DD070000 00000000 00"),
		payloads: []string{unhex("01000000 00000000 DD070000 00000000 00")},
		bad:      []string{unhex("0F000000 01000000 00000000 DD0700"), unhex("FFFFFFFF 01000000")},
		unfit:    []string{"", "short"},
	},
	whole(preset.Cassandra, unhex("04 00 0000 05 00000000"), unhex("84 00 0001 08 00000004 00000001")).
		not(unhex("04 00 0000 05 FFFFFFFF")).
		refuse("", unhex("04 00 0000 05 00000001")),
	whole(preset.TDS, unhex("12 01 0008 0000 01 00"), unhex("01 01 000A 0000 01 00 6869")).
		not(unhex("12 01 0007 0000 01")).
		refuse(unhex("12 01 0009 0000 01 00")),
	whole(preset.RESP, "$5\r\nhello\r\n", "$-1\r\n", "PING\r\n", "*2\r\n+a\r\n*1\r\n:1\r\n", "%1\r\n+k\r\n#t\r\n").
		not("$5\r\nhelloxx", "*x\r\n", strings.Repeat("*1\r\n", 40)).
		refuse("", "+OK", "+OK\r\n+OK\r\n"),
	{
		preset: preset.Memcached,
		wire:   "set k 0 0 5\r\nhello\r\ncas k 0 0 2 7 noreply\r\nhi\r\nget k\r\nVALUE k 0 5\r\nhello\r\nEND\r\nms k 2 T0\r\nhi\r\nVA 2 f0\r\nhi\r\nHD\r\n",
		payloads: []string{
			"set k 0 0 5\r\nhello", "cas k 0 0 2 7 noreply\r\nhi", "get k", "VALUE k 0 5\r\nhello", "END",
			"ms k 2 T0\r\nhi", "VA 2 f0\r\nhi", "HD",
		},
		bad:   []string{"set k 0 0 5\r\nhelloxx", "set k\r\n", "set k 0 0 -1\r\n"},
		unfit: []string{"set k 0 0 5\r\nhell", "a\r\nb"},
	},
}

var messagingSamples = []sample{
	{
		preset:   preset.Kafka,
		wire:     unhex("00000003 616263 00000000"),
		payloads: []string{"abc", ""},
		bad:      []string{unhex("FFFFFFFF 616263"), unhex("06400001 616263")},
	},
	whole(preset.MQTT, unhex("C000"), unhex("30 C102")+strings.Repeat("m", 321)).
		not(unhex("30 FFFFFFFF 01"), unhex("30 8000")).
		refuse("", unhex("C001"), unhex("C000C000")),
	{
		preset:   preset.AMQP,
		wire:     unhex("08 0000 00000000 CE 01 0001 00000002 6869 CE"),
		payloads: []string{unhex("08 0000 00000000"), unhex("01 0001 00000002 6869")},
		bad:      []string{unhex("08 0000 00000000 CD"), unhex("08 0000 FFFFFFFF 00")},
		unfit:    []string{"", unhex("08 0000 00000001")},
	},
	{
		preset:   preset.AMQPClient,
		wire:     unhex("|AMQP| 00000901 08 0000 00000000 CE"),
		payloads: []string{unhex("|AMQP| 00000901"), unhex("08 0000 00000000")},
		bad:      []string{unhex("|AMQP| 00010000"), "HTTP"},
		unfit:    []string{"", unhex("|AMQP| 00010000")},
	},
	{
		preset:   preset.NATS,
		wire:     "PUB FOO 5\r\nhello\r\nPING\r\nmsg FOO 1 0\r\n\r\nHMSG FOO 1 in 12 14\r\nNATS/1.0\r\n\r\nhi\r\n+OK\r\n",
		payloads: []string{"PUB FOO 5\r\nhello", "PING", "msg FOO 1 0\r\n", "HMSG FOO 1 in 12 14\r\nNATS/1.0\r\n\r\nhi", "+OK"},
		bad:      []string{"PUB FOO 5\r\nhelloxx", "PUB FOO\r\n", "PUB FOO -1\r\n", strings.Repeat("x", 40<<10)},
		unfit:    []string{"PUB FOO 5\r\nhell", "a\r\nb"},
	},
	{
		preset:        preset.STOMP,
		wire:          "SEND\ndestination:a\n\nhi\x00\nSEND\r\ncontent-length:3\r\n\r\na\x00b\x00\r\n\n",
		payloads:      []string{"SEND\ndestination:a\n\nhi", "SEND\r\ncontent-length:3\r\n\r\na\x00b"},
		bad:           []string{"SEND\ncontent-length:1\n\nab\x00", "SEND\ncontent-length:x\n\n\x00"},
		unfit:         []string{"", "SEND", "SEND\n\na\x00"},
		otherSpelling: true,
	},
	{
		preset:   preset.ZMTP,
		wire:     zmtpGreeting + unhex("0005 |hello| 04 03 |CMD| 02 0000000000000001 61"),
		payloads: []string{zmtpGreeting, unhex("0005 |hello|"), unhex("04 03 |CMD|"), unhex("02 0000000000000001 61")},
		bad:      []string{"\x01\x00", unhex("FF 0000000000000001 7E") + strings.Repeat("\x00", 54), zmtpGreeting + "\x08\x00", zmtpGreeting + unhex("02 8000000000000000")},
		unfit:    []string{"", unhex("0005 |hello|")},
	},
	{
		preset:   preset.SMPP,
		wire:     unhex("00000010 00000015 00000000 00000001"),
		payloads: []string{unhex("00000015 00000000 00000001")},
		bad:      []string{unhex("0000000F 00000015 00000000 000000"), unhex("FFFFFFFF")},
		unfit:    []string{"", "short"},
	},
}

var zmtpGreeting = unhex("FF 0000000000000001 7F 03 01 |NULL|") + strings.Repeat("\x00", 48)
