package session_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// Greeting is the message of the examples.
type Greeting struct {
	Text string `json:"text"`
}

var greetings = &codec.Protocol{Name: "greetings", Releases: []codec.Release{
	{Version: 1, Text: true, Codec: codec.JSON(&Greeting{})},
}}

// now is the examples' clock.
var now = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

// open brings two openings to the point where both are ready.
func open(clientProfile, serverProfile *session.Profile) (client *session.Machine, toServer *session.Opening) {
	co, so := clientProfile.Open(now, negotiate.Key{}), serverProfile.Open(now, negotiate.Key{})
	for co.State() != session.OpeningReady {
		so.Wrote(now, copy(so.Space(), co.Output()))
		co.Flushed()
		co.Wrote(now, copy(co.Space(), so.Output()))
		so.Flushed()
	}
	client = clientProfile.New(now)
	client.Attach(now, co)
	for _, b := range client.Output(now, 1) {
		so.Wrote(now, copy(so.Space(), b))
	}
	client.Written(now, 1)
	return client, so
}

// carry writes what from has to write, and shows the events it causes at to.
func carry(from, to *session.Machine, show func(session.Event)) {
	for _, b := range from.Output(now, from.Generation()) {
		to.Wrote(now, to.Generation(), copy(to.Space(to.Generation()), b))
		for ev := (session.Event{}); to.Next(&ev); {
			show(ev)
		}
	}
	from.Written(now, from.Generation())
}

// Two machines, coupled by copying what one writes to the other. In package transport a
// socket stands between them.
func Example() {
	clientProfile, err := session.NewProfile(negotiate.Client, session.Config{Protocol: greetings})
	if err != nil {
		fmt.Println(err)
		return
	}
	serverProfile, err := session.NewProfile(negotiate.Server, session.Config{Protocol: greetings})
	if err != nil {
		fmt.Println(err)
		return
	}
	client, opening := open(clientProfile, serverProfile)
	server := serverProfile.New(now)
	if _, err := server.Attach(now, opening); err != nil {
		fmt.Println(err)
		return
	}
	quiet := func(session.Event) {}
	carry(server, client, quiet) // ATTACHED

	client.Send(now, &Greeting{"hello"}, session.SendOptions{Notify: true})
	client.Flush(now)
	carry(client, server, func(ev session.Event) {
		if ev.Kind == session.EventMessage {
			fmt.Printf("server: message %d: %s\n", ev.Seq, ev.Message.(*Greeting).Text)
			server.Done(ev.ID)
		}
	})
	carry(server, client, func(ev session.Event) {
		if ev.Kind == session.EventOutcome {
			fmt.Printf("client: message %d is %v\n", ev.ID, ev.Outcome)
		}
	})
	// Output:
	// server: message 1: hello
	// client: message 1 is acked
}

// A call is a message that wants a reply. Both have numbers and are acknowledged like any
// other message, so a call outlives its connection.
func ExampleMachine_Call() {
	clientProfile, _ := session.NewProfile(negotiate.Client, session.Config{Protocol: greetings})
	serverProfile, _ := session.NewProfile(negotiate.Server, session.Config{Protocol: greetings})
	client, opening := open(clientProfile, serverProfile)
	server := serverProfile.New(now)
	server.Attach(now, opening)
	carry(server, client, func(session.Event) {})

	call, err := client.Call(now, &Greeting{"who?"}, session.SendOptions{TTL: time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	carry(client, server, func(ev session.Event) {
		if ev.Kind == session.EventMessage && ev.Call != 0 {
			server.Reply(now, ev.Call, &Greeting{"me"}, session.SendOptions{})
			server.Done(ev.ID)
		}
	})
	carry(server, client, func(ev session.Event) {
		if ev.Kind == session.EventReply && ev.Call == call {
			fmt.Println(ev.Message.(*Greeting).Text)
		}
	})
	// Output: me
}

func ExampleEnvelope_Append() {
	e := session.Envelope{Kind: session.KindPing, ID: 3, Next: 25000}
	fmt.Printf("%s\n", e.Append(nil, true))
	fmt.Printf("% x\n", e.Append(nil, false))
	// Output:
	// PING id=3 next=25000
	// 03 00 03 a8 c3 01
}

func ExampleEnvelope_Parse() {
	var e session.Envelope
	if err := e.Parse([]byte(`DATA 18 ack=4/6,call=9 {"type":"query"}`), true); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.Kind, e.Seq, "done", e.Done, "received", e.Received, "call", e.Call)
	fmt.Printf("%s\n", e.Payload)
	fmt.Println(e.Parse([]byte("ACK done=1"), true))
	// Output:
	// DATA 18 done 4 received 6 call 9
	// {"type":"query"}
	// session: protocol violation (5): ACK, byte 10: received is not there
}

// A format that cannot carry what a codec writes is refused before anything is opened.
func ExampleNewProfile() {
	_, err := session.NewProfile(negotiate.Client, session.Config{
		Protocol: greetings,
		Formats:  map[codec.Version]frame.Format{1: frame.Uint16BE},
	})
	var refused *session.DialectError
	fmt.Println(errors.As(err, &refused), refused.Version, refused.Reason)
	// Output:
	// true v1 cannot carry an envelope of 66560 bytes
}

// A peer of another protocol, which says OK when it is ready, and is fed lines.
func ExampleNewPlain() {
	profile, err := session.NewProfile(negotiate.Client, session.Config{Protocol: greetings})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, _ := profile.Dialect(1)
	p := session.NewPlain(now, d, session.PlainConfig{
		Handshake: func(received codec.Message) (send []codec.Message, done bool, err error) {
			if received == nil {
				return []codec.Message{&Greeting{"HELLO"}}, false, nil
			}
			return nil, received.(*Greeting).Text == "OK", nil
		},
	})
	p.Send(now, &Greeting{"news"})
	write := func() {
		for _, b := range p.Output(now) {
			fmt.Printf("> %s", b)
		}
		p.Written(now)
	}
	write()
	p.Wrote(now, copy(p.Space(), `{"type":"greeting","text":"OK"}`+"\n"))
	p.Next(new(session.Event))
	write()
	// Output:
	// > {"type":"greeting","text":"HELLO"}
	// > {"type":"greeting","text":"news"}
}

// A server that does not trust its clients bounds what each session may hold.
func ExampleConfig_memory() {
	cfg := session.Config{Protocol: greetings, Memory: 4 << 20}
	p, err := session.NewProfile(negotiate.Server, cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	offer := p.Offer()
	fmt.Println("queue", p.Queue()>>10, "KiB, window", offer.Window>>10, "KiB, message", offer.MaxMessage>>10, "KiB")

	cfg.Queue = 8 << 20
	_, err = session.NewProfile(negotiate.Server, cfg)
	var contradiction *session.MemoryError
	fmt.Println(errors.As(err, &contradiction), contradiction.Need>>20, "MiB are needed")
	// Output:
	// queue 475 KiB, window 237 KiB, message 950 KiB
	// true 24 MiB are needed
}
