package borrowcheck

import (
	"reflect"
	"slices"
	"testing"

	"github.com/parleyproto/parley/frame"
)

// TestLendersAreReal holds the check's knowledge of package frame against the package.
func TestLendersAreReal(t *testing.T) {
	if got := reflect.TypeFor[frame.Reader]().PkgPath(); got != framePath {
		t.Errorf("framePath = %q, the package is %q", framePath, got)
	}
	real := map[string]reflect.Type{
		"Reader":  reflect.TypeFor[*frame.Reader](),
		"Decoder": reflect.TypeFor[*frame.Decoder](),
	}
	bytes, reader := reflect.TypeFor[[]byte](), reflect.TypeFor[interface{ Read([]byte) (int, error) }]()
	for name, typ := range real {
		m, ok := lenders[name]
		if !ok {
			t.Errorf("%s is not among the lenders", name)
			continue
		}
		for _, method := range append(append([]string{m.loop}, m.still...), m.lend...) {
			if _, ok := typ.MethodByName(method); !ok && method != "" {
				t.Errorf("%s has no method %s", name, method)
			}
		}
		for i := range typ.NumMethod() {
			method := typ.Method(i)
			lends := method.Type.NumOut() > 0 && (method.Type.Out(0) == bytes || method.Type.Out(0).Implements(reader))
			if lends && !slices.Contains(m.lend, method.Name) {
				t.Errorf("%s.%s returns bytes or a reader, and is not among the methods that lend", name, method.Name)
			}
		}
	}
}
