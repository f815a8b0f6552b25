package transport

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
)

// rawPeer writes a four-byte length and the message; the caller reads the reply itself.
var rawPeer = peer{"raw", serveRaw(rawBuffer), func(addr string) (conn, error) { return dialRaw(addr) }}

// rawReaderPeer is the same with a goroutine that reads the replies, as any client must have
// that can be spoken to at any time.
var rawReaderPeer = peer{"raw-reader", serveRaw(rawBuffer), dialRawReader}

// rawKeptPeer is the same and keeps a copy of its latest messages, as whoever may have to send
// them again must; the copy is what is written. What it costs is the floor for a session.
var rawKeptPeer = peer{"raw-kept", serveRaw(rawBuffer), dialRawKept}

const (
	rawBuffer = 64 << 10
	rawKept   = 4 << 20 // bytes of messages that may be on their way: a session's window
)

// listen accepts until stopped and runs handle for each connection.
func listen(handle func(net.Conn)) (string, func(), error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go handle(c)
		}
	}()
	return ln.Addr().String(), func() { ln.Close() }, nil
}

func serveRaw(buffer int) func() (string, func(), error) {
	return func() (string, func(), error) {
		return listen(func(c net.Conn) {
			defer c.Close()
			answerFrames(c, buffer)
		})
	}
}

// answerFrames serves length-prefixed messages until c ends.
func answerFrames(c io.ReadWriter, buffer int) {
	r := bufio.NewReaderSize(c, buffer)
	var large, out []byte
	var count uint64
	for {
		b, err := readFrame(r, &large)
		if err != nil {
			return
		}
		if reply := answer(&count, b); reply != nil {
			out = binary.BigEndian.AppendUint32(out[:0], uint32(len(reply)))
			out = append(out, reply...)
			if _, err := c.Write(out); err != nil {
				return
			}
		}
	}
}

// readFrame returns the next message; it is valid until the next call. What does not fit r's
// buffer goes to *large.
func readFrame(r *bufio.Reader, large *[]byte) ([]byte, error) {
	head, err := r.Peek(4)
	if err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint32(head))
	if n == 0 || n > 4<<20 {
		return nil, errors.New("bad length")
	}
	r.Discard(4)
	if n <= r.Size() {
		b, err := r.Peek(n)
		r.Discard(len(b))
		return b, err
	}
	if cap(*large) < n {
		*large = make([]byte, n)
	}
	b := (*large)[:n]
	_, err = io.ReadFull(r, b)
	return b, err
}

type rawConn struct {
	c     io.ReadWriteCloser
	r     *bufio.Reader
	w     *bufio.Writer
	head  [4]byte
	large []byte
}

func newRaw(c io.ReadWriteCloser) *rawConn {
	return &rawConn{c: c, r: bufio.NewReader(c), w: bufio.NewWriterSize(c, rawBuffer)}
}

func dialRaw(addr string) (*rawConn, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return newRaw(c), nil
}

func (c *rawConn) Send(b []byte) error {
	binary.BigEndian.PutUint32(c.head[:], uint32(len(b)))
	c.w.Write(c.head[:])
	_, err := c.w.Write(b)
	return err
}

func (c *rawConn) Call(b []byte) ([]byte, error) {
	if err := c.Send(b); err != nil {
		return nil, err
	}
	if err := c.w.Flush(); err != nil {
		return nil, err
	}
	return readFrame(c.r, &c.large)
}

func (c *rawConn) Close() error { return c.c.Close() }

type rawReaderConn struct {
	*rawConn
	replies chan []byte
}

func dialRawReader(addr string) (conn, error) {
	raw, err := dialRaw(addr)
	if err != nil {
		return nil, err
	}
	c := &rawReaderConn{raw, make(chan []byte)}
	go func() {
		defer close(c.replies)
		for {
			b, err := readFrame(c.r, &c.large)
			if err != nil {
				return
			}
			c.replies <- b
		}
	}()
	return c, nil
}

func (c *rawReaderConn) Call(b []byte) ([]byte, error) {
	if err := c.Send(b); err != nil {
		return nil, err
	}
	if err := c.w.Flush(); err != nil {
		return nil, err
	}
	reply, ok := <-c.replies
	if !ok {
		return nil, io.ErrUnexpectedEOF
	}
	return reply, nil
}

type rawKeptConn struct {
	conn
	kept []byte
	at   int
}

func dialRawKept(addr string) (conn, error) {
	c, err := dialRawReader(addr)
	return &rawKeptConn{conn: c, kept: make([]byte, rawKept)}, err
}

func (c *rawKeptConn) Send(b []byte) error {
	if c.at+len(b) > len(c.kept) {
		c.at = 0
	}
	kept := c.kept[c.at : c.at+copy(c.kept[c.at:], b)]
	c.at += len(b)
	return c.conn.Send(kept)
}
