// Package benchmarks measures Parley beside the libraries its users would
// otherwise pick. It holds no code of its own: each folder is one topic.
//
//	framing        frame beside bufio, io.ReadFull, go-msgio
//	serialization  generated codecs beside hand-written code, benc, mus, msgp, protobuf, vtprotobuf
//	transport      sessions beside raw TCP, gRPC streams, yamux, NATS
//	kafka          Kafka's messages described in our tags, held against franz-go's kmsg and kfake
//	turns          how contenders are compared on a machine that is not quiet
//
// The module stands apart so that the peers are no dependency of Parley.
package benchmarks
