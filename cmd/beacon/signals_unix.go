//go:build unix

package main

import (
	"os"
	"syscall"
)

// Signals that a running server obeys: print the sessions, upgrade them.
var showSignal, upgradeSignal os.Signal = syscall.SIGUSR1, syscall.SIGHUP

const signalHelp = "SIGUSR1 prints the sessions, SIGHUP or `beacon upgrade` moves them to the newest version"
