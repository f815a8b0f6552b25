// Package kafka proves the generator on somebody else's protocol.
//
// Four of Kafka's APIs are described in our tags, each in a package of its own, as each has
// versions of its own: ApiVersions, Metadata, Produce and OffsetCommit, in all versions that
// franz-go's kmsg knows. The tests hold them against kmsg: for random values, at every
// version, the bytes are the same, and each side decodes the other's. Then a plain
// connection with the framing of Kafka asks a listener of franz-go's kfake for ApiVersions
// and Metadata.
//
//	Kafka says                         the tags say
//	string, nullable string            string or *string, len=i16
//	compact string, from v9 on         v0-v8,len=i16;v9+,len=compact
//	array that is nullable from v1 on  v0,len=i32;v1-v8,len=i32,null;v9+,len=compact,null
//	field removed in v13               v0-v12
//	tagged field with a default        v3+,tag=1,default=-1
//	tags that nobody knows             a field of type codec.Extensions
//
// A payload of ours begins with the message's id, one byte; Kafka says the same with an API
// key in the request's header, which is no part of the body.
package kafka
