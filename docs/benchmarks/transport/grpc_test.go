package transport

import (
	"context"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// grpcPeer sends each message as a BytesValue on one bidirectional stream, with gRPC's
// default windows and buffers.
var grpcPeer = peer{"grpc-stream", serveGRPC, dialGRPC}

const grpcMethod = "/benchmarks.Echo/Stream"

var grpcService = grpc.ServiceDesc{
	ServiceName: "benchmarks.Echo",
	HandlerType: (*any)(nil),
	Streams: []grpc.StreamDesc{{
		StreamName: "Stream", ServerStreams: true, ClientStreams: true,
		Handler: func(_ any, s grpc.ServerStream) error { return answerGRPC(s) },
	}},
}

func answerGRPC(s grpc.ServerStream) error {
	var in, out wrapperspb.BytesValue
	var count uint64
	for {
		if err := s.RecvMsg(&in); err != nil {
			return err
		}
		if out.Value = answer(&count, in.Value); out.Value != nil {
			if err := s.SendMsg(&out); err != nil {
				return err
			}
		}
	}
}

func serveGRPC() (string, func(), error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	s := grpc.NewServer()
	s.RegisterService(&grpcService, struct{}{})
	go s.Serve(ln)
	return ln.Addr().String(), s.Stop, nil
}

type grpcConn struct {
	cc      *grpc.ClientConn
	s       grpc.ClientStream
	in, out wrapperspb.BytesValue
}

func dialGRPC(addr string) (conn, error) {
	cc, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	s, err := cc.NewStream(context.Background(), &grpcService.Streams[0], grpcMethod)
	if err != nil {
		cc.Close()
		return nil, err
	}
	return &grpcConn{cc: cc, s: s}, nil
}

func (c *grpcConn) Send(b []byte) error {
	c.out.Value = b
	return c.s.SendMsg(&c.out)
}

func (c *grpcConn) Call(b []byte) ([]byte, error) {
	if err := c.Send(b); err != nil {
		return nil, err
	}
	err := c.s.RecvMsg(&c.in)
	return c.in.Value, err
}

func (c *grpcConn) Close() error { return c.cc.Close() }
