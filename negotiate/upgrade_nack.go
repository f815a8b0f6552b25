package negotiate

// nacked decides what becomes of a message that the peer could not decode: the first time it
// is sent again, the second time in the last version that worked, the third time it is given
// up.
func (s *step) nacked(in Nacked) {
	if in.Seq != s.nack.seq || s.nack.times == 0 {
		s.nack = nack{seq: in.Seq}
	}
	s.nack.times++
	switch {
	case s.nack.times >= 3:
		s.nack.owed = false
		s.do(GiveUp{in.Seq})
	case s.underWay():
		s.nack.owed = true
	case s.nack.times == 2 && s.mayFallBack():
		s.nack.owed = true
		s.start(s.worked, in.Nonce)
	default:
		s.do(Resend{in.Seq})
	}
}

// mayFallBack tells whether there is a lower version to fall back to, and the policy and both
// offers allow it.
func (u *Upgrade) mayFallBack() bool {
	return u.hasWorked && u.worked < u.version && !u.cfg.NoDowngrade && u.state == Open &&
		speaks(&u.cfg.Offer, u.peer, u.worked)
}
