// Package produce describes Kafka's Produce API, versions 0 to 13.
//
//parley:protocol kafka.produce versions=0-13
package produce

import "github.com/parleyproto/parley/codec"

//go:generate go run github.com/parleyproto/parley/cmd/parley gen .

// Request writes batches of records.
//
//parley:message 0
type Request struct {
	TransactionID *string          `parley:"v3-v8,len=i16;v9+,len=compact"`
	Acks          int16            `parley:"v0+"`
	TimeoutMillis int32            `parley:"v0+"`
	Topics        []RequestTopic   `parley:"v0-v8,len=i32;v9+,len=compact"`
	UnknownTags   codec.Extensions `parley:"v9+"`
}

// RequestTopic holds the batches of a topic.
type RequestTopic struct {
	Topic       string             `parley:"v0-v8,len=i16;v9-v12,len=compact"`
	TopicID     [16]byte           `parley:"v13+"`
	Partitions  []RequestPartition `parley:"v0-v8,len=i32;v9+,len=compact"`
	UnknownTags codec.Extensions   `parley:"v9+"`
}

// RequestPartition holds a batch as bytes.
type RequestPartition struct {
	Partition   int32            `parley:"v0+"`
	Records     []byte           `parley:"v0-v8,len=i32,null;v9+,len=compact,null"`
	UnknownTags codec.Extensions `parley:"v9+"`
}

// Response tells what became of each batch.
//
//parley:message 1
type Response struct {
	Topics         []ResponseTopic  `parley:"v0-v8,len=i32;v9+,len=compact"`
	ThrottleMillis int32            `parley:"v1+"`
	Brokers        []Broker         `parley:"v9+,tag=0,len=compact"`
	UnknownTags    codec.Extensions `parley:"v9+"`
}

// ResponseTopic holds the results of a topic.
type ResponseTopic struct {
	Topic       string              `parley:"v0-v8,len=i16;v9-v12,len=compact"`
	TopicID     [16]byte            `parley:"v13+"`
	Partitions  []ResponsePartition `parley:"v0-v8,len=i32;v9+,len=compact"`
	UnknownTags codec.Extensions    `parley:"v9+"`
}

// ResponsePartition is the result of one batch.
type ResponsePartition struct {
	Partition      int32            `parley:"v0+"`
	ErrorCode      int16            `parley:"v0+"`
	BaseOffset     int64            `parley:"v0+"`
	LogAppendTime  int64            `parley:"v2+,default=-1"`
	LogStartOffset int64            `parley:"v5+,default=-1"`
	ErrorRecords   []ErrorRecord    `parley:"v8,len=i32;v9+,len=compact"`
	ErrorMessage   *string          `parley:"v8,len=i16;v9+,len=compact"`
	CurrentLeader  CurrentLeader    `parley:"v9+,tag=0"`
	UnknownTags    codec.Extensions `parley:"v9+"`
}

// ErrorRecord points at a record that failed its batch.
type ErrorRecord struct {
	RelativeOffset int32            `parley:"v8+"`
	ErrorMessage   *string          `parley:"v8,len=i16;v9+,len=compact"`
	UnknownTags    codec.Extensions `parley:"v9+"`
}

// CurrentLeader is where to send the batch instead.
type CurrentLeader struct {
	LeaderID    int32            `parley:"v9+,default=-1"`
	LeaderEpoch int32            `parley:"v9+,default=-1"`
	UnknownTags codec.Extensions `parley:"v9+"`
}

// Broker is the address of a new leader.
type Broker struct {
	NodeID      int32            `parley:"v9+"`
	Host        string           `parley:"v9+,len=compact"`
	Port        int32            `parley:"v9+"`
	Rack        *string          `parley:"v9+,len=compact"`
	UnknownTags codec.Extensions `parley:"v9+"`
}
