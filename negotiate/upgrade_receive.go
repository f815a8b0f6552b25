package negotiate

// received dispatches a frame of the peer's. Where only PROBE may come, nothing else may.
func (s *step) received(in Received) {
	if p, ok := in.Frame.(Probe); ok {
		s.probe(p)
		return
	}
	if s.state == Probing || s.state == CutSeen || s.state == BothCut {
		s.err = errPlace
		return
	}
	switch f := in.Frame.(type) {
	case Propose:
		s.proposed(f, in)
	case Accept:
		s.accepted(f)
	case Reject:
		s.rejected(f)
	case Withdraw:
		s.withdrawn(f)
	case Cut:
		s.cut(f, in)
	default:
		s.err = errPlace
	}
}

// probe verifies the first frame of the peer's dialect.
func (s *step) probe(p Probe) {
	epoch, digest := s.epoch, s.digest
	switch s.state {
	case CutSeen, BothCut:
		epoch, digest = s.change.Epoch, s.next
	case Probing:
	default:
		s.err = errPlace
		return
	}
	if p.Epoch != epoch || !p.Proof.Equal(digest.Proof(s.key, s.cfg.Role.Peer(), KindProbe, epoch)) {
		s.err = ErrProof
		return
	}
	switch s.state {
	case CutSeen:
		s.to(ProbeSeen)
	case BothCut:
		s.do(Release{})
		s.complete()
	case Probing:
		if s.cfg.Role == Client {
			s.sendProbe(0, s.digest)
		}
		s.to(Open)
		s.do(Release{})
		s.do(Done{Version: s.version, Digest: s.digest})
	}
}

// proposed handles a PROPOSE. Each proposal on a connection has a higher epoch than those
// that its proposer knew of; of two with the same epoch, which crossed, the server's wins.
// So of any two both sides take the same one for the later.
func (s *step) proposed(p Propose, in Received) {
	if p.Epoch > max(s.mine, s.theirs)+1 || p.Epoch == 0 {
		s.err = errEpoch
		return
	}
	later := p.Epoch > s.theirs && p.Epoch > s.mine
	if s.cfg.Role == Client {
		later = p.Epoch > s.theirs && p.Epoch >= s.mine && p.Epoch > s.epoch
	}
	s.theirs = max(s.theirs, p.Epoch)
	switch {
	case !later:
		return
	case s.state == CutSent:
		s.err = ErrLate // the peer has given up the change for which this side has cut
		return
	case s.state == ProbeSeen:
		s.err = errPlace
		return
	case s.state == Proposing:
		s.abandon(Overtaken)
	case s.state == Agreed:
		s.abandon(Withdrawn)
	}
	s.decide(p, in)
}

// decide answers a proposal in state Open.
func (s *step) decide(p Propose, in Received) {
	code, text := in.Veto, in.Text
	if !speaks(&s.cfg.Offer, s.peer, p.Version) {
		code, text = RejectVersion, "not in both offers"
	}
	if code != 0 {
		s.send(Reject{Epoch: p.Epoch, Code: code, Text: text})
		return
	}
	s.propose(p, false)
	s.agree()
	s.send(Accept(p))
}

// agree computes the digest of the change, which both sides now know.
func (s *step) agree() {
	s.next = s.digest.Next(s.change, Accept(s.change))
	s.to(Agreed)
}

// answers tells whether epoch is that of the own proposal, as yet unanswered. An answer to
// one that is over is ignored.
func (s *step) answers(epoch uint64) bool {
	if epoch > s.mine || epoch == 0 {
		s.err = errEpoch
		return false
	}
	return s.state == Proposing && epoch == s.change.Epoch
}

func (s *step) accepted(a Accept) {
	if !s.answers(a.Epoch) {
		return
	}
	if Propose(a) != s.change {
		s.err = errEcho
		return
	}
	s.agree()
}

func (s *step) rejected(r Reject) {
	if s.answers(r.Epoch) {
		s.do(Abandoned{Version: s.change.Version, Own: true, Why: Rejected, Code: r.Code, Text: r.Text})
		s.over()
	}
}

// withdrawn handles a WITHDRAW. One for a proposal that is over is ignored.
func (s *step) withdrawn(w Withdraw) {
	switch {
	case w.Epoch > s.theirs || w.Epoch == 0:
		s.err = errEpoch
	case s.own || w.Epoch != s.change.Epoch:
	case s.state == Agreed:
		s.abandon(Withdrawn)
	case s.state == CutSent:
		s.err = ErrLate
	case s.state == ProbeSeen:
		s.err = errPlace // its sender had cut
	}
}

// cut verifies the last frame of the peer's old dialect.
func (s *step) cut(c Cut, in Received) {
	e := s.change.Epoch
	switch {
	case c.Epoch <= s.epoch || c.Epoch > max(s.mine, s.theirs):
		s.err = errEpoch
	case s.state == ProbeSeen:
		s.err = errPlace // a second one
	case s.state == Proposing && c.Epoch == e:
		s.err = errPlace // it was not accepted
	case s.state != Agreed && s.state != CutSent || c.Epoch != e:
		s.err = ErrLate
	case c.Last != in.Last:
		s.err = errLast
	case c.Frames != in.Frames:
		s.err = errFrames
	case !c.Proof.Equal(s.next.Proof(s.key, s.cfg.Role.Peer(), KindCut, e)):
		s.err = ErrProof
	default:
		s.do(SwitchReader{s.change.Version})
		if s.state == Agreed {
			s.to(CutSeen)
		} else {
			s.to(BothCut)
		}
	}
}
