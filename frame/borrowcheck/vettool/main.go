// Vettool runs borrowcheck under go vet:
//
//	go build -o vettool github.com/parleyproto/parley/frame/borrowcheck/vettool
//	go vet -vettool=./vettool ./...
package main

import (
	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/parleyproto/parley/frame/borrowcheck"
)

func main() { unitchecker.Main(borrowcheck.Analyzer) }
