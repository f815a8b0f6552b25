package session

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"sync"

	"github.com/parleyproto/parley/codec"
)

// inflater decompresses payloads, one after another. It is some ten KiB, so all sessions share
// a few.
type inflater struct {
	r   io.Reader // of package flate
	in  bytes.Reader
	out []byte
}

var inflaters = sync.Pool{New: func() any { return &inflater{r: flate.NewReader(nil)} }}

// What is wrong with a compressed payload. The peer reads it in a NACK.
var (
	errInflatesToMore = errors.New("inflates to more than it says")
	errInflatesToLess = errors.New("inflates to less than it says")
	errAfterDeflated  = errors.New("bytes after the compressed payload")
)

// inflate decompresses src, which says that it is so many bytes then. It takes no more memory
// than that, and none because of that word alone. The result is valid until z is used again.
func (z *inflater) inflate(src []byte, size int) ([]byte, error) {
	z.in.Reset(src)
	if err := z.r.(flate.Resetter).Reset(&z.in, nil); err != nil {
		return nil, err
	}
	z.out = z.out[:0]
	for {
		if len(z.out) == cap(z.out) {
			grown := make([]byte, len(z.out), min(max(2*cap(z.out), 4*len(src)), size+1))
			copy(grown, z.out)
			z.out = grown
		}
		n, err := z.r.Read(z.out[len(z.out):min(cap(z.out), size+1)])
		z.out = z.out[:len(z.out)+n]
		switch {
		case len(z.out) > size:
			return nil, errInflatesToMore
		case err == nil:
		case err != io.EOF:
			return nil, err
		case len(z.out) < size:
			return nil, errInflatesToLess
		case z.in.Len() > 0:
			return nil, errAfterDeflated
		default:
			return z.out, nil
		}
	}
}

func (z *inflater) release() {
	z.in.Reset(nil)
	if cap(z.out) > keptDeflated {
		z.out = nil
	}
	inflaters.Put(z)
}

// decode decodes a payload that may be compressed. Codecs keep nothing of it.
func (l *link) decode(payload []byte, x *extensions) (codec.Message, error) {
	if x == nil || !x.deflated {
		return decode(l.read.Codec, payload)
	}
	z := inflaters.Get().(*inflater)
	defer z.release()
	payload, err := z.inflate(payload, x.size)
	if err != nil {
		return nil, err
	}
	return decode(l.read.Codec, payload)
}
