package session

// Lane is the priority of a message. Order is kept within a lane only.
type Lane uint8

const (
	Normal Lane = iota // the zero value
	High               // goes first, and keeps the last eighth of the queue
	Low                // goes when there is nothing else, and now and then all the same
)

// String returns "normal", "high" or "low".
func (l Lane) String() string {
	switch l {
	case High:
		return "high"
	case Low:
		return "low"
	}
	return "normal"
}
