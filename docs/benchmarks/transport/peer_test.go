package transport

import (
	"encoding/binary"
	"fmt"
)

// The first byte of each message.
const (
	opEcho  = 'E' // send it back
	opCount = 'C' // one way
	opTotal = 'T' // answer with the number of opCount so far, 8 bytes big-endian
)

// A peer is one way to talk.
type peer struct {
	name  string
	serve func() (addr string, stop func(), err error)
	dial  func(addr string) (conn, error)
}

// conn is a client's side. It is used by one goroutine.
type conn interface {
	Call(b []byte) (reply []byte, err error)
	Send(b []byte) error // may wait in a buffer; b is the caller's again
	Close() error
}

// total sends what waits and returns how many messages the server has counted.
func total(c conn) (uint64, error) {
	b, err := c.Call([]byte{opTotal})
	if err != nil {
		return 0, err
	}
	if len(b) != 8 {
		return 0, fmt.Errorf("total of %d bytes", len(b))
	}
	return binary.BigEndian.Uint64(b), nil
}

// answer is what every server does with a message: the reply, or nil if there is none.
func answer(count *uint64, b []byte) []byte {
	switch b[0] {
	case opEcho:
		return b
	case opTotal:
		return binary.BigEndian.AppendUint64(nil, *count)
	}
	*count++
	return nil
}

func message(op byte, size int) []byte {
	b := make([]byte, size)
	b[0] = op
	return b
}

var peers = []peer{parleyPeer, rawPeer, rawReaderPeer, rawKeptPeer, grpcPeer, yamuxPeer, natsPeer}
