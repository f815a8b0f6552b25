package gen

import (
	"github.com/parleyproto/parley/codec/gen/internal/wireshark"
	"github.com/parleyproto/parley/codec/schema"
)

// Dissector returns a dissector of the protocol for Wireshark and tshark, in Lua. It
// recognises connections by their greeting, puts frames together over TCP segments, follows
// the version through live upgrades, and shows every field of the greeting, the envelope and
// the messages. See docs/wireshark.md.
func Dissector(p *schema.Protocol) File {
	return File{wireshark.Name(p), wireshark.Generate(p)}
}
