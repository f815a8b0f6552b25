package transport_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport"
)

// Block is a message of so many bytes. Its codec costs next to nothing, so the benchmarks
// measure the transport.
type Block struct{ Bytes []byte }

type blockCodec struct{ decoded *Block }

func (blockCodec) Append(dst []byte, m codec.Message) ([]byte, error) {
	return append(dst, m.(*Block).Bytes...), nil
}

// Decode does not allocate: the benchmarks' handlers look at nothing.
func (c blockCodec) Decode(src []byte) (codec.Message, error) { return c.decoded, nil }

func blocks(size int) *codec.Protocol {
	return &codec.Protocol{Name: "blocks", Releases: []codec.Release{
		{Version: 1, Codec: blockCodec{&Block{Bytes: make([]byte, size)}}},
	}}
}

// pair starts a server and a client over loopback.
func pair(b testing.TB, p *codec.Protocol, h transport.Handler) *transport.Client {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := &transport.Server{Protocol: p, Handler: h}
	go s.Serve(l)
	c, err := transport.Dial(&transport.Config{Endpoints: []string{l.Addr().String()}, Protocol: p})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		c.Close()
		s.Close()
	})
	if err := c.WaitReady(b.Context()); err != nil {
		b.Fatal(err)
	}
	return c
}

// rawPair connects two sockets over loopback; serve gets the server's.
func rawPair(b *testing.B, serve func(net.Conn)) net.Conn {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() {
		conn, err := l.Accept()
		if err == nil {
			serve(conn)
			conn.Close()
		}
	}()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		conn.Close()
		l.Close()
	})
	return conn
}

// BenchmarkRoundTrip is a Call of 64 bytes and its reply, beside raw TCP: once with replies
// read by the caller, once, as any client with several calls must, by another goroutine.
func BenchmarkRoundTrip(b *testing.B) {
	echo := func(conn net.Conn) {
		buf := make([]byte, 64)
		for {
			if _, err := io.ReadFull(conn, buf); err != nil {
				return
			}
			conn.Write(buf)
		}
	}
	b.Run("raw", func(b *testing.B) {
		conn := rawPair(b, echo)
		buf := make([]byte, 64)
		b.ReportAllocs()
		for b.Loop() {
			conn.Write(buf)
			io.ReadFull(conn, buf)
		}
	})
	b.Run("raw+reader", func(b *testing.B) {
		conn := rawPair(b, echo)
		replies := make(chan struct{}, 1)
		go func() {
			buf := make([]byte, 64)
			for {
				if _, err := io.ReadFull(conn, buf); err != nil {
					return
				}
				replies <- struct{}{}
			}
		}()
		buf := make([]byte, 64)
		b.ReportAllocs()
		for b.Loop() {
			conn.Write(buf)
			<-replies
		}
	})
	b.Run("parley", func(b *testing.B) {
		m := &Block{Bytes: make([]byte, 64)}
		c := pair(b, blocks(64), transport.HandlerFunc(func(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
			return m, nil
		}))
		ctx := context.Background()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Call(ctx, m); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkPipelined is messages sent one after another and, at the end, all acknowledged,
// beside raw TCP with a buffer, which acknowledges nothing.
func BenchmarkPipelined(b *testing.B) {
	for _, size := range []int{64, 1 << 10, 64 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("raw/%d", size), func(b *testing.B) {
			got := make(chan int, 1)
			conn := rawPair(b, func(conn net.Conn) {
				r := bufio.NewReaderSize(conn, 64<<10)
				n := 0
				for {
					head, err := r.Peek(4)
					if err != nil {
						got <- n
						return
					}
					size := int(binary.BigEndian.Uint32(head))
					if k, err := r.Discard(4 + size); err != nil || k != 4+size {
						return
					}
					n++
				}
			})
			w := bufio.NewWriterSize(conn, 64<<10)
			buf := make([]byte, size)
			var head [4]byte
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				binary.BigEndian.PutUint32(head[:], uint32(size))
				w.Write(head[:])
				w.Write(buf)
			}
			w.Flush()
			conn.(*net.TCPConn).CloseWrite()
			<-got
		})
		b.Run(fmt.Sprintf("parley/%d", size), func(b *testing.B) {
			c := pair(b, blocks(size), transport.HandlerFunc(func(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
				return nil, nil
			}))
			m := &Block{Bytes: make([]byte, size)}
			ctx := context.Background()
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if err := c.Send(ctx, m); err != nil {
					b.Fatal(err)
				}
			}
			if err := c.Flush(ctx); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// memory returns the bytes of heap and stacks in use.
func memory() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
