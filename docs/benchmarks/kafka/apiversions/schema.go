// Package apiversions describes Kafka's ApiVersions API, versions 0 to 5.
//
//parley:protocol kafka.apiversions versions=0-5
package apiversions

import "github.com/parleyproto/parley/codec"

//go:generate go run github.com/parleyproto/parley/cmd/parley gen .

// Request asks which APIs a broker has.
//
//parley:message 0
type Request struct {
	ClientSoftwareName    string           `parley:"v3+,len=compact"`
	ClientSoftwareVersion string           `parley:"v3+,len=compact"`
	ClusterID             *string          `parley:"v5+,len=compact"`
	NodeID                int32            `parley:"v5+,default=-1"`
	UnknownTags           codec.Extensions `parley:"v3+"`
}

// Response lists the versions of each API.
//
//parley:message 1
type Response struct {
	ErrorCode              int16              `parley:"v0+"`
	ApiKeys                []ApiKey           `parley:"v0-v2,len=i32;v3+,len=compact"`
	ThrottleMillis         int32              `parley:"v1+"`
	SupportedFeatures      []SupportedFeature `parley:"v3+,tag=0,len=compact"`
	FinalizedFeaturesEpoch int64              `parley:"v3+,tag=1,default=-1"`
	FinalizedFeatures      []FinalizedFeature `parley:"v3+,tag=2,len=compact"`
	ZkMigrationReady       bool               `parley:"v3+,tag=3"`
	UnknownTags            codec.Extensions   `parley:"v3+"`
}

// ApiKey is one API and the versions that the broker has of it.
type ApiKey struct {
	ApiKey      int16            `parley:"v0+"`
	MinVersion  int16            `parley:"v0+"`
	MaxVersion  int16            `parley:"v0+"`
	UnknownTags codec.Extensions `parley:"v3+"`
}

// SupportedFeature is a feature that the broker could use.
type SupportedFeature struct {
	Name        string           `parley:"v3+,len=compact"`
	MinVersion  int16            `parley:"v3+"`
	MaxVersion  int16            `parley:"v3+"`
	UnknownTags codec.Extensions `parley:"v3+"`
}

// FinalizedFeature is a feature that the cluster uses.
type FinalizedFeature struct {
	Name            string           `parley:"v3+,len=compact"`
	MaxVersionLevel int16            `parley:"v3+"`
	MinVersionLevel int16            `parley:"v3+"`
	UnknownTags     codec.Extensions `parley:"v3+"`
}
