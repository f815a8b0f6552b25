package gen

import "github.com/parleyproto/parley/codec/schema"

func (e *emitter) textCodec()                 {}
func (e *emitter) textFuncs(s *schema.Struct) {}
