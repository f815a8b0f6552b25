package fault_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/parleyproto/parley/fuzz"
	"github.com/parleyproto/parley/fuzz/fault"
)

func ExampleParse() {
	s, err := fault.Parse("w3:short(5) r0-:stall(5ms)")
	fmt.Println(len(s), s, err)
	_, err = fault.Parse("w3:short(5) r:eof")
	fmt.Println(err)
	// Output:
	// 2 w3:short(5) r0-:stall(5ms) <nil>
	// fault: schedule, byte 12: "r:eof": index: "" is not a number from 0 to 2147483647
}

func ExampleNew() {
	near, far := net.Pipe()
	schedule, _ := fault.Parse("w1:reset(2)")
	conn := fault.New(near, schedule)
	go func() {
		conn.Write([]byte("one "))
		conn.Write([]byte("two "))
	}()
	got, _ := io.ReadAll(far)
	fmt.Printf("%q, %v\n", got, conn.Stats())
	// Output: "one tw", conns=1 resets=1
}

// A network in memory: a server that goes down and comes back.
func ExampleNetwork() {
	var network fault.Network
	ln, _ := network.Listen("server:7000")
	ctx := context.Background()
	client, _ := network.Dial(ctx, "server:7000")
	server, _ := ln.Accept()
	server.Write([]byte("welcome"))
	p := make([]byte, 100)
	n, _ := client.Read(p)
	fmt.Printf("%s\n", p[:n])

	network.Down("server:7000")
	_, err := client.Read(p)
	fmt.Println(err)
	_, err = network.Dial(ctx, "server:7000")
	fmt.Println(err)
	network.Up("server:7000")
	_, err = network.Dial(ctx, "server:7000")
	fmt.Println(err)
	// Output:
	// welcome
	// read mem client:1025->server:7000: connection reset by peer
	// dial mem server:7000: connection refused
	// <nil>
}

// A link makes every connection of a dialer bad, by one seed.
func ExampleLink() {
	link := &fault.Link{
		Seed:    1,
		Latency: 2 * time.Millisecond,
		Jitter:  8 * time.Millisecond,
		Rates:   fault.Rates{Fragment: 0.1, Stall: 0.01, Reset: 0.002},
	}
	dial := link.Dial(nil) // TCP; give it to transport.Config.Dial
	_, err := dial(context.Background(), "localhost:-1")
	fmt.Println(err != nil, link.Stats())
	// Output: true conns=0
}

// send writes all of data in pieces. After a short write it goes on with the
// rest.
func send(c net.Conn, data []byte) error {
	for len(data) > 0 {
		n, err := c.Write(data[:min(len(data), 10)])
		if err != nil && (n == 0 || !errors.Is(err, io.ErrShortWrite)) {
			return err
		}
		data = data[n:]
	}
	return nil
}

// The faults are part of the input: the engine looks for the schedule that
// breaks the transfer, and makes it as short as it can.
func FuzzSend(f *testing.F) {
	f.Add([]byte{3, 1, 0, 0, 5, 0, 'd', 'a', 't', 'a'})
	f.Fuzz(func(t *testing.T, input []byte) {
		s := fuzz.NewSource(input)
		schedule := fault.ScheduleFrom(s, 4)
		data := s.Payload(200)
		var network fault.Network
		client, server, _ := connect(t, &network)
		conn := fault.New(client, gentle(schedule))
		go func() {
			send(conn, data)
			conn.Close()
		}()
		got, _ := io.ReadAll(server)
		if !bytes.HasPrefix(data, got) {
			t.Fatalf("ORACLE transfer not a prefix\nfaults %v: %q of %q", schedule, got, data)
		}
	})
}

// gentle leaves out the faults that lose or change bytes, as no stream survives
// them, and those that only wait.
func gentle(s fault.Schedule) fault.Schedule {
	var kept fault.Schedule
	for _, f := range s {
		switch f.Kind {
		case fault.Short, fault.Fragment, fault.Reset, fault.EOF:
			kept = append(kept, f)
		}
	}
	return kept
}
