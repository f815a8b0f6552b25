package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// Line is what people say.
type Line struct{ Text string }

// chat is a protocol with two versions, both of hand-written types.
var chat = &codec.Protocol{Name: "chat", Releases: []codec.Release{
	{Version: 1, Codec: codec.JSON(&Line{}), Text: true},
	{Version: 2, Codec: codec.JSON(&Line{})},
}}

// listen serves chat on a free port, and returns the address.
func listen(srv *transport.Server) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go srv.Serve(ln)
	return ln.Addr().String()
}

func Example() {
	ctx := context.Background()
	srv := &transport.Server{Protocol: chat, Handler: transport.HandlerFunc(
		func(_ context.Context, s *transport.Session, in transport.Incoming) (codec.Message, error) {
			line := in.Message.(*Line)
			if in.Call {
				return &Line{Text: "you said: " + line.Text}, nil
			}
			fmt.Println("server:", line.Text)
			return nil, nil
		})}
	addr := listen(srv)
	defer srv.Close()

	client, err := transport.Dial(&transport.Config{Endpoints: []string{addr}, Protocol: chat})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	client.Send(ctx, &Line{Text: "hello"}) // queued; delivered over any reconnects
	client.Flush(ctx)                      // handled by the server
	reply, err := client.Call(ctx, &Line{Text: "how are you?"})
	fmt.Println("client:", reply.(*Line).Text, err)
	// Output:
	// server: hello
	// client: you said: how are you? <nil>
}

func ExampleServer_Upgrade() {
	ctx := context.Background()
	srv := &transport.Server{Protocol: chat, Handler: transport.HandlerFunc(
		func(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
			return nil, nil
		})}
	srv.Session.Offer.Prefer = []codec.Version{1} // begin in the old version
	addr := listen(srv)
	defer srv.Close()
	client, _ := transport.Dial(&transport.Config{Endpoints: []string{addr}, Protocol: chat})
	defer client.Close()
	client.WaitReady(ctx)

	for _, r := range srv.Upgrade(ctx, 2) {
		fmt.Println("from", r.From, "to", r.Session.Version(), r.Err)
	}
	// Output: from v1 to v2 <nil>
}

func ExampleSession_Messages() {
	srv := &transport.Server{
		Protocol: chat,
		Handler: transport.HandlerFunc(func(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
			return nil, nil
		}),
		OnOpen: func(s *transport.Session) error {
			return s.Send(context.Background(), &Line{Text: "welcome"}) // a push
		},
	}
	addr := listen(srv)
	defer srv.Close()
	client, _ := transport.Dial(&transport.Config{Endpoints: []string{addr}, Protocol: chat})
	defer client.Close()

	for m, err := range client.Messages(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(m.(*Line).Text)
		break
	}
	// Output: welcome
}

func ExampleClient_Watch() {
	srv := &transport.Server{Protocol: chat, Handler: transport.HandlerFunc(
		func(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
			return nil, nil
		})}
	addr := listen(srv)
	defer srv.Close()
	client, _ := transport.Dial(&transport.Config{Endpoints: []string{addr}, Protocol: chat})
	client.WaitReady(context.Background())
	changes := client.Watch(context.Background())
	client.Close()
	for change := range changes {
		fmt.Println(change.From, "→", change.To)
	}
	fmt.Println(errors.Is(client.Err(), transport.ErrClosed))
	// Output:
	// ready → closed
	// true
}

func ExampleSession_SendWith() {
	outcomes := make(chan transport.Outcome, 1)
	client, _ := transport.Dial(&transport.Config{
		Endpoints: []string{"127.0.0.1:1"}, // nobody listens there
		Protocol:  chat,
		OnOutcome: func(o transport.Outcome) { outcomes <- o },
	})
	defer client.Close()
	client.SendWith(context.Background(), &Line{Text: "now or never"},
		session.SendOptions{Lane: session.High, TTL: 100 * time.Millisecond})
	o := <-outcomes
	fmt.Println(o.Outcome, o.Reason)
	// Output: dropped expired
}

func ExampleBackoff() {
	b := transport.Backoff{Base: time.Second, Cap: time.Minute}
	for n := range 3 {
		fmt.Println("at most", b.Ceiling(n).Round(time.Millisecond))
	}
	fmt.Println("a server that says to wait is obeyed:", b.Wait(0, 0.5, 10*time.Second))
	// Output:
	// at most 1s
	// at most 1.6s
	// at most 2.56s
	// a server that says to wait is obeyed: 10.5s
}

// A server closes a session that it takes for dead. The client begins a new one by itself, and the
// change to Ready says so: what the server knew by the session is to be said again.
func ExampleChange() {
	ctx := context.Background()
	srv := &transport.Server{Protocol: chat, Handler: transport.HandlerFunc(
		func(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
			return nil, nil
		})}
	addr := listen(srv)
	defer srv.Close()
	ready := make(chan transport.Change, 1)
	client, _ := transport.Dial(&transport.Config{Endpoints: []string{addr}, Protocol: chat,
		OnChange: func(c transport.Change) {
			if errors.Is(c.Err, &transport.Error{Kind: transport.Renewed}) {
				fmt.Println("the session is over")
			}
			if c.To == transport.Ready {
				ready <- c
			}
		}})
	defer client.Close()
	fmt.Println("ready, resumed:", (<-ready).Resumed)
	client.Send(ctx, &Line{Text: "LOGIN me"})
	client.Flush(ctx)

	srv.Sessions()[0].Session.Close(session.CloseIdle, "too many heartbeats were missed")
	fmt.Println("ready, resumed:", (<-ready).Resumed)
	client.Send(ctx, &Line{Text: "LOGIN me"})
	fmt.Println(client.Flush(ctx))
	// Output:
	// ready, resumed: false
	// the session is over
	// ready, resumed: false
	// <nil>
}

// A call that is of use now or never: it overtakes the rest, and does not wait for room or, for
// longer than a second, for a connection.
func ExampleSession_CallWith_urgent() {
	ctx := context.Background()
	client, err := transport.Dial(&transport.Config{Endpoints: []string{"127.0.0.1:1"}, Protocol: chat}) // nobody listens
	if err != nil {
		panic(err)
	}
	defer client.Close()

	reply, err := client.CallWith(ctx, &Line{Text: "stop"}, session.SendOptions{
		Lane: session.High, TTL: time.Second, Overflow: session.Fail,
	})
	fmt.Println(reply.Message, err)
	// Output: <nil> transport: the message was dropped: expired
}
