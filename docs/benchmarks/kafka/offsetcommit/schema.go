// Package offsetcommit describes Kafka's OffsetCommit API, versions 0 to 10.
//
//parley:protocol kafka.offsetcommit versions=0-10
package offsetcommit

import "github.com/parleyproto/parley/codec"

//go:generate go run github.com/parleyproto/parley/cmd/parley gen .

// Request stores how far a group has read.
//
//parley:message 0
type Request struct {
	Group               string           `parley:"v0-v7,len=i16;v8+,len=compact"`
	Generation          int32            `parley:"v1+,default=-1"`
	MemberID            string           `parley:"v1-v7,len=i16;v8+,len=compact"`
	InstanceID          *string          `parley:"v7,len=i16;v8+,len=compact"`
	RetentionTimeMillis int64            `parley:"v2-v4,default=-1"`
	Topics              []RequestTopic   `parley:"v0-v7,len=i32;v8+,len=compact"`
	UnknownTags         codec.Extensions `parley:"v8+"`
}

// RequestTopic holds the offsets of a topic.
type RequestTopic struct {
	Topic       string             `parley:"v0-v7,len=i16;v8-v9,len=compact"`
	TopicID     [16]byte           `parley:"v10+"`
	Partitions  []RequestPartition `parley:"v0-v7,len=i32;v8+,len=compact"`
	UnknownTags codec.Extensions   `parley:"v8+"`
}

// RequestPartition is the offset in one partition.
type RequestPartition struct {
	Partition   int32            `parley:"v0+"`
	Offset      int64            `parley:"v0+"`
	Timestamp   int64            `parley:"v1,default=-1"`
	LeaderEpoch int32            `parley:"v6+,default=-1"`
	Metadata    *string          `parley:"v0-v7,len=i16;v8+,len=compact"`
	UnknownTags codec.Extensions `parley:"v8+"`
}

// Response tells what became of each offset.
//
//parley:message 1
type Response struct {
	ThrottleMillis int32            `parley:"v3+"`
	Topics         []ResponseTopic  `parley:"v0-v7,len=i32;v8+,len=compact"`
	UnknownTags    codec.Extensions `parley:"v8+"`
}

// ResponseTopic holds the results of a topic.
type ResponseTopic struct {
	Topic       string              `parley:"v0-v7,len=i16;v8-v9,len=compact"`
	TopicID     [16]byte            `parley:"v10+"`
	Partitions  []ResponsePartition `parley:"v0-v7,len=i32;v8+,len=compact"`
	UnknownTags codec.Extensions    `parley:"v8+"`
}

// ResponsePartition is the result in one partition.
type ResponsePartition struct {
	Partition   int32            `parley:"v0+"`
	ErrorCode   int16            `parley:"v0+"`
	UnknownTags codec.Extensions `parley:"v8+"`
}
