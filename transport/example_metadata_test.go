package transport_test

import (
	"context"
	"fmt"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// traceKey is where a tracing library would keep the span that a context belongs to.
type traceKey struct{}

// The two functions of a tracing library, for the header traceparent of W3C Trace Context.
func traceparent(ctx context.Context) string {
	tp, _ := ctx.Value(traceKey{}).(string)
	return tp
}

func withTraceparent(ctx context.Context, tp string) context.Context {
	return context.WithValue(ctx, traceKey{}, tp)
}

// A trace goes with each message from the caller's context to the handler's.
func Example_tracing() {
	inject := func(ctx context.Context) session.Metadata {
		return session.Metadata{{Key: "traceparent", Value: traceparent(ctx)}}
	}
	extract := func(ctx context.Context, md session.Metadata) context.Context {
		return withTraceparent(ctx, md.Get("traceparent"))
	}

	srv := &transport.Server{Protocol: chat, Extract: extract, Handler: transport.HandlerFunc(
		func(ctx context.Context, _ *transport.Session, in transport.Incoming) (codec.Message, error) {
			fmt.Println("server:", in.Message.(*Line).Text, "in", traceparent(ctx))
			return in.Message, nil
		})}
	addr := listen(srv)
	defer srv.Close()
	client, err := transport.Dial(&transport.Config{Endpoints: []string{addr}, Protocol: chat, Inject: inject})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	ctx := withTraceparent(context.Background(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	client.Call(ctx, &Line{Text: "hello"})
	// Output: server: hello in 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
}

// Metadata of a single message, and of its reply.
func ExampleSession_CallWith() {
	ctx := context.Background()
	srv := &transport.Server{Protocol: chat, Handler: transport.HandlerFunc(
		func(_ context.Context, _ *transport.Session, in transport.Incoming) (codec.Message, error) {
			fmt.Println("server: from tenant", in.Metadata.Get("tenant"))
			return transport.Reply{Message: in.Message, Options: session.SendOptions{Metadata: session.Metadata{{Key: "cache", Value: "hit"}}}}, nil
		})}
	addr := listen(srv)
	defer srv.Close()
	client, err := transport.Dial(&transport.Config{Endpoints: []string{addr}, Protocol: chat})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	reply, err := client.CallWith(ctx, &Line{Text: "hello"}, session.SendOptions{
		Metadata: session.Metadata{{Key: "tenant", Value: "acme"}},
	})
	fmt.Println("client:", reply.Message.(*Line).Text, reply.Metadata.Get("cache"), err)
	// Output:
	// server: from tenant acme
	// client: hello hit <nil>
}
