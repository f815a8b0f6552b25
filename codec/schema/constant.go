package schema

import (
	"go/constant"
	"go/token"
	"strconv"
	"time"
)

func (b *builder) number(s, subject string, pos token.Pos) uint64 {
	u, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		b.report(pos, subject, "%q: write a number from 0 to 4294967295", s)
	}
	return u
}

// constant reads a default or a bound of a scalar type; nil after a reported mistake.
func (b *builder) constant(n *Node, s, subject string, pos token.Pos) constant.Value {
	if n.Enum != nil {
		for _, v := range n.Enum.Values {
			if v.Name == s || v.TextName == s {
				return v.Value
			}
		}
		b.report(pos, subject, "%s is no constant of %s", s, n.Enum.Name)
		return nil
	}
	var c constant.Value
	switch n.Kind {
	case Bool:
		if s == "true" || s == "false" {
			return constant.MakeBool(s == "true")
		}
	case String:
		return constant.MakeString(s)
	case Duration:
		if d, err := time.ParseDuration(s); err == nil {
			return constant.MakeInt64(int64(d))
		}
	case Int, Uint:
		c = constant.ToInt(constant.MakeFromLiteral(unsigned(s)))
		if s != "" && s[0] == '-' && c.Kind() == constant.Int {
			c = constant.UnaryOp(token.SUB, c, 0)
		}
		if c.Kind() == constant.Int && fits(c, n) {
			return c
		}
	case Float:
		f, err := strconv.ParseFloat(s, n.Bits)
		if err == nil {
			if c = constant.MakeFloat64(f); c.Kind() != constant.Unknown {
				return c
			}
		}
	default:
		b.report(pos, subject, "a default or bound applies to bools, numbers, strings and durations, not to %s", n.Go)
		return nil
	}
	b.report(pos, subject, "%q is no value of %s", s, n.Go)
	return nil
}

// unsigned returns a number's literal without its sign, and the kind of the literal.
func unsigned(s string) (string, token.Token, uint) {
	if s != "" && s[0] == '-' {
		s = s[1:]
	}
	return s, token.INT, 0
}

// fits tells whether an integer is in the range of the node's Go type.
func fits(c constant.Value, n *Node) bool {
	if n.Kind == Int {
		i, exact := constant.Int64Val(c)
		return exact && (n.Bits == 64 || i >= -(1<<(n.Bits-1)) && i < 1<<(n.Bits-1))
	}
	u, exact := constant.Uint64Val(c)
	return exact && (n.Bits == 64 || u < 1<<n.Bits)
}
