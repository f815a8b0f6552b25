package borrowcheck_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/parleyproto/parley/frame/borrowcheck"
)

func TestAnalyzer(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), borrowcheck.Analyzer,
		"kept", "shapes", "late", "fine", "lenders", "borrowers")
}
