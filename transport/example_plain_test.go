package transport_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// lineCodec spells a Line as it stands.
type lineCodec struct{}

func (lineCodec) Append(dst []byte, m codec.Message) ([]byte, error) {
	return append(dst, m.(*Line).Text...), nil
}

func (lineCodec) Decode(src []byte) (codec.Message, error) { return &Line{Text: string(src)}, nil }

// oldServer speaks lines and has never heard of Parley.
func oldServer() net.Listener {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		for in := bufio.NewScanner(conn); in.Scan(); {
			switch line := in.Text(); line {
			case "LOGIN me":
				fmt.Fprintln(conn, "WELCOME")
			case "PING":
				fmt.Fprintln(conn, "PONG")
			default:
				fmt.Fprintln(conn, "you said", line)
			}
		}
	}()
	return ln
}

// A server that is no Parley peer has its own handshake and pings.
func ExampleConfig_plain() {
	server := oldServer()
	defer server.Close()
	addr, answers := server.Addr().String(), make(chan string, 1)
	lines := &codec.Protocol{Name: "lines", Releases: []codec.Release{{Codec: lineCodec{}, Text: true}}}
	handler := transport.HandlerFunc(func(_ context.Context, _ *transport.Session, in transport.Incoming) (codec.Message, error) {
		answers <- in.Message.(*Line).Text
		return nil, nil
	})
	client, err := transport.Dial(&transport.Config{
		Endpoints: []string{addr},
		Protocol:  lines,
		Handler:   handler,
		Plain: &session.PlainConfig{
			Handshake: func(received codec.Message) ([]codec.Message, bool, error) {
				if received == nil {
					return []codec.Message{&Line{Text: "LOGIN me"}}, false, nil
				}
				return nil, received.(*Line).Text == "WELCOME", nil
			},
			Interval: 10 * time.Second,
			Ping:     func() codec.Message { return &Line{Text: "PING"} },
			Beat: func(received codec.Message) (codec.Message, bool) {
				return nil, received.(*Line).Text == "PONG"
			},
		},
	})
	if err != nil {
		panic(err)
	}
	defer client.Close()
	client.Send(context.Background(), &Line{Text: "hello"}) // waits for WELCOME
	fmt.Println(<-answers)
	// Output: you said hello
}
