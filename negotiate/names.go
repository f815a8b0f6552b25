package negotiate

// inputName names an input as stories and errors do.
func inputName(in Input) string {
	switch in := in.(type) {
	case Begin:
		return "Begin"
	case Start:
		return "Start"
	case Cancel:
		return "Cancel"
	case Ready:
		return "Ready"
	case Nacked:
		return "NACK"
	case Timer:
		return "Timer"
	case Lost:
		return "Lost"
	case Received:
		return frameName(in.Frame)
	}
	return "unknown input"
}

func frameName(f Frame) string {
	switch f.(type) {
	case Probe:
		return "PROBE"
	case Propose:
		return "PROPOSE"
	case Accept:
		return "ACCEPT"
	case Reject:
		return "REJECT"
	case Withdraw:
		return "WITHDRAW"
	case Cut:
		return "CUT"
	}
	return "unknown frame"
}
