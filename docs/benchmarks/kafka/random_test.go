package kafka

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// firstUnknownTag is above all tags that kmsg knows in these messages.
const firstUnknownTag = 10

// fill sets v, a struct of kmsg, to random values; those at bounds are frequent.
func fill(r *rand.Rand, v reflect.Value) {
	if _, ok := v.Interface().(kmsg.Tags); ok {
		v.Set(reflect.ValueOf(randTags(r)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "Version" {
				fill(r, v.Field(i))
			}
		}
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 1)
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(randInt(r) >> (64 - v.Type().Bits()))
	case reflect.Uint8:
		v.SetUint(uint64(r.UintN(256)))
	case reflect.String:
		v.SetString(strings.Repeat("ä", randLen(r)))
	case reflect.Pointer:
		if v.SetZero(); r.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(r, v.Elem())
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(r, v.Index(i))
		}
	case reflect.Slice:
		fillSlice(r, v)
	default:
		panic("no random " + v.Type().String())
	}
}

func fillSlice(r *rand.Rand, v reflect.Value) {
	n := r.IntN(4)
	if v.Type().Elem().Kind() == reflect.Uint8 {
		n = randLen(r)
	}
	if v.SetZero(); r.IntN(4) > 0 {
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(r, v.Index(i))
		}
	}
}

// randInt returns random bits, or a bound of a type that its upper bits make.
func randInt(r *rand.Rand) int64 {
	switch r.IntN(6) {
	case 0:
		return 0
	case 1:
		return -1
	case 2:
		return math.MaxInt64
	case 3:
		return math.MinInt64
	}
	return int64(r.Uint64())
}

// randLen returns a length around those where a uvarint grows.
func randLen(r *rand.Rand) int {
	return []int{0, 0, 1, 7, 62, 63, 64, 126, 127, 128}[r.IntN(10)]
}

func randTags(r *rand.Rand) (tags kmsg.Tags) {
	if r.IntN(3) == 0 {
		for range r.IntN(3) {
			data := make([]byte, randLen(r))
			for i := range data {
				data[i] = byte(r.Uint32())
			}
			tags.Set(firstUnknownTag+r.Uint32N(300), data)
		}
	}
	return tags
}
