package negotiate

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
)

// Digest is H(e) of docs/protocol.md, section 4: a hash over everything that was negotiated
// on a connection up to an epoch.
type Digest [sha256.Size]byte

// Proof is what a PROBE, a CUT or an ATTACH carries to show that its sender has the same
// digest, and the same key.
type Proof [sha256.Size]byte

// Equal compares in constant time.
func (p Proof) Equal(q Proof) bool { return hmac.Equal(p[:], q[:]) }

// Kind says which frame a [Proof] belongs to.
type Kind byte

const (
	KindProbe Kind = 'P'
	KindCut   Kind = 'U'
)

// GreetingDigest returns H0 of the raw greeting and answer lines, both without their LF.
func GreetingDigest(greeting, answer []byte) Digest {
	return sum("parley greeting 1\x00", nil, greeting, answer)
}

// Next returns the digest after an upgrade: H(e) from the receiver, which is H(e−1), and the
// two frames that agreed on it.
func (d Digest) Next(p Propose, a Accept) Digest {
	var pb, ab [maxProposeText]byte
	return sum("parley upgrade 1\x00", d[:], p.AppendText(pb[:0]), a.AppendText(ab[:0]))
}

func sum(label string, before, x, y []byte) Digest {
	h := sha256.New()
	var n [4]byte
	h.Write([]byte(label))
	h.Write(before)
	for _, b := range [2][]byte{x, y} {
		binary.BigEndian.PutUint32(n[:], uint32(len(b)))
		h.Write(n[:])
		h.Write(b)
	}
	return Digest(h.Sum(nil))
}

// Proof returns mac(role, epoch) of docs/protocol.md, 4.3: role is the sender's, d is H(epoch).
func (d Digest) Proof(key Key, role Role, kind Kind, epoch uint64) Proof {
	m := hmac.New(sha256.New, key[:])
	b := append(make([]byte, 0, 64), "parley proof 1\x00"...)
	b = append(b, role.letter(), byte(kind))
	b = binary.BigEndian.AppendUint64(b, epoch)
	m.Write(append(b, d[:]...))
	return Proof(m.Sum(nil))
}

// AttachProof returns the auth of an ATTACH (docs/protocol.md, 6.2): it binds a session's
// secret to the connection whose H0 is d.
func (d Digest) AttachProof(secret [32]byte, session [16]byte, generation, received uint64) Proof {
	m := hmac.New(sha256.New, secret[:])
	b := append(make([]byte, 0, 96), "parley attach 1\x00"...)
	b = append(append(b, d[:]...), session[:]...)
	b = binary.BigEndian.AppendUint64(b, generation)
	m.Write(binary.BigEndian.AppendUint64(b, received))
	return Proof(m.Sum(nil))
}
