package session

import (
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
)

// Compression says which messages are compressed when they are written, each by itself. A message
// goes as it is where that is not larger, to a peer that has not agreed to [FeatureDeflate], and
// in versions that are text. The zero value works.
//
// Whoever sees the size of what is sent learns something of a compressed message's contents. One
// that has a secret beside words of somebody else's choice is to be sent with
// SendOptions.Uncompressed.
type Compression struct {
	MinSize int // payloads of fewer bytes are not compressed; 0: 1024
	Level   int // of compress/flate: 1, the fastest, to 9, the smallest; 0: 1
}

// DefaultMinSize is what the zero MinSize of a Compression means, in bytes. Less fits into one
// packet anyway.
const DefaultMinSize = 1 << 10

// setCompression checks Config.Compress and fills in its defaults.
func (p *Profile) setCompression() error {
	if p.cfg.Compress == nil {
		return nil
	}
	c := *p.cfg.Compress
	if c.MinSize < 0 || c.Level < 0 || c.Level > flate.BestCompression {
		return fmt.Errorf("session: Config.Compress is %+v; give a MinSize of 0 or more bytes and a Level from 0 to %d", c, flate.BestCompression)
	}
	if c.MinSize == 0 {
		c.MinSize = DefaultMinSize
	}
	if c.Level == 0 {
		c.Level = flate.BestSpeed
	}
	p.compress = c
	return nil
}

const (
	// deflateCost is more than the extension takes that says what was done.
	deflateCost = 16
	// keptDeflated is how large a buffer may be to be used again.
	keptDeflated = 4 << 20
)

// deflater compresses payloads, one after another. It is some hundred KiB, so all sessions of a
// profile share a few.
type deflater struct {
	w   *flate.Writer
	out []byte
	max int // out grows no larger
	ext []byte
}

var errNotSmaller = errors.New("not smaller")

// Write is called by the flate.Writer. It stops that as soon as there is nothing to be won.
func (z *deflater) Write(b []byte) (int, error) {
	if len(z.out)+len(b) > z.max {
		return 0, errNotSmaller
	}
	z.out = append(z.out, b...)
	return len(b), nil
}

// deflate compresses a payload into z.out, and tells whether that is smaller.
func (z *deflater) deflate(payload []byte) bool {
	z.out, z.max = z.out[:0], len(payload)-deflateCost
	z.w.Reset(z)
	if _, err := z.w.Write(payload); err != nil {
		return false
	}
	return z.w.Close() == nil
}

func (p *Profile) deflater() *deflater {
	if z, ok := p.deflaters.Get().(*deflater); ok {
		return z
	}
	z := new(deflater)
	z.w, _ = flate.NewWriter(z, p.compress.Level) // the level was checked
	return z
}

func (p *Profile) release(z *deflater) {
	if cap(z.out) > keptDeflated {
		z.out = nil
	}
	p.deflaters.Put(z)
}

// deflates tells whether a payload is to be compressed on this connection. Most are not, and pay
// for the first question only.
func (l *link) deflates(it *item, payload []byte) bool {
	return l.deflate && len(payload) >= l.p.compress.MinSize && !l.write.Text && !it.has(itemRaw)
}

// writeDeflated is the end of writeItem for a payload that is to be compressed. It does nothing
// and returns false if that does not make it smaller.
func (m *Machine) writeDeflated(l *link, h *header, payload []byte) bool {
	z := m.p.deflater()
	defer m.p.release(z)
	if !z.deflate(payload) {
		return false
	}
	m.stats.seldom().saved += uint64(len(payload) - len(z.out))
	z.ext = append(append(z.ext[:0], h.ext...), extDeflate, byte(uvarintSize(len(payload))))
	z.ext = binary.AppendUvarint(z.ext, uint64(len(payload)))
	h.flags |= FlagExt
	h.ext = z.ext
	if room := h.room(false); len(z.out) > room {
		l.frag = fragment{open: true, seq: m.outbox.next, rest: z.out}
		z.out = nil     // later writes refer to it
		l.scratch = nil // and to this no more
		h.flags |= FlagMore
		m.writeData(l, h, l.frag.cut(room, false), nil, true)
		return true
	}
	m.writeData(l, h, z.out, nil, false)
	m.wrote(l, m.outbox.next)
	return true
}
