// Package transport measures sessions over loopback TCP, one connection, beside what others
// do: raw TCP, a gRPC bidirectional stream, a yamux stream, NATS.
//
//	RoundTrip    64 bytes there and back, one at a time
//	Pipelined    64 bytes one way, as fast as they go; the clock stops when the server has
//	             confirmed that it has processed the last one
//	Large        1 MiB one way, likewise
//	IdleSession  heap and stacks of a server process for each idle client, after one round trip
//	Sessions     Parley alone, from 1 to 10,000 sessions: memory, and the time of a message
//
// Everybody speaks the same little protocol: the first byte of a message says whether the
// server echoes it, counts it, or answers with the count.
//
// They do not promise the same. Raw TCP has framing and nothing else. gRPC and yamux have
// flow control; what they had in flight is lost with the connection. NATS (core, without
// JetStream) goes through a broker, so a message makes two hops, and delivers at most once.
// Parley numbers, retains and acknowledges each message, beats, and resumes.
package transport
