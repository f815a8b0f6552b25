package wireshark_test

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"go/constant"
	"math"
	"math/rand"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/internal/textname"
	"github.com/parleyproto/parley/codec/schema"
)

// Each field of messages with all kinds of fields, in all versions, is shown as the model's
// interpreter decodes it.
func TestDissectorKnowsAllKinds(t *testing.T) {
	t.Parallel()
	need(t, "tshark")
	p := load(t, "../zoo")
	_, golden, err := (&schema.Lock{Protocol: p.Name}).Freeze(p, nil, p.Versions.Last)
	if err != nil {
		t.Fatal(err)
	}
	var c capture
	var want [][]string
	for _, v := range p.All() {
		chunks := greeted("zoo", v)
		for _, g := range golden {
			if g.Version == v {
				chunks = append(chunks, chunk{false, dataFrame(p, v, g.Payload)})
				want = append(want, flatten(t, p, g))
			}
		}
		c = append(c, chunks)
	}
	packets := dissect(t, p, c.pcap(randomly(rand.New(rand.NewSource(4)))), "-o", "zoo.ports:7400")
	for _, found := range complaints(packets) {
		t.Error(found)
	}
	var got []field
	for _, f := range frames(packets, "zoo", false) {
		if f.get("parley.kind") == "DATA" {
			got = append(got, f)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d messages are shown, not %d", len(got), len(want))
	}
	for k, f := range got {
		if diff := cmp.Diff(want[k], shown(f, "zoo.")); diff != "" {
			t.Errorf("message %d of version %s:\n%s", k, f.get("parley.dialect"), diff)
		}
	}
}

// greeted returns the greetings of a connection that begins in version v.
func greeted(protocol string, v codec.Version) []chunk {
	return []chunk{
		{false, fmt.Appendf(nil, "PARLEY/1 %s v=0-9\n", protocol)},
		{true, fmt.Appendf(nil, "PARLEY/1 OK %s v=%d all=0-9\n", protocol, v)},
	}
}

// dataFrame returns a DATA with the number 1, in its frame.
func dataFrame(p *schema.Protocol, v codec.Version, payload []byte) []byte {
	if p.IsText(v) {
		return fmt.Appendf(nil, "DATA 1 - %s\n", payload)
	}
	return binaryFrame(append([]byte{1, 0, 1}, payload...))
}

func binaryFrame(envelope []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(envelope))), envelope...)
}

// flatten returns a payload's fields as the interpreter decodes them: name and value.
func flatten(t *testing.T, p *schema.Protocol, g schema.Vector) []string {
	t.Helper()
	in, err := p.Interpreter(g.Version)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := in.Decode(g.Payload)
	if err != nil {
		t.Fatal(err)
	}
	fl := flattener{p: p, v: g.Version}
	fl.record("zoo."+textname.Of(rec.Struct.Name), rec)
	return fl.lines
}

type flattener struct {
	p     *schema.Protocol
	v     codec.Version
	lines []string
}

func (fl *flattener) add(name, value string) { fl.lines = append(fl.lines, name+" = "+value) }

func (fl *flattener) record(name string, rec *schema.Record) {
	fl.add(name, "")
	fl.fields(rec)
}

func (fl *flattener) fields(rec *schema.Record) {
	var tagged []schema.FieldValue // they come first, but stand in the extensions
	for _, f := range rec.Fields {
		n := f.Field.At(fl.v)
		if n.Tagged {
			tagged = append(tagged, f)
			continue
		}
		fl.field(rec, f)
		if n.Kind == schema.Extensions {
			for _, f := range tagged {
				if !isDefault(f) {
					fl.field(rec, f)
				}
			}
		}
	}
}

func isDefault(f schema.FieldValue) bool {
	list, ok := f.Value.([]any)
	return ok && len(list) == 0 || f.Field.Default != nil && f.Field.Default.ExactString() == fmt.Sprint(f.Value)
}

func (fl *flattener) field(rec *schema.Record, f schema.FieldValue) {
	fl.value("zoo."+textname.Of(rec.Struct.Name)+"."+textname.Of(f.Field.Name), f.Field.At(fl.v), f.Value)
}

func (fl *flattener) value(name string, n *schema.Node, x any) {
	if x == nil {
		return
	}
	switch x := x.(type) {
	case []any:
		fl.add(name, strconv.Itoa(len(x)))
		for _, e := range x {
			fl.part(name+".item", n.Elem, e)
		}
	case []schema.Entry:
		fl.add(name, strconv.Itoa(len(x)))
		for _, e := range x {
			fl.add(name+".entry", "")
			fl.part(name+".key", n.Key, e.Key)
			fl.part(name+".value", n.Elem, e.Value)
		}
	case *schema.Record:
		fl.record(name, x)
	case *schema.Choice:
		fl.add(name, x.Variant.Struct.Name)
		fl.fields(x.Record)
	case codec.Extensions:
		fl.add(name, "")
	default:
		fl.add(name, scalar(n, x))
		for n.Kind == schema.Pointer {
			n = n.Elem
		}
		if n.Enum != nil {
			fl.add(name+".name", enumName(n.Enum, x))
		}
	}
}

// part is value for an element: structs go by their own name.
func (fl *flattener) part(name string, n *schema.Node, x any) {
	if rec, ok := x.(*schema.Record); ok {
		name = "zoo." + textname.Of(rec.Struct.Name)
	}
	fl.value(name, n, x)
}

func enumName(e *schema.Enum, x any) string {
	for _, v := range e.Values {
		text := v.Value.ExactString()
		if v.Value.Kind() == constant.String {
			text = constant.StringVal(v.Value) // without quotes
		}
		if text == fmt.Sprint(x) {
			return v.Name
		}
	}
	return "?"
}

// scalar is a value as tshark shows it.
func scalar(n *schema.Node, x any) string {
	for n.Kind == schema.Pointer {
		n = n.Elem
	}
	switch x := x.(type) {
	case bool:
		return map[bool]string{true: "1", false: "0"}[x]
	case float32:
		return fmt.Sprintf("%.6g", x)
	case float64:
		return fmt.Sprintf("%.15g", x)
	case []byte:
		return hex.EncodeToString(x)
	case netip.Addr:
		if !x.IsValid() {
			return ""
		}
		return x.String()
	case int64:
		if n.Kind == schema.Time {
			if x == math.MinInt64 {
				return "zero time"
			}
			return time.Unix(0, x).UTC().Format("Jan _2, 2006 15:04:05.000000000 UTC")
		}
		if n.Kind == schema.Duration {
			sign := ""
			if x < 0 {
				sign = "-"
			}
			return fmt.Sprintf("%s%d.%09d", sign, magnitude(x)/1e9, magnitude(x)%1e9)
		}
	}
	return fmt.Sprint(x)
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

// shown returns the fields whose names begin with a prefix, as flatten does.
func shown(f field, prefix string) []string {
	var all []string
	for x := range f.all() {
		if !strings.HasPrefix(x.Name, prefix) {
			continue
		}
		value := strings.ReplaceAll(x.Show, ":", "")
		switch {
		case strings.HasSuffix(x.Shown, ": zero time"):
			value = "zero time"
		case !isHex(value):
			value = x.Show
		}
		all = append(all, x.Name+" = "+value)
	}
	return all
}

func isHex(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil
}
