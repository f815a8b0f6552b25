package negotiate

// Role is which end of a connection speaks.
type Role uint8

const (
	// Client dialled: it greets, and its proposals yield to the server's.
	Client Role = iota
	// Server accepted: it answers a greeting, and its order of preference decides.
	Server
)

// String returns "client" or "server".
func (r Role) String() string {
	if r == Server {
		return "server"
	}
	return "client"
}

// Peer returns the other role.
func (r Role) Peer() Role { return Server - r }

// letter is the role's byte in a proof (docs/protocol.md, 4.3).
func (r Role) letter() byte {
	if r == Server {
		return 'S'
	}
	return 'C'
}
