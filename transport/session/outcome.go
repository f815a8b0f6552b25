package session

// Outcome is what became of a message.
type Outcome uint8

const (
	Acked   Outcome = iota + 1 // the peer's handler completed it
	Dropped                    // it was given up, and has not been and will not be handed over (but see Failed); see Reason
	Unknown                    // the session ended before the peer said: perhaps it was handed over, perhaps not
)

// String returns "acked", "dropped" or "unknown".
func (o Outcome) String() string {
	switch o {
	case Acked:
		return "acked"
	case Dropped:
		return "dropped"
	case Unknown:
		return "unknown"
	}
	return "none"
}

// Reason says why a message was dropped. Its numbers are the codes of a GAP on the wire
// (docs/protocol.md, 6.8).
type Reason uint64

const (
	Expired     Reason = 1 // its time to live passed
	Undecodable Reason = 2 // the peer could not decode it
	Unencodable Reason = 3 // the connection's version cannot carry it
	TooLarge    Reason = 4 // it exceeds what the peer accepts
	Overflowed  Reason = 5 // newer messages needed its place in the queue
	Cancelled   Reason = 6 // Cancel
	Unsent      Reason = 7 // the session ended before it was written
	Failed      Reason = 8 // the peer's handler got it and returned an error or panicked; told in an ACK
)

// String returns the reason in a word.
func (r Reason) String() string {
	switch r {
	case Expired:
		return "expired"
	case Undecodable:
		return "undecodable"
	case Unencodable:
		return "unencodable"
	case TooLarge:
		return "too large"
	case Overflowed:
		return "overflowed"
	case Cancelled:
		return "cancelled"
	case Unsent:
		return "unsent"
	case Failed:
		return "failed"
	}
	return "none"
}
