package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/parleyproto/parley/transport"
)

// printSessions prints the server's table of sessions.
func printSessions(w io.Writer, sessions []transport.SessionInfo, now time.Time) {
	if len(sessions) == 0 {
		fmt.Fprintln(w, "no sessions")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ADDRESS\tSINCE\tVERSION\tSTATE\tRTT\tLAST SEEN\tLIVENESS\tIN\tOUT")
	for _, s := range sessions {
		state := s.State.String()
		if s.Legacy {
			state = "legacy"
		}
		fmt.Fprintf(t, "%v\t%s\t%v\t%s\t%s\t%s\t%v\t%d\t%d\n", s.Addr, s.Since.Format(time.TimeOnly), s.Version, state,
			orDash(s.RTT), ago(now, s.LastSeen), s.Liveness, s.BytesIn, s.BytesOut)
	}
	t.Flush()
}

// ago tells how long ago t was; a zero t was never.
func ago(now, t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return now.Sub(t).Round(time.Millisecond).String() + " ago"
}

func orDash(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return d.Round(10 * time.Microsecond).String()
}
