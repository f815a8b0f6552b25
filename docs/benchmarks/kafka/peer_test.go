package kafka

import (
	"fmt"
	"reflect"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/docs/benchmarks/kafka/apiversions"
	"github.com/parleyproto/parley/docs/benchmarks/kafka/metadata"
	"github.com/parleyproto/parley/docs/benchmarks/kafka/offsetcommit"
	"github.com/parleyproto/parley/docs/benchmarks/kafka/produce"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A pair is one message of ours and the same of kmsg.
type pair struct {
	name     string
	protocol *codec.Protocol
	ours     codec.Message // a pointer to its struct's zero value
	theirs   func() body
}

// body is what requests and responses of kmsg have in common.
type body interface {
	MaxVersion() int16
	SetVersion(int16)
	AppendTo([]byte) []byte
	ReadFrom([]byte) error
	Default()
}

var pairs = []pair{
	{"ApiVersionsRequest", apiversions.Protocol, &apiversions.Request{}, func() body { return kmsg.NewPtrApiVersionsRequest() }},
	{"ApiVersionsResponse", apiversions.Protocol, &apiversions.Response{}, func() body { return kmsg.NewPtrApiVersionsResponse() }},
	{"MetadataRequest", metadata.Protocol, &metadata.Request{}, func() body { return kmsg.NewPtrMetadataRequest() }},
	{"MetadataResponse", metadata.Protocol, &metadata.Response{}, func() body { return kmsg.NewPtrMetadataResponse() }},
	{"ProduceRequest", produce.Protocol, &produce.Request{}, func() body { return kmsg.NewPtrProduceRequest() }},
	{"ProduceResponse", produce.Protocol, &produce.Response{}, func() body { return kmsg.NewPtrProduceResponse() }},
	{"OffsetCommitRequest", offsetcommit.Protocol, &offsetcommit.Request{}, func() body { return kmsg.NewPtrOffsetCommitRequest() }},
	{"OffsetCommitResponse", offsetcommit.Protocol, &offsetcommit.Response{}, func() body { return kmsg.NewPtrOffsetCommitResponse() }},
}

// convert sets dst, a pointer to a struct, from src by the names of fields. It knows kmsg's
// tags and ours; kmsg's Version has no field with us.
func convert(dst, src any) { convertValue(reflect.ValueOf(dst).Elem(), reflect.ValueOf(src).Elem()) }

func convertValue(dst, src reflect.Value) {
	switch s := src.Interface().(type) {
	case kmsg.Tags:
		s.Each(func(tag uint32, data []byte) {
			dst.Set(reflect.Append(dst, reflect.ValueOf(codec.Extension{Tag: uint64(tag), Data: data})))
		})
		return
	case codec.Extensions:
		var tags kmsg.Tags
		for _, e := range s {
			tags.Set(uint32(e.Tag), e.Data)
		}
		dst.Set(reflect.ValueOf(tags))
		return
	}
	switch dst.Kind() {
	case reflect.Struct:
		for i := range dst.NumField() {
			name := dst.Type().Field(i).Name
			if f := src.FieldByName(name); f.IsValid() {
				convertValue(dst.Field(i), f)
			} else if name != "Version" {
				panic(fmt.Sprintf("%v has no field %s of %v", src.Type(), name, dst.Type()))
			}
		}
	case reflect.Slice:
		if src.IsNil() {
			dst.SetZero()
			return
		}
		dst.Set(reflect.MakeSlice(dst.Type(), src.Len(), src.Len()))
		for i := range src.Len() {
			convertValue(dst.Index(i), src.Index(i))
		}
	default:
		dst.Set(src)
	}
}
