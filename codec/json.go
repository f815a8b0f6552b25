package codec

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/parleyproto/parley/codec/internal/textname"
)

// JSON returns a text codec for hand-written types: one JSON object a message, whose member
// "type" is the type's name with its first letters in lower case.
//
//	codec.JSON(&Reading{}, &Alarm{})   ↔   {"type":"reading","sensor":"t1"}
//
// The rest is encoding/json's: tags, methods, unknown members ignored. Each type must be a
// pointer to a named struct that encodes as an object without a member "type" of its
// own; for types that do not, and for two of one name, every call returns an error that says so.
func JSON(types ...Message) Codec {
	c := &jsonCodec{names: map[reflect.Type]string{}, types: map[string]reflect.Type{}}
	for _, m := range types {
		c.err = errors.Join(c.err, c.add(reflect.TypeOf(m)))
	}
	return c
}

type jsonCodec struct {
	names map[reflect.Type]string // by struct type
	types map[string]reflect.Type
	err   error // in the list of types
}

func (c *jsonCodec) add(t reflect.Type) error {
	if t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct || t.Elem().Name() == "" {
		return fmt.Errorf("codec: JSON: %v must be a pointer to a named struct", t)
	}
	t = t.Elem()
	for _, f := range reflect.VisibleFields(t) {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && (tag == "type" || tag == "" && f.Name == "Type") {
			return fmt.Errorf("codec: JSON: %v.%s would be a second member \"type\"; name it otherwise", t, f.Name)
		}
	}
	name := textname.Of(t.Name())
	if other, ok := c.types[name]; ok {
		return fmt.Errorf("codec: JSON: %v and %v are both named %q; rename one", other, t, name)
	}
	c.names[t], c.types[name] = name, t
	return nil
}

func (c *jsonCodec) Append(dst []byte, m Message) ([]byte, error) {
	v := reflect.ValueOf(m)
	if c.err != nil {
		return dst, c.err
	}
	if v.Kind() != reflect.Pointer || v.IsNil() || c.names[v.Type().Elem()] == "" {
		return dst, &MessageError{GoType: fmt.Sprintf("%T", m)}
	}
	name := c.names[v.Type().Elem()]
	body, err := json.Marshal(m)
	if err != nil {
		return dst, &EncodeError{Type: name, Err: err}
	}
	if body[0] != '{' {
		return dst, &EncodeError{Type: name, Err: errors.New("it must encode as a JSON object")}
	}
	dst = append(dst, `{"type":"`...)
	dst = append(dst, name...)
	dst = append(dst, '"')
	if len(body) > 2 {
		dst = append(dst, ',')
	}
	return append(dst, body[1:]...), nil
}

func (c *jsonCodec) Decode(src []byte) (Message, error) {
	if c.err != nil {
		return nil, c.err
	}
	typ, err := memberType(src)
	if err != nil {
		return nil, jsonError("", err)
	}
	if typ == nil {
		return nil, &DecodeError{Path: "type", Err: ErrMissing}
	}
	var name string
	if err := json.Unmarshal(typ, &name); err != nil {
		return nil, jsonError("type", err)
	}
	t, ok := c.types[name]
	if !ok {
		return nil, &MessageError{Name: name}
	}
	m := reflect.New(t).Interface()
	if err := json.Unmarshal(src, m); err != nil {
		return nil, jsonError(name, err)
	}
	return m, nil
}

// memberType returns the raw member "type" of a JSON object, nil if it has none. A map is
// asked, not a struct, because encoding/json matches a struct's names in any case.
func memberType(object []byte) (json.RawMessage, error) {
	var members map[string]json.RawMessage
	err := json.Unmarshal(object, &members)
	return members["type"], err
}

// jsonError gives an error of encoding/json its place.
func jsonError(typ string, err error) error {
	e := &DecodeError{Type: typ, Err: err}
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		e.Offset = int(syntax.Offset)
	case errors.As(err, &mismatch):
		e.Offset, e.Path = int(mismatch.Offset), mismatch.Field
	}
	return e
}
