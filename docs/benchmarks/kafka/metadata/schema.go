// Package metadata describes Kafka's Metadata API, versions 0 to 13.
//
//parley:protocol kafka.metadata versions=0-13
package metadata

import "github.com/parleyproto/parley/codec"

//go:generate go run github.com/parleyproto/parley/cmd/parley gen .

// Request asks about topics; nil Topics, from version 1 on, about all.
//
//parley:message 0
type Request struct {
	Topics                             []RequestTopic   `parley:"v0,len=i32;v1-v8,len=i32,null;v9+,len=compact,null"`
	AllowAutoTopicCreation             bool             `parley:"v4+"`
	IncludeClusterAuthorizedOperations bool             `parley:"v8-v10"`
	IncludeTopicAuthorizedOperations   bool             `parley:"v8+"`
	UnknownTags                        codec.Extensions `parley:"v9+"`
}

// RequestTopic names a topic; by id only from version 10 on.
type RequestTopic struct {
	TopicID     [16]byte         `parley:"v10+"`
	Topic       *string          `parley:"v0-v8,nonnull,len=i16;v9,nonnull,len=compact;v10+,len=compact"`
	UnknownTags codec.Extensions `parley:"v9+"`
}

// Response describes brokers and topics.
//
//parley:message 1
type Response struct {
	ThrottleMillis       int32            `parley:"v3+"`
	Brokers              []Broker         `parley:"v0-v8,len=i32;v9+,len=compact"`
	ClusterID            *string          `parley:"v2-v8,len=i16;v9+,len=compact"`
	ControllerID         int32            `parley:"v1+,default=-1"`
	Topics               []Topic          `parley:"v0-v8,len=i32;v9+,len=compact"`
	AuthorizedOperations int32            `parley:"v8-v10,default=-2147483648"`
	ErrorCode            int16            `parley:"v13+"`
	UnknownTags          codec.Extensions `parley:"v9+"`
}

// Broker is a broker's address.
type Broker struct {
	NodeID      int32            `parley:"v0+"`
	Host        string           `parley:"v0-v8,len=i16;v9+,len=compact"`
	Port        int32            `parley:"v0+"`
	Rack        *string          `parley:"v1-v8,len=i16;v9+,len=compact"`
	UnknownTags codec.Extensions `parley:"v9+"`
}

// Topic is a topic's state.
type Topic struct {
	ErrorCode            int16            `parley:"v0+"`
	Topic                *string          `parley:"v0-v8,nonnull,len=i16;v9-v11,nonnull,len=compact;v12+,len=compact"`
	TopicID              [16]byte         `parley:"v10+"`
	IsInternal           bool             `parley:"v1+"`
	Partitions           []Partition      `parley:"v0-v8,len=i32;v9+,len=compact"`
	AuthorizedOperations int32            `parley:"v8+,default=-2147483648"`
	UnknownTags          codec.Extensions `parley:"v9+"`
}

// Partition says where a partition's replicas are.
type Partition struct {
	ErrorCode       int16            `parley:"v0+"`
	Partition       int32            `parley:"v0+"`
	Leader          int32            `parley:"v0+"`
	LeaderEpoch     int32            `parley:"v7+,default=-1"`
	Replicas        []int32          `parley:"v0-v8,len=i32;v9+,len=compact"`
	ISR             []int32          `parley:"v0-v8,len=i32;v9+,len=compact"`
	OfflineReplicas []int32          `parley:"v5-v8,len=i32;v9+,len=compact"`
	UnknownTags     codec.Extensions `parley:"v9+"`
}
