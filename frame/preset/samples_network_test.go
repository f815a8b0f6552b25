package preset_test

import (
	"strings"

	"github.com/parleyproto/parley/frame/preset"
)

var (
	bgpMarker   = strings.Repeat("\xFF", 16)
	proxyHeader = unhex("0D0A0D0A000D0A515549540A 2111000C C0A80001 C0A8000B DC04 01BB")
	verack      = unhex("F9BEB4D9 |verack| 000000000000 00000000 5DF6E0E2")
	logon       = "8=FIX.4.4\x019=5\x0135=0\x0110=163\x01"
)

var otherSamples = []sample{
	{
		preset:   preset.DNS,
		wire:     unhex("000C 0001 0100 0000 0000 0000 0000"),
		payloads: []string{unhex("0001 0100 0000 0000 0000 0000")},
		bad:      []string{unhex("000B 0001 0100 0000 0000 0000 00")},
		unfit:    []string{"", strings.Repeat("x", 65536)},
	},
	whole(preset.TLS, unhex("15 0303 0002 0100"), unhex("17 0303 0000")).
		not(unhex("17 0303 4801 00")).
		refuse("", unhex("15 0303 0001")),
	whole(preset.BGP, bgpMarker+unhex("0013 04"), bgpMarker+unhex("0017 02 00000000")).
		not(bgpMarker+unhex("0012 04"), unhex("00")+bgpMarker+unhex("0013 04"), bgpMarker+unhex("1001 02")).
		refuse("", bgpMarker+unhex("0014 04")),
	whole(preset.Diameter, unhex("01 000014 80 000118 00000000 00000001 00000001")).
		not(unhex("01 000013 80 000118 00000000 00000001 000000")).
		refuse("", unhex("01 000014")),
	{
		preset:   preset.ProxyV2,
		wire:     proxyHeader + "GET / HTTP/1.1\r\n\r\n",
		payloads: []string{proxyHeader, "GET / HTTP/1.1\r\n\r\n"},
		bad:      []string{"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", proxyHeader[:12] + unhex("11 11 0000")},
		unfit:    []string{"", proxyHeader + "x"},
	},
	whole(preset.TPKT, unhex("03 00 0007 02F080")).
		not(unhex("03 00 0006 02F0")).
		refuse("", unhex("03 00 0008 02F080")),
	{
		preset:        preset.Syslog,
		wire:          "<6>hello\n5 hello8 <6>a\nb\nc<6>end\r\n",
		payloads:      []string{"<6>hello", "hello", "<6>a\nb\nc", "<6>end"},
		bad:           []string{"12x", "9999999999 "},
		otherSpelling: true,
	},
	whole(preset.Modbus, unhex("0001 0000 0006 11 03006B0003"), unhex("0001 0000 0002 11 83")).
		not(unhex("0001 0000 0001 11"), unhex("0001 0000 00FF 11")).
		refuse("", unhex("0001 0000 0003 11 83")),
	whole(preset.IEC104, unhex("68 04 07000000"), unhex("68 04 0B000000")).
		not(unhex("68 03 070000"), unhex("00 68 04 07000000")).
		refuse("", unhex("68 05 07000000")),
	whole(preset.FIX, logon, logon).
		not("8=FIX.4.4\x0135=0\x01", "9=5\x01", "8="+strings.Repeat("x", 30), "8=FIX.4.4\x019=1234567890\x01", "8=FIX.4.4\x019=-5\x01").
		refuse("", logon[:len(logon)-1], logon+logon),
	{
		preset:   preset.MLLP,
		wire:     unhex("0B |MSH| 1C0D 0B |a| 1C |b| 0D 1C0D"),
		payloads: []string{"MSH", "a\x1cb\r"},
		bad:      []string{"MSH\x1c\r"},
		unfit:    []string{"a\x1c\rb"},
	},
	{
		preset:   preset.Netstring,
		wire:     "12:hello world!,0:,",
		payloads: []string{"hello world!", ""},
		bad:      []string{"05:hello,", "5:hello!", "x", "1234567890:"},
	},
	{
		preset:   preset.SLIP,
		wire:     unhex("C0 01 DBDC 02 C0 C0 DBDD C0"),
		payloads: []string{unhex("01 C0 02"), "\xDB"},
		bad:      []string{unhex("01 DB 02 C0")},
		unfit:    []string{""},
	},
	{
		preset:   preset.COBS,
		wire:     unhex("03 1122 02 33 00 01 00"),
		payloads: []string{unhex("1122 00 33"), ""},
		bad:      []string{unhex("05 11 00")},
	},
	{
		preset:   preset.NineP,
		wire:     unhex("13000000 64 FFFF 00200000 0600 |9P2000|"),
		payloads: []string{unhex("64 FFFF 00200000 0600 |9P2000|")},
		bad:      []string{unhex("06000000 64 FF"), unhex("FFFFFFFF 64")},
		unfit:    []string{"", "ab"},
	},
	whole(preset.Bitcoin, verack, unhex("F9BEB4D9 |ping| 0000000000000000 08000000 00000000 0102030405060708")).
		not(unhex("00")+verack, unhex("F9BEB4D9 |ping| 0000000000000000 01093D00 00000000")).
		refuse("", verack+"x"),
}
