package main

import (
	"bytes"
	"encoding/binary"
	"math/rand"
	"net"
	"sync"
)

// tap is a connection that remembers what went over it, as a capture would show it.
type tap struct {
	net.Conn
	mu    *sync.Mutex
	spans *[]span
}

// span is some bytes in one direction.
type span struct {
	up   bool // from the client
	data []byte
}

func (t tap) note(up bool, b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(b) > 0 {
		*t.spans = append(*t.spans, span{up, bytes.Clone(b)})
	}
}

// Write notes the bytes first, so that the peer's answer to them cannot come before them.
func (t tap) Write(b []byte) (int, error) {
	t.note(true, b)
	return t.Conn.Write(b)
}

func (t tap) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	t.note(false, b[:n])
	return n, err
}

// pcap returns a capture file of one TCP connection over IPv4, without a link layer: the
// spans in segments of random sizes, so that frames begin and end anywhere.
func pcap(spans []span, rng *rand.Rand) []byte {
	out := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	out = binary.LittleEndian.AppendUint32(out, 4<<16|2) // version 2.4
	out = append(out, make([]byte, 8)...)
	out = binary.LittleEndian.AppendUint32(out, 65535)
	out = binary.LittleEndian.AppendUint32(out, 101) // LINKTYPE_RAW
	seq := map[bool]uint32{true: 1, false: 1}
	stamp := uint32(0)
	packet := func(up bool, flags byte, data []byte) {
		head := make([]byte, 40)
		head[0], head[8], head[9] = 0x45, 64, 6
		binary.BigEndian.PutUint16(head[2:], uint16(40+len(data)))
		src, dst := byte(1), byte(2)
		ports := [2]uint16{40000, 7400}
		if !up {
			src, dst, ports = 2, 1, [2]uint16{7400, 40000}
		}
		copy(head[12:], []byte{10, 0, 0, src, 10, 0, 0, dst})
		binary.BigEndian.PutUint16(head[20:], ports[0])
		binary.BigEndian.PutUint16(head[22:], ports[1])
		binary.BigEndian.PutUint32(head[24:], seq[up])
		binary.BigEndian.PutUint32(head[28:], seq[!up])
		head[32], head[33], head[34] = 0x50, flags, 0xff
		seq[up] += uint32(len(data))
		stamp++
		for _, x := range []uint32{stamp, 0, uint32(40 + len(data)), uint32(40 + len(data))} {
			out = binary.LittleEndian.AppendUint32(out, x)
		}
		out = append(append(out, head...), data...)
	}
	const syn, ack, push = 2, 16, 8
	seq[true], seq[false] = 0, 0
	packet(true, syn, nil)
	seq[true] = 1
	packet(false, syn|ack, nil)
	seq[false] = 1
	for k, s := range spans {
		for data := s.data; len(data) > 0; {
			n := min(1+rng.Intn(80), len(data))
			if k == 0 && len(data) == len(s.data) {
				n = min(40, len(data)) // by which the protocol is recognised
			}
			packet(s.up, ack|push, data[:n])
			data = data[n:]
		}
	}
	return out
}
