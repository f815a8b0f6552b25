package wire

import (
	"io"
	"slices"

	"github.com/parleyproto/parley/codec"
)

// ExtensionsSize returns the size of unknown tagged fields, without their count. Their tags
// must ascend, and none may be one of a known field.
func ExtensionsSize(x codec.Extensions, path string, known ...uint64) (int, error) {
	n := 0
	for k, e := range x {
		if k > 0 && e.Tag <= x[k-1].Tag {
			return 0, Invalid(Index(path, k), codec.ErrCanonical)
		}
		if slices.Contains(known, e.Tag) {
			return 0, Invalid(Index(path, k), codec.ErrDuplicate)
		}
		n += UvarintSize(e.Tag) + UvarintSize(uint64(len(e.Data))) + len(e.Data)
	}
	return n, nil
}

// PutExtensions writes the unknown tagged fields with tags below a known one's, and returns
// the index after them and those that are left.
func PutExtensions(b []byte, i int, x codec.Extensions, below uint64) (int, codec.Extensions) {
	for len(x) > 0 && x[0].Tag < below {
		i = PutUvarint(b, i, x[0].Tag)
		i = PutUvarint(b, i, uint64(len(x[0].Data)))
		i += copy(b[i:], x[0].Data)
		x = x[1:]
	}
	return i, x
}

// Tagged reads the tag and the size of the next of a section's fields at src[i:]. last is
// the tag before, or −1: tags ascend. It returns where the field's data begin and end.
func Tagged(src []byte, i int, last int64, path string) (tag int64, from, to int, err error) {
	t, next := Uvarint(src, i)
	if next < 0 {
		return 0, 0, 0, BadUvarint(path, src, i)
	}
	if t > 1<<32-1 {
		return 0, 0, 0, TooMany(path, i, "tag", t, 1<<32-1)
	}
	if int64(t) <= last {
		return 0, 0, 0, Bad(path, i, codec.ErrCanonical)
	}
	size, from := Uvarint(src, next)
	if from < 0 {
		return 0, 0, 0, BadUvarint(path, src, next)
	}
	if size > uint64(len(src)-from) {
		return 0, 0, 0, Bad(path, len(src), io.ErrUnexpectedEOF)
	}
	return int64(t), from, from + int(size), nil
}
