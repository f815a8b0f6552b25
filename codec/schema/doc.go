// Package schema reads a protocol's messages from Go structs with tags and directives into a
// checked model.
//
//	telemetry.go ──Load──▶ Protocol ─┬─▶ package gen: Go source, tests, a dissector
//	  structs, tags,        Structs   ├─▶ Interpreter: payloads ⇄ values, without generated code
//	  directives            Fields    ├─▶ Lock: layouts of frozen versions, golden vectors
//	                        Nodes     └─▶ Compare: what changed since a version was frozen
//
// A [Protocol] has [Struct]s, a struct has [Field]s, and a field has for each range of
// versions a [Layout], whose [Node] is a type with its representation. Struct.At and Field.At
// tell what one version looks like.
//
// The language of tags and directives is described in docs/codec.md.
package schema
