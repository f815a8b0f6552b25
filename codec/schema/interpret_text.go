package schema

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/wire"
)

// decodeText returns the message that a text payload holds.
func (in *Interpreter) decodeText(src []byte) (*Record, error) {
	t := wire.NewText(src, in.p.Depth)
	name := t.Type(true)
	if t.Err() != nil {
		return nil, wire.Of(t.Err(), "", in.v)
	}
	for _, m := range in.p.MessagesAt(in.v) {
		if m.TextName != name {
			continue
		}
		rec := in.parseRecord(&t, m)
		if t.End(); t.Err() != nil {
			return nil, wire.Of(t.Err(), m.Name, in.v)
		}
		return rec, nil
	}
	return nil, &codec.MessageError{Name: name, Version: in.v}
}

func (in *Interpreter) parseRecord(t *wire.Text, s *Struct) *Record {
	if s.Recursive {
		t.Enter()
		defer t.Leave()
	}
	rec := in.newRecord(s)
	seen := make([]bool, len(rec.Fields))
	t.Object()
	for {
		name, ok := t.Member()
		if !ok {
			break
		}
		k := slices.IndexFunc(rec.Fields, func(f FieldValue) bool { return f.Field.TextName == string(name) })
		if k < 0 {
			t.Skip()
			continue
		}
		t.Once(&seen[k])
		rec.Fields[k].Value = in.parse(t, rec.Fields[k].Field.At(in.v))
	}
	for k, f := range rec.Fields {
		if !seen[k] && f.Field.Required(in.v) {
			t.FailAt(f.Field.TextName, codec.ErrMissing)
		}
	}
	return rec
}

func (in *Interpreter) parse(t *wire.Text, n *Node) any {
	if n.Null && t.Null() {
		return nil
	}
	x := in.parseValue(t, n)
	switch x := x.(type) {
	case int64, uint64, float32, float64:
		if n.Kind != Time && !n.inBounds(x) {
			t.Fail(codec.ErrRange)
		}
	case string:
		in.checkCount(t, n, len(x))
	case []byte:
		in.checkCount(t, n, len(x))
	case []any:
		in.checkCount(t, n, len(x))
	case []Entry:
		in.checkCount(t, n, len(x))
	}
	return x
}

func (in *Interpreter) checkCount(t *wire.Text, n *Node, count int) {
	if n.Kind == Pointer {
		return // checked as what it points to
	}
	w := writer{in: in}
	switch n.Kind {
	case String, Bytes, Slice, Map:
		if w.count(n, count); w.err != nil {
			t.Fail(codec.ErrRange)
		}
	}
}

func (in *Interpreter) parseValue(t *wire.Text, n *Node) any {
	if n.Enum != nil {
		name := t.String()
		for _, v := range n.Enum.Values {
			if v.TextName == name && v.Versions.Has(in.v) {
				return constantValue(n, v)
			}
		}
		t.Fail(codec.ErrEnum)
		return nil
	}
	bits := n.Bits
	if n.Encoding == Fixed && n.Width > 0 {
		bits = n.Width * 8
	}
	switch n.Kind {
	case Bool:
		return t.Bool()
	case Int:
		return t.Int(bits)
	case Uint:
		return t.Uint(bits)
	case Float:
		if n.Bits == 32 {
			return t.Float32()
		}
		return t.Float64()
	case String:
		return t.String()
	case Bytes:
		return append([]byte{}, t.Base64()...)
	case ByteArray:
		b := make([]byte, n.Len)
		t.FixedBase64(b)
		return b
	case Time:
		return wire.UnixNanos(t.Time())
	case Duration:
		return int64(t.Duration())
	case Addr:
		return t.Addr()
	case Array, Slice:
		list := []any{}
		for t.List(); t.Element(); {
			list = append(list, in.parse(t, n.Elem))
		}
		if n.Kind == Array && len(list) != n.Len {
			t.Fail(codec.ErrRange)
		}
		return list
	case Map:
		return in.parseEntries(t, n)
	case Pointer:
		return in.parse(t, n.Elem)
	case StructKind:
		return in.parseRecord(t, n.Struct)
	}
	return in.parseChoice(t, n)
}

// constantValue returns an enum's constant as a value.
func constantValue(n *Node, v EnumValue) any {
	in := &Interpreter{}
	return in.defaultOf(&Field{Default: v.Value}, n)
}

func (in *Interpreter) parseEntries(t *wire.Text, n *Node) any {
	list := []Entry{}
	t.Object()
	for {
		name, ok := t.Member()
		if !ok {
			break
		}
		var key any
		switch n.Key.Kind {
		case Int:
			key = t.IntKey(name, n.Key.Bits)
		case Uint:
			key = t.UintKey(name, n.Key.Bits)
		default:
			key = string(name)
		}
		if slices.ContainsFunc(list, func(e Entry) bool { return e.Key == key }) {
			t.Fail(codec.ErrDuplicate)
		}
		if !n.Key.inBounds(key) && n.Key.Kind != String || !n.Key.inEnum(key, in.v) {
			t.Fail(codec.ErrRange)
		}
		list = append(list, Entry{key, in.parse(t, n.Elem)})
	}
	slices.SortFunc(list, compareEntries)
	return list
}

func compareEntries(a, b Entry) int {
	switch x := a.Key.(type) {
	case int64:
		return cmp.Compare(x, b.Key.(int64))
	case uint64:
		return cmp.Compare(x, b.Key.(uint64))
	}
	return cmp.Compare(fmt.Sprint(a.Key), fmt.Sprint(b.Key))
}

func (in *Interpreter) parseChoice(t *wire.Text, n *Node) any {
	name := t.Type(false)
	for _, v := range n.Union.Variants {
		if v.Struct.TextName == name && v.Versions.Has(in.v) {
			return &Choice{v, in.parseRecord(t, v.Struct)}
		}
	}
	t.Fail(codec.ErrEnum)
	return nil
}

// textRecord appends a record as a JSON object.
func (w *writer) textRecord(rec *Record, typed bool) {
	if rec == nil {
		w.fail(codec.ErrNil)
		return
	}
	defer w.enter(rec.Struct)()
	w.b = append(w.b, '{')
	if typed {
		w.b = append(append(w.b, `"type":`...), strconv.Quote(rec.Struct.TextName)+","...)
	}
	for _, f := range rec.Fields {
		w.b = append(wire.AppendText(w.b, f.Field.TextName), ':')
		w.under(f.Field.Name, func() { w.text(f.Field.At(w.in.v), f.Value) })
		w.b = append(w.b, ',')
	}
	w.b = wire.CloseText(w.b, '}')
}

func (w *writer) text(n *Node, x any) {
	if w.err != nil {
		return
	}
	if x == nil {
		if !n.Null {
			w.fail(codec.ErrNil)
		}
		w.b = append(w.b, "null"...)
		return
	}
	check := writer{in: w.in, depth: w.depth, path: w.path}
	if n.Kind < ByteArray {
		if check.value(n, x); check.err != nil {
			w.err = check.err
			return
		}
	}
	if n.Enum != nil {
		v, _ := n.Enum.valueOf(x, w.in.v)
		w.b = wire.AppendText(w.b, v.TextName)
		return
	}
	switch n.Kind {
	case Bool:
		w.b = strconv.AppendBool(w.b, as[bool](w, n, x))
	case Int:
		w.b = wire.AppendInt(w.b, as[int64](w, n, x))
	case Uint:
		w.b = wire.AppendUint(w.b, as[uint64](w, n, x))
	case Float:
		if n.Bits == 32 {
			w.b = wire.AppendFloat32(w.b, as[float32](w, n, x))
		} else {
			w.b = wire.AppendFloat64(w.b, as[float64](w, n, x))
		}
	case String:
		w.b = wire.AppendText(w.b, as[string](w, n, x))
	case Bytes, ByteArray:
		w.b = wire.AppendBase64(w.b, as[[]byte](w, n, x))
	case Time:
		w.b = wire.AppendTime(w.b, wire.Time(as[int64](w, n, x)))
	case Duration:
		w.b = wire.AppendDuration(w.b, time.Duration(as[int64](w, n, x)))
	case Addr:
		w.b = wire.AppendAddr(w.b, as[netip.Addr](w, n, x))
	case Array, Slice:
		w.textList(n, as[[]any](w, n, x))
	case Map:
		w.textEntries(n, as[[]Entry](w, n, x))
	case Pointer:
		w.text(n.Elem, x)
	case StructKind:
		w.textRecord(as[*Record](w, n, x), false)
	case UnionKind:
		if c := as[*Choice](w, n, x); w.err == nil {
			w.textRecord(c.Record, true)
		}
	case Tail:
		w.b = wire.AppendBase64(w.b, as[[]byte](w, n, x))
	case Extensions:
		w.b = append(w.b, '[')
		for _, e := range as[codec.Extensions](w, n, x) {
			w.b = fmt.Appendf(w.b, `{"tag":%d,"data":`, e.Tag)
			w.b = append(wire.AppendBase64(w.b, e.Data), "},"...)
		}
		w.b = wire.CloseText(w.b, ']')
	}
}

// JSON returns a record as a JSON object that tells all of its fields, for people to read.
// It is the payload of a text version; for a binary one it looks the same, with extensions
// and a tail in base64.
func (in *Interpreter) JSON(rec *Record) ([]byte, error) {
	w := writer{in: in, depth: in.p.Depth}
	if w.textRecord(rec, true); w.err != nil {
		return nil, wire.Of(w.err, rec.Struct.Name, in.v)
	}
	return []byte(strings.ToValidUTF8(string(w.b), "\ufffd")), nil
}

func (w *writer) textList(n *Node, list []any) {
	if n.Kind == Slice {
		check := writer{in: w.in, path: w.path}
		check.count(n, len(list))
		w.err = check.err
	}
	w.b = append(w.b, '[')
	for k, x := range list {
		w.under("["+strconv.Itoa(k)+"]", func() { w.text(n.Elem, x) })
		w.b = append(w.b, ',')
	}
	w.b = wire.CloseText(w.b, ']')
}

func (w *writer) textEntries(n *Node, list []Entry) {
	w.b = append(w.b, '{')
	for _, e := range list {
		w.b = append(wire.AppendText(w.b, fmt.Sprint(e.Key)), ':')
		w.text(n.Elem, e.Value)
		w.b = append(w.b, ',')
	}
	w.b = wire.CloseText(w.b, '}')
}
