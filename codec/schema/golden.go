package schema

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/rand"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parleyproto/parley/codec"
)

// Vector is a golden vector: a payload that a frozen version had when it was frozen.
type Vector struct {
	Version codec.Version
	Message string // Go name of the message's struct
	Payload []byte
	JSON    string // the value, for people
}

// GoldenName returns the name of a protocol's file of golden vectors.
func GoldenName(protocol string) string { return protocol + ".parley.golden" }

const goldenHead = "# Payloads of the released versions: version, message, payload in hexadecimal, value. Append only.\n"

// line returns the vector as a line of its file.
func (v *Vector) line() string {
	return fmt.Sprintf("%v %s %x %s\n", v.Version, v.Message, v.Payload, v.JSON)
}

// FormatGolden returns the contents of a file of golden vectors.
func FormatGolden(vectors []Vector) []byte {
	var b bytes.Buffer
	b.WriteString(goldenHead)
	for _, v := range vectors {
		b.WriteString(v.line())
	}
	return b.Bytes()
}

// ReadGolden reads the golden vectors of a protocol in dir; none if there is no file.
func ReadGolden(dir, protocol string) ([]Vector, error) {
	name := filepath.Join(dir, GoldenName(protocol))
	data, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	var vectors []Vector
	for n, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.SplitN(line, " ", 4)
		if len(words) < 4 {
			return nil, &LockError{name, n + 1, "a golden vector is a version, a message, hexadecimal digits and a value"}
		}
		v, err := parseVersion(words[0])
		payload, err2 := hex.DecodeString(words[2])
		if err != nil || err2 != nil {
			return nil, &LockError{name, n + 1, "malformed golden vector"}
		}
		vectors = append(vectors, Vector{v, words[1], payload, words[3]})
	}
	return vectors, nil
}

// goldenOf returns how many vectors a version has, and a sum over their lines.
func goldenOf(vectors []Vector, v codec.Version) (n int, s string) {
	var b strings.Builder
	for i := range vectors {
		if vectors[i].Version == v {
			b.WriteString(vectors[i].line())
			n++
		}
	}
	return n, sum(b.String())
}

// perMessage is how many golden vectors freezing a version makes for each message.
const perMessage = 8

// newVectors makes golden vectors of version v: payloads of random values, by the
// interpreter, the same for the same layout.
func (p *Protocol) newVectors(v codec.Version) ([]Vector, error) {
	in, err := p.Interpreter(v)
	if err != nil {
		return nil, err
	}
	fp := p.Fingerprint(v)
	r := rand.New(rand.NewSource(int64(fp[0])<<8 | int64(fp[1])))
	var vectors []Vector
	for _, m := range p.MessagesAt(v) {
		for range perMessage {
			rec := (&random{in, r, 3}).record(m)
			payload, err := in.Append(nil, rec)
			if err != nil {
				return nil, fmt.Errorf("schema: golden vector of %s: %w", m.Name, err)
			}
			text, err := in.JSON(rec)
			if err != nil {
				return nil, fmt.Errorf("schema: golden vector of %s: %w", m.Name, err)
			}
			if !slices.ContainsFunc(vectors, func(o Vector) bool { return bytes.Equal(o.Payload, payload) }) {
				vectors = append(vectors, Vector{v, m.Name, payload, string(text)})
			}
		}
	}
	return vectors, nil
}

// random makes records of the interpreter. levels is how deep recursive ones may still nest.
type random struct {
	in *Interpreter
	*rand.Rand
	levels int
}

func (r *random) record(s *Struct) *Record {
	rec := r.in.newRecord(s)
	for i := range rec.Fields {
		f := &rec.Fields[i]
		if n := f.Field.At(r.in.v); f.Field.Default == nil || r.Intn(3) > 0 {
			f.Value = r.value(n)
		}
	}
	return rec
}

func (r *random) value(n *Node) any {
	if n.Null && r.Intn(4) == 0 {
		return nil
	}
	if n.Enum != nil {
		var there []EnumValue
		for _, v := range n.Enum.Values {
			if v.Versions.Has(r.in.v) {
				there = append(there, v)
			}
		}
		return constantValue(n, there[r.Intn(len(there))])
	}
	switch n.Kind {
	case Bool:
		return r.Intn(2) == 0
	case Int, Duration:
		return r.int(n)
	case Time:
		return r.Int63n(4e18)
	case Uint:
		return r.uint(n)
	case Float:
		return r.float(n)
	case String:
		k := r.count(n)
		return strings.Repeat("aé", k/3) + "bcd"[:k%3]
	case Bytes, Tail:
		b := make([]byte, r.count(n))
		r.Read(b)
		return b
	case ByteArray:
		b := make([]byte, n.Len)
		r.Read(b)
		return b
	case Addr:
		return netip.AddrFrom4([4]byte{192, 0, 2, byte(r.Intn(256))})
	case Array:
		return r.list(n, n.Len)
	case Slice:
		return r.list(n, r.count(n))
	case Map:
		return r.entries(n)
	case Pointer:
		return r.value(n.Elem)
	case StructKind:
		return r.record(n.Struct)
	case UnionKind:
		return r.choice(n)
	}
	return codec.Extensions(nil)
}

// count returns a length within the limits; 0, where that is allowed, when a recursive value
// is deep enough.
func (r *random) count(n *Node) int {
	least, most := n.MinLen(), n.MinLen()+4
	if limit, ok := n.MaxLen(); ok {
		most = min(most, limit)
	}
	if r.levels--; r.levels < 0 && n.Elem != nil {
		return int(least)
	}
	return int(least + uint64(r.Intn(int(most-least)+1)))
}

func (r *random) int(n *Node) int64 {
	bits := n.Bits
	if n.Encoding == Fixed {
		bits = n.Width * 8
	}
	i := int64(r.Uint64()) >> (64 - bits)
	if r.Intn(2) == 0 {
		i = int64(r.Intn(200)) - 100
	}
	for !n.inBounds(i) {
		i /= 2
		if i == 0 && !n.inBounds(i) {
			return r.bound(n).(int64)
		}
	}
	return i
}

func (r *random) uint(n *Node) uint64 {
	bits := n.Bits
	if n.Encoding == Fixed {
		bits = n.Width * 8
	}
	u := r.Uint64() >> (64 - bits)
	if r.Intn(2) == 0 {
		u = uint64(r.Intn(100))
	}
	for !n.inBounds(u) {
		u /= 2
		if u == 0 && !n.inBounds(u) {
			return r.bound(n).(uint64)
		}
	}
	return u
}

func (r *random) float(n *Node) any {
	x := math.Round(r.NormFloat64()*1e4) / 8
	if !n.inBounds(x) {
		return r.bound(n)
	}
	if n.Bits == 32 {
		return float32(x)
	}
	return x
}

// bound returns a limit of a number that zero is outside of.
func (r *random) bound(n *Node) any {
	c := n.Min
	if c == nil {
		c = n.Max
	}
	return r.in.defaultOf(&Field{Default: c}, n)
}

func (r *random) list(n *Node, count int) any {
	list := []any{}
	for range count {
		list = append(list, r.value(n.Elem))
	}
	return list
}

func (r *random) entries(n *Node) any {
	list := []Entry{}
	for want := r.count(n); len(list) < want; {
		key := r.value(n.Key)
		if slices.ContainsFunc(list, func(e Entry) bool { return e.Key == key }) {
			want--
			continue
		}
		list = append(list, Entry{key, r.value(n.Elem)})
	}
	slices.SortFunc(list, compareEntries)
	return list
}

func (r *random) choice(n *Node) any {
	if r.levels--; r.levels < 0 && n.Null {
		return nil
	}
	var there []Variant
	for _, v := range n.Union.Variants {
		if v.Versions.Has(r.in.v) {
			there = append(there, v)
		}
	}
	v := there[r.Intn(len(there))]
	return &Choice{v, r.record(v.Struct)}
}
