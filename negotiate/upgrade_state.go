package negotiate

// State is a state of an [Upgrade]. "Old" and "new" are the dialects before and after the
// change under way.
type State uint8

const (
	// Fresh waits for Begin.
	Fresh State = iota

	// Probing waits for the peer's first PROBE. The server has sent its own, the client
	// sends its own when the server's verified. No data flows. Left for Open by the
	// peer's PROBE, for Closed after the timeout.
	Probing

	// Open has no change under way. Left for Proposing by Start, for Agreed by a PROPOSE
	// that is accepted.
	Open

	// Proposing has sent PROPOSE and waits for the answer; all flows. Left for Agreed by
	// ACCEPT, or by a PROPOSE that wins; for Open by REJECT, Cancel or the timeout.
	Proposing

	// Agreed has sent or received ACCEPT; neither side has cut, all flows. Left for
	// CutSent by Ready, for CutSeen by the peer's CUT, for Open by WITHDRAW, Cancel or
	// the timeout.
	Agreed

	// CutSent writes the new dialect, control frames only, and reads the old. Left for
	// BothCut by the peer's CUT, for Closed after the timeout.
	CutSent

	// CutSeen reads the new dialect, of which only PROBE may come next, and writes the
	// old. Left for ProbeSeen by PROBE, for BothCut by Ready.
	CutSeen

	// BothCut writes the new dialect, control frames only, and reads the new, of which
	// only PROBE may come next. Left for Open by PROBE.
	BothCut

	// ProbeSeen reads the new dialect, control frames only, and writes the old. Left for
	// Open by Ready, for Closed after the timeout.
	ProbeSeen

	// Closed is final: the connection is closed, or must be.
	Closed

	states
)

var stateNames = [states]string{
	Fresh: "Fresh", Probing: "Probing", Open: "Open", Proposing: "Proposing", Agreed: "Agreed",
	CutSent: "CutSent", CutSeen: "CutSeen", BothCut: "BothCut", ProbeSeen: "ProbeSeen", Closed: "Closed",
}

// String returns the constant's name.
func (s State) String() string {
	if s < states {
		return stateNames[s]
	}
	return "unknown state"
}
