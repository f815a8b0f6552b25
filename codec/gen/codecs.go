package gen

import (
	"fmt"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/schema"
)

// versionFile returns the source of one version: its codec, and the functions of the structs
// that it is the first to have in this form.
func (g *groups) versionFile(v codec.Version) ([]byte, error) {
	e := &emitter{p: g.p, g: g, v: v}
	if g.p.IsText(v) {
		e.textCodec()
	} else {
		e.binaryCodec()
	}
	for _, s := range structsAt(g.p, v) {
		if g.first(s, v) != v {
			continue
		}
		e.sizeFunc(s)
		if g.p.IsText(v) {
			e.textFuncs(s)
		} else {
			e.binaryFuncs(s)
		}
		if e.loses(s) {
			e.lossFunc(s)
		}
		if converts(s, v) {
			e.projectFunc(s)
		}
	}
	return e.finish("")
}

// binaryFuncs writes the functions that encode and decode a struct.
func (e *emitter) binaryFuncs(s *schema.Struct) {
	if flat(s, e.v) {
		e.flatAppend(s)
		e.flatDecode(s)
		if !e.nested(s) {
			return
		}
	}
	e.putFunc(s)
	e.decodeFunc(s)
}

func (e *emitter) codecName() string { return fmt.Sprintf("codecV%d", e.v) }

// prepare writes what comes before the pass that writes: the copy with conversions, and the
// size.
func (e *emitter) prepare(s *schema.Struct, onError string) {
	depth := ""
	if s.Recursive {
		depth = fmt.Sprintf(", %d", e.p.Depth)
	}
	if converts(s, e.v) {
		e.f("m, err := %s(m%s)", e.fn("project", s), depth)
		e.f("if err != nil { return %s, wire.Of(err, %q, %d) }", onError, s.Name, e.v)
	}
	e.f("n, err := %s(m%s)", e.fn("size", s), depth)
	e.f("if err != nil { return %s, wire.Of(err, %q, %d) }", onError, s.Name, e.v)
}

// nilMessage is the check of a message's pointer.
func (e *emitter) nilMessage(s *schema.Struct, onError string) {
	e.f("if m == nil { return %s, wire.Of(wire.Invalid(\"\", codec.ErrNil), %q, %d) }", onError, s.Name, e.v)
}

// bodyFuncs writes, for each message, the functions that encode and decode its fields
// without its id.
func (e *emitter) bodyFuncs() {
	for _, m := range e.p.MessagesAt(e.v) {
		e.f("")
		e.f("func sizeBody%sV%d(m *%s) (int, error) {", m.Name, e.v, m.Name)
		e.nilMessage(m, "0")
		e.prepare(m, "0")
		e.f("return n, nil\n}")
		if flat(m, e.v) {
			continue
		}

		e.f("")
		e.f("func appendBody%sV%d(dst []byte, m *%s) ([]byte, error) {", m.Name, e.v, m.Name)
		e.nilMessage(m, "dst")
		e.prepare(m, "dst")
		e.f("b, i := wire.Grow(dst, n)")
		e.f("%s(b, i, m)\nreturn b, nil\n}", e.fn("put", m))

		e.f("")
		e.f("func decodeBody%sV%d(d *wire.Decoder, src []byte, i int, m *%s) error {", m.Name, e.v, m.Name)
		end := "i"
		if m.SkipTail {
			end = "_"
		}
		e.f("%s, err := %s(d, src, i, m)", end, e.fn("decode", m))
		e.f("if err != nil { return wire.Of(err, %q, %d) }", m.Name, e.v)
		if !m.SkipTail {
			e.f("if i != len(src) { return wire.Of(wire.Bad(\"\", i, codec.ErrTrailing), %q, %d) }", m.Name, e.v)
		}
		e.f("return nil\n}")
	}
}

// binaryCodec writes the codec of a version with binary payloads.
func (e *emitter) binaryCodec() {
	name := e.codecName()
	messages := e.p.MessagesAt(e.v)
	e.f("// %s encodes and decodes the messages of %v: a uvarint id, then the fields.", name, e.v)
	e.f("type %s struct{}", name)
	e.f("\nfunc (%s) Append(dst []byte, m codec.Message) ([]byte, error) {\nswitch m := m.(type) {", name)
	for _, m := range messages {
		e.f("case *%s:", m.Name)
		if flat(m, e.v) {
			e.f("b, err := %s(dst, m, %d, %d)\nif err != nil { return dst, err }", e.fn("append", m), e.v, uvarintSize(m.ID))
			e.f("wire.PutUvarint(b, len(dst), %d)\nreturn b, nil", m.ID)
			continue
		}
		e.nilMessage(m, "dst")
		e.prepare(m, "dst")
		e.f("b, i := wire.Grow(dst, n+%d)", uvarintSize(m.ID))
		if m.ID < 0x80 {
			e.f("b[i] = %d", m.ID)
			e.f("%s(b, i+1, m)", e.fn("put", m))
		} else {
			e.f("i = wire.PutUvarint(b, i, %d)", m.ID)
			e.f("%s(b, i, m)", e.fn("put", m))
		}
		e.f("return b, nil")
	}
	e.f("}\nreturn dst, wire.UnknownType(m, %d)\n}", e.v)

	e.f("\nfunc (%s) Size(m codec.Message) (int, error) {\nswitch m := m.(type) {", name)
	for _, m := range messages {
		e.f("case *%s:\nn, err := sizeBody%sV%d(m)\nif err != nil { return 0, err }\nreturn n + %d, nil", m.Name, m.Name, e.v, uvarintSize(m.ID))
	}
	e.f("}\nreturn 0, wire.UnknownType(m, %d)\n}", e.v)

	e.decodeMethod("Decode", false)
	e.decodeMethod("DecodeAlias", true)
	e.decodeInto()
	e.lossMethod()
	e.bodyFuncs()
}

// newDecoder returns the source of a decode's state for a message.
func (e *emitter) newDecoder(m *schema.Struct, alias bool) string {
	if alias {
		return fmt.Sprintf("wire.NewAliasDecoder(src, %d, %d)", perByte(m, e.v), e.p.Depth)
	}
	return fmt.Sprintf("wire.NewDecoder(src, %d, %d, %t)", perByte(m, e.v), e.p.Depth, stringCount(m, e.v) > 1)
}

func (e *emitter) readID(onError string) {
	e.f("id, i := wire.Uvarint(src, 0)")
	e.f("if i < 0 { return %swire.Of(wire.BadUvarint(\"\", src, 0), \"\", %d) }", onError, e.v)
}

// decodeCall is a call of the function that decodes all of m from src[i:].
func (e *emitter) decodeCall(m *schema.Struct, alias bool, i string) string {
	if flat(m, e.v) {
		call := fmt.Sprintf("%s(%s, src, m, %d)", e.fn("decodeAll", m), e.flatText(m, alias), e.v)
		if i == "0" {
			return call
		}
		e.f("src = src[%s:]", i)
		return fmt.Sprintf("wire.Behind(%s, %s)", i, call)
	}
	e.f("d := %s", e.newDecoder(m, alias))
	return fmt.Sprintf("decodeBody%sV%d(&d, src, %s, m)", m.Name, e.v, i)
}

func (e *emitter) decodeMethod(name string, alias bool) {
	e.f("\nfunc (%s) %s(src []byte) (codec.Message, error) {", e.codecName(), name)
	e.readID("nil, ")
	e.f("switch id {")
	for _, m := range e.p.MessagesAt(e.v) {
		e.f("case %d:", m.ID)
		e.f("m := new(%s)", m.Name)
		e.f("if err := %s; err != nil { return nil, err }", e.decodeCall(m, alias, "i"))
		e.f("return m, nil")
	}
	e.f("}\nreturn nil, wire.UnknownMessage(id, %d)\n}", e.v)
}

func (e *emitter) decodeInto() {
	e.f("\nfunc (%s) DecodeInto(m codec.Message, src []byte) error {", e.codecName())
	e.readID("")
	e.f("switch m := m.(type) {")
	for _, m := range e.p.MessagesAt(e.v) {
		e.f("case *%s:", m.Name)
		e.f("if m == nil || id != %d { break }", m.ID)
		e.f("return %s", e.decodeCall(m, false, "i"))
	}
	e.f("}\nreturn wire.WrongMessage(m, id, %d)\n}", e.v)
}

// lossMethod writes the codec's Loss.
func (e *emitter) lossMethod() {
	e.f("\nfunc (%s) Loss(m codec.Message) []string {", e.codecName())
	var lossy []*schema.Struct
	for _, m := range e.p.MessagesAt(e.v) {
		if e.loses(m) {
			lossy = append(lossy, m)
		}
	}
	if len(lossy) > 0 {
		e.f("switch m := m.(type) {")
		for _, m := range lossy {
			depth := ""
			if m.Recursive {
				depth = fmt.Sprintf(", %d", e.p.Depth)
			}
			e.f("case *%s:\nif m != nil { return %s(nil, \"\", m%s) }", m.Name, e.fn("loss", m), depth)
		}
		e.f("}")
	}
	e.f("return nil\n}")
}
