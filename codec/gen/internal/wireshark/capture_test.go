package wireshark_test

import (
	"bytes"
	"encoding/binary"
	"math/rand"
)

// chunk is what one side of a connection wrote at one time.
type chunk struct {
	fromServer bool
	data       []byte
}

// capture is the bytes of some TCP connections to port 7400, one after the other, each in the
// order of their writing.
type capture [][]chunk

// pcap returns the capture as a file for libpcap: Ethernet, IPv4, TCP, all in one packet a
// segment. Cut gives the size of the next segment, of at most so many bytes.
func (c capture) pcap(cut func(most int) int) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	for _, u := range []uint32{4<<16 | 2, 0, 0, 65535, 1} { // version 2.4, UTC, snapshot length, Ethernet
		b = binary.LittleEndian.AppendUint32(b, u)
	}
	packets := uint32(0)
	for k, chunks := range c {
		conn := &tcp{port: uint16(40000 + k), seq: [2]uint32{1000, 2_000_000_000}}
		packet := func(fromServer bool, flags byte, data []byte) {
			frame := conn.packet(fromServer, flags, data)
			for _, u := range []uint32{1_800_000_000 + packets, 0, uint32(len(frame)), uint32(len(frame))} {
				b = binary.LittleEndian.AppendUint32(b, u)
			}
			b = append(b, frame...)
			packets++
		}
		packet(false, syn, nil)
		packet(true, syn|ack, nil)
		for _, ch := range chunks {
			for data := ch.data; len(data) > 0; {
				n := cut(min(len(data), 60000))
				packet(ch.fromServer, ack, data[:n])
				data = data[n:]
			}
		}
	}
	return b
}

// whole cuts nothing, bytewise all, and randomly somewhere.
func whole(most int) int { return most }
func bytewise(int) int   { return 1 }
func randomly(rng *rand.Rand) func(most int) int {
	return func(most int) int { return 1 + rng.Intn(min(most, 1+rng.Intn(200))) }
}

const (
	syn = 0x02
	ack = 0x10
)

// tcp is the state of one connection between 10.0.0.1, the client, and 10.0.0.2.
type tcp struct {
	port uint16
	seq  [2]uint32 // of the client and of the server
}

// packet returns one packet with all of its headers; checksums are 0, which Wireshark takes.
func (c *tcp) packet(fromServer bool, flags byte, data []byte) []byte {
	me, peer, from, to := 0, 1, c.port, uint16(7400)
	if fromServer {
		me, peer, from, to = 1, 0, to, from
	}
	b := append(bytes.Repeat([]byte{2}, 12), 0x08, 0x00)
	b = append(b, 0x45, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(40+len(data)))
	b = append(b, 0, 0, 0, 0, 64, 6, 0, 0)
	b = append(b, 10, 0, 0, byte(1+me), 10, 0, 0, byte(1+peer))
	b = binary.BigEndian.AppendUint16(b, from)
	b = binary.BigEndian.AppendUint16(b, to)
	b = binary.BigEndian.AppendUint32(b, c.seq[me])
	if flags&ack == 0 {
		b = append(b, 0, 0, 0, 0)
	} else {
		b = binary.BigEndian.AppendUint32(b, c.seq[peer])
	}
	b = append(b, 5<<4, flags, 0xff, 0xff, 0, 0, 0, 0)
	c.seq[me] += uint32(len(data))
	if flags&syn != 0 {
		c.seq[me]++
	}
	return append(b, data...)
}
