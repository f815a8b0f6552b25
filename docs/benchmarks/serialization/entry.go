package serialization

import "errors"

// Serializer encodes and decodes one native type, behind an interface as in the public
// benchmark.
type Serializer interface {
	// Marshal returns the encoding of o; entries of the kinds reuse and aliasing return
	// the same memory each time.
	Marshal(o any) ([]byte, error)
	// Unmarshal sets all of o from d.
	Unmarshal(d []byte, o any) error
}

// Entry is one way to serialise values of type T.
type Entry[T any] struct {
	Name   string
	Kind   string // safe, reuse, aliasing
	Checks string // what decoding validates
	Serializer
	From func(*T) any // a new native value that equals the given one
	To   func(any) T  // back
	New  func() any   // an empty native value to decode into
}

// Entries whose native types are this package's own.
func itself[T any](name, kind, checks string, s Serializer) Entry[T] {
	return Entry[T]{
		Name: name, Kind: kind, Checks: checks, Serializer: s,
		From: func(v *T) any { c := *v; return &c },
		To:   func(v any) T { return *v.(*T) },
		New:  func() any { return new(T) },
	}
}

// sized is a serialiser of four functions, for messages so large that the indirect calls do
// not count.
type sized[T any] struct {
	size      func(*T) int
	marshal   func([]byte, *T) int
	unmarshal func([]byte, *T) (int, error)
	alias     func([]byte, *T) (int, error)
}

type sizedSafe[T any] struct{ sized[T] }

func (s sizedSafe[T]) Marshal(o any) ([]byte, error) {
	v := o.(*T)
	b := make([]byte, s.size(v))
	return b[:s.marshal(b, v)], nil
}

func (s sizedSafe[T]) Unmarshal(d []byte, o any) error { return whole(d, s.unmarshal, o.(*T)) }

type sizedReuse[T any] struct {
	sizedSafe[T]
	buf []byte
}

func (s *sizedReuse[T]) Marshal(o any) ([]byte, error) {
	v := o.(*T)
	s.buf = grown(s.buf, s.size(v))
	return s.buf[:s.marshal(s.buf, v)], nil
}

type sizedAlias[T any] struct{ sizedReuse[T] }

func (s *sizedAlias[T]) Unmarshal(d []byte, o any) error { return whole(d, s.alias, o.(*T)) }

func whole[T any](d []byte, decode func([]byte, *T) (int, error), v *T) error {
	n, err := decode(d, v)
	if err == nil && n != len(d) {
		err = errTrailing
	}
	return err
}

var errTrailing = errors.New("bytes after the message's end")

func threeKinds[T any](name, checks string, s sized[T]) []Entry[T] {
	safe := sizedSafe[T]{s}
	return []Entry[T]{
		itself[T](name, "safe", checks, safe),
		itself[T](name, "reuse", checks, &sizedReuse[T]{sizedSafe: safe}),
		itself[T](name, "aliasing", checks, &sizedAlias[T]{sizedReuse[T]{sizedSafe: safe}}),
	}
}

// grown returns buf with length n, or a new slice if buf is too small.
func grown(buf []byte, n int) []byte {
	if cap(buf) >= n {
		return buf[:n]
	}
	return make([]byte, n)
}
