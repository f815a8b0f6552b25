package preset_test

import (
	"strings"

	"github.com/parleyproto/parley/frame/preset"
)

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

var webSamples = []sample{
	{
		preset:   preset.HTTP2,
		wire:     unhex("000000 04 01 00000000 000002 00 01 00000001 6869"),
		payloads: []string{unhex("04 01 00000000"), unhex("00 01 00000001 6869")},
		bad:      []string{unhex("004001 00 01 00000001"), preface},
		unfit:    []string{"", "short"},
	},
	{
		preset:   preset.HTTP2Client,
		wire:     preface + unhex("000000 04 00 00000000"),
		payloads: []string{preface, unhex("04 00 00000000")},
		bad:      []string{"GET / HTTP/1.1\r\n\r\n"},
		unfit:    []string{"", "PRI"},
	},
	whole(preset.GRPC, unhex("00 00000003 616263"), unhex("01 00000000")).
		not(unhex("00 00400001 61")).
		refuse("", unhex("00 00000001")),
	whole(preset.WebSocket, unhex("8185 37FA213D 7F9F4D5158"), unhex("8900"), unhex("827E007E")+strings.Repeat("w", 126)).
		not(unhex("0900"), unhex("817E0001 61"), unhex("817F 8000000000000000")).
		refuse("", unhex("8101")),
	whole(preset.FastCGI, unhex("01 01 0001 0008 00 00 0001 00 0000000000"), unhex("01 06 0001 0002 06 00 6869 000000000000")).
		not(unhex("02 01 0001 0000 00 00")).
		refuse("", unhex("01 06 0001 0002 00 00 68")),
	{
		preset:        preset.LSP,
		wire:          "Content-Length: 2\r\n\r\n{}content-length:4\r\nContent-Type: x\r\n\r\nnull",
		payloads:      []string{"{}", "null"},
		bad:           []string{"X: y\r\n\r\n", "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", strings.Repeat("a: b\r\n", 2000)},
		otherSpelling: true,
	},
	whole(preset.RTSP, unhex("24 00 0004 DEADBEEF"), "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", "RTSP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n$$").
		not("RTSP/1.0 200 OK\r\nContent-Length: x\r\n\r\n").
		refuse("", "$", "OPTIONS"),
}
