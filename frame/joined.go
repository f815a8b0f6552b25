package frame

import "encoding/binary"

// WebSocketMessages is WebSocket with its fragments joined and its masks taken off. The payload
// is the first byte of the message's first frame, with FIN set (80 | opcode, and any reserved
// bits), and the data. Control frames between fragments come when they come. Messages are written
// in one frame without a mask, as a server writes them, so messages have several spellings.
var WebSocketMessages Format = Join{Format: WebSocket, Add: addWebSocket, Cut: cutWebSocket}

const (
	wsFin     = 0x80
	wsOpcode  = 0x0F
	wsControl = 0x08
)

func addWebSocket(msg, frame []byte) ([]byte, Link, error) {
	h, _, err := parseWebSocket(frame)
	if err != nil {
		return msg, EndsMessage, err
	}
	first := frame[0]
	fin, control, goesOn := first&wsFin != 0, first&wsControl != 0, first&wsOpcode == 0
	switch {
	case goesOn && len(msg) == 0:
		return msg, EndsMessage, corrupt("a fragment continues no message")
	case !goesOn && !control && len(msg) > 0:
		return msg, EndsMessage, corrupt("a message begins inside another")
	case !goesOn:
		msg = append(msg, first|wsFin)
	}
	body := frame[h.size:]
	from := len(msg)
	msg = append(msg, body...)
	if h.mask != nil {
		for i := range body {
			msg[from+i] ^= h.mask[i%4]
		}
	}
	switch {
	case control:
		return msg, StandsBetween, nil
	case fin:
		return msg, EndsMessage, nil
	}
	return msg, GoesOn, nil
}

func cutWebSocket(dst, payload []byte, _ int) (frame []byte, more bool, err error) {
	if len(payload) == 0 || payload[0]&wsFin == 0 || payload[0]&wsOpcode == 0 {
		return nil, false, unfit(0, "a message begins with its first byte: FIN, opcode")
	}
	body := payload[1:]
	frame = append(dst, payload[0])
	switch n := len(body); {
	case n < 126:
		frame = append(frame, byte(n))
	case n < 1<<16:
		frame = append(frame, 126, byte(n>>8), byte(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, 127), uint64(n))
	}
	return append(frame, body...), false, nil
}

// MySQLMessages joins MySQL's packets: one of FFFFFF bytes is continued by the next. The payload
// is the sequence byte of the first packet and the bodies, of at most 64 MiB together.
var MySQLMessages Format = Join{Format: mysqlPacket, Add: addMySQL, Cut: cutMySQL, Max: 64 << 20}

const mysqlFull = 0xFFFFFF

// mysqlPacket's payload is the sequence byte and the body.
var mysqlPacket = LengthField{Size: 3, Order: binary.LittleEndian, Adjust: 1, Strip: 3}

func addMySQL(msg, packet []byte) ([]byte, Link, error) {
	link := EndsMessage
	if len(packet) == 1+mysqlFull {
		link = GoesOn
	}
	if len(msg) == 0 {
		return append(msg, packet...), link, nil
	}
	if packets := byte((len(msg) - 1) / mysqlFull); packet[0] != msg[0]+packets {
		return msg, EndsMessage, corrupt("a packet's sequence number is not the next")
	}
	return append(msg, packet[1:]...), link, nil
}

func cutMySQL(dst, payload []byte, k int) (frame []byte, more bool, err error) {
	if len(payload) == 0 {
		return nil, false, unfit(0, "a message begins with its sequence byte")
	}
	body := payload[1+k*mysqlFull:]
	n := min(len(body), mysqlFull)
	frame = append(append(dst, payload[0]+byte(k)), body[:n]...)
	return frame, n == mysqlFull, nil
}
