package session

// lastNumber is the highest number of anything: of a message, a call, a connection, or an id.
// It is half of what a number on the wire can say: so no sum of two numbers overflows, and they
// fit the signed integers of other languages (docs/protocol.md, 6.12). At a million messages a
// second it is reached after 292,000 years.
const lastNumber = 1<<63 - 1

const numbersUsed = "the session's numbers are used up"

// accepts returns why no message may be queued, or nil. What is accepted is sure of a number.
func (m *Machine) accepts() error {
	if err := m.open(); err != nil {
		return err
	}
	if m.outbox.hasNumbers() {
		return nil
	}
	m.outbox.spent = true
	m.endSpent()
	return ErrExhausted
}

// hasNumbers tells whether there is a number for one more message.
func (o *outbox) hasNumbers() bool {
	numbered := o.first + uint64(o.flight.len()) - 1
	return o.lastID < lastNumber && numbered+uint64(o.n) < lastNumber
}

// endSpent ends a session whose numbers are used up, once all its messages have an outcome.
func (m *Machine) endSpent() {
	if o := &m.outbox; o.spent && o.n == 0 && o.flight.len() == 0 {
		m.close(CloseLimits, numbersUsed)
	}
}
