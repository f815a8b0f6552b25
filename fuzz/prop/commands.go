package prop

import (
	"fmt"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/commands"
	"github.com/leanovate/gopter/gen"

	"github.com/parleyproto/parley/fuzz"
	"github.com/parleyproto/parley/fuzz/internal/recorder"
)

// Commands turns a machine into gopter commands, for a test that draws by
// chance and shrinks by operation:
//
//	properties.Property("window", commands.Prop(prop.Commands(machine)))
//
// The model lives in the machine, so gopter's own state stays empty. An
// operation whose Pre forbids it is passed over. After the first failure the
// rest of the commands do nothing, and the failure's message is the label of
// the result.
func Commands[M any](m fuzz.Machine[M]) commands.Commands {
	return machineCommands[M]{m}
}

type machineCommands[M any] struct{ machine fuzz.Machine[M] }

// system is one machine under gopter.
type system[M any] struct {
	run     *fuzz.Run[M]
	failure string
}

func (c machineCommands[M]) NewSystemUnderTest(commands.State) commands.SystemUnderTest {
	s := &system[M]{run: c.machine.Start()}
	s.failure = recorder.Run(s.run.Check)
	return s
}

func (c machineCommands[M]) DestroySystemUnderTest(s commands.SystemUnderTest) {
	s.(*system[M]).run.Close()
}

func (machineCommands[M]) GenInitialState() gopter.Gen             { return gen.Const(struct{}{}) }
func (machineCommands[M]) InitialPreCondition(commands.State) bool { return true }

// GenCommand draws by hand what gopter's combinators would draw with much
// reflection.
func (c machineCommands[M]) GenCommand(commands.State) gopter.Gen {
	return func(p *gopter.GenParameters) *gopter.GenResult {
		op := p.Rng.Intn(len(c.machine.Ops))
		args := make([]byte, argBytes)
		p.Rng.Read(args)
		return gopter.NewGenResult(command[M]{op, c.machine.Ops[op].Name, args}, gopter.NoShrinker)
	}
}

// argBytes is what an operation can draw from at most; then its Source is
// exhausted.
const argBytes = 16

type command[M any] struct {
	op   int
	name string
	args []byte
}

func (c command[M]) Run(sut commands.SystemUnderTest) commands.Result {
	s := sut.(*system[M])
	if s.failure == "" {
		s.failure = recorder.Run(func(t testing.TB) { s.run.Do(t, c.op, fuzz.NewSource(c.args)) })
	}
	return s.failure
}

func (c command[M]) NextState(s commands.State) commands.State { return s }
func (c command[M]) PreCondition(commands.State) bool          { return true }
func (c command[M]) String() string                            { return fmt.Sprintf("%s(%x)", c.name, c.args) }

func (c command[M]) PostCondition(_ commands.State, r commands.Result) *gopter.PropResult {
	failure := r.(string)
	return gopter.NewPropResult(failure == "", failure)
}
