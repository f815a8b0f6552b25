package gen_test

import (
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parleyproto/parley/codec/gen"
	"github.com/parleyproto/parley/codec/schema"
)

// Random schemas, each a package of a temporary module: what is generated for them must
// compile, keep all laws, and agree with the interpreter. A failing schema is in the log.
func TestRandomSchemas(t *testing.T) {
	dir := t.TempDir()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	mod := strings.Replace(read(t, filepath.Join(root, "go.mod")), "module github.com/parleyproto/parley\n", "module example.com/random\n", 1)
	mod += "\nrequire github.com/parleyproto/parley v0.0.0\n\nreplace github.com/parleyproto/parley => " + root + "\n"
	write(t, filepath.Join(dir, "go.mod"), mod)
	write(t, filepath.Join(dir, "go.sum"), read(t, filepath.Join(root, "go.sum")))
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOWORK", "off")

	sources := map[string]string{}
	const packages = 4
	for k := range packages {
		name := fmt.Sprintf("p%d", k)
		s := &source{Rand: rand.New(rand.NewSource(int64(500 + k))), name: name}
		sources[name] = s.write()
		write(t, filepath.Join(dir, name, name+".go"), sources[name])
		write(t, filepath.Join(dir, name, "agree_test.go"), strings.ReplaceAll(agreeTest, "PACKAGE", name))
	}
	protocols, err := schema.Load(dir, "./...")
	if err != nil {
		t.Fatalf("a random schema has mistakes:\n%v", err)
	}
	for _, p := range protocols {
		files, err := gen.Generate(p, gen.Options{})
		if err != nil {
			t.Fatalf("%v\n%s", err, sources[p.Name])
		}
		if err := gen.Write(p.Dir, files); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "./...")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err == nil {
		return
	}
	t.Errorf("%v\n%s", err, out)
	for name, text := range sources {
		if strings.Contains(string(out), "FAIL\texample.com/random/"+name) {
			t.Logf("%s", text)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// agreeTest compares generated code with the interpreter, on golden vectors that the
// interpreter makes of all kinds of fields, and on what becomes of them when bytes change.
const agreeTest = `package PACKAGE

import (
	"bytes"
	"math/rand"
	"testing"

	"github.com/parleyproto/parley/codec/schema"
)

func TestAgree(t *testing.T) {
	protocols, err := schema.Load(".", ".")
	if err != nil {
		t.Fatal(err)
	}
	p := protocols[0]
	_, golden, err := (&schema.Lock{Protocol: p.Name}).Freeze(p, nil, p.Versions.Last)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewSource(1))
	for _, g := range golden {
		r, err := Protocol.Release(g.Version)
		if err != nil {
			t.Fatal(err)
		}
		in, err := p.Interpreter(g.Version)
		if err != nil {
			t.Fatal(err)
		}
		m, err := r.Codec.Decode(g.Payload)
		if err != nil {
			t.Errorf("%v %s %s: %v", g.Version, g.Message, g.JSON, err)
			continue
		}
		if b, err := r.Codec.Append(nil, m); err != nil || !bytes.Equal(b, g.Payload) {
			t.Errorf("%v %s: % x encodes again to % x, %v", g.Version, g.Message, g.Payload, b, err)
		}
		for range 30 {
			b := bytes.Clone(g.Payload)
			b[rng.Intn(len(b))] ^= 1 << rng.Intn(8)
			_, want := in.Decode(b)
			if _, got := r.Codec.Decode(b); (got == nil) != (want == nil) {
				t.Errorf("%v % x: the interpreter says %v, the generated code %v", g.Version, b, want, got)
			}
		}
	}
}
`

// source writes a random schema.
type source struct {
	*rand.Rand
	name    string
	b       strings.Builder
	structs []string // that fields may hold
}

func (s *source) f(format string, args ...any) { fmt.Fprintf(&s.b, format+"\n", args...) }

func (s *source) pick(options ...string) string { return options[s.Intn(len(options))] }

func (s *source) write() string {
	s.f("//parley:protocol %s versions=0-3%s%s depth=8\n\npackage %s\n", s.name, s.pick("", " text=0", " text=0-1"), s.pick("", " order=le"), s.name)
	s.f("import (\n\"net/netip\"\n\"time\"\n)\n\nvar (\n_ netip.Addr\n_ time.Time\n)\n")
	s.f("//parley:enum\ntype Mode %s\n", s.pick("uint8", "int16", "int64"))
	s.f("const (\nOff Mode = iota\nOn\n//parley:value versions=v2+\nAuto\n)\n")
	s.f("//parley:variant 1 Leaf\n//parley:variant 300 Branch versions=v1+\ntype Node interface{ node() }\n")
	s.f("type Leaf struct {\nV uint16 `parley:\"v0+\"`\n}\n\ntype Branch struct {\nNodes []Node `parley:\"v0+,max=3\"`\n}\n")
	s.f("func (*Leaf) node()   {}\n\nfunc (*Branch) node() {}\n")
	for k := range 3 {
		name := fmt.Sprintf("Part%d", k)
		s.f("type %s struct {\nAlways uint8 `parley:\"v0+\"`", name)
		s.fields(2 + s.Intn(4))
		s.f("}\n")
		s.structs = append(s.structs, name)
	}
	for k := range 3 {
		name := fmt.Sprintf("Message%d", k)
		s.f("//parley:message %d\ntype %s struct {", []int{1, 7, 200}[k], name)
		s.fields(4 + s.Intn(8))
		s.f("}\n")
	}
	return s.b.String()
}

func (s *source) fields(n int) {
	for k := range n {
		typ, opts, scalar := s.typ(3, "")
		tag := s.pick("v0+", "v1+", "v0-v2", "v2+", "v3", "v1-v2") + opts
		if strings.HasPrefix(tag, "v0-v2") && s.Intn(2) == 0 {
			tag += ";v3+" + opts // the same again: a range split without a change
		}
		if s.Intn(3) == 0 {
			tag += ",lossy"
		}
		if scalar != "" && s.Intn(3) == 0 {
			tag += ",default=" + scalar
		}
		s.f("F%d %s `parley:%q`", k, typ, tag)
	}
}

// typ returns a random type, options for it, and a default if it is a scalar. prefix stands
// before each option: "elem.".
func (s *source) typ(depth int, prefix string) (typ, opts, scalar string) {
	opt := func(options ...string) string {
		o := s.pick(options...)
		if o == "" {
			return ""
		}
		return "," + prefix + o
	}
	length := func() string {
		return opt("", "len=u8", "len=u16", "len=u32", "len=i16", "len=i32", "len=compact") + opt("", "max=9")
	}
	kinds := 15
	if depth == 0 {
		kinds = 9
	}
	switch s.Intn(kinds) {
	case 0:
		return "bool", "", "true"
	case 1:
		return s.pick("uint16", "uint32", "uint64"), opt("", "uvarint", "u16", "le"), "300"
	case 2:
		return s.pick("int16", "int32", "int64"), opt("", "zigzag", "i8", "be") + opt("", "min=-100", "max=99"), "-7"
	case 3:
		return s.pick("float32", "float64"), opt("", "le", "min=0"), "1.5"
	case 4:
		return "string", length() + opt("", "utf8"), "abc"
	case 5:
		return "Mode", "", "On"
	case 6:
		return "time.Time", opt("", "zigzag"), ""
	case 7:
		return s.pick("netip.Addr", "[16]byte", "[3]uint8", "[2]bool"), "", ""
	case 8:
		return "[]byte", length(), ""
	case 9:
		elem, o, _ := s.typ(depth-1, prefix+"elem.")
		return "[]" + elem, opt("max=4", "max=4,"+prefix+"len=u16", "max=4,"+prefix+"null") + o, ""
	case 10:
		elem, o, _ := s.typ(depth-1, prefix+"elem.")
		return fmt.Sprintf("[%d]%s", 1+s.Intn(5), elem), o, ""
	case 11:
		elem, o, _ := s.typ(0, prefix+"elem.")
		return "map[" + s.pick("string", "uint16", "int32", "Mode") + "]" + elem, opt("max=2") + o, ""
	case 12:
		return "*" + s.pick("int32", "string", "bool", "Leaf"), opt("", "presence=i8"), ""
	case 13:
		return "Node", opt("null"), ""
	}
	if len(s.structs) == 0 {
		return "Leaf", "", ""
	}
	return s.pick(s.structs...), "", ""
}
