package negotiate

import "encoding/binary"

// AppendState appends bytes that are equal for two handshakes of the same configuration and
// nonce exactly when they will do the same.
func (h *Handshake) AppendState(dst []byte) []byte {
	return append(append(dst, byte(h.state)), h.line[:h.n]...)
}

// AppendState appends bytes that are equal for two machines of the same configuration, key
// and agreement exactly when they will do the same. Of times only matters whether one is set.
func (u *Upgrade) AppendState(dst []byte) []byte {
	b := func(v bool) byte {
		if v {
			return 1
		}
		return 0
	}
	dst = append(dst, byte(u.state), b(u.deadline.IsZero()), b(u.own), b(u.hasWorked), b(u.nack.owed), byte(u.nack.times))
	for _, n := range []uint64{u.epoch, uint64(u.version), u.change.Epoch, uint64(u.change.Version), u.mine, u.theirs, uint64(u.worked), u.nack.seq} {
		dst = binary.AppendUvarint(dst, n)
	}
	dst = append(dst, u.digest[:8]...)
	if u.underWay() { // what is left of an old change is never read again, but for its number
		dst = append(append(dst, u.next[:8]...), u.change.Nonce[0])
	}
	return dst
}

// Own tells whether a change that this side proposed is under way.
func (u *Upgrade) Own() bool { return u.own && u.underWay() }

// NextDigest returns the digest of the change that was agreed on last.
func (u *Upgrade) NextDigest() Digest { return u.next }
