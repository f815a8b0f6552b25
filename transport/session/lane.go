package session

// Lane is the priority of a message. Order is kept within a lane only.
type Lane uint8

const (
	Normal Lane = iota // the zero value
	High               // goes first, and keeps the last eighth of the queue
	Low                // goes when there is nothing else, and now and then all the same
	lanes
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

// turns is how many messages a lane may send in a row while a lower one waits.
const turns = 16

// queues holds the messages without a number, in their lanes.
type queues struct {
	lane   [lanes]places
	*stock       // nil: there were no messages lately
	n      int   // live items in all lanes
	gone   int32 // items that are gone, and keep their places
	high   uint8 // sent in a row from High while another waits; turns stands for more
	norm   uint8 // sent in a row from Normal while Low waits; likewise

	full  bool // EventRoom is owed
	spent bool // a message was refused because the numbers are used up
}

// head returns the lane to send from next, or ok false if all are empty.
func (q *queues) head() (next Lane, ok bool) {
	if q.lane[High].n|q.lane[Low].n == 0 { // most of the time
		return Normal, q.live(Normal)
	}
	high, norm := q.live(High), q.live(Normal)
	if norm && !high && q.norm < turns {
		return Normal, true
	}
	low := q.live(Low)
	switch {
	case high && (q.high < turns || !norm && !low):
		return High, true
	case norm && (q.norm < turns || !low):
		return Normal, true
	case low:
		return Low, true
	}
	return 0, false
}

// live tells whether a lane has a message. It drops those from its front that are gone.
func (q *queues) live(l Lane) bool {
	r := &q.lane[l]
	for q.gone > 0 && r.n > 0 && r.at(0).has(itemGone) {
		r.pop(1, &q.spare)
		q.gone--
	}
	return r.n > 0
}

// took counts a turn of the lane that head gave.
func (q *queues) took(l Lane) {
	switch l {
	case High:
		q.high = min(q.high+1, turns)
	case Normal:
		q.high = 0
		q.norm = min(q.norm+1, turns)
	case Low:
		q.high, q.norm = 0, 0
	}
}

// find returns the live item with an id; a lane's ids ascend.
func (q *queues) find(id uint64) *item {
	for l := range q.lane {
		r := &q.lane[l]
		lo, hi := 0, r.len()
		for lo < hi {
			if mid := (lo + hi) / 2; r.at(mid).id < id {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		if lo < r.len() && r.at(lo).id == id && !r.at(lo).has(itemGone) {
			return r.at(lo)
		}
	}
	return nil
}
