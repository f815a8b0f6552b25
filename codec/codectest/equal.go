package codectest

import (
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"time"
)

// Diff returns the path of the first place where two values differ, "" if they are equal:
// NaNs by their bits, times by their instant, nil and empty differ.
func Diff(a, b any) string { return diff("", reflect.ValueOf(a), reflect.ValueOf(b)) }

func diff(path string, a, b reflect.Value) string {
	differ := func(equal bool) string {
		if equal {
			return ""
		}
		return fmt.Sprintf("%s: %v ≠ %v", path, a, b)
	}
	if a.IsValid() != b.IsValid() || a.IsValid() && a.Type() != b.Type() {
		return differ(false)
	}
	if !a.IsValid() {
		return ""
	}
	switch x := a.Interface().(type) {
	case time.Time:
		return differ(x.Equal(b.Interface().(time.Time)))
	case netip.Addr:
		return differ(x == b.Interface())
	}
	switch a.Kind() {
	case reflect.Float32:
		return differ(math.Float32bits(float32(a.Float())) == math.Float32bits(float32(b.Float())))
	case reflect.Float64:
		return differ(math.Float64bits(a.Float()) == math.Float64bits(b.Float()))
	case reflect.Pointer, reflect.Interface:
		if a.IsNil() || b.IsNil() {
			return differ(a.IsNil() == b.IsNil())
		}
		return diff(path, a.Elem(), b.Elem())
	case reflect.Struct:
		for k := range a.NumField() {
			if !a.Type().Field(k).IsExported() {
				continue
			}
			if d := diff(path+"."+a.Type().Field(k).Name, a.Field(k), b.Field(k)); d != "" {
				return d
			}
		}
		return ""
	case reflect.Slice, reflect.Array:
		if a.Len() != b.Len() || a.Kind() == reflect.Slice && a.IsNil() != b.IsNil() {
			return differ(false)
		}
		for k := range a.Len() {
			if d := diff(fmt.Sprintf("%s[%d]", path, k), a.Index(k), b.Index(k)); d != "" {
				return d
			}
		}
		return ""
	case reflect.Map:
		if a.Len() != b.Len() || a.IsNil() != b.IsNil() {
			return differ(false)
		}
		for _, k := range a.MapKeys() {
			if d := diff(fmt.Sprintf("%s[%v]", path, k), a.MapIndex(k), b.MapIndex(k)); d != "" {
				return d
			}
		}
		return ""
	}
	return differ(a.Equal(b))
}
