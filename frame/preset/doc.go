// Package preset has the framings of protocols that exist, each a few lines of data over the
// formats of package frame.
//
//	protocol    bytes of one frame                        format
//	dns         00 0C │ 12 bytes                          a length first
//	postgres    51 │ 00 00 00 0D │ SELECT 1\0             a length inside
//	mqtt        C0 │ 00                                   a varint
//	nats        PUB FOO 5 CRLF hello CRLF                 a line that counts
//	http2-client  PRI * HTTP/2.0 … │ 00 00 04 │ 04 …      a preface, then frames
//
// A preset is a [frame.Format] and goes where one is wanted. Its limit does not come along by
// itself:
//
//	r := frame.NewReader(conn, preset.Postgres)
//	r.MaxFrame = preset.Postgres.MaxFrame // a Writer's likewise
//
// What a payload holds follows one rule, unless the preset's Payload says otherwise: a length
// that stands first is taken away, and written anew; where anything stands before the length,
// the payload is the whole frame, and writing checks that its length is right. So nothing of
// a frame is lost.
//
// The two directions of a connection may be framed differently. A name ending in -client is what
// the client sends; the name without it is what the server sends. Where there is one name only, it
// serves both. Presets split; they do not check what a message means.
package preset
