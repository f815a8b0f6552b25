package session

// straight is a fragment of a large message that is read straight to its place in the message,
// instead of being copied there from the decoder's buffer. That is decided when a read begins, so
// that all that was read before went where Space had said.
type straight struct {
	h    header
	size int // of its payload, which comes to parts[len(parts):]; 0: there is none
	got  int // of it that has come
}

const (
	// leastStraight is how much of a fragment must be missing: less is copied sooner.
	leastStraight = 16 << 10
	// beyond is how far such a read may go on into the next frame, so that its header need not be
	// read by itself. That is copied to the decoder.
	beyond = 512
)

// roomInMessage returns where the rest of the fragment at the front is to be read to, or nil if it
// is not to be read straight.
func (m *Machine) roomInMessage(l *link) []byte {
	a := m.inbox.assembly
	switch {
	case a == nil: // no message has come in fragments yet
		return nil
	case a.frag.size == 0 && !m.divert(l, a):
		return nil
	case a.frag.got == a.frag.size: // Next has not taken it yet
		return nil
	}
	at := len(a.parts)
	return a.parts[at+a.frag.got : min(at+a.frag.size+beyond, cap(a.parts))]
}

// divert takes the fragment at the front from the decoder, if so much of it is missing that it is
// worth it, and the message has come so far that room for it does no more than double what has
// come. Whether the fragment may come at all is looked at when it is complete.
func (m *Machine) divert(l *link, a *assembly) bool {
	begun, rest := l.dec.Begun()
	if rest < leastStraight || l.read.Text || !isData(begun, false) {
		return false
	}
	var h header
	payload, err := h.parse(begun, false)
	size := len(payload) + rest
	at := len(a.parts)
	if err != nil || h.flags&(FlagMore|FlagCont) == 0 || h.flags&FlagExt != 0 || size > MaxFragment || at+size > m.p.largest {
		return false // who takes whole frames knows what to do
	}
	if at+size > cap(a.parts) {
		if size > at {
			return false
		}
		a.grow(at+size+beyond, m.p.largest)
	}
	a.frag = straight{h: h, size: size, got: copy(a.parts[at:at+size], payload)}
	l.dec.Divert()
	return true
}

// came says that n bytes were read into what roomInMessage returned. It returns those that are
// of the next frame.
func (a *assembly) came(n int) (more []byte) {
	f, at := &a.frag, len(a.parts)
	n = min(n, cap(a.parts)-at-f.got)
	more = a.parts[at+f.got : at+f.got+n]
	own := min(n, f.size-f.got)
	f.got += own
	return more[own:]
}

// straightDone takes the fragment that was read straight, as data does one that came in a frame.
func (m *Machine) straightDone(l *link, a *assembly, ev *Event) bool {
	h, at := a.frag.h, len(a.parts)
	payload := a.parts[at : at+a.frag.size]
	a.frag = straight{}
	return m.piece(l, &h, payload, ev)
}

// grow makes room for parts of n bytes, or as many as the largest message has.
func (a *assembly) grow(n, largest int) {
	if n = min(n, largest); n > cap(a.parts) { // append would go beyond the largest
		a.parts = append(make([]byte, 0, min(max(2*cap(a.parts), n), largest)), a.parts...)
	}
}

// add appends a payload, which may already be in its place.
func (a *assembly) add(payload []byte, largest int) {
	at := len(a.parts)
	a.grow(at+len(payload), largest)
	a.parts = a.parts[:at+len(payload)]
	if len(payload) > 0 && &payload[0] != &a.parts[at] {
		copy(a.parts[at:], payload)
	}
}
