package session

// failures are messages whose handlers failed. The peer is told of each in an ACK of its own, which
// a connection may lose: so they are kept until it is sure that the peer knows.
type failures struct {
	seqs ring[uint64]
	told int // how many of them were told on this connection
}

// fail notes that seq, the latest that is done, is so because its handler failed. Of messages that
// no longer fit into the peer's window beside the later ones, the peer knows: else it could not
// have sent those.
func (in *inbox) fail(seq uint64, window int) {
	if in.failures == nil {
		in.failures = new(failures)
	}
	f := in.failures
	*f.seqs.push() = seq
	if f.seqs.len() > window/windowCost+1 {
		f.forget()
	}
}

// forget forgets the first.
func (f *failures) forget() {
	f.seqs.pop()
	f.told = max(f.told-1, 0)
}

// confirm says that the peer retains nothing before first, as it says at an attach. What is left is
// told again.
func (in *inbox) confirm(first uint64) {
	f := in.failures
	if f == nil {
		return
	}
	for f.seqs.len() > 0 && *f.seqs.at(0) < first {
		f.forget()
	}
	if f.told = 0; f.seqs.len() == 0 {
		in.failures = nil
	}
}

// confesses tells whether there are failures that this connection was not told. Until then no DATA
// may carry an acknowledgement: it would say that they were completed.
func (in *inbox) confesses() bool {
	f := in.failures
	return f != nil && f.told < f.seqs.len()
}

// confess writes an ACK for each failure, as many as the batch takes, and tells whether that were
// all.
func (m *Machine) confess(l *link) bool {
	in := &m.inbox
	for in.confesses() {
		if l.batch.full() {
			in.asked = true
			return false
		}
		m.writeControl(l, in.confession())
	}
	return true
}

// confession returns the ACK of the first failure that was not told.
func (in *inbox) confession() *Envelope {
	f := in.failures
	seq := *f.seqs.at(f.told)
	f.told++
	return &Envelope{Kind: KindAck, Done: seq, Received: in.received, Dropped: seq}
}
