// Package wireshark turns a protocol's model (package schema) into a dissector for Wireshark
// and tshark: one file in Lua that needs nothing else.
//
//	┌──────────────┬───────────────────────────────┬──────────────────────────┐
//	│ lua/head.lua │ from the schema: a field for  │ the other files of lua/: │
//	│              │ each path, each struct's      │ the stream, the envelope │
//	│              │ layout in each version, enums │ both kinds of payload    │
//	└──────────────┴───────────────────────────────┴──────────────────────────┘
//
// The Lua is written by hand, walks the tables, and runs in Wireshark's Lua 5.2 as well as in
// 5.4. It follows docs/protocol.md with the formats that versions have unless they are
// configured otherwise: lines for text, a length in four bytes for binary.
package wireshark
