//go:build !unix

package main

import "os"

// There are no such signals here; `beacon upgrade` does the same as the second.
var showSignal, upgradeSignal os.Signal

const signalHelp = "`beacon upgrade` moves the sessions to the newest version"
