package wireshark_test

import (
	"bytes"
	"encoding/xml"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/parleyproto/parley/codec/gen/internal/wireshark"
	"github.com/parleyproto/parley/codec/schema"
)

// need looks for a program. Without it the test is skipped, but not where it must run.
func need(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("PARLEY_TSHARK") != "" {
			t.Fatalf("%s is missing: %v", name, err)
		}
		t.Skipf("%s is not on this machine", name)
	}
	return path
}

// load returns the model of the package in a folder.
func load(t *testing.T, dir string) *schema.Protocol {
	t.Helper()
	protocols, err := schema.Load(dir, ".")
	if err != nil {
		t.Fatal(err)
	}
	return protocols[0]
}

// field is one field that tshark shows, with those below it.
type field struct {
	Name   string  `xml:"name,attr"`
	Shown  string  `xml:"showname,attr"`
	Show   string  `xml:"show,attr"`
	Fields []field `xml:"field"`
}

// packet is what tshark says of one packet.
type packet struct {
	Protos []field `xml:"proto"`
}

// fromServer tells whether the server sent the packet.
func (p packet) fromServer() bool {
	server := false
	for _, proto := range p.Protos {
		for f := range proto.all() {
			server = server || f.Name == "tcp.srcport" && f.Show == "7400"
		}
	}
	return server
}

// frames returns the trees of a protocol's frames that packets of one direction hold.
func frames(packets []packet, protocol string, fromServer bool) []field {
	var fs []field
	for _, p := range packets {
		if p.fromServer() != fromServer {
			continue
		}
		for _, f := range p.Protos {
			if f.Name == protocol {
				fs = append(fs, f)
			}
		}
	}
	return fs
}

// streams returns the packets of each TCP connection.
func streams(packets []packet) [][]packet {
	var all [][]packet
	for _, p := range packets {
		for _, proto := range p.Protos {
			if n, err := strconv.Atoi(proto.get("tcp.stream")); err == nil {
				if n == len(all) {
					all = append(all, nil)
				}
				all[n] = append(all[n], p)
				break
			}
		}
	}
	return all
}

// all goes through a field and all below it, in the order of tshark's tree.
func (x field) all() iter.Seq[field] {
	return func(yield func(field) bool) { x.walk(yield) }
}

func (x field) walk(yield func(field) bool) bool {
	if !yield(x) {
		return false
	}
	for _, below := range x.Fields {
		if !below.walk(yield) {
			return false
		}
	}
	return true
}

// get returns what the first field of a name shows, "" if there is none.
func (x field) get(name string) string {
	for f := range x.all() {
		if f.Name == name {
			return f.Show
		}
	}
	return ""
}

// lines returns the fields as text, without the numbers of packets.
func (x field) lines() []string {
	var lines []string
	for f := range x.all() {
		if f.Name != "parley.fragment" && f.Name != "parley.joined_in" {
			lines = append(lines, f.Name+" | "+f.Shown+" | "+f.Show)
		}
	}
	return lines
}

// complaints returns the expert information of all packets.
func complaints(packets []packet) []string {
	var found []string
	for _, p := range packets {
		for _, proto := range p.Protos {
			for f := range proto.all() {
				if f.Name == "_ws.expert" && strings.Contains(f.Shown, "(") && !strings.Contains(f.Shown, "Connection establish") {
					found = append(found, f.Shown)
				}
			}
		}
	}
	return found
}

// dissect runs tshark with the dissector of a protocol on a capture.
func dissect(t *testing.T, p *schema.Protocol, pcap []byte, more ...string) []packet {
	t.Helper()
	tshark := need(t, "tshark")
	dir := t.TempDir()
	script, file := filepath.Join(dir, wireshark.Name(p)), filepath.Join(dir, "x.pcap")
	for name, data := range map[string][]byte{script: wireshark.Generate(p), file: pcap} {
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	args := append([]string{"-n", "-r", file, "-X", "lua_script:" + script, "-T", "pdml", "-J", "tcp " + p.Name}, more...)
	cmd := exec.CommandContext(t.Context(), tshark, args...)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "TZ=UTC")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("tshark: %v\n%s", err, errs.Bytes())
	}
	if strings.Contains(errs.String(), "Lua") {
		t.Fatalf("tshark: %s", errs.Bytes())
	}
	var capture struct {
		Packets []packet `xml:"packet"`
	}
	if err := xml.Unmarshal(out.Bytes(), &capture); err != nil {
		t.Fatal(err)
	}
	return capture.Packets
}
