package wire

import (
	"fmt"
	"reflect"
	"strconv"
)

// keyText returns a map's key as paths spell it.
func keyText(k any) string {
	if v := reflect.ValueOf(k); v.Kind() == reflect.String {
		return strconv.Quote(v.String())
	}
	return fmt.Sprint(k)
}
