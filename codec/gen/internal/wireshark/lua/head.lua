-- Where the fields stand (the messages' in F, Parley's own in P), the structs by version (S), the
-- enums (E), the unions (U) and the messages by id (M).
local F, P, S, E, U, M = {}, {}, {}, {}, {}, {}

local proto = Proto(FILTER, TITLE .. " (Parley)")
proto.prefs.ports = Pref.range("TCP ports", "", "Ports whose traffic is of this protocol even if its greeting was not captured", 65535)
proto.prefs.version = Pref.string("Version without greeting", "", "The version to assume when the greeting was not captured; empty: guess")
