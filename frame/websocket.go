package frame

import "encoding/binary"

// WebSocket is the format of single WebSocket frames (RFC 6455, 5.2). The payload is the whole
// frame, header included and mask applied; [WebSocketMessages] joins and unmasks.
//
//	81 85 37FA213D 7F9F4D5158     FIN text, masked, 5 bytes
var WebSocket Format = LengthFunc{Extent: webSocketExtent}

func webSocketExtent(b []byte) (Extent, error) {
	h, need, err := parseWebSocket(b)
	if err != nil || need > 0 {
		return Extent{Need: need}, err
	}
	return Extent{Total: uint64(h.size) + h.length}, nil
}

// webSocketHeader is the header of a frame.
type webSocketHeader struct {
	size   int // of the header
	length uint64
	mask   []byte // 4 bytes, or nil
}

func parseWebSocket(b []byte) (h webSocketHeader, need int, err error) {
	if len(b) < 2 {
		return h, 2, nil
	}
	control := b[0]&0x08 != 0
	h.size, h.length = 2, uint64(b[1]&0x7F)
	switch {
	case control && b[0]&0x80 == 0:
		return h, 0, corrupt("a control frame is fragmented")
	case control && h.length > 125:
		return h, 0, corrupt("a control frame is longer than 125 bytes")
	case h.length == 126:
		h.size = 4
	case h.length == 127:
		h.size = 10
	}
	if len(b) < h.size {
		return h, h.size, nil
	}
	switch h.size {
	case 4:
		h.length = uint64(binary.BigEndian.Uint16(b[2:]))
	case 10:
		h.length = binary.BigEndian.Uint64(b[2:])
	}
	switch {
	case h.size == 4 && h.length < 126 || h.size == 10 && h.length < 1<<16:
		return h, 0, corrupt("the length is not in its shortest spelling")
	case h.length>>63 != 0:
		return h, 0, corrupt("the length is 2^63 or more")
	}
	if b[1]&0x80 != 0 {
		h.size += 4
		if len(b) < h.size {
			return h, h.size, nil
		}
		h.mask = b[h.size-4 : h.size]
	}
	return h, 0, nil
}

// ZMTP is the format of ZMTP 3.1 frames behind the greeting (37/ZMTP). The payload is the whole
// frame: flags, size, body.
//
//	00 05 hello
var ZMTP Format = LengthFunc{Extent: func(b []byte) (Extent, error) {
	if len(b) < 1 {
		return Extent{Need: 1}, nil
	}
	long, size := b[0]&0x02 != 0, 2
	switch {
	case b[0]&^0x07 != 0 || b[0]&0x05 == 0x05:
		return Extent{}, corrupt("reserved flags are set, or a command claims that more follows")
	case long:
		size = 9
	}
	if len(b) < size {
		return Extent{Need: size}, nil
	}
	n := uint64(b[1])
	if long {
		if n = binary.BigEndian.Uint64(b[1:]); n>>63 != 0 {
			return Extent{}, corrupt("the length is 2^63 or more")
		}
	}
	return Extent{Total: uint64(size) + n}, nil
}}
