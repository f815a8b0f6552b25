package session

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Features that a session offers by itself (docs/protocol.md, 5.9 and 5.10). Config.Without
// leaves them out.
const (
	FeatureMetadata = "meta"    // messages may carry metadata
	FeatureDeflate  = "deflate" // messages may be compressed
)

var ownFeatures = [...]string{FeatureMetadata, FeatureDeflate}

// Limits of the metadata of one message. A peer that exceeds them breaks the protocol.
const (
	MaxMetadata       = 8 << 10 // bytes of keys and values, with the length in front of each
	MaxMetadataFields = 64
)

// Metadata is what travels with a message besides its payload, such as the context of a trace:
// keys and values, in order. It does not depend on the version, is kept with the message until
// that has its outcome, and is never split from it. A key may come several times.
//
// Metadata is not changed by this package; what was received belongs to the receiver.
type Metadata []Field

// Field is one key and its value. The key is of visible ASCII, by convention lower-case; the
// value is any bytes, by convention UTF-8.
type Field struct{ Key, Value string }

// Get returns the first value of a key, or "".
func (md Metadata) Get(key string) string {
	for _, f := range md {
		if f.Key == key {
			return f.Value
		}
	}
	return ""
}

// Values returns all values of a key, in order.
func (md Metadata) Values(key string) (all []string) {
	for _, f := range md {
		if f.Key == key {
			all = append(all, f.Value)
		}
	}
	return all
}

// MetadataError says why a message cannot carry metadata. Nothing was sent.
type MetadataError struct {
	Key         string // that is empty, or not of visible ASCII; else "", and:
	Fields      int    // how many there are; the limit is MaxMetadataFields
	Size, Limit int    // in bytes, as MaxMetadata counts them
	bad         bool
}

func (e *MetadataError) Error() string {
	switch {
	case e.bad:
		return fmt.Sprintf("session: the key %q of a message's metadata is not of visible ASCII; choose another", e.Key)
	case e.Fields > MaxMetadataFields:
		return fmt.Sprintf("session: metadata of %d fields exceeds the limit of %d; put them into the message", e.Fields, MaxMetadataFields)
	}
	return fmt.Sprintf("session: metadata of %d bytes exceeds the limit of %d; put it into the message", e.Size, e.Limit)
}

// FeatureError says that a message needs a feature that the peer has not agreed to.
type FeatureError struct{ Feature string }

func (e *FeatureError) Error() string {
	return fmt.Sprintf("session: the peer has not agreed to the feature %q; send the message without it, or set SendOptions.MetadataOptional", e.Feature)
}

// check returns why md cannot be sent.
func (md Metadata) check() error {
	e := &MetadataError{Fields: len(md), Limit: MaxMetadata}
	for _, f := range md {
		if !visible(f.Key) {
			e.Key, e.bad = f.Key, true
			return e
		}
		e.Size += uvarintSize(len(f.Key)) + len(f.Key) + uvarintSize(len(f.Value)) + len(f.Value)
	}
	if e.Fields > MaxMetadataFields || e.Size > MaxMetadata {
		return e
	}
	return nil
}

// visible tells whether a key is of visible ASCII.
func visible(key string) bool {
	for i := range len(key) {
		if key[i] <= ' ' || key[i] >= 0x7f {
			return false
		}
	}
	return key != ""
}

func uvarintSize(n int) (size int) {
	for size = 1; n >= 0x80; size++ {
		n >>= 7
	}
	return size
}

// append appends md as an extension.
func (md Metadata) append(dst []byte) []byte {
	size := 0
	for _, f := range md {
		size += uvarintSize(len(f.Key)) + len(f.Key) + uvarintSize(len(f.Value)) + len(f.Value)
	}
	dst = binary.AppendUvarint(append(dst, extMetadata), uint64(size))
	for _, f := range md {
		dst = append(binary.AppendUvarint(dst, uint64(len(f.Key))), f.Key...)
		dst = append(binary.AppendUvarint(dst, uint64(len(f.Value))), f.Value...)
	}
	return dst
}

// parseMetadata is the inverse of append, of the extension's value. Without keep it only tells
// whether that is in order.
func parseMetadata(all string, keep bool) (md Metadata, ok bool) {
	if len(all) > MaxMetadata {
		return nil, false
	}
	c := cursor{b: []byte(all)}
	next := func() string {
		n := len(c.take(c.uvarint()))
		return all[c.at-n : c.at]
	}
	for fields := 0; c.at < len(all) && !c.bad; fields++ {
		f := Field{Key: next()}
		if !c.bad {
			f.Value = next()
		}
		if c.bad || !visible(f.Key) || fields == MaxMetadataFields {
			return nil, false
		}
		if keep {
			md = append(md, f)
		}
	}
	return slices.Clip(md), !c.bad
}

// metadataSize returns how many bytes the extension with the metadata takes that b begins with.
func metadataSize(b []byte) int {
	n, size := binary.Uvarint(b[1:])
	return 1 + size + int(n)
}

// metadata returns the extension with the metadata of a message that has some.
func (s *shelf) metadata(it *item) []byte {
	b := s.whole(it)
	n := metadataSize(b)
	return b[:n:n]
}

// carries tells whether a message with metadata may be written on this connection.
func (l *link) carries(it *item) bool { return l.metadata || it.has(itemLoose) }

// weigh returns what a message takes of the peer's window.
func (m *Machine) weigh(l *link, it *item, payload []byte) int {
	w := len(payload) + windowCost
	if it.has(itemMeta) && l.metadata {
		w += len(m.outbox.shelf.metadata(it))
	}
	return w
}

// mayCarry decides whether a message gets its metadata along, by what is known of the peer now.
func (m *Machine) mayCarry(opt *SendOptions) (Metadata, error) {
	if err := opt.Metadata.check(); err != nil {
		return nil, err
	}
	if l := m.link; l == nil || l.metadata {
		return opt.Metadata, nil
	}
	if opt.MetadataOptional {
		return nil, nil
	}
	return nil, &FeatureError{Feature: FeatureMetadata}
}
